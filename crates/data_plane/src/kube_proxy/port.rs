//! The rules of a Service's port in force on a node: where a connection from somewhere goes.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, SocketAddrV4},
    sync::Arc,
};

use api::{NodeId, PodId, Protocol, ServiceId};
use engine::{Span, Time};
use policy::{Ended, Endpoint, EndpointId, Instance, PickContext, Policy, Reply};
use record::Outcome;

use super::Config;
use crate::{
    connection::Caller,
    proxy::{
        affinity::Affinity,
        conntrack,
        mode::Mode,
        port_rules::{Choice, PortRules, Sender},
        service_port::ServicePort,
    },
};

/// Why a connection goes nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The sender is told.
    Reject,
    /// It waits in vain.
    Drop,
    /// The same, because its source is not let in.
    NotAdmitted,
    /// Its sender's own balancer has no room for it yet: it is sent later.
    Held {
        /// When to ask again; nothing where others stand in line there already.
        until: Option<Time>,
    },
    /// No rule is about the Service's address: it waits in vain.
    NoRules {
        /// Whether there were rules, or would have been, until the Service went.
        withdrawn: bool,
    },
    /// No rule is about that port of the Service's address.
    NoSuchPort {
        /// Whether the mode says so to the sender.
        told: bool,
    },
}

/// Where a connection goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// The pod, `None` for an address that no pod is behind.
    pub pod: Option<PodId>,
    /// The port of the pod.
    pub port: u16,
    /// The address.
    pub address: Ipv4Addr,
}

/// The targets of each port as some proxy computed them last. Proxies mostly know the same, and one
/// list for all of them stays in the processor's caches, where one for each would not.
#[derive(Debug, Default)]
pub(super) struct TargetLists(BTreeMap<PortOf, Targets>);

/// Where a connection may go.
#[derive(Clone, Debug, Default)]
struct Targets {
    list: Arc<[Target]>,
    /// The pods among them, in their order.
    pods: Arc<[PodId]>,
}

/// A port of a Service.
type PortOf = (ServiceId, Protocol, u16);

impl TargetLists {
    fn share(&mut self, port: PortOf, targets: &[Target]) -> Targets {
        let known = self.0.entry(port).or_default();
        if *known.list != *targets {
            *known = Targets::new(targets);
        }
        known.clone()
    }
}

impl Targets {
    fn new(list: &[Target]) -> Self {
        let pods = in_order(list.iter().filter_map(|target| target.pod));
        Self { list: list.into(), pods: pods.into() }
    }
}

/// Zones by number, as layers around a policy may want them.
pub(super) struct TargetZones {
    /// That of the node.
    pub(super) own: u32,
    /// Those of the targets, where there is a layer at all.
    pub(super) each: BTreeMap<Target, u32>,
}

/// The rules of one port of a Service.
pub(super) struct Port {
    number: u16,
    protocol: Protocol,
    inside: Door,
    /// For connections from outside, where they find other endpoints.
    outside: Option<Door>,
    /// For those from inside that come by an address for outside, where they find other endpoints
    /// than at the virtual address.
    around: Option<Result<Arc<[Target]>, Refusal>>,
    /// The port on every node.
    node_port: Option<u16>,
    /// Which endpoint each source is at, where the Service wants it to stay there.
    affinity: Option<Affinity<Target, Caller>>,
    /// The endpoints that an open flow may stay at, of a port of UDP.
    serving: BTreeSet<Target>,
}

/// One way to a port's endpoints.
struct Door {
    targets: Arc<[Target]>,
    /// The pods among them, in their order.
    pods: Arc<[PodId]>,
    /// Since when it knows each of them, and in which zone each is, where a layer around the policy may
    /// go by that.
    known: Vec<(Time, u32)>,
    /// What becomes of a connection where there is no target.
    refusal: Refusal,
    policy: Box<dyn Policy>,
    /// Whether the policy wants to hear how connections end.
    listens: bool,
}

