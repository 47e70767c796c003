//! How pods end, and what that costs: S01, S02, S05 and S06.

use std::sync::Arc;

use api::Strategy;
use engine::{Distribution, Span, Time};
use record::{Cause, Outcome, Record};
use scenario::{OnSigterm, Scenario};

use crate::{
    exposure::Exposure,
    rehearsal::rehearse,
    seeds::{cut, each_seed, interval, scenario},
    traffic::{between, lives, lost, lost_to, old_and_new, rate, requests, rollout_span},
};

/// Causes of requests that a proxy sent to a pod after that had closed its listener.
const SENT_TOO_LATE: [Cause; 2] = [Cause::RefusedListenerClosed, Cause::TimeoutUnreachable];

/// Pods in each of these scenarios.
const REPLICAS: u32 = 3;

fn mean(spans: &[Span]) -> f64 {
    spans.iter().map(|span| span.as_secs_f64()).sum::<f64>() / spans.len() as f64
}

#[test]
fn a_server_that_exits_at_once_loses_requests_to_its_own_end_and_to_nothing_else() {
    each_seed(&cut("rolling-update", 60), 100, |seed, records| {
        let lost = lost(records);
        let own_end =
            |cause: &Cause| SENT_TOO_LATE.contains(cause) || *cause == Cause::ResetKilledInFlight;
        assert!(lost_to(records, &SENT_TOO_LATE) > 0.0, "seed {seed}: nothing is lost");
        assert!(lost.keys().all(own_end), "seed {seed}: {lost:?}");
    });
}

/// Two records of one thing: what a program was working on when it ended, and what was reset.
#[test]
fn what_programs_drop_is_what_clients_see_reset() {
    each_seed(&cut("rolling-update", 60), 20, |seed, records| {
        let resets = lost_to(records, &[Cause::ResetKilledInFlight]) as u64;
        assert_eq!(in_flight_at_exits(records), resets, "seed {seed}");
    });
}

/// λ·w̄·R/(R+1): the windows are measured where proxies and programs say what they did, the losses
/// where requests do. Given the windows the losses of a run are a Poisson number, so the mean
/// difference over the seeds is zero within its interval.
#[test]
fn what_a_rollout_loses_is_rate_times_window_times_the_share_of_the_dying_pod() {
    let scenario = cut("rolling-update", 60);
    let rate = rate(&scenario);
    let runs = each_seed(&scenario, 400, |seed, records| {
        let windows = Exposure::of(records).windows();
        assert_eq!(windows.len(), 3 * REPLICAS as usize, "seed {seed}: a node, a dying pod");
        let expected = stats::lost_per_rollout(rate, mean(&windows), REPLICAS);
        (lost_to(records, &SENT_TOO_LATE) - expected, expected)
    });
    let differences: Vec<f64> = runs.iter().map(|(difference, _)| *difference).collect();
    let expected = runs.iter().map(|(_, expected)| expected).sum::<f64>() / runs.len() as f64;
    let difference = interval(&differences, 0.03 * expected);
    assert!(difference.contains(0.0), "{difference:?} requests off, of {expected}");
}

/// At SIGTERM a program drops the requests that reached it and are not done: of the connections that
/// the rules sent it, those that have been there for less than the way and their service time.
#[test]
fn what_a_dying_server_was_working_on_is_what_came_within_a_service_time() {
    let scenario = cut("rolling-update", 60);
    let (rate, network) = (rate(&scenario), &scenario.cluster.network);
    // A third of the clients are on the pod's own node. A request is there after one trip, and its
    // service of exp(20ms) begins after the handshake's answer and the request itself.
    let trip = (network.same_node.as_secs_f64() + 2.0 * network.cross_zone.as_secs_f64()) / 3.0;
    let service = 0.020;
    let weight = |seconds: f64| {
        let handshake = (seconds.min(3.0 * trip) - trip).max(0.0);
        handshake - service * libm::expm1(-(seconds - 3.0 * trip).max(0.0) / service)
    };
    let runs = each_seed(&scenario, 400, |_, records| {
        let exposure = Exposure::of(records);
        let expected = |(pod, end)| rate * exposure.share_before(pod, end, weight);
        let expected: f64 = exposure.closed().map(expected).sum();
        (lost_to(records, &[Cause::ResetKilledInFlight]) - expected, expected)
    });
    let differences: Vec<f64> = runs.iter().map(|(difference, _)| *difference).collect();
    let expected = runs.iter().map(|(_, expected)| expected).sum::<f64>() / runs.len() as f64;
    let difference = interval(&differences, 0.15 * expected);
    assert!(difference.contains(0.0), "{difference:?} requests off, of {expected}");
}

#[test]
fn nothing_is_lost_with_a_pre_stop_sleep_or_a_lame_duck_period() {
    for name in ["prestop-sleep", "lame-duck"] {
        each_seed(&cut(name, 60), 100, |seed, records| {
            assert!(lost(records).is_empty(), "{name}, seed {seed}: {:?}", lost(records));
            assert!(requests(records).count() > 1000, "{name}, seed {seed}");
        });
    }
}

