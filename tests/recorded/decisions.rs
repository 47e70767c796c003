//! `decisions*.jsonl`: every write of a ReplicaSet's size that a real Deployment controller made during
//! a rolling update, with the state it found.

use std::sync::Arc;

use api::{
    Deployment, DeploymentSpec, DeploymentStatus, IntOrPercent, Meta, ReplicaSet, ReplicaSetSpec,
    ReplicaSetStatus, Strategy,
};
use control_plane::deployment::rolling;
use serde_json::Value;

use crate::recording;

fn number(value: &Value) -> i32 {
    value.as_i64().expect("a number") as i32
}

/// A ReplicaSet whose age is that of its place.
fn replica_set(place: usize, state: &Value) -> Arc<ReplicaSet> {
    let name = place.to_string();
    let (replicas, available_replicas) = (number(&state["spec"]), number(&state["avail"]));
    Arc::new(ReplicaSet {
        meta: Meta { uid: name.as_str().into(), ..Meta::new("default", &*name) },
        spec: ReplicaSetSpec { replicas, ..ReplicaSetSpec::default() },
        status: ReplicaSetStatus { available_replicas, ..ReplicaSetStatus::default() },
    })
}

/// What one sync does in the state of a decision: which ReplicaSet comes to which size, `None` standing
/// for the new one.
fn writes(decision: &Value) -> Vec<(Option<usize>, i32)> {
    let deployment = Deployment {
        meta: Meta::new("default", "web"),
        spec: DeploymentSpec {
            replicas: number(&decision["n"]),
            strategy: Strategy::RollingUpdate {
                max_surge: IntOrPercent::Int(number(&decision["surge"])),
                max_unavailable: IntOrPercent::Int(number(&decision["unavail"])),
            },
            ..DeploymentSpec::default()
        },
        status: DeploymentStatus::default(),
    };
    let states = decision["olds"].as_array().expect("a list").iter().enumerate();
    let olds: Vec<_> = states.map(|(place, state)| replica_set(place, state)).collect();
    // The one that is still to be created has no pods.
    let created = serde_json::json!({ "spec": 0, "avail": 0 });
    let is_new = decision["new"].is_null();
    let new = replica_set(olds.len(), if is_new { &created } else { &decision["new"] });
    let all: Vec<_> = olds.iter().cloned().chain([Arc::clone(&new)]).collect();
    let size = rolling::reconcile_new_replica_set(&deployment, &all, &new);
    if is_new {
        return vec![(None, size.unwrap_or(0))];
    }
    if let Some(size) = size {
        return vec![(None, size)];
    }
    let (after, _) = rolling::reconcile_old_replica_sets(&deployment, &all, &olds, Some(&new));
    let sizes = olds.iter().zip(after).enumerate();
    sizes
        .filter(|(_, (old, after))| old.spec.replicas != after.spec.replicas)
        .map(|(place, (_, after))| (Some(place), after.spec.replicas))
        .collect()
}

/// The write that was recorded.
fn recorded(decision: &Value) -> (Option<usize>, i32) {
    let write = &decision["write"];
    let olds = decision["olds"].as_array().expect("a list");
    let place = olds.iter().position(|old| old["name"] == write["rs"]);
    (place, number(&write["replicas"]))
}

/// Files, and how many of their decisions follow from the state before them and how many do not.
const FILES: [(&str, usize, usize); 3] = [
    ("decisions.jsonl", 724, 10),
    ("decisions_quiet.jsonl", 106, 2),
    ("decisions_high_qps.jsonl", 1094, 28),
];

/// Those that do not follow are the ones of which the recording says so itself: 38 would from a state that is
/// one or two events older (`lag`), one is the second write of one sync, and of one it knows no reason.
#[test]
fn each_write_follows_from_the_state_before_it() {
    for (file, follow, others) in FILES {
        let Some(text) = recording::text(file) else { return };
        let mut counts = [0, 0];
        for line in text.lines() {
            let decision: Value = serde_json::from_str(line).expect("it is JSON lines");
            let (writes, recorded) = (writes(&decision), recorded(&decision));
            let follows = writes.contains(&recorded);
            let expected = decision["match"] == true && decision["lag"] == 0;
            assert_eq!(follows, expected, "{writes:?}, recorded {recorded:?}: {line}");
            counts[usize::from(!follows)] += 1;
        }
        println!("{file:26} {} as recorded, {} not", counts[0], counts[1]);
        assert_eq!(counts, [follow, others], "{file}");
    }
}