impl Port {
    /// The rules of a port, which remember nothing yet.
    pub(super) fn new(
        (id, service, node): (ServiceId, &ServicePort, NodeId),
        rules: &PortRules<Target>,
        serving: BTreeSet<Target>,
        (config, zones, now): (&Config, &TargetZones, Time),
        lists: &mut TargetLists,
    ) -> Self {
        // Each node's each port has a seed of its own.
        let seed = u64::from(node.0) << 48 | u64::from(id.0) << 16 | u64::from(service.port);
        let instance = Instance { seed, number: node.0, zone: zones.own };
        let door = |choice, list: &mut dyn FnMut(&[Target]) -> Targets| {
            Door::new(choice, (&config.policy, instance), (zones, now), list)
        };
        let id = (id, service.protocol, service.port);
        let inside = rules.internal(service.info());
        let outside = rules.external(service.info(), Sender::Outside);
        let outside = (outside != inside).then_some(outside);
        let around = rules.external(service.info(), Sender::Pod);
        let around = (around != inside).then(|| match around {
            Choice::Endpoints(targets) => Ok(targets.into()),
            Choice::Reject => Err(Refusal::Reject),
            Choice::Drop => Err(Refusal::Drop),
        });
        let capacity = config.mode.affinity_capacity();
        Self {
            number: service.port,
            protocol: service.protocol,
            serving,
            inside: door(inside, &mut |targets| lists.share(id, targets)),
            outside: outside.map(|choice| door(choice, &mut Targets::new)),
            around,
            node_port: service.node_port,
            affinity: service.client_ip_affinity.map(|timeout| Affinity::new(timeout, capacity)),
        }
    }

    /// Whether it is what somebody asks for.
    #[inline]
    pub(super) fn is(&self, protocol: Protocol, number: u16) -> bool {
        self.number == number && self.protocol == protocol
    }

    /// Its number, where a port of the node leads to it.
    pub(super) fn behind(&self, protocol: Protocol, node_port: u16) -> Option<u16> {
        let leads_here = self.node_port == Some(node_port) && self.protocol == protocol;
        leads_here.then_some(self.number)
    }

    /// Whether an open flow to it is to be forgotten, by its target.
    pub(super) fn ends_flow(&self, target: &Target, mode: Mode) -> bool {
        let removed =
            mode.ends_flows_with_their_endpoints() && !self.targets().any(|there| there == *target);
        removed || conntrack::is_cut_off(&self.serving, target)
    }

    /// Chooses where a new connection goes.
    #[inline]
    pub(super) fn pick(
        &mut self,
        caller: Caller,
        context: &mut PickContext<'_>,
    ) -> Result<Target, Refusal> {
        let Self { inside, outside, affinity, .. } = self;
        let door = door(inside, outside, caller);
        match affinity {
            Some(affinity) => stay(affinity, door, caller, context),
            None => door.pick(context),
        }
    }

    /// Where connections from inside may go.
    pub(super) fn inside_targets(&self) -> Result<&[Target], Refusal> {
        match &*self.inside.targets {
            [] => Err(self.inside.refusal),
            targets => Ok(targets),
        }
    }

    /// The same by an address that is meant for traffic from outside.
    pub(super) fn targets_around(&self) -> Result<&[Target], Refusal> {
        match &self.around {
            None => self.inside_targets(),
            Some(Ok(targets)) => Ok(targets),
            Some(Err(refusal)) => Err(*refusal),
        }
    }

    /// Tells the policy that a connection is established.
    pub(super) fn established(&mut self, caller: Caller, pod: PodId, now: Time) {
        let door = door(&mut self.inside, &mut self.outside, caller);
        door.policy.established(EndpointId(pod.0), now);
    }

    /// Tells the policy how a connection ended.
    pub(super) fn done(
        &mut self,
        caller: Caller,
        pod: PodId,
        outcome: Outcome,
        (now, latency): (Time, Span),
    ) {
        let door = door(&mut self.inside, &mut self.outside, caller);
        if door.listens {
            let reply = if outcome == Outcome::Ok { Reply::Ok } else { Reply::Failed };
            let endpoint = EndpointId(pod.0);
            door.policy.ended(&Ended { endpoint, now, latency, reply, report: None });
        }
    }

    fn targets(&self) -> impl Iterator<Item = Target> {
        let doors = std::iter::once(&self.inside).chain(&self.outside);
        doors.flat_map(|door| door.targets.iter().copied())
    }
}

