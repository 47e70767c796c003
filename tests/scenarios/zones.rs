//! A layer that goes by zones knows in which it is itself: beside a sender, in the controller's pods, and in
//! the proxy of a node.

use std::collections::BTreeMap;

use api::{NodeId, PodId};
use policy::{Configured, Value, layer_by_name};
use record::{Record, Request};
use scenario::{From, Scenario};

use crate::{
    rehearsal::Records,
    seeds::{each_seed, scenario},
    traffic::requests,
};

/// A policy that keeps to its own zone, where that has as large a part of the pods as of the callers.
fn in_zone(policy: &str) -> Configured {
    let mut policy = Configured::by_name(policy).expect("it is listed");
    policy.wrap(layer_by_name("envoy.zone_aware").expect("it is listed"));
    policy
}

/// Ten pods on three nodes, each of which is in a zone of its own; somebody sends on all of them.
fn busy(policy: Configured) -> Scenario {
    let mut scenario = scenario("balancing-two-choices");
    let on_nodes = policy.entry.name.starts_with("kube-proxy.");
    scenario.clients[0].from = From::Node(None);
    scenario.clients[0].balancing = (!on_nodes).then(|| policy.clone().into());
    scenario.cluster.proxy.policy = on_nodes.then_some(policy);
    scenario
}

/// Which part of the requests stayed on the node that they came from.
fn local(records: &Records) -> f64 {
    part(records, |from, at| from == at)
}

/// Which part of the requests went to a node.
fn on_node(records: &Records, node: NodeId) -> f64 {
    part(records, |_, at| at == node)
}

/// Which part of the requests went so: from a node, to a pod on a node.
fn part(records: &Records, is: impl Fn(NodeId, NodeId) -> bool) -> f64 {
    let bound = records.iter().filter_map(|(_, record)| match record {
        Record::PodScheduled { pod, node } => Some((*pod, *node)),
        _ => None,
    });
    let nodes: BTreeMap<PodId, NodeId> = bound.collect();
    let went = |it: &Request| it.pod.is_some_and(|pod| is(it.node, nodes[&pod]));
    let all = requests(records).count() as f64;
    requests(records).filter(|(_, it)| went(it)).count() as f64 / all
}

/// The zones have 4, 3 and 3 of the ten pods, and a third of the callers each. Where four tenths of the pods
/// are, all callers stay; where three tenths are, nine of ten do, and the others go where there are pods to
/// spare.
const KEPT: f64 = 14.0 / 15.0;

#[test]
fn each_sender_and_each_node_keeps_to_its_own_zone() {
    for policy in ["envoy.random", "kube-proxy.random"] {
        for part in each_seed(&busy(in_zone(policy)), 3, |_, records| local(records)) {
            assert!((part - KEPT).abs() < 0.01, "{policy}: {part}");
        }
        let anywhere = Configured::by_name(policy).expect("it is listed");
        for part in each_seed(&busy(anywhere), 3, |_, records| local(records)) {
            assert!((part - 1.0 / 3.0).abs() < 0.02, "{policy} alone: {part}");
        }
    }
}

#[test]
fn a_zone_that_is_named_is_that_of_all() {
    let mut first = in_zone("envoy.random");
    first.set_layer("envoy.zone_aware", "zone", Value::Integer(1)).expect("it can be set");
    // Wherever a caller is, it takes itself to be there.
    for part in each_seed(&busy(first), 3, |_, records| on_node(records, NodeId(0))) {
        assert!(part > 0.88, "{part}");
    }
}
