//! Connections that are kept somewhere: by affinity, by a traffic policy, by a zone (S29 to S32, S36,
//! S37).

use std::collections::{BTreeMap, BTreeSet};

use api::PodId;
use engine::{Span, Time};
use record::{Cause, Outcome, Record};

use crate::{
    rehearsal::Records,
    seeds::{each_seed, interval, scenario},
    traffic::{lost, requests},
};

/// The moment of the scenario's clock.
fn began(records: &Records) -> Time {
    let mut began = records.iter().filter(|(_, record)| matches!(record, Record::ScenarioBegan));
    began.next().expect("every scenario begins").0
}

/// The pods that requests arriving between two moments of the scenario went to, with how many.
fn served(records: &Records, from: u64, to: u64) -> BTreeMap<PodId, u64> {
    let began = began(records);
    let (from, to) = (began + Span::from_secs(from), began + Span::from_secs(to));
    let mut counts = BTreeMap::new();
    for (_, request) in requests(records) {
        if (from..to).contains(&request.arrived) {
            *counts.entry(request.pod.expect("each was sent to a pod")).or_default() += 1;
        }
    }
    counts
}

/// The pods of a Deployment.
fn pods_of(records: &Records, deployment: &str) -> BTreeSet<PodId> {
    let pods = records.iter().filter_map(|(_, record)| match record {
        Record::PodCreated { pod, deployment: Some(owner), .. } if **owner == *deployment => {
            Some(*pod)
        }
        _ => None,
    });
    pods.collect()
}

#[test]
fn one_address_and_affinity_are_one_pod() {
    for name in ["session-affinity", "session-affinity-sliding"] {
        each_seed(&scenario(name), 10, |seed, records| {
            assert!(lost(records).is_empty(), "{name}, seed {seed}");
            assert_eq!(served(records, 0, 200).len(), 1, "{name}, seed {seed}");
        });
    }
}

/// Each of the four pods that go leaves its sessions to the four that are there: three others and
/// one new. So a new pod starts with a quarter of what goes, and all that stay get a quarter more of
/// it, which gives the shares below.
#[test]
fn the_last_new_pod_gets_the_fewest_sessions() {
    const SHARES: [f64; 4] = [0.360, 0.298, 0.220, 0.122];
    let runs = each_seed(&scenario("session-affinity-rollout"), 40, |seed, records| {
        assert!(lost(records).is_empty(), "seed {seed}");
        let counts = served(records, 60, 120);
        let total: u64 = counts.values().sum();
        let ready = records.iter().filter_map(|(_, record)| match record {
            Record::PodReady { pod } => counts.get(pod),
            _ => None,
        });
        let shares: Vec<f64> = ready.map(|count| *count as f64 / total as f64).collect();
        <[f64; 4]>::try_from(shares).expect("four new pods, each ready once")
    });
    for (place, expected) in SHARES.into_iter().enumerate() {
        let shares: Vec<f64> = runs.iter().map(|shares| shares[place]).collect();
        let share = interval(&shares, 0.05);
        assert!(share.contains(expected), "new pod {place}: {share:?}, not {expected}");
    }
}

#[test]
fn a_local_policy_serves_a_node_with_pods_and_drops_at_one_without() {
    each_seed(&scenario("internal-traffic-local"), 10, |seed, records| {
        for (_, request) in requests(records) {
            let dropped = Outcome::Failed(Cause::TimeoutDropped);
            let expected = if request.node.0 == 0 { Outcome::Ok } else { dropped };
            assert_eq!(request.outcome, expected, "seed {seed}: {request:?}");
        }
    });
}

#[test]
fn a_lone_pod_of_a_node_gets_half_of_what_two_nodes_get() {
    let shares = each_seed(&scenario("external-traffic-local"), 40, |seed, records| {
        assert!(lost(records).is_empty(), "seed {seed}");
        let (alone, counts) = (pods_of(records, "default/web-a"), served(records, 0, 60));
        let total: u64 = counts.values().sum();
        let alone: u64 = counts.iter().filter(|(pod, _)| alone.contains(pod)).map(|(_, n)| n).sum();
        alone as f64 / total as f64
    });
    let share = interval(&shares, 0.01);
    assert!(share.contains(0.5), "{share:?}");
}

#[test]
fn a_zone_without_pods_uses_those_of_others_until_it_has_one_again() {
    each_seed(&scenario("prefer-same-zone"), 10, |seed, records| {
        assert!(lost(records).is_empty(), "seed {seed}");
        let near = pods_of(records, "default/web-a");
        for (from, to, inside) in [(0, 30, true), (35, 70, false), (80, 120, true)] {
            let served = served(records, from, to);
            let all_near = served.keys().all(|pod| near.contains(pod));
            let none_near = served.keys().all(|pod| !near.contains(pod));
            let as_expected = if inside { all_near } else { none_near };
            assert!(as_expected, "seed {seed}, {from} s to {to} s: {served:?}");
        }
    });
}