#[test]
fn a_server_that_ignores_sigterm_loses_nothing_and_lives_its_whole_grace_period() {
    let grace = Span::from_secs(30);
    each_seed(&scenario("sigterm-ignored"), 30, |seed, records| {
        assert!(lost(records).is_empty(), "seed {seed}: {:?}", lost(records));
        let [old, new] = old_and_new(records);
        assert_eq!((old.len(), new.len()), (3, 3), "seed {seed}");
        for life in &old {
            assert_eq!(between(life.terminated, life.killed), grace, "seed {seed}: {life:?}");
            assert_eq!(life.exited, life.killed, "seed {seed}: {life:?}");
        }
        // All of the old pods are still there when the last of the new ones is ready, and so there
        // are more pods than the three and one that the Deployment asks for.
        let last = new.iter().filter_map(|life| life.ready).max().expect("there are new pods");
        assert_eq!(old.iter().filter(|life| life.exists_at(last)).count(), 3, "seed {seed}");
    });
}

fn exits_instead(scenario: &Scenario) -> Scenario {
    let mut exits = scenario.clone();
    for image in exits.images.values_mut() {
        image.on_sigterm = OnSigterm::Exit;
    }
    exits
}

/// How much longer the rollout takes with a program that ignores SIGTERM than with one that exits.
fn seconds_longer(scenario: &Scenario, seeds: u64) -> Vec<f64> {
    let exits = exits_instead(scenario);
    each_seed(scenario, seeds, |seed, ignoring| {
        let exiting = rehearse(&exits, seed);
        rollout_span(ignoring).as_secs_f64() - rollout_span(&exiting).as_secs_f64()
    })
}

/// Pods that are being deleted are not counted (KEP-3973). What differs under one seed is what the
/// kubelets' reports of dead pods shift in the random delays that they share with live ones:
/// fractions of the slowest of these, a container's start, which takes 2.5 s at its 99th percentile.
#[test]
fn a_rolling_update_is_no_slower_for_pods_that_linger() {
    let longer = seconds_longer(&scenario("sigterm-ignored"), 100);
    let mean = interval(&longer, 0.5);
    assert!(mean.contains(0.0), "{mean:?} seconds longer");
    assert!(longer.iter().all(|seconds| seconds.abs() < 2.5), "{longer:?}");
}

/// `Recreate` waits for the last old pod to be gone, so a program that does not end by itself costs
/// it the grace period: 30 s, give or take what the other delays differ by.
#[test]
fn a_recreate_is_slower_by_the_grace_period() {
    let mut recreate = scenario("sigterm-ignored");
    recreate.deployments[0].spec.strategy = Strategy::Recreate;
    let longer = interval(&seconds_longer(&recreate, 100), 0.5);
    assert!(longer.contains(30.0), "{longer:?} seconds longer");
}

/// Requests that take longer than what is left of the grace period are cut off by SIGKILL: of those
/// that a dying pod took, the ones that came less than their service time before it.
#[test]
fn sigkill_cuts_off_what_would_outlast_the_grace_period() {
    let service = Span::from_secs(10);
    let mut slow = scenario("sigterm-ignored");
    for image in slow.images.values_mut() {
        image.service_time = Distribution::Constant(service);
        image.concurrency = 10_000;
    }
    slow.clients[0].timeout = Span::from_secs(60);
    // The proxies drop a pod seconds after its deletion, so within its grace period of 30 s such
    // requests would all be done; with 5 s they are not.
    let grace_seconds = 5;
    let template = &mut slow.deployments[0].spec.template;
    Arc::make_mut(&mut template.spec).termination_grace_period_seconds = grace_seconds;
    each_seed(&slow, 3, |seed, records| {
        let lives = lives(records);
        let mut cut = 0;
        for (ended, request) in requests(records) {
            let killed = request.pod.and_then(|pod| lives[&pod].killed);
            let Some(killed) = killed.filter(|killed| request.connected < *killed) else {
                continue;
            };
            // Two round trips of half a millisecond a way at most, and the answer.
            let done = request.connected + service + Span::from_micros(2_500);
            match request.outcome {
                Outcome::Ok => assert!(ended <= killed + Span::from_millis(1), "seed {seed}"),
                Outcome::Failed(cause) => {
                    assert_eq!(cause, Cause::ResetKilledInFlight, "seed {seed}: {request:?}");
                    assert!(done > killed, "seed {seed}: {request:?} was done at {done}");
                    cut += 1;
                }
            }
        }
        assert_eq!(cut, in_flight_at_exits(records), "seed {seed}: pods and clients agree");
        assert!(cut > 100, "seed {seed}: {cut} were cut off");
    });
}

/// What programs said they were working on when they ended.
fn in_flight_at_exits(records: &[(Time, Record)]) -> u64 {
    let lost = records.iter().map(|(_, record)| match record {
        Record::ContainerExited { in_flight, .. } => u64::from(*in_flight),
        _ => 0,
    });
    lost.sum()
}
