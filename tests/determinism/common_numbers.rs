//! Common random numbers: what one party draws does not depend on who else draws.

use std::sync::Arc;

use engine::Time;
use record::{ClientId, Outcome, Record};
use scenario::{OnSigterm, Scenario};

use crate::{
    files,
    rehearsal::{Records, load, rehearse},
};

/// Number, arrival and node of each request of the first client, in order: all that it draws before
/// its balancing.
fn workload(records: &Records) -> Vec<(u64, Time, u32)> {
    let mut drawn: Vec<(u64, Time, u32)> = records
        .iter()
        .filter_map(|(_, record)| match record {
            Record::RequestFinished(r) if r.client == ClientId(0) => {
                Some((r.number, r.arrived, r.node.0))
            }
            _ => None,
        })
        .collect();
    drawn.sort_unstable();
    drawn
}

/// Compares as many requests as both have: which of the last ones were done in time may differ.
fn assert_same_workload(before: &Records, after: &Records, what: &str) {
    let (before, after) = (workload(before), workload(after));
    let common = before.len().min(after.len()) * 99 / 100;
    assert!(common > 1_000, "{what}: {common} requests");
    assert_eq!(before[..common], after[..common], "{what}");
}

fn rolling_update() -> Scenario {
    load(&files::path("rolling-update"))
}

#[test]
fn another_client_does_not_move_the_first_ones_requests() {
    let one = rolling_update();
    let mut two = one.clone();
    let mut other = two.clients[0].clone();
    other.name = "another".to_owned();
    two.clients.push(other);
    for seed in 1..=5 {
        let (alone, beside) = (rehearse(&one, seed), rehearse(&two, seed));
        assert_same_workload(&alone, &beside, &format!("seed {seed}"));
        let others = beside.iter().any(|(_, record)| {
            matches!(record, Record::RequestFinished(request) if request.client == ClientId(1))
        });
        assert!(others, "seed {seed}: the other client sends too");
    }
}

/// What a user changes to see what becomes of it meets the same requests as before.
#[test]
fn a_changed_manifest_or_program_meets_the_same_requests() {
    let plain = rolling_update();
    let change = |name, change: fn(&mut Scenario)| {
        let mut changed = plain.clone();
        change(&mut changed);
        (name, changed)
    };
    let changes = [
        change("more replicas", |s| s.deployments[0].spec.replicas = 7),
        change("a longer grace period", |s| {
            let template = &mut s.deployments[0].spec.template;
            Arc::make_mut(&mut template.spec).termination_grace_period_seconds = 60;
        }),
        change("a program that drains", |s| {
            for image in s.images.values_mut() {
                image.on_sigterm = OnSigterm::Drain { lame_duck: engine::Span::from_secs(5) };
            }
        }),
        change("no rollout", |s| s.timeline.clear()),
    ];
    for seed in 1..=3 {
        let before = rehearse(&plain, seed);
        for (name, changed) in &changes {
            let after = rehearse(changed, seed);
            assert_same_workload(&before, &after, &format!("{name}, seed {seed}"));
        }
    }
}

/// Nor does a change move the cluster's own dice before it comes.
#[test]
fn until_a_change_comes_a_run_is_as_without_it() {
    let plain = rolling_update();
    let mut quiet = plain.clone();
    quiet.timeline.clear();
    let change = sim::BEGIN + plain.timeline[0].at;
    let until = |records: Records| -> Records {
        records.into_iter().take_while(|(time, _)| *time < change).collect()
    };
    let (with, without) = (until(rehearse(&plain, 9)), until(rehearse(&quiet, 9)));
    assert!(with == without);
    let served = with.iter().filter(|(_, record)| {
        matches!(record, Record::RequestFinished(request) if request.outcome == Outcome::Ok)
    });
    assert!(served.count() > 1_000);
}
