//! What the terminal and programs get, in full, for a run small enough to check by hand.

#[path = "example/mod.rs"]
mod example;
#[path = "example/report.rs"]
mod reports;

use rollsim_report::{Style, json, text};

#[test]
fn text_at_eighty_columns() {
    let measures = example::tiny();
    insta::assert_snapshot!(text(&reports::report(&measures), Style::PLAIN), @r"
    rolling-update   seed 1   3 s simulated   fingerprint 9f3c0a1b2c3d4e5f
    A rolling update of three replicas whose server exits at once on SIGTERM.

    FAIL  2 of 3 expectations failed; 1 of 7 requests failed, 83.33% succeeded

    CLIENT   REQUESTS   OK   FAILED   IN-FLIGHT   ATTEMPTS   SUCCESS
    shop            7    5        1           1          8    83.33%

    CAUSE                     FAILED    SHARE
    refused.listener-closed        1   100.0%

    LATENCY           MIN     MEAN      P50     P90     P95     P99     MAX
    all answered   10.0ms   60.4ms   14.0ms   250ms   250ms   250ms   250ms

    NAME    VERSION   NODE     REQUESTS   SHARE   FAILED   LISTED-FOR     P99
    web-a   web:v1    node-1          3   42.9%        1         1.5s       -
    web-b   web:v2    node-2          4   57.1%        0         1.9s   250ms

    ROLLOUT   default/web   web:v1 → web:v2
              complete after 0.6 s
              at most 2 pods not being deleted, at least 1 ready, 1 of 2 requests
              failed
              replicas that its ReplicaSets were to have:
     TIME   web:v2
    1.00s        1

    TIMELINE  a column is 1 second, the lowest at 1 s: 50.00% answered
    answered  █▄█
    rollout    │
              0 s 3 s

      EXPECTATION                   MEASURED
    ✗ success_rate >= 99.9%           83.33%   fails
    ✗ latency.p99 < 200ms             250 ms   fails
    ✓ balance.max_over_mean < 1.5       1.12   holds

    WHY
      1 × refused.listener-closed
        web:v1 stops listening 0 ms after SIGTERM, but node-1, node-2 and node-3
        went on sending to it for 0.2 to 1.1 s, until their rules were programmed.

    TRY
      add a preStop sleep of 5 s
        in app.yaml, add below line 31:
              lifecycle:
                preStop:
                  sleep:
                    seconds: 5
        ✓ tried out: with it, 0 failed; the rollout takes 26 s instead of 17 s
        The rollout that brings it still ends pods without it.

    warning: only 6 requests finished
    warning: 1 warning about the files is on standard error

    FAIL  2 of 3 expectations failed; 1 of 7 requests failed, 83.33% succeeded
    ");
}

#[test]
fn text_without_conclusions_is_short() {
    let measures = example::nothing();
    insta::assert_snapshot!(text(&reports::bare(&measures), Style::PLAIN), @r"
    bare   seed 1   60 s simulated   fingerprint 9f3c0a1b2c3d4e5f

    DONE  no request was sent

    CLIENT   REQUESTS   OK   FAILED   IN-FLIGHT   ATTEMPTS   SUCCESS
    all             0    0        0           0          0         -

    warning: no request was sent, so nothing was measured

    DONE  no request was sent
    ");
}

#[test]
#[expect(clippy::too_many_lines, reason = "the contract is that long")]
fn json_is_the_contract() {
    let measures = example::tiny();
    insta::assert_snapshot!(json(&reports::report(&measures)), @r#"
    {
      "schemaVersion": 1,
      "tool": "rollsim 0.1.0",
      "scenario": "rolling-update",
      "description": "A rolling update of three replicas whose server exits at once on SIGTERM.",
      "seed": 1,
      "seeds": 1,
      "fingerprint": "9f3c0a1b2c3d4e5f",
      "duration_ms": 3000.0,
      "verdict": {
        "outcome": "FAIL",
        "text": "2 of 3 expectations failed; 1 of 7 requests failed, 83.33% succeeded"
      },
      "requests": {
        "total": 7,
        "ok": 5,
        "failed": 1,
        "in_flight": 1,
        "success_rate": 0.8333333333333334,
        "attempts": 8,
        "by_cause": {
          "refused.listener-closed": 1
        }
      },
      "latency_ms": {
        "count": 5,
        "min": 10.0,
        "mean": 60.4,
        "p50": 13.996032,
        "p90": 250.0,
        "p95": 250.0,
        "p99": 250.0,
        "p999": 250.0,
        "max": 250.0
      },
      "balance": {
        "jain": null,
        "cv": null,
        "max_over_mean": null,
        "max_over_share": null,
        "chance_cv": null,
        "chance_max_over_mean": null,
        "pods_counted": 0,
        "services": [],
        "pods": [{
          "name": "web-a",
          "version": "web:v1",
          "node": "node-1",
          "deployment": "default/web",
          "called": true,
          "services": ["default/web-svc"],
          "requests": 3,
          "failed": 1,
          "ready_ms": 1500.0,
          "p99_ms": null,
          "life": [[0.0, "ready"], [1500.0, "closed"]],
          "gone_ms": 1600.0
        }, {
          "name": "web-b",
          "version": "web:v2",
          "node": "node-2",
          "deployment": "default/web",
          "called": true,
          "services": ["default/web-svc"],
          "requests": 4,
          "failed": 0,
          "ready_ms": 1900.0,
          "p99_ms": 250.0,
          "life": [[1000.0, "pending"], [1100.0, "ready"]],
          "gone_ms": null
        }]
      },
      "rollouts": [{
        "deployment": "default/web",
        "from": "web:v1",
        "to": "web:v2",
        "start_ms": 1000.0,
        "end_ms": 1600.0,
        "settled_ms": null,
        "complete": true,
        "superseded": false,
        "deleted_ms": null,
        "deadline_exceeded": false,
        "steps": [{
          "t_ms": 1000.0,
          "replica_sets": {
            "web:v2": 1
          }
        }],
        "pods_max": 2,
        "available_min": 1,
        "requests_failed": 1,
        "requests": {
          "total": 2,
          "ok": 1,
          "failed": 1,
          "in_flight": 0,
          "success_rate": 0.5
        }
      }],
      "scalings": [],
      "during_rollout": {
        "requests": {
          "total": 0,
          "ok": 0,
          "failed": 0,
          "in_flight": 0,
          "success_rate": null,
          "attempts": 0,
          "by_cause": {}
        },
        "latency_ms": {
          "count": 0,
          "min": null,
          "mean": null,
          "p50": null,
          "p90": null,
          "p95": null,
          "p99": null,
          "p999": null,
          "max": null
        }
      },
      "clients": [{
        "name": "shop",
        "total": 7,
        "ok": 5,
        "failed": 1,
        "in_flight": 1,
        "success_rate": 0.8333333333333334,
        "attempts": 8,
        "by_cause": {
          "refused.listener-closed": 1
        },
        "latency_ms": {
          "count": 5,
          "min": 10.0,
          "mean": 60.4,
          "p50": 13.996032,
          "p90": 250.0,
          "p95": 250.0,
          "p99": 250.0,
          "p999": 250.0,
          "max": 250.0
        },
        "dns": {
          "names": 8,
          "queries": 16
        }
      }],
      "expectations": [{
        "text": "success_rate >= 99.9%",
        "measured": 0.8333333333333334,
        "passed": false
      }, {
        "text": "latency.p99 < 200ms",
        "measured": 250.0,
        "passed": false
      }, {
        "text": "balance.max_over_mean < 1.5",
        "measured": 1.118,
        "passed": true
      }],
      "explanations": [{
        "cause": "refused.listener-closed",
        "count": 1,
        "from_ms": 30410.0,
        "to_ms": 44900.0,
        "text": "web:v1 stops listening 0 ms after SIGTERM, but node-1, node-2 and node-3 went on sending to it for 0.2 to 1.1 s, until their rules were programmed.",
        "deployment": "default/web",
        "gap_ms": [210.0, 1140.0]
      }],
      "advice": [{
        "summary": "add a preStop sleep of 5 s",
        "place": "app.yaml:31",
        "field": "spec.template.spec.containers[0].lifecycle.preStop.sleep.seconds",
        "snippet": "          lifecycle:\n            preStop:\n              sleep:\n                seconds: 5",
        "edits": [{
          "place": "app.yaml, add below line 31",
          "lines": "          lifecycle:\n            preStop:\n              sleep:\n                seconds: 5"
        }],
        "outcome": "with it, 0 failed; the rollout takes 26 s instead of 17 s",
        "note": "The rollout that brings it still ends pods without it.",
        "verified": true
      }],
      "seconds": {
        "ok": [2, 1, 2],
        "failed": [0, 1, 0]
      },
      "warnings": ["only 6 requests finished", "app.yaml:9: `topologySpreadConstraints` of default/web is read, but the simulation ignores it [RS0201]"]
    }
    "#);
}

#[test]
fn colour_only_adds_escapes() {
    let measures = example::rolling_update();
    let report = reports::report(&measures);
    let plain = text(&report, Style { ansi: false, width: 100 });
    let colour = text(&report, Style { ansi: true, width: 100 });
    let mut bare = String::new();
    for piece in colour.split('\u{1b}') {
        let after = piece.split_once('m').filter(|_| piece.starts_with('[')).map(|(_, rest)| rest);
        bare.push_str(after.unwrap_or(piece));
    }
    let trimmed = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    assert_eq!(trimmed(&bare), trimmed(&plain));
    assert!(!plain.contains('\u{1b}'));
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let runs = [example::rolling_update(), example::many_pods(), example::busy_hour()];
    for (measures, width) in runs.iter().flat_map(|run| [80, 100, 160].map(|width| (run, width))) {
        let text = text(&reports::report(measures), Style { ansi: false, width });
        for line in text.lines() {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn the_last_line_is_the_verdict() {
    let (failed, clean) = (example::rolling_update(), example::quiet());
    let last = |text: String| text.lines().last().map(str::to_owned).unwrap_or_default();
    assert!(last(text(&reports::report(&failed), Style::PLAIN)).starts_with("FAIL  "));
    assert!(last(text(&reports::bare(&clean), Style::PLAIN)).starts_with("DONE  "));
}
