//! What went wrong and what to change, as the report says it: mistakes that people make, each in a
//! copy of the first scenario.

use std::fs;

use serde_json::Value;

use super::bench::{folder, rollsim, scenario, write};

struct Mistake {
    name: &'static str,
    /// What is written wrongly, and how.
    written: [&'static str; 2],
    /// What `WHY` says, and the lines of `TRY`; none where no field would help.
    why: &'static str,
    advice: &'static [&'static str],
}

const MISTAKES: &[Mistake] = &[
    Mistake {
        name: "too-large",
        written: ["cpu: 250m", "cpu: 64"],
        why: "the scheduler found no node for 3 pods of web:v1 (0/3 nodes are available: 3 \
              Insufficient cpu)",
        advice: &[],
    },
    Mistake {
        name: "no-such-port",
        written: ["targetPort: http", "targetPort: htp"],
        why: "its pods were ready, but no container declares a port with the name `htp` of its \
              targetPort",
        advice: &[
            "point Service web-svc at port 8080, where its pods listen",
            "change line 73 to:",
            "      targetPort: 8080",
            "let the pods of web sleep 3 s before they are told to stop",
            "add below line 62:",
            "✓ tried out: with this too, 0 failed",
        ],
    },
    Mistake {
        name: "probe-unheard",
        written: [
            "              port: http\n            periodSeconds",
            "              port: 8081\n            periodSeconds",
        ],
        why: "the readiness probe in 3 pods of web:v1 asks port 8081, where nothing listens (the \
              program listens on 8080)",
        advice: &[
            "let the readiness probe of web ask port 8080, where its pods listen",
            "change line 61 to:",
            "              port: 8080",
        ],
    },
    Mistake {
        name: "no-replicas",
        written: ["replicas: 3", "replicas: 0"],
        why: "no pod ever had the labels that the selector of default/web-svc asks for \
              (default/web has 0 replicas)",
        advice: &[],
    },
    Mistake {
        name: "wrong-label",
        written: ["  selector:\n    app: web\n  ports", "  selector:\n    app: wbe\n  ports"],
        why: "no pod ever had the labels that the selector of default/web-svc asks for",
        advice: &[
            "let Service web-svc select the pods there are",
            "change line 70 to:",
            "    app: web",
        ],
    },
];

/// Words of a text, without its line breaks.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn mistakes_are_named_with_what_to_write_and_where() {
    let folder = folder("advice");
    let whole = fs::read_to_string(scenario("rolling-update")).expect("it is there");
    for Mistake { name, written: [right, wrong], why, advice } in MISTAKES {
        assert!(whole.contains(right), "{name}");
        let path = write(&folder, &format!("{name}.yaml"), &whole.replacen(right, wrong, 1));
        let ran = rollsim(&["run", &path]).ended_with(99);
        let (_, conclusions) = ran.stdout.split_once("\nWHY\n").expect("it says why");
        assert!(flat(conclusions).contains(why), "{name}:\n{conclusions}");
        for line in *advice {
            // Long lines are broken, and those to write are not.
            let there = conclusions.contains(line) || flat(conclusions).contains(line);
            assert!(there, "{name} lacks {line:?}:\n{conclusions}");
        }
        assert_eq!(conclusions.contains("\nTRY\n"), !advice.is_empty(), "{name}:\n{conclusions}");
    }
}

