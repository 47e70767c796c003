//! Connections that clients keep stay with their pods (S22 to S24, S49).

use std::collections::{BTreeMap, BTreeSet};

use api::PodId;
use record::{Cause, Outcome, Record};

use crate::{
    rehearsal::Records,
    seeds::{each_seed, scenario},
    traffic::requests,
};

/// The open connections by pod, after each time that one was opened or closed.
fn opened_and_closed(records: &Records) -> Vec<BTreeMap<PodId, i32>> {
    let mut open = BTreeMap::new();
    let steps = records.iter().filter_map(|(_, record)| {
        let (pod, change) = match record {
            Record::ConnectionOpened { pod, .. } => (pod, 1),
            Record::ConnectionClosed { pod, .. } => (pod, -1),
            _ => return None,
        };
        *open.entry(*pod).or_insert(0) += change;
        Some(open.clone())
    });
    steps.collect()
}

#[test]
fn no_more_are_closed_than_were_opened_and_no_more_open_than_are_allowed() {
    for (name, most) in [("kept-connections-rollout", 40), ("kept-connections-max-age", 8)] {
        each_seed(&scenario(name), 10, |seed, records| {
            let all = opened_and_closed(records);
            assert!(!all.is_empty());
            for open in all {
                assert!(open.values().all(|count| *count >= 0), "{name}, seed {seed}");
                assert!(open.values().sum::<i32>() <= most, "{name}, seed {seed}");
            }
        });
    }
}

#[test]
fn pods_that_come_by_scaling_get_no_request() {
    each_seed(&scenario("kept-connections-scale"), 20, |seed, records| {
        let pods: BTreeSet<PodId> =
            requests(records).filter_map(|(_, request)| request.pod).collect();
        assert!(pods.iter().all(|pod| pod.0 < 4), "seed {seed}: {pods:?}");
        assert_eq!(opened_and_closed(records).len(), 8, "seed {seed}: each is opened once");
    });
}

#[test]
fn a_rollout_of_pods_that_drain_loses_nothing_that_is_sent_again() {
    each_seed(&scenario("kept-connections-rollout"), 20, |seed, records| {
        for (_, request) in requests(records) {
            assert_eq!(request.outcome, Outcome::Ok, "seed {seed}: {request:?}");
        }
    });
}

/// Clients that close first meet nothing; of those that do not, hardly any request does.
#[test]
fn an_idle_connection_is_raced_for_by_few() {
    each_seed(&scenario("idle-connection-race"), 3, |seed, records| {
        let mut met = BTreeMap::new();
        for (_, request) in requests(records) {
            if request.outcome == Outcome::Failed(Cause::ResetIdleClosed) {
                *met.entry(request.client.0).or_insert(0) += 1;
            } else {
                assert_eq!(request.outcome, Outcome::Ok, "seed {seed}: {request:?}");
            }
        }
        // Clients are numbered in the order of the scenario: seldom, often, careful.
        assert_eq!(met.get(&2), None, "seed {seed}");
        assert!(met.values().sum::<i32>() < 30, "seed {seed}: {met:?}");
    });
}