impl Door {
    fn new(
        choice: Choice<'_, Target>,
        (policy, instance): (&policy::Configured, Instance),
        (zones, now): (&TargetZones, Time),
        list: &mut dyn FnMut(&[Target]) -> Targets,
    ) -> Self {
        let (targets, refusal) = match choice {
            Choice::Endpoints(targets) => (targets, Refusal::Reject),
            Choice::Reject => (&[][..], Refusal::Reject),
            Choice::Drop => (&[][..], Refusal::Drop),
        };
        let layered = policy.layers().next().is_some();
        let zone = |target| zones.each.get(target).copied().unwrap_or(0);
        let known: Vec<_> =
            targets.iter().filter(|_| layered).map(|target| (now, zone(target))).collect();
        let mut policy = policy.build_as(instance);
        policy.update(&endpoints(targets, &known), now);
        let Targets { list: targets, pods } = list(targets);
        Self { targets, pods, known, refusal, listens: policy.listens(), policy }
    }

    /// Goes on with the policy of the door before, where that remembers something. Who was there before
    /// is as old as it was.
    fn succeed(&mut self, before: Self, now: Time) {
        let since = before.known.iter().map(|(since, _)| *since);
        let came: BTreeMap<&Target, Time> = before.targets.iter().zip(since).collect();
        for (target, (since, _)) in self.targets.iter().zip(&mut self.known) {
            *since = came.get(target).copied().unwrap_or(*since);
        }
        let remembers = before.policy.remembers();
        if remembers {
            self.policy = before.policy;
        }
        if remembers || !self.known.is_empty() {
            self.policy.update(&endpoints(&self.targets, &self.known), now);
        }
    }

    #[inline]
    fn pick(&mut self, context: &mut PickContext<'_>) -> Result<Target, Refusal> {
        let place = self.policy.pick(context).ok_or(self.refusal)?;
        Ok(self.targets[place])
    }
}

/// Targets as a policy sees them. Those without a pod are told apart by their places.
fn endpoints(targets: &[Target], known: &[(Time, u32)]) -> Vec<Endpoint> {
    let endpoint = |(index, target): (u32, &Target)| {
        let id = EndpointId(target.pod.map_or(index, |pod| pod.0));
        let new = Endpoint::new(id, SocketAddrV4::new(target.address, target.port));
        let (since, zone) = known.get(index as usize).copied().unwrap_or((new.since, new.zone));
        Endpoint { since, zone, ..new }
    };
    (0..).zip(targets).map(endpoint).collect()
}

/// The door that a caller comes to.
#[inline]
fn door<'a>(inside: &'a mut Door, outside: &'a mut Option<Door>, caller: Caller) -> &'a mut Door {
    match outside {
        Some(outside) if matches!(caller, Caller::Outside(_)) => outside,
        _ => inside,
    }
}

/// Chooses for a source that is to stay where it was, if that endpoint is still there.
fn stay(
    affinity: &mut Affinity<Target, Caller>,
    door: &mut Door,
    caller: Caller,
    context: &mut PickContext<'_>,
) -> Result<Target, Refusal> {
    let now = context.now;
    let target = match affinity.find(&door.targets, caller, now) {
        Some(place) if door.policy.chosen(place, now) => door.targets[place],
        _ => door.pick(context)?,
    };
    affinity.remember(target, caller, now);
    Ok(target)
}

/// New rules of a port take over what the old ones remember of its endpoints.
pub(super) fn keep_memory(before: Vec<Port>, after: &mut [Port], now: Time) {
    for Port { number, protocol, affinity, inside, outside, .. } in before {
        let Some(port) = after.iter_mut().find(|port| port.is(protocol, number)) else { continue };
        port.inside.succeed(inside, now);
        if let (Some(before), Some(after)) = (outside, &mut port.outside) {
            after.succeed(before, now);
        }
        let (Some(mut known), Some(new)) = (affinity, &port.affinity) else { continue };
        if known.timeout() == new.timeout() {
            known.update(&port.targets().collect::<Vec<_>>());
            port.affinity = Some(known);
        }
    }
}

/// The pods that any of these rules lead to, in their order.
pub(super) fn pods(ports: &[Port]) -> Arc<[PodId]> {
    let mut doors =
        ports.iter().flat_map(|port| std::iter::once(&port.inside).chain(&port.outside));
    let first = doors.next().map(|door| door.pods.clone()).unwrap_or_default();
    // Mostly there is one, or several lead to the same.
    if doors.clone().all(|door| door.pods == first) {
        return first;
    }
    let others = doors.by_ref().flat_map(|door| door.pods.iter());
    in_order(first.iter().chain(others).copied()).into()
}

/// Pods in their order, each once.
fn in_order(pods: impl Iterator<Item = PodId>) -> Vec<PodId> {
    let mut pods: Vec<PodId> = pods.collect();
    pods.sort_unstable();
    pods.dedup();
    pods
}