/// A traffic policy is not wrong in itself, so that this scenario passes and has advice.
#[test]
fn a_policy_that_keeps_connections_on_empty_nodes_is_named() {
    let ran = rollsim(&["run", &scenario("internal-traffic-local")]).ended_with(0);
    assert!(ran.stdout.contains("\n  internalTrafficPolicy: Cluster\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("✓ tried out: with it, 0 failed"), "{}", ran.stdout);
}

/// In another run the hook that was long enough here is too short: a longer one takes its place.
#[test]
fn a_hook_is_as_long_as_other_runs_need_it() {
    let ran = rollsim(&["run", &scenario("pod-targets")]).ended_with(0);
    assert_eq!(ran.stdout.matches("before they are told to stop").count(), 1, "{}", ran.stdout);
    let said =
        "sleep: seconds: 21 ✓ tried out: with this too, 0 failed; 0 under 2 other seeds, too";
    assert!(flat(&ran.stdout).contains(said), "{}", ran.stdout);
}

/// A program that is killed before it has answered gets more time, and no hook: one line.
#[test]
fn who_is_killed_at_work_gets_time() {
    let whole = fs::read_to_string(scenario("rolling-update")).expect("it is there");
    let with = |grace: u32| {
        let containers = "    spec:\n      containers:";
        let grace =
            format!("    spec:\n      terminationGracePeriodSeconds: {grace}\n      containers:");
        let text = whole
            .replace(
                "exp(20ms), concurrency: 8, onSigterm: exit",
                "9s, concurrency: 2000, onSigterm: drain",
            )
            .replace("timeout: 1s", "timeout: 20s")
            .replace("duration: 120s", "duration: 90s");
        assert!(text.contains(containers) && text.contains("drain"), "{text}");
        let path =
            write(&folder("advice-killed"), "killed.yaml", &text.replace(containers, &grace));
        result_of(&path)
    };
    let before = with(4);
    let advice = before["advice"].as_array().expect("there is a list");
    assert_eq!(advice[0]["field"], "spec.template.spec.terminationGracePeriodSeconds");
    let lines = &advice[0]["edits"][0]["lines"];
    assert_eq!(lines, "      terminationGracePeriodSeconds: 25", "the clients wait for 20 s");
    let cut = |result: &Value| result["requests"]["by_cause"]["reset.killed-in-flight"].as_u64();
    assert!(cut(&before) > Some(100), "{}", before["requests"]["by_cause"]);
    assert_eq!(cut(&with(25)), None);
}

/// A file with the lines written as the report says, from the last line to the first.
pub(crate) fn edited(path: &str, text: &str, advice: &[Value]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let edits = advice.iter().flat_map(|it| it["edits"].as_array().expect("it has edits"));
    let mut edits: Vec<(usize, usize, &str)> = edits
        .filter_map(|edit| {
            let place = edit["place"].as_str().expect("the object came from a file");
            let (file, what) = place.split_once(", ").expect("it says the file and what to do");
            let numbers: Vec<usize> =
                what.split_whitespace().filter_map(|word| word.parse().ok()).collect();
            let (first, last) = match (what.contains("add below"), &numbers[..]) {
                (true, [line]) => (line + 1, *line),
                (false, [line]) => (*line, *line),
                (false, [first, last]) => (*first, *last),
                _ => panic!("{place}"),
            };
            let new = edit["lines"].as_str().expect("it has lines");
            (file == path).then_some((first, last, new))
        })
        .collect();
    edits.sort_unstable();
    for (first, last, new) in edits.into_iter().rev() {
        lines.splice(first - 1..last, new.lines().map(str::to_owned));
    }
    lines.join("\n") + "\n"
}

/// What was tried out on objects in memory is what comes of writing the lines into the file.
#[test]
fn the_lines_to_write_do_what_was_tried_out() {
    let folder = folder("advice-written");
    let whole = fs::read_to_string(scenario("rolling-update")).expect("it is there");
    let mistakes = MISTAKES.iter().filter(|it| !it.advice.is_empty());
    let mistakes = mistakes.map(|it| whole.replacen(it.written[0], it.written[1], 1));
    for (index, text) in std::iter::once(whole.clone()).chain(mistakes).enumerate() {
        let path = write(&folder, &format!("{index}.yaml"), &text);
        let before = result_of(&path);
        let advice = before["advice"].as_array().expect("there is a list");
        let shown = rollsim(&["run", &path]);
        for edit in advice.iter().flat_map(|it| it["edits"].as_array().expect("it has edits")) {
            let lines = edit["lines"].as_str().expect("it has lines").trim_end();
            assert!(shown.stdout.contains(&format!("\n{lines}\n")), "{lines}\n{}", shown.stdout);
        }
        let last = advice.last().expect("there is advice")["outcome"].as_str();
        assert!(last.is_some_and(|outcome| outcome.contains(" 0 failed")), "{last:?}");
        let after =
            result_of(&write(&folder, &format!("{index}.yaml"), &edited(&path, &text, advice)));
        assert_eq!(after["requests"]["failed"], 0, "{}", edited(&path, &text, advice));
    }
}

pub(crate) fn result_of(path: &str) -> Value {
    let ran = rollsim(&["run", path, "-o", "json"]);
    serde_json::from_str(&ran.stdout).expect("it is JSON")
}
