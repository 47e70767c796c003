//! Who chooses by a list of his own is behind the pods in a way of his own: sidecars by the debounce of their
//! server, the workers of the Ingress controller by its looks and their own.

use std::collections::{BTreeMap, BTreeSet};

use api::{NodeId, PodId};
use engine::{Span, Time};
use record::Record;
use scenario::Scenario;

use crate::{
    manifests::deployment,
    rehearsal::{Records, load, rehearse},
    traffic::{measure, requests},
};

/// Two pods call two others, which are restarted, and then they are restarted themselves.
const DEBOUNCED: &str = "\
apiVersion: rollsim.dev/v1
kind: Scenario
metadata: { name: debounced }
spec:
  duration: 90s
  cluster: { nodes: { count: 3 }, mesh: { debounce: 5s } }
  images: { web:v1: { start: 1s }, front:v1: { start: 1s } }
  clients:
    - name: front
      from: { pods: app=front }
      target: http://web/
      arrivals: constant(50/s)
      timeout: 500ms
      balancing: envoy.round_robin
  timeline:
    - { at: 20s, kubectl: rollout restart deployment/web }
    - { at: 50s, kubectl: rollout restart deployment/front }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [ { port: 80 } ] }
";

fn debounced() -> Scenario {
    load(&[DEBOUNCED, &deployment("web", 2), &deployment("front", 2)].concat())
}

/// Two pods behind an Ingress, which are replaced one by one.
const INGRESS: &str = "\
apiVersion: rollsim.dev/v1
kind: Scenario
metadata: { name: ingress }
spec:
  duration: 60s
  cluster: { nodes: { count: 3 }, ingress: { replicas: 2 } }
  images: { web:v1: { start: 1s, onSigterm: exit } }
  clients:
    - name: shop
      from: outside
      target: http://shop.example.com/
      arrivals: constant(50/s)
      timeout: 500ms
  timeline:
    - { at: 20s, kubectl: rollout restart deployment/web }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [ { port: 80 } ] }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: shop }
spec:
  rules:
    - host: shop.example.com
      http:
        paths: [ { path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } } ]
";

fn lists(records: &Records) -> impl Iterator<Item = (Time, u32, &[PodId])> {
    records.iter().filter_map(|(time, record)| match record {
        Record::SidecarListed { sidecar, pods, .. } => Some((*time, *sidecar, &pods[..])),
        _ => None,
    })
}

/// When the scenario began, and the pods of `web` that were there then.
fn beginning(records: &Records) -> (Time, BTreeSet<PodId>) {
    let began = records.iter().find(|(_, record)| *record == Record::ScenarioBegan);
    let (began, _) = began.expect("every run begins");
    let replaced = records.iter().filter_map(|(time, record)| match record {
        Record::PodCreated { pod, deployment: Some(deployment), .. }
            if time < began && **deployment == *"default/web" =>
        {
            Some(*pod)
        }
        _ => None,
    });
    (*began, replaced.collect())
}

/// The last moment at which somebody dropped one of these pods from a list of his own.
fn last_drop<'a, K: Ord>(
    lists: impl Iterator<Item = (Time, K, &'a [PodId])>,
    of: &BTreeSet<PodId>,
) -> Time {
    let (mut had, mut last) = (BTreeMap::new(), Time::ZERO);
    for (time, who, pods) in lists {
        let has = pods.iter().filter(|pod| of.contains(pod)).count();
        if had.insert(who, has).is_some_and(|had| had > has) {
            last = time;
        }
    }
    last
}

/// What nodes' rules list.
fn rules(records: &Records) -> impl Iterator<Item = (Time, NodeId, &[PodId])> {
    records.iter().filter_map(|(time, record)| match record {
        Record::RulesProgrammed { node, pods, .. } => Some((*time, *node, &pods[..])),
        _ => None,
    })
}

/// When the last of these pods has gone.
fn last_gone(records: &Records, of: &BTreeSet<PodId>) -> Time {
    let gone = records
        .iter()
        .filter(|(_, record)| matches!(record, Record::PodGone { pod } if of.contains(pod)));
    gone.map(|(time, _)| *time).max().expect("all of them go")
}

