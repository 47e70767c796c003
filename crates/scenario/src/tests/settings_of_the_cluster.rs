//! What is said of settings of the cluster that cannot be meant.

use super::{
    check, load_text,
    scenarios::{QUIET, with_scenario},
    shown,
};

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

/// One rule for everything in the cluster that takes its time.
#[test]
fn what_takes_longer_than_the_run_is_said() {
    check(&[
        (
            "cluster: { controlPlane: { writeTime: 1000h } }",
            &[
                "warning[RS0217]",
                "app.yaml:5:41",
                "writeTime: takes 1000h or longer half of the time, and the run is over after 2m",
                "shorten it, or lengthen `spec.duration`",
            ],
        ),
        (
            "duration: 10s\ncluster: { kubelet: { reaction: 'uniform(5s, 17s)' } }",
            &[
                "warning[RS0217]",
                "takes 11s or longer half of the time, and the run is over after 10s",
            ],
        ),
        (
            "cluster: { controlPlane: { watchLag: 'pareto(1ms, shape=0.01)' } }",
            &["warning[RS0217]", "watchLag: takes "],
        ),
        ("cluster: { dns: { latency: 3m } }", &["warning[RS0217]"]),
    ]);
    // A program that never starts, or hangs, is one that is rehearsed.
    let hung = QUIET.replace("web:v1: {}", "web:v1: { start: 1h, serviceTime: 1h }");
    assert_eq!(shown(&load_text(&with_scenario(&hung))), "");
    check_quiet(&[
        "duration: 10s\ncluster: { controlPlane: { writeTime: 10s } }",
        // Its mean is infinite, and it is nearly always over at once.
        "cluster: { controlPlane: { writeTime: 'pareto(1ms, shape=1)' } }",
    ]);
}

#[test]
fn what_a_limit_and_a_distribution_may_be_is_said() {
    let help = "write a rate such as 20/s, or `unlimited`";
    for (written, column, message) in [
        ("Unlimited", 41, "\"Unlimited\" is neither a rate such as 20/s nor `unlimited`"),
        ("infinity", 41, "\"infinity\" is neither a rate such as 20/s nor `unlimited`"),
        ("-1", 41, "a limit must be above zero"),
        ("-1/s", 41, "a limit must be above zero"),
        ("20/d", 44, "unknown unit"),
        ("{}", 30, "a mapping where a text is wanted"),
    ] {
        let fields = format!("cluster: {{ controlPlane: {{ clientQPS: {written} }} }}");
        check(&[(&fields, &[message, help, &format!("app.yaml:5:{column}")])]);
    }
    check(&[
        (
            "cluster: { controlPlane: { writeTime: {} } }",
            &["app.yaml:5:30", "a mapping where a text is wanted", "write 20ms, exp(20ms), "],
        ),
        ("duration: [1s]", &["write a duration such as 30s or 250ms"]),
    ]);
    check_quiet(&["cluster: { controlPlane: { clientQPS: 1e2, bindingQPS: .5 } }"]);
}
