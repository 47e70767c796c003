//! Reports around the measures made by hand.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses some of these")]

use metrics::{Measures, Verdict};
use rollsim_report::{Advice, Edit, Report};

/// A report on `measures` with expectations, advice and a warning of its own.
pub fn report(measures: &Measures) -> Report<'_> {
    let verdict = |text: &str, measured: f64, words: &str, passed| Verdict {
        text: text.to_owned(),
        measured: Some(measured),
        words: words.to_owned(),
        passed,
    };
    let p99 = measures.latency.quantile(0.99).map_or(0.0, |nanos| nanos as f64 / 1e6);
    let rate = measures.requests.success_rate().unwrap_or(0.0);
    Report {
        tool: "rollsim 0.1.0",
        inputs: vec!["scenarios/rolling-update.yaml".to_owned()],
        scenario: "rolling-update",
        description: "A rolling update of three replicas whose server exits at once on SIGTERM.",
        seed: 1,
        measures,
        verdicts: vec![
            verdict("success_rate >= 99.9%", rate, &format!("{:.2}%", rate * 100.0), false),
            verdict("latency.p99 < 200ms", p99, &format!("{p99:.0} ms"), p99 < 200.0),
            verdict("balance.max_over_mean < 1.5", 1.118, "1.12", true),
        ],
        advice: vec![Advice {
            summary: "add a preStop sleep of 5 s".to_owned(),
            place: Some("app.yaml:31".to_owned()),
            field: "spec.template.spec.containers[0].lifecycle.preStop.sleep.seconds".to_owned(),
            edits: vec![Edit {
                place: Some("app.yaml, add below line 31".to_owned()),
                lines: "          lifecycle:\n            preStop:\n              sleep:\n                \
                        seconds: 5"
                    .to_owned(),
            }],
            outcome: "with it, 0 failed; the rollout takes 26 s instead of 17 s".to_owned(),
            note: Some("The rollout that brings it still ends pods without it.".to_owned()),
            verified: true,
        }],
        warnings: Vec::new(),
        about_files: vec![
            "app.yaml:9: `topologySpreadConstraints` of default/web is read, but the simulation \
             ignores it [RS0201]"
                .to_owned(),
        ],
        interrupted: false,
    }
}

/// A report on `measures` from which nothing was concluded.
pub fn bare(measures: &Measures) -> Report<'_> {
    Report {
        tool: "rollsim 0.1.0",
        inputs: Vec::new(),
        scenario: "bare",
        description: "",
        seed: 1,
        measures,
        verdicts: Vec::new(),
        advice: Vec::new(),
        warnings: Vec::new(),
        about_files: Vec::new(),
        interrupted: false,
    }
}
