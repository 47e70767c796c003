//! How pods start, and who waits for it: S09 and S13.

use engine::{Delay, Distribution, Span};
use record::{Cause, Outcome, Record};

use crate::{
    exposure::Exposure,
    rehearsal::load,
    seeds::{cut, each_seed, interval, scenario},
    traffic::{between, lives, lost, lost_to, old_and_new, rate, requests, rollout_span},
};

/// Without a probe a pod is available when its container runs, so a rollout of R pods, one at a
/// time, is R pod starts long, plus the few tens of milliseconds that the controllers take between
/// one pod's being ready and the next one's creation: a tenth of a start, on average over the seeds.
#[test]
fn a_rollout_without_readiness_probes_is_over_after_as_many_pod_starts() {
    let scenario = cut("no-readiness-probe", 60);
    let shares = each_seed(&scenario, 100, |seed, records| {
        let [_, new] = old_and_new(records);
        assert_eq!(new.len(), 3, "seed {seed}");
        let starts = new.iter().map(|life| between(life.created, life.ready).as_secs_f64());
        let share = rollout_span(records).as_secs_f64() / starts.sum::<f64>();
        assert!(share > 1.0, "seed {seed}: the pods start one after the other");
        // And none of them listens by then: the program takes longer than all three starts.
        assert!(
            rollout_span(records) < between(new[0].created, new[0].listened),
            "seed {seed}: {new:?}"
        );
        share
    });
    let share = interval(&shares, 0.05);
    assert!(share.high() < 1.1, "{share:?} of the pod starts");
}

/// Nobody answers from when the last proxy has dropped the last old pod until the first new program
/// listens: its start-up time, less what was left of the rollout when its container started.
#[test]
fn nobody_answers_until_the_first_new_program_listens() {
    let scenario = cut("no-readiness-probe", 60);
    let Delay::Drawn(Distribution::Constant(start)) = scenario.images["web:v2"].start else {
        panic!("the start of web:v2 is not one span")
    };
    let blackouts = each_seed(&scenario, 100, |seed, records| {
        let [old, new] = old_and_new(records);
        for life in &new {
            assert_eq!(between(life.started, life.listened), start, "seed {seed}: {life:?}");
        }
        let first = new.iter().filter_map(|life| life.listened).min().expect("they listen");
        let dark = Exposure::of(records).last_dropped().expect("the old pods were dropped");
        assert!(old.iter().all(|life| life.deleted < Some(dark)), "seed {seed}");
        let asked = requests(records).filter(|(_, r)| (dark..first).contains(&r.connected));
        // A connection takes half a millisecond to get there, so the last ones may be in luck.
        let sure = first.since(dark).saturating_sub(Span::from_micros(500));
        let mut refused = 0;
        for (_, request) in asked.filter(|(_, r)| r.connected < dark + sure) {
            let refusal = Outcome::Failed(Cause::RefusedNotListening);
            assert_eq!(request.outcome, refusal, "seed {seed}: {request:?}");
            refused += 1;
        }
        assert!(refused > 0, "seed {seed}");
        (first - dark).as_secs_f64()
    });
    // The rollout takes less than the start-up time; two thirds of it were over when the last new
    // container started, so most of the start-up time is dark.
    let dark = interval(&blackouts, 1.0);
    assert!(dark.low() > 0.5 * start.as_secs_f64(), "{dark:?}");
}

/// What is refused is the rate times the time in which proxies listed pods that did not listen.
#[test]
fn what_is_refused_is_the_share_of_listed_pods_that_do_not_listen() {
    let scenario = cut("no-readiness-probe", 60);
    let rate = rate(&scenario);
    let runs = each_seed(&scenario, 200, |_, records| {
        let expected = rate * Exposure::of(records).dead_secs;
        (lost_to(records, &[Cause::RefusedNotListening]) - expected, expected)
    });
    let differences: Vec<f64> = runs.iter().map(|(difference, _)| *difference).collect();
    let expected = runs.iter().map(|(_, expected)| expected).sum::<f64>() / runs.len() as f64;
    let difference = interval(&differences, 0.01 * expected);
    assert!(difference.contains(0.0), "{difference:?} requests off, of {expected}");
}

