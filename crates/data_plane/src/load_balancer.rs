//! The load balancers of a cloud, for Services of type LoadBalancer: in front of the nodes, here,
//! or of the pods themselves ([`pods`]).
//!
//! One in front of the nodes spreads connections over the nodes that it takes for healthy: by a
//! policy where one is set, otherwise by chance, as a hash of each connection's addresses and ports
//! is. Where a Service has
//! `externalTrafficPolicy: Local`, a node is healthy while its proxy says at `healthCheckNodePort`
//! that it has a ready pod of the Service; the balancer asks now and then, and believes only
//! several answers in a row. If no node is healthy, all are tried. With the policy `Cluster` any
//! node will do, and nobody asks. Who is not in the Service's `loadBalancerSourceRanges` is let in by
//! neither.
//!
//! *Left out:* time-outs of idle connections, the time until changed source ranges are in force, what a
//! router does to established connections when its nodes change, and the failure of a node or of its
//! proxy.

pub mod pods;

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddrV4},
};

use api::{
    Change, Cidr, NodeId, Object, Service, ServiceId, TrafficPolicy, Verb, service::ServiceType,
};
use engine::{Random, Source, Span, Streams, Time};
use policy::{Configured, Ended, Endpoint, EndpointId, Instance, PickContext};
use record::Record;

use crate::{
    Cx,
    chooser::Chooser,
    event::{Event, class},
    kube_proxy::KubeProxy,
};

/// How targets are asked whether they are healthy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// How often.
    pub interval: Span,
    /// After how many good answers in a row a target is healthy.
    pub healthy_threshold: u32,
    /// After how many bad ones it is not.
    pub unhealthy_threshold: u32,
}

/// A node behind a load balancer, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeTargetId(pub u32);

/// A node as a load balancer sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Target {
    service: ServiceId,
    node: NodeId,
    healthy: bool,
    /// How many answers in a row said otherwise.
    against: u32,
}

impl Target {
    /// Takes in an answer. Gives back whether it changed the target's health.
    fn answered(&mut self, well: bool, check: HealthCheck) -> bool {
        if well == self.healthy {
            self.against = 0;
            return false;
        }
        self.against += 1;
        let threshold =
            if self.healthy { check.unhealthy_threshold } else { check.healthy_threshold };
        let changes = self.against >= threshold;
        if changes {
            (self.healthy, self.against) = (well, 0);
        }
        changes
    }
}

/// How load balancers in front of the nodes are set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// How nodes are asked.
    pub check: HealthCheck,
    /// How one of them is chosen; by chance where nothing is said.
    pub policy: Option<Configured>,
    /// How many nodes there are.
    pub nodes: u32,
}

/// The policy of a Service's load balancer, and the nodes that it chooses from.
struct ByPolicy {
    chooser: Chooser,
    nodes: Vec<NodeId>,
}

/// The load balancers of all Services that ask their nodes.
pub struct LoadBalancers {
    config: Config,
    streams: Streams,
    by_policy: BTreeMap<ServiceId, ByPolicy>,
    targets: Vec<Target>,
    /// The targets of a Service: as many as there are nodes, in their order.
    first: BTreeMap<ServiceId, u32>,
    /// Who may connect, where not everybody may.
    source_ranges: BTreeMap<ServiceId, Vec<Cidr>>,
}

impl LoadBalancers {
    /// None yet.
    #[must_use]
    pub fn new(config: Config, streams: &Streams) -> Self {
        let streams = *streams;
        Self {
            config,
            streams,
            by_policy: BTreeMap::new(),
            targets: Vec::new(),
            first: BTreeMap::new(),
            source_ranges: BTreeMap::new(),
        }
    }

    /// Takes in who may connect to a Service's load balancer. The nodes' rules would drop the same.
    pub fn restrict(&mut self, change: &Change) {
        let Object::Service(service) = &change.object else { return };
        let ranges = &service.spec.load_balancer_source_ranges;
        if change.verb == Verb::Deleted || ranges.is_empty() {
            self.source_ranges.remove(&service.id);
        } else {
            self.source_ranges.insert(service.id, ranges.clone());
        }
    }

    /// Whether an address may connect to a Service's load balancer (`loadBalancerSourceRanges`).
    #[must_use]
    #[inline]
    pub fn admits(&self, service: ServiceId, address: Ipv4Addr) -> bool {
        let ranges = self.source_ranges.get(&service);
        ranges.is_none_or(|all| all.iter().any(|range| range.contains(address.into())))
    }

