//! What is said of settings of the cluster that cannot be meant.

use super::{
    load_text,
    scenarios::{QUIET, with_scenario},
    shown,
};

/// What is said of a scenario with these fields: each case has words that must be in it.
fn check(cases: &[(&str, &[&str])]) {
    for (fields, words) in cases {
        let said = shown(&load_text(&with_scenario(&format!("{fields}\n{QUIET}"))));
        for word in *words {
            assert!(said.contains(word), "{fields}: `{word}` is not in\n{said}");
        }
    }
}

/// Nothing is said of these.
fn check_quiet(cases: &[&str]) {
    for fields in cases {
        let said = shown(&load_text(&with_scenario(&format!("{fields}\n{QUIET}"))));
        assert_eq!(said, "", "{fields}");
    }
}

#[test]
fn a_burst_needs_a_limit() {
    check(&[
        (
            "cluster: { controlPlane: { clientQPS: unlimited, clientBurst: 5 } }",
            &[
                "warning[RS0216]",
                "app.yaml:5:65",
                "clientBurst: without a limit a burst has no effect",
                "no limit",
                "leave it out, or write a rate such as 20/s as `clientQPS`",
            ],
        ),
        (
            "cluster: { profile: ideal, controlPlane: { bindingBurst: 5 } }",
            &["warning[RS0216]", "app.yaml:5:60", "as `bindingQPS`"],
        ),
    ]);
    check_quiet(&[
        "cluster: { controlPlane: { clientQPS: 5, clientBurst: 5 } }",
        "cluster: { controlPlane: { clientQPS: unlimited } }",
        "cluster: { profile: ideal, controlPlane: { clientQPS: 5/s, clientBurst: 5 } }",
    ]);
}