#[test]
fn min_ready_seconds_delays_the_rollout_and_not_the_traffic() {
    let scenario = scenario("min-ready-seconds");
    let wait = Span::from_secs(u64::from(scenario.deployments[0].spec.min_ready_seconds));
    // A proxy lists a ready pod after one period of its syncs at most, and the few hops before; and
    // then a pod that gets a quarter of 100/s is hardly ever without a request for a second.
    let soon = scenario.cluster.proxy.min_sync_period + Span::from_secs(2);
    each_seed(&scenario, 20, |seed, records| {
        assert!(lost(records).is_empty(), "seed {seed}: {:?}", lost(records));
        let lives = lives(records);
        let [mut old, new] = old_and_new(records);
        for (pod, life) in lives.iter().filter(|(_, life)| life.created > Some(sim::BEGIN)) {
            let first = requests(records).find(|(_, request)| request.pod == Some(*pod));
            let first = first.map(|(_, request)| request.connected);
            let waited = between(life.ready, first);
            assert!(waited < soon, "seed {seed}: {waited} until {pod:?} got a request");
        }
        // Each old pod goes when the new one before it has been ready for a minute, by a time that
        // the API keeps in whole seconds and the kubelet took before it was stored.
        let rounded = Span::from_millis(1_500);
        old.sort_by_key(|life| life.deleted);
        for (old, new) in old.iter().zip(&new) {
            let waited = between(new.ready, old.deleted);
            assert!(waited + rounded > wait, "seed {seed}: an old pod went after {waited}");
        }
    });
}

/// A node that takes as many pods as it has addresses fills up, and again when all of them are replaced:
/// addresses of pods that are gone are there for others.
#[test]
fn a_node_fills_up_to_its_last_address_and_once_more() {
    const PODS: usize = 1_021;
    let scenario = load(&format!(
        "apiVersion: rollsim.dev/v1
kind: Scenario
metadata: {{ name: full }}
spec:
  duration: 60s
  cluster: {{ profile: ideal, nodes: {{ count: 1, cpu: '5000', memory: 5000Gi, maxPods: {PODS} }} }}
  images: {{ web: {{ start: 1s, serviceTime: 1ms, onSigterm: exit }} }}
  clients: [ {{ name: client, target: http://web/, arrivals: constant(1/s) }} ]
  timeline: [ {{ at: 5s, kubectl: delete pod -l app=web }} ]
---
apiVersion: apps/v1
kind: Deployment
metadata: {{ name: web }}
spec:
  replicas: {PODS}
  selector: {{ matchLabels: {{ app: web }} }}
  template:
    metadata: {{ labels: {{ app: web }} }}
    spec: {{ containers: [ {{ name: web, image: web, ports: [ {{ containerPort: 80 }} ] }} ] }}
---
apiVersion: v1
kind: Service
metadata: {{ name: web }}
spec: {{ selector: {{ app: web }}, ports: [ {{ port: 80 }} ] }}
"
    ));
    each_seed(&scenario, 1, |_, records| {
        let count = |is: fn(&Record) -> bool| records.iter().filter(|(_, it)| is(it)).count();
        assert_eq!(count(|it| matches!(it, Record::PodReady { .. })), 2 * PODS);
        assert_eq!(count(|it| matches!(it, Record::PodGone { .. })), PODS);
        // A pod that found no address would have to wait for ten seconds.
        let ready = records.iter().filter(|(_, it)| matches!(it, Record::PodReady { .. }));
        let last = ready.map(|(time, _)| *time).max().expect("there are some");
        assert!(last < sim::BEGIN + Span::from_secs(5 + 5), "{last}");
    });
}