    /// Takes in a change to a Service: sets its load balancer up, or takes it away.
    pub fn observe(&mut self, change: &Change, cx: &mut Cx<'_>) {
        let Object::Service(service) = &change.object else { return };
        let there = change.verb != Verb::Deleted && service.spec.kind == ServiceType::LoadBalancer;
        let known = self.first.contains_key(&service.id);
        let asks = there && service.spec.external_traffic_policy == TrafficPolicy::Local;
        if !asks {
            self.first.remove(&service.id);
        } else if !known {
            self.set_up(service, cx);
        }
        if !there {
            self.by_policy.remove(&service.id);
        } else if let Some(policy) = &self.config.policy {
            if !self.by_policy.contains_key(&service.id) {
                let name = format!("load-balancer/{}/policy", service.meta.key());
                let instance = Instance::only(self.streams.named(&name).next_u64());
                let chooser = Chooser::new(policy, instance);
                self.by_policy.insert(service.id, ByPolicy { chooser, nodes: Vec::new() });
            }
            self.tell_policy(service.id, cx.now);
        }
    }

    /// Tells the policy of a Service's balancer which nodes there are, if that has changed.
    fn tell_policy(&mut self, service: ServiceId, now: Time) {
        let Some(ByPolicy { chooser, nodes }) = self.by_policy.get_mut(&service) else { return };
        let count = self.config.nodes;
        let asked = self.first.get(&service).map(|first| *first as usize);
        let asked = asked.map_or(&[][..], |first| &self.targets[first..][..count as usize]);
        let healthy = asked.iter().filter(|target| target.healthy);
        let mut wanted: Vec<NodeId> = healthy.map(|target| target.node).collect();
        if wanted.is_empty() {
            wanted = (0..count).map(NodeId).collect();
        }
        if *nodes != wanted {
            *nodes = wanted;
            chooser.update(nodes.iter().map(|node| as_endpoint(*node)), now);
        }
    }

    fn set_up(&mut self, service: &Service, cx: &mut Cx<'_>) {
        let first = self.targets.len() as u32;
        self.first.insert(service.id, first);
        // Where in its interval each node is asked is chance.
        let mut random = self.streams.named(&format!("load-balancer/{}", service.meta.key()));
        for node in 0..self.config.nodes {
            let target =
                Target { service: service.id, node: NodeId(node), healthy: false, against: 0 };
            let phase = random.below_u64(self.config.check.interval.as_nanos().max(1));
            let id = NodeTargetId(self.targets.len() as u32);
            self.targets.push(target);
            self.plan(id, cx.now + Span::from_nanos(phase), cx);
        }
    }

    /// Asks a node's proxy, and plans to ask again as long as there is such a load balancer.
    pub fn check(&mut self, id: NodeTargetId, proxies: &[KubeProxy], cx: &mut Cx<'_>) {
        let target = &mut self.targets[id.0 as usize];
        let (service, node) = (target.service, target.node);
        let there = self.first.get(&service).is_some_and(|first| *first == id.0 - node.0);
        if !there {
            return;
        }
        if target.answered(proxies[node.0 as usize].has_local_ready(service), self.config.check) {
            let healthy = target.healthy;
            let record = Record::TargetHealthChanged { service, node, healthy };
            cx.recorder.record(cx.now, &record);
            self.tell_policy(service, cx.now);
        }
        self.plan(id, cx.now + self.config.check.interval, cx);
    }

    /// Whether a policy chooses, which wants to know of connections.
    #[must_use]
    #[inline]
    pub fn have_policy(&self) -> bool {
        self.config.policy.is_some()
    }

    /// The node that a connection to a Service comes to; `None` where the policy has no room for it.
    /// Without a policy it is `chance`, which was drawn from all, or another if that one is not healthy
    /// and another is.
    #[inline]
    pub fn node(
        &mut self,
        service: ServiceId,
        chance: NodeId,
        context: &mut PickContext<'_>,
    ) -> Option<NodeId> {
        if let Some(ByPolicy { chooser, nodes }) = self.by_policy.get_mut(&service) {
            return chooser.pick(context).map(|place| nodes[place]);
        }
        let Some(first) = self.first.get(&service) else { return Some(chance) };
        let targets = &self.targets[*first as usize..][..self.config.nodes as usize];
        if targets[chance.0 as usize].healthy {
            return Some(chance);
        }
        let healthy = || targets.iter().filter(|target| target.healthy);
        match healthy().count() {
            0 => Some(chance),
            count => {
                let place = context.random.below(count as u32) as usize;
                healthy().nth(place).map(|target| target.node)
            }
        }
    }

