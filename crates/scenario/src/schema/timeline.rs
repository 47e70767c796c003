//! `spec.timeline`.

use super::{
    form::{Form, field, filled, mapping, number, required, text},
    value::{duration, labels},
};

/// A step of the timeline.
pub(super) fn step() -> Form {
    let command = text().such_as(&[
        "set image deployment/web web=web:v2",
        "rollout restart deployment/web",
        "rollout undo deployment/web",
        "rollout pause deployment/web",
        "rollout resume deployment/web",
        "scale --replicas=5 deployment/web",
        "apply -f app-v2.yaml",
        "delete service web-svc",
        "delete deployment web",
        "delete namespace shop",
        "delete pod -l app=web",
    ]);
    mapping([
        required("at", duration(), "When: so long after the beginning of the scenario."),
        filled("kubectl", command, "A command as one types it."),
        filled("fault", fault(), "Something that goes wrong."),
    ])
    .with_one_of(&["kubectl", "fault"])
    .says("A step: when, and what happens.")
}

fn fault() -> Form {
    let crash = "The programs in all running pods with these labels die with SIGKILL; the kubelet \
                 restarts them.";
    let slow = "A request takes so many times as long in the programs that run at that moment.";
    let times = number(1.0).up_to(1e9);
    let factor = required("factor", times, "How many times as long; 1 ends it.");
    let pods = || required("pods", labels(), "The pods with these labels.");
    let namespace = || field("namespace", text(), "Their namespace.").or("default");
    mapping([
        filled("crash", mapping([pods(), namespace()]), crash),
        filled("slow", mapping([pods(), namespace(), factor]), slow),
    ])
    .with_one_of(&["crash", "slow"])
}