#[test]
fn a_rollout_is_settled_when_the_last_sidecar_has_heard_of_it() {
    let records = rehearse(&debounced(), 1);
    let (began, replaced) = beginning(&records);
    assert_eq!(replaced.len(), 2);
    let (by_rules, by_sidecars) =
        (last_drop(rules(&records), &replaced), last_drop(lists(&records), &replaced));
    let gone = last_gone(&records, &replaced);
    assert!(by_rules.max(gone) + Span::from_secs(3) < by_sidecars, "{by_rules:?}, {by_sidecars:?}");
    let to_replaced = requests(&records)
        .filter(|(_, request)| request.pod.is_some_and(|pod| replaced.contains(&pod)));
    let last = to_replaced.map(|(_, request)| request.connected).max();
    assert!(last.is_some_and(|last| last > by_rules.max(gone)), "nobody sent to them that late");
    let measures = measure(&records);
    let mut rollouts = measures.rollouts.iter();
    let rollout = rollouts.find(|rollout| *rollout.deployment == *"default/web");
    let settled = rollout.and_then(|rollout| rollout.settled).expect("it settles");
    assert_eq!(began + settled.since(Time::ZERO), by_sidecars);
    assert!(last <= Some(by_sidecars));
    // Every request that failed on the way was sent to one of them, and falls into its window.
    assert_eq!(rollout.map(|it| it.requests.failed), Some(measures.requests.failed));
    assert!(measures.requests.failed > 0);
    let why = &measures.explanations[0];
    let who = "the balancers beside the senders of front still listed pods for";
    assert!(why.text.contains(who), "{}", why.text);
}

#[test]
fn a_rollout_is_settled_when_the_last_worker_of_the_ingress_controller_has_heard_of_it() {
    let records = rehearse(&load(&[INGRESS, &deployment("web", 2)].concat()), 1);
    let (began, replaced) = beginning(&records);
    let by_workers = records.iter().filter_map(|(time, record)| match record {
        Record::IngressListed { worker, pods, .. } => Some((*time, *worker, &pods[..])),
        _ => None,
    });
    let workers: BTreeSet<u32> = by_workers.clone().map(|(_, worker, _)| worker).collect();
    assert!(workers.len() > 1, "{workers:?}");
    let by_workers = last_drop(by_workers, &replaced);
    let by_rules = last_drop(rules(&records), &replaced);
    let gone = last_gone(&records, &replaced);
    assert!(by_rules.max(gone) + Span::from_millis(500) < by_workers, "{by_rules:?}, {gone:?}");
    let measures = measure(&records);
    let settled = measures.rollouts[0].settled.expect("it settles");
    assert_eq!(began + settled.since(Time::ZERO), by_workers);
    assert!(measures.requests.failed > 0);
    assert_eq!(measures.rollouts[0].requests.failed, measures.requests.failed);
    let why = &measures.explanations[0];
    assert!(why.text.contains("the Ingress controller still listed pods for"), "{}", why.text);
}

#[test]
fn each_request_goes_to_a_pod_that_a_sidecar_lists_and_who_has_gone_lists_none() {
    let records = rehearse(&debounced(), 1);
    let mut changes: Vec<(Time, u32, &[PodId])> = lists(&records).collect();
    let mut picks: Vec<(Time, PodId)> = requests(&records)
        .filter_map(|(_, request)| Some((request.connected, request.pod?)))
        .collect();
    picks.sort_unstable();
    changes.reverse();
    let mut listed: BTreeMap<u32, &[PodId]> = BTreeMap::new();
    for (connected, pod) in picks {
        while let Some((time, sidecar, pods)) = changes.pop_if(|(time, ..)| *time <= connected) {
            // Of what is at the very moment of a change, either may be.
            if time < connected || !pods.is_empty() {
                listed.insert(sidecar, pods);
            }
        }
        assert!(listed.values().any(|pods| pods.contains(&pod)), "{connected:?}: {pod:?}");
    }
    let last: BTreeMap<u32, &[PodId]> =
        lists(&records).map(|(_, sidecar, pods)| (sidecar, pods)).collect();
    let still_there = last.values().filter(|pods| !pods.is_empty()).count();
    assert_eq!((last.len(), still_there), (4, 2), "of four senders two were replaced");
}