    /// Hears that a connection is established that came in at a node.
    pub fn established(&mut self, service: ServiceId, node: NodeId, now: Time) {
        if let Some(ByPolicy { chooser, .. }) = self.by_policy.get_mut(&service) {
            chooser.established(EndpointId(node.0), now);
        }
    }

    /// Hears how a connection ended; its endpoint is the node.
    pub fn ended(&mut self, service: ServiceId, ended: &Ended) {
        if let Some(ByPolicy { chooser, .. }) = self.by_policy.get_mut(&service) {
            chooser.ended(ended);
        }
    }

    fn plan(&self, id: NodeTargetId, at: Time, cx: &mut Cx<'_>) {
        let source = Source { class: class::LOAD_BALANCER, entity: id.0 };
        cx.agenda.at(at, source, Event::CheckTarget(id));
    }
}

/// A node as a policy sees it.
fn as_endpoint(node: NodeId) -> Endpoint {
    let IpAddr::V4(address) = node.internal_ip() else {
        unreachable!("the nodes' network is one of IPv4")
    };
    Endpoint::new(EndpointId(node.0), SocketAddrV4::new(address, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What answers make of a target, with two good ones to become healthy and three bad ones to
    /// be so no more: `+` and `-` are answers, `!` is where its health changes.
    #[test]
    fn several_answers_in_a_row_are_believed() {
        let check = HealthCheck {
            interval: Span::from_secs(10),
            healthy_threshold: 2,
            unhealthy_threshold: 3,
        };
        let cases = ["-", "+-+-", "++!", "++!--+--+---!", "++!---!+-++!", "++!++++---!"];
        for case in cases {
            let (service, node) = (ServiceId(0), NodeId(0));
            let mut target = Target { service, node, healthy: false, against: 0 };
            let mut seen = String::new();
            for answer in case.chars().filter(|answer| *answer != '!') {
                seen.push(answer);
                if target.answered(answer == '+', check) {
                    seen.push('!');
                }
            }
            assert_eq!(seen, case);
        }
    }

    #[test]
    fn connections_go_to_healthy_nodes_and_to_all_if_none_is() {
        let check = HealthCheck {
            interval: Span::from_secs(10),
            healthy_threshold: 1,
            unhealthy_threshold: 1,
        };
        let config = Config { check, policy: None, nodes: 3 };
        let mut balancers = LoadBalancers::new(config, &Streams::new(1));
        let service = ServiceId(4);
        balancers.first.insert(service, 0);
        let target = |node, healthy| Target { service, node: NodeId(node), healthy, against: 0 };
        let mut random = Streams::new(1).named("test");
        let mut counts = |balancers: &mut LoadBalancers| {
            let mut counts = [0; 3];
            for turn in 0..3000 {
                let mut context = PickContext::new(Time::ZERO, &mut random);
                let node = balancers.node(service, NodeId(turn % 3), &mut context);
                counts[node.expect("without a policy there is always one").0 as usize] += 1;
            }
            counts
        };
        balancers.targets = vec![target(0, true), target(1, false), target(2, true)];
        let [a, b, c] = counts(&mut balancers);
        assert!(b == 0 && i32::abs(a - c) < 200, "{a} {b} {c}");
        balancers.targets = vec![target(0, false), target(1, false), target(2, false)];
        assert_eq!(counts(&mut balancers), [1000, 1000, 1000]);
    }

    #[test]
    fn what_a_policy_has_no_room_for_goes_to_no_node() {
        let mut policy = Configured::by_name("haproxy.first").expect("it is listed");
        policy.set("maxconn", policy::Value::Integer(1)).expect("it has that");
        let check = HealthCheck {
            interval: Span::from_secs(10),
            healthy_threshold: 1,
            unhealthy_threshold: 1,
        };
        let config = Config { check, policy: Some(policy.clone()), nodes: 2 };
        let mut balancers = LoadBalancers::new(config, &Streams::new(1));
        let service = ServiceId(4);
        let chooser = Chooser::new(&policy, Instance::only(1));
        balancers.by_policy.insert(service, ByPolicy { chooser, nodes: Vec::new() });
        balancers.tell_policy(service, Time::ZERO);
        let mut random = Streams::new(1).named("test");
        let mut node = |balancers: &mut LoadBalancers| {
            let mut context = PickContext::new(Time::ZERO, &mut random);
            balancers.node(service, NodeId(0), &mut context).map(|node| node.0)
        };
        let nodes = [(); 3].map(|()| node(&mut balancers));
        assert_eq!(nodes, [Some(0), Some(1), None]);
    }
}
