//! What `maxSurge` and `maxUnavailable` come to with one replica: S15.

use engine::Span;
use record::{Cause, Outcome};

use crate::{
    exposure::Exposure,
    seeds::{cut, each_seed, interval, scenario},
    traffic::{between, lost, lost_to, measure, old_and_new, rate, requests},
};

#[test]
fn a_single_replica_with_default_fences_is_replaced_without_an_outage() {
    each_seed(&scenario("single-replica"), 100, |seed, records| {
        assert!(lost(records).is_empty(), "seed {seed}: {:?}", lost(records));
        let rollout = &measure(records).rollouts[0];
        let sizes = rollout.steps.iter().map(|(_, sizes)| sizes.values().sum::<i32>());
        assert_eq!(sizes.max(), Some(2), "seed {seed}: 25 % of one is a surge of one");
        assert_eq!((rollout.available_min, rollout.pods_max), (1, 2), "seed {seed}");
    });
}

/// s + probe + propagation, and before them the start of the container.
#[test]
fn a_single_replica_that_may_be_missing_is_an_outage_as_long_as_the_new_pod_takes() {
    let scenario = cut("single-replica-unavailable", 60);
    let start = Span::from_secs(3);
    // The readiness probe asks every two seconds; the kubelet's report of it takes 50 ms at its
    // 99th percentile, and never yet took ten times that.
    let probe = Span::from_millis(2_500);
    // The proxies dropped the old pod within the last second or so, and sync once a second.
    let propagation = scenario.cluster.proxy.min_sync_period + Span::from_millis(500);
    each_seed(&scenario, 100, |seed, records| {
        let [old, new] = old_and_new(records);
        let ([old], [new]) = (&old[..], &new[..]) else { panic!("seed {seed}: one pod each") };
        assert_eq!(between(new.started, new.listened), start, "seed {seed}");
        assert!(between(new.listened, new.ready) <= probe, "seed {seed}: {new:?}");
        assert!(between(new.ready, new.listed) <= propagation, "seed {seed}: {new:?}");

        let ok = || requests(records).filter(|(_, request)| request.outcome == Outcome::Ok);
        let last = ok().map(|(_, r)| r.connected).filter(|time| Some(*time) < new.listed).max();
        let first = ok().map(|(_, r)| r.connected).filter(|time| Some(*time) >= new.listed).min();
        let outage = between(last, first);
        let container = between(old.terminated, new.started);
        assert!(outage > start, "seed {seed}: {outage}");
        // Around it a gap between two requests at each end, of which one in e⁵⁰ is longer.
        let gap = Span::from_millis(500);
        let parts = [container, start, probe, propagation, gap, gap];
        let most = parts.iter().fold(Span::ZERO, |sum, part| sum + *part);
        assert!(outage < most, "seed {seed}: {outage}, {most} at most");
    });
}

#[test]
fn an_outage_costs_the_rate_times_its_length() {
    let scenario = cut("single-replica-unavailable", 60);
    let rate = rate(&scenario);
    let runs = each_seed(&scenario, 200, |_, records| {
        let exposure = Exposure::of(records);
        let late = [Cause::RefusedListenerClosed, Cause::TimeoutUnreachable];
        let rejected = lost_to(records, &[Cause::RefusedNoEndpoints]);
        let (dead, empty) = (rate * exposure.dead_secs, rate * exposure.empty_secs);
        ([lost_to(records, &late) - dead, rejected - empty], dead + empty)
    });
    let expected = runs.iter().map(|(_, expected)| expected).sum::<f64>() / runs.len() as f64;
    for (kind, what) in ["sent to a dead pod", "rejected"].iter().enumerate() {
        let differences: Vec<f64> = runs.iter().map(|(differences, _)| differences[kind]).collect();
        let difference = interval(&differences, 0.03 * expected);
        assert!(difference.contains(0.0), "{what}: {difference:?} off, of {expected} in all");
    }
}
