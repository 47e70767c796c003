//! Requests that stand in line at a balancer which has no room for them yet.

use std::collections::{BTreeMap, BTreeSet};

use engine::{Span, Time};
use policy::{Configured, Value};
use record::{Cause, Outcome, Record, Request};
use scenario::{Arrivals, Scenario};

use crate::{
    manifests::deployment,
    rehearsal::{load, rehearse},
    seeds::{each_seed, scenario},
    traffic::{lost, requests},
};

/// A policy with a rate for each pod has requests wait in line at their sender, the first first, where pods
/// would turn them away otherwise.
#[test]
fn a_policy_with_a_rate_for_each_pod_has_requests_wait_at_their_sender() {
    // Who was turned away, and whether they went on in the order in which they came.
    let outcome = |limited: bool, in_front: bool| {
        let mut policy = Configured::by_name("c3.cubic").expect("it is listed");
        policy.set("rate_control", Value::Flag(limited)).expect("it can be set");
        let mut scenario = match in_front {
            true => scenario("balancing-ingress-workers"),
            false => scenario("balancing-two-choices"),
        };
        scenario.duration = Span::from_secs(20);
        let [client] = &mut scenario.clients[..] else { panic!("it has one client") };
        client.timeout = Span::from_secs(60);
        let Arrivals::Poisson { per_second } = &mut client.arrivals else {
            panic!("its requests come by chance")
        };
        *per_second *= 2.0;
        for behaviour in scenario.images.values_mut() {
            behaviour.backlog = 20;
        }
        if in_front {
            (scenario.cluster.ingress.workers, scenario.cluster.ingress.policy) = (1, policy);
            scenario.cluster.ingress.replicas = 1;
        } else {
            client.balancing = Some(policy.into());
        }
        let outcomes = each_seed(&scenario, 1, |_, records| {
            let mut sent: Vec<(Time, u64)> =
                requests(records).map(|(_, it)| (it.connected, it.number)).collect();
            sent.sort_unstable();
            (lost(records), sent.len(), sent.is_sorted_by_key(|(_, number)| *number))
        });
        outcomes[0].clone()
    };
    for in_front in [false, true] {
        let [without, with] = [false, true].map(|limited| outcome(limited, in_front));
        let turned_away =
            |lost: &BTreeMap<Cause, u64>| lost.get(&Cause::RejectedOverload).copied().unwrap_or(0);
        let [without_rates, with_rates] = [&without.0, &with.0].map(turned_away);
        assert!(with_rates * 3 < without_rates, "{with_rates} and {without_rates}");
        // Rates that have fallen leave pods idle now and then, but no more than that; nobody overtakes.
        let answered = |(lost, all, _): &(BTreeMap<Cause, u64>, usize, bool)| {
            *all as f64 - lost.values().sum::<u64>() as f64
        };
        assert!(answered(&with) > 0.5 * answered(&without), "{with:?} {without:?}");
        assert!(with.2, "in front of the cluster: {in_front}");
    }
}

/// Two slow pods and three that call them, all of which are replaced in the midst of it.
fn rollouts(balancing: &str, client: &str) -> Scenario {
    load(&format!(
        "apiVersion: rollsim.dev/v1
kind: Scenario
metadata: {{ name: lines }}
spec:
  duration: 40s
  balancing: {{ {balancing} }}
  images:
    web:v1: {{ start: 1s, serviceTime: exp(20ms), concurrency: 1, backlog: 20 }}
    web:v2: {{ start: 1s, serviceTime: exp(20ms), concurrency: 1, backlog: 20 }}
    caller:v1: {{ start: 1s }}
    caller:v2: {{ start: 1s }}
  clients:
    - name: shop
      from: {{ pods: app=caller }}
      target: http://web/
      arrivals: poisson(200/s)
      {client}
  timeline:
    - {{ at: 12s, kubectl: set image deployment/web web=web:v2 }}
    - {{ at: 14s, kubectl: set image deployment/caller caller=caller:v2 }}
{}{}---
apiVersion: v1
kind: Service
metadata: {{ name: web }}
spec: {{ selector: {{ app: web }}, ports: [ {{ port: 80 }} ] }}
",
        deployment("web", 2),
        deployment("caller", 3)
    ))
}

/// Whatever goes while requests stand in line, their sender, a pod, or their time, each ends once, and none
/// is forgotten: at the end only those are there whose client still waits.
#[test]
fn whoever_stands_in_line_is_answered_or_gives_up_and_never_both() {
    let policies =
        ["c3.cubic: { rate_control: true }, level: connection", "haproxy.first: { maxconn: 1 }"];
    for policy in policies {
        stand_in_line(policy);
    }
}

/// Nobody is on the way for so long.
const LONG: Span = Span::from_millis(100);

fn stand_in_line(policy: &str) {
    let retries = "retries: { attempts: 3, on: [timeout, refused, reset] }";
    for (timeout, more, attempts) in [
        ("300ms", "retries: { attempts: 1, on: [reset] }", 1.0),
        ("300ms", retries, 3.0),
        ("2s", "connections: { keepAlive: { max: 4 } }", 1.0),
        ("300ms", "connections: { http2: { max: 1 } }", 1.0),
        ("1s", &format!("connections: {{ http2: {{ max: 2 }} }}\n      {retries}"), 3.0),
    ] {
        let scenario = rollouts(policy, &format!("timeout: {timeout}\n      {more}"));
        let patience = scenario.clients[0].timeout.as_secs_f64() * attempts;
        for seed in 1..=3 {
            let records = rehearse(&scenario, seed);
            let mut ended = BTreeSet::new();
            for (_, request) in requests(&records) {
                assert!(ended.insert((request.client, request.number)), "{more}: ended twice");
            }
            let waiting = records.iter().filter_map(|(_, record)| match record {
                Record::RequestsInFlight { count, .. } => Some(*count),
                _ => None,
            });
            let waiting = waiting.sum::<u64>() as f64;
            assert!(waiting <= 200.0 * patience * 1.3 + 20.0, "{more}: {waiting} are still there");
            // Until they give up, or until there is room.
            let waits = |it: &Request| match it.outcome {
                Outcome::Failed(Cause::TimeoutSlow) if it.pod.is_none() => true,
                Outcome::Ok => it.connected.since(it.arrived) > LONG,
                Outcome::Failed(_) => false,
            };
            let waited = requests(&records).filter(|(_, it)| waits(it)).count();
            // Over connections that are kept hardly anybody has to stand in line.
            let kept = policy.contains("level: connection") && more.contains("connections");
            assert!(waited > 20 || kept, "{policy}, {more}: {waited}");
            let answered = requests(&records).filter(|(_, it)| it.outcome == Outcome::Ok).count();
            assert!(answered > 20, "{policy}, {more}: hardly anybody is answered");
        }
    }
}
