//! Policies in front of the cluster, and in the proxies at its edge: which node, or which pod, they choose.

use std::collections::BTreeMap;

use api::{NodeId, PodId, TrafficPolicy};
use policy::{Configured, Value};
use record::Request;
use scenario::{Scenario, Targets};

use crate::{
    rehearsal::Records,
    seeds::{each_seed, scenario},
    traffic::requests,
};

/// Six pods on three nodes behind a load balancer, which chooses so.
fn behind(policy: Configured, targets: Targets, traffic: TrafficPolicy) -> Scenario {
    let mut scenario = scenario("balancing-layer2-one-node");
    scenario.cluster.load_balancer.policy = Some(policy);
    scenario.cluster.load_balancer.targets = targets;
    for service in &mut scenario.services {
        service.spec.external_traffic_policy = traffic;
    }
    scenario
}

fn named(name: &str) -> Configured {
    Configured::by_name(name).expect("it is listed")
}

fn set(name: &str, parameter: &str, value: Value<'_>) -> Configured {
    let mut policy = named(name);
    policy.set(parameter, value).expect("it can be set");
    policy
}

/// How many requests came to each node, and to each pod.
fn counts(records: &Records) -> (BTreeMap<NodeId, u32>, BTreeMap<PodId, u32>) {
    let (mut nodes, mut pods) = (BTreeMap::new(), BTreeMap::new());
    for (_, Request { node, pod, .. }) in requests(records) {
        *nodes.entry(*node).or_insert(0) += 1;
        pod.iter().for_each(|pod| *pods.entry(*pod).or_insert(0) += 1);
    }
    (nodes, pods)
}

#[test]
fn one_node_answers_for_an_address_in_layer_2_and_its_proxy_spreads_over_all_pods() {
    let scenario = behind(named("metallb.l2"), Targets::Nodes, TrafficPolicy::Cluster);
    each_seed(&scenario, 3, |seed, records| {
        let (nodes, pods) = counts(records);
        assert_eq!((nodes.len(), pods.len()), (1, 6), "seed {seed}: {nodes:?} {pods:?}");
    });
}

#[test]
fn a_sticky_balancer_has_one_target_for_an_address() {
    let sticky = set("aws.nlb", "stickiness.enabled", Value::Flag(true));
    let scenario = behind(sticky, Targets::Nodes, TrafficPolicy::Local);
    each_seed(&scenario, 3, |seed, records| {
        let (nodes, _) = counts(records);
        assert_eq!(nodes.len(), 1, "seed {seed}: {nodes:?}");
    });
    let affinity = set("gcp.maglev", "sessionAffinity", Value::Choice("CLIENT_IP"));
    let scenario = behind(affinity, Targets::Pods, TrafficPolicy::Cluster);
    each_seed(&scenario, 3, |seed, records| {
        let (_, pods) = counts(records);
        assert_eq!(pods.len(), 1, "seed {seed}: {pods:?}");
    });
}

/// Each connection has a port of its own, so that a hash of all five parts spreads them like chance.
#[test]
fn a_hash_of_a_connection_spreads_them() {
    for policy in ["aws.nlb", "azure.flow_hash", "gcp.maglev", "metallb.bgp"] {
        for (targets, count) in [(Targets::Nodes, 3), (Targets::Pods, 6)] {
            let scenario = behind(named(policy), targets, TrafficPolicy::Local);
            each_seed(&scenario, 2, |seed, records| {
                let (_, pods) = counts(records);
                let total: u32 = pods.values().sum();
                assert_eq!(pods.len(), 6, "{policy} of {count}, seed {seed}: {pods:?}");
                // A sixth of 6000 requests, and five standard deviations.
                let (mean, most) = (total / 6, total / 6 + 150);
                assert!(
                    pods.values().all(|it| *it < most),
                    "{policy} of {count}: {pods:?}, {mean}"
                );
            });
        }
    }
}

/// A proxy in front that counts its connections hears of their ends: otherwise it would send each pod
/// as many as the others, however long the pod takes.
#[test]
fn a_proxy_in_front_hears_how_connections_end() {
    let mut scenario = behind(named("haproxy.leastconn"), Targets::Pods, TrafficPolicy::Cluster);
    // One worker a pod, so that pods differ in what they have to do.
    for image in scenario.images.values_mut() {
        image.concurrency = 1;
        image.service_time = "exp(40ms)".parse().expect("it is a distribution");
    }
    let mut by_chance = scenario.clone();
    by_chance.cluster.load_balancer.policy = None;
    let waited = |scenario: &Scenario| -> f64 {
        let means = each_seed(scenario, 3, |_, records| {
            let all: Vec<f64> =
                requests(records).map(|(_, request)| request.queued.as_secs_f64()).collect();
            all.iter().sum::<f64>() / all.len() as f64
        });
        means.iter().sum::<f64>() / 3.0
    };
    let (least, chance) = (waited(&scenario), waited(&by_chance));
    // At two thirds of what six workers can do: 80 ms by chance, and a few by their lengths.
    assert!(least * 4.0 < chance, "{least} s and {chance} s");
}

/// A policy in the Ingress controller learns what it would learn beside a sender: by probes, by what comes
/// with answers, or from the request itself.
#[test]
fn a_policy_in_the_controller_hears_what_it_needs() {
    let waited = |policy: Configured| -> f64 {
        let mut scenario = scenario("balancing-ingress-workers");
        (scenario.cluster.ingress.workers, scenario.cluster.ingress.policy) = (1, policy);
        let means = each_seed(&scenario, 1, |_, records| {
            let all: Vec<f64> =
                requests(records).map(|(_, request)| request.queued.as_secs_f64()).collect();
            all.iter().sum::<f64>() / all.len() as f64
        });
        means[0]
    };
    // At 90 % load: nine mean service times by chance, and far fewer where queues are known.
    let chance = waited(named("envoy.random"));
    for policy in [named("prequal.hcl"), named("c3.cubic"), named("oracle.jsq")] {
        let (name, known) = (policy.entry.name, waited(policy));
        assert!(known * 2.0 < chance, "{name} waits {known} s, and chance {chance} s");
    }
}
