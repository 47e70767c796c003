//! kube-proxy of one node: hears of Services and EndpointSlices, and now and then turns what it
//! heard into rules (`pkg/proxy`).
//!
//! Rules are for new connections only. Between two syncs they stay as they are, whatever became of
//! the pods they name: this is the gap that a rollout's lost requests fall into.
//!
//! What the rules say is in [`proxy`](crate::proxy); here is when they come into force, and what a
//! connection finds then.
//!
//! *Left out:* external addresses of Services, and source ranges, which load balancers hold here.

mod candidates;
mod flows;
mod known_slice;
mod port;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use api::{Change, Key, NodeId, Object, PodId, Protocol, Service, ServiceId, Verb};
use engine::{Distribution, Random, Source, Span, Stream, Streams, Time};
use policy::PickContext;
use record::{ClientId, Outcome, Record, Request};

use crate::{
    Cx,
    bounded_frequency_runner::BoundedFrequencyRunner,
    connection::Caller,
    endpoints::Place,
    event::{Event, class},
    proxy::{
        mode::Mode,
        service_port::{ServiceFacts, ServicePort},
    },
    zones::Zones,
};

use candidates::{Candidate, CandidateLists};
use flows::Flows;
use known_slice::{KnownSlice, KnownSlices};
use port::{Port, TargetLists, TargetZones};
pub use port::{Refusal, Target};

/// How proxies do their work.
#[derive(Clone, Debug)]
pub struct Config {
    /// The least time between the end of a sync and the start of the next, 1 s by default.
    pub min_sync_period: Span,
    /// How long a sync takes until its rules are in force.
    pub sync_duration: Distribution,
    /// Whether changes of other Services keep the proxy syncing all the time, so that a change
    /// meets it at a random phase of its period.
    pub random_phase: bool,
    /// How rules are written.
    pub mode: Mode,
    /// The policy of its rules.
    pub policy: policy::Configured,
    /// Whether that policy looks at the ends of a connection.
    pub looks_at_flows: bool,
}

/// After a failed sync, and at the latest after a good one (`syncPeriod`, `FullSyncPeriod`).
const RETRY: Span = Span::from_secs(30);
const FULL_SYNC: Span = Span::from_secs(3600);

/// Stands for the address of a Service that has none yet.
const UNASSIGNED: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// kube-proxy of one node.
pub struct KubeProxy {
    node: NodeId,
    name: Arc<str>,
    zone: Arc<str>,
    zones: Zones,
    config: Config,
    services: BTreeMap<Key, Arc<Service>>,
    /// By Service and slice name.
    slices: BTreeMap<Key, BTreeMap<Arc<str>, Arc<KnownSlice>>>,
    /// Services that changed since the last sync began.
    dirty: BTreeSet<Key>,
    /// The numbers of those that were deleted since.
    withdrawn: BTreeSet<ServiceId>,
    runner: BoundedFrequencyRunner,
    planned: Option<Time>,
    /// What the sync under way will put in force.
    computed: Vec<Computed>,
    /// In force, by Service.
    rules: Vec<ServiceRules>,
    /// What the node's connection tracking remembers of UDP.
    flows: Flows,
    durations: Stream,
}

/// What proxies of different nodes work out alike, so that it is worked out once.
#[derive(Default)]
pub struct Shared {
    slices: KnownSlices,
    candidates: CandidateLists,
    targets: TargetLists,
}

/// What a connection is to, and who opens it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// The Service.
    pub service: ServiceId,
    /// TCP or UDP.
    pub protocol: Protocol,
    /// The Service's port.
    pub port: u16,
    /// The sender.
    pub caller: Caller,
}

/// What a sync makes of a Service.
#[derive(Default)]
struct Computed {
    service: ServiceId,
    ports: Vec<Port>,
    /// Whether a ready endpoint of it is on this node.
    local_ready: bool,
    /// Whether the Service went, or has no address any more.
    withdrawn: bool,
}

impl Computed {
    /// Nothing, of a Service that went or has no address any more.
    fn withdrawn(service: ServiceId) -> Self {
        Self { service, withdrawn: true, ..Self::default() }
    }
}

/// The rules of a Service.
#[derive(Default)]
struct ServiceRules {
    ports: Vec<Port>,
    local_ready: bool,
    withdrawn: bool,
    /// The pods that any of them lead to, in their order.
    pods: Arc<[PodId]>,
}

impl KubeProxy {
    /// The proxy of a node, of a name and in a zone, without rules.
    #[must_use]
    pub(crate) fn new(
        node: NodeId,
        (name, zone): (Arc<str>, Arc<str>),
        config: Config,
        zones: Zones,
        streams: &Streams,
    ) -> Self {
        Self {
            node,
            durations: streams.named(&format!("kube-proxy/{}", node.0)),
            runner: BoundedFrequencyRunner::new(config.min_sync_period, RETRY, FULL_SYNC),
            name,
            zone,
            zones,
            config,
            services: BTreeMap::new(),
            slices: BTreeMap::new(),
            dirty: BTreeSet::new(),
            withdrawn: BTreeSet::new(),
            planned: None,
            computed: Vec::new(),
            rules: Vec::new(),
            flows: Flows::default(),
        }
    }

    /// The node's zone; empty where it is in none.
    pub(crate) fn zone(&self) -> &str {
        &self.zone
    }

    /// Begins. In a busy cluster it is in the midst of its period.
    pub fn begin(&mut self, cx: &mut Cx<'_>) {
        if self.config.random_phase {
            let period = self.config.min_sync_period.as_nanos().max(1);
            let phase = Span::from_nanos(self.durations.below_u64(period));
            self.runner.hold_until(cx.now + phase);
            self.runner.want();
            self.plan(cx);
        }
    }

    /// Takes in a change to a Service or an EndpointSlice.
    pub fn observe(&mut self, change: &Change, shared: &mut Shared, cx: &mut Cx<'_>) {
        let gone = change.verb == Verb::Deleted;
        match &change.object {
            Object::Service(service) => {
                let key = service.meta.key();
                if gone {
                    self.services.remove(&key);
                    self.withdrawn.insert(service.id);
                } else {
                    let before = self.services.insert(key.clone(), service.clone());
                    self.withdrawn.extend(before.map(|before| before.id));
                    // It has the address of before, or that of another that went.
                    self.withdrawn.remove(&service.id);
                }
                self.dirty.insert(key);
            }
            // One that belongs to no Service is not even kept (`endpointSliceCacheKeys`).
            Object::EndpointSlice(slice) if slice.service_name.is_empty() => return,
            Object::EndpointSlice(slice) => {
                let key = Key::new(slice.meta.namespace.clone(), slice.service_name.clone());
                if self.is_layered() {
                    let zones = slice.endpoints.iter().filter_map(|it| it.zone.as_ref());
                    for zone in zones {
                        self.zones.note(zone);
                    }
                }
                let slices = self.slices.entry(key.clone()).or_default();
                if gone {
                    slices.remove(&slice.meta.name);
                    shared.slices.forget(slice);
                } else {
                    slices.insert(slice.meta.name.clone(), shared.slices.share(slice));
                }
                self.dirty.insert(key);
            }
            _ => return,
        }
        self.runner.want();
        self.plan(cx);
    }

    /// Begins a sync if one is due.
    pub fn sync(&mut self, shared: &mut Shared, cx: &mut Cx<'_>) {
        if self.planned != Some(cx.now) || !self.runner.begin(cx.now) {
            return;
        }
        self.planned = None;
        let withdrawn = std::mem::take(&mut self.withdrawn).into_iter();
        let dirty = std::mem::take(&mut self.dirty).into_iter();
        self.computed = withdrawn
            .map(Computed::withdrawn)
            .chain(dirty.filter_map(|key| self.compute(&key, cx.now, shared)))
            .collect();
        let end = cx.now + self.config.sync_duration.sample(&mut self.durations);
        cx.agenda.at(end, self.source(), Event::ProgramRules(self.node));
    }

    /// Ends a sync: what it computed is in force.
    pub fn program_rules(&mut self, cx: &mut Cx<'_>) {
        for computed in std::mem::take(&mut self.computed) {
            let Computed { service, ports, local_ready, withdrawn } = computed;
            let index = service.0 as usize;
            if self.rules.len() <= index {
                self.rules.resize_with(index + 1, ServiceRules::default);
            }
            let in_force = &mut self.rules[index];
            (in_force.local_ready, in_force.withdrawn) = (local_ready, withdrawn);
            let before = std::mem::replace(&mut in_force.ports, ports);
            port::keep_memory(before, &mut in_force.ports, cx.now);
            let pods = port::pods(&in_force.ports);
            if pods != in_force.pods {
                in_force.pods = pods;
                let pods = in_force.pods.clone();
                let record = Record::RulesProgrammed { node: self.node, service, pods };
                cx.recorder.record(cx.now, &record);
            }
            self.forget_flows(service, cx);
        }
        self.runner.end(cx.now, true);
        if self.config.random_phase {
            self.runner.want();
        }
        self.plan(cx);
    }

    /// Has connection tracking forget the flows to a Service that lead nowhere any more
    /// (`CleanStaleEntries`).
    fn forget_flows(&mut self, service: ServiceId, cx: &mut Cx<'_>) {
        if self.flows.is_empty() {
            return;
        }
        let (ports, mode) = (&self.rules[service.0 as usize].ports, self.config.mode);
        let count = self.flows.forget(service, cx.now, |number, target| {
            let port = ports.iter().find(|port| port.is(Protocol::Udp, number));
            // To a port that is gone nobody may answer, which iptables and nftables leave as it is.
            port.map_or(mode.ends_flows_with_their_endpoints(), |port| port.ends_flow(target, mode))
        });
        if count > 0 {
            let record = Record::FlowsForgotten { node: self.node, service, count };
            cx.recorder.record(cx.now, &record);
        }
    }

    /// Chooses where a datagram goes that may belong to a flow. Gives back, too, whether it does: then
    /// it goes where those before it went.
    ///
    /// # Errors
    /// What becomes of it where it goes nowhere.
    pub fn send(
        &mut self,
        client: ClientId,
        asked: Asked,
        context: &mut PickContext<'_>,
    ) -> Result<(Target, bool), Refusal> {
        if let Some(target) = self.flows.follow((client, asked), context.now) {
            return Ok((target, true));
        }
        let target = self.pick(asked, context)?;
        self.flows.open((client, asked), target, context.now);
        Ok((target, false))
    }

    /// Chooses where a new connection goes.
    ///
    /// # Errors
    /// What becomes of it where it goes nowhere.
    #[inline]
    pub fn pick(&mut self, asked: Asked, context: &mut PickContext<'_>) -> Result<Target, Refusal> {
        let Asked { service, protocol, port, caller } = asked;
        let rules = self.rules.get_mut(service.0 as usize);
        let rules = rules.ok_or(Refusal::NoRules { withdrawn: false })?;
        let (any, withdrawn) = (!rules.ports.is_empty(), rules.withdrawn);
        match rules.ports.iter_mut().find(|rules| rules.is(protocol, port)) {
            Some(port) => port.pick(caller, context),
            None if !any => Err(Refusal::NoRules { withdrawn }),
            None => Err(Refusal::NoSuchPort { told: self.config.mode.guards_cluster_ips() }),
        }
    }

    /// The pods that a TCP connection from the node to a Service's port may go to, or what becomes of it
    /// where there are none; `None` where no rule is for that port.
    #[must_use]
    pub fn targets(&self, service: ServiceId, port: u16) -> Option<Result<&[Target], Refusal>> {
        let rules = self.rules.get(service.0 as usize)?;
        Some(rules.ports.iter().find(|rules| rules.is(Protocol::Tcp, port))?.inside_targets())
    }

    /// The same by an address that is meant for traffic from outside, such as a load balancer's. Who is
    /// inside is not held to the policy for outside.
    #[must_use]
    pub fn targets_around(
        &self,
        service: ServiceId,
        port: u16,
    ) -> Option<Result<&[Target], Refusal>> {
        let rules = self.rules.get(service.0 as usize)?;
        let mut ports = rules.ports.iter();
        Some(ports.find(|rules| rules.is(Protocol::Tcp, port))?.targets_around())
    }

    /// The Service and the port of it that a port of the node leads to.
    #[must_use]
    pub fn behind_node_port(&self, node_port: u16) -> Option<(ServiceId, u16)> {
        let mut all = (0..).map(ServiceId).zip(&self.rules);
        all.find_map(|(service, rules)| {
            let mut ports = rules.ports.iter();
            let port = ports.find_map(|port| port.behind(Protocol::Tcp, node_port))?;
            Some((service, port))
        })
    }

    /// Whether its rules refuse ports that a Service does not have.
    #[must_use]
    pub fn guards_cluster_ips(&self) -> bool {
        self.config.mode.guards_cluster_ips()
    }

    /// Tells the policy of a port how a request to it ended, and connection tracking that it was
    /// answered.
    #[inline]
    pub fn done(&mut self, asked: Asked, request: &Request, now: Time) {
        let Asked { service, protocol, port, caller } = asked;
        let Some(pod) = request.pod else { return };
        let Some(rules) = self.rules.get_mut(service.0 as usize) else { return };
        if let Some(port) = rules.ports.iter_mut().find(|rules| rules.is(protocol, port)) {
            port.done(caller, pod, request.outcome, (now, now.since(request.connected)));
        }
        if protocol == Protocol::Udp && request.outcome == Outcome::Ok {
            self.flows.answered((request.client, asked), pod, now);
        }
    }

    /// Tells the policy of a port that a connection to it is established.
    pub fn established(&mut self, asked: Asked, pod: PodId, now: Time) {
        let Asked { service, protocol, port, caller } = asked;
        let Some(rules) = self.rules.get_mut(service.0 as usize) else { return };
        if let Some(port) = rules.ports.iter_mut().find(|rules| rules.is(protocol, port)) {
            port.established(caller, pod, now);
        }
    }

    /// Tells the policy of a port that a connection to it, which its sender kept, was closed.
    pub fn connection_closed(&mut self, asked: Asked, pod: PodId, age: (Time, Span)) {
        let Asked { service, protocol, port, caller } = asked;
        let Some(rules) = self.rules.get_mut(service.0 as usize) else { return };
        if let Some(port) = rules.ports.iter_mut().find(|rules| rules.is(protocol, port)) {
            port.done(caller, pod, Outcome::Ok, age);
        }
    }

    fn plan(&mut self, cx: &mut Cx<'_>) {
        let Some(due) = self.runner.due() else { return };
        let due = due.max(cx.now);
        // A full sync after an hour without a change changes nothing here.
        let wanted = !self.dirty.is_empty() || self.config.random_phase;
        if wanted && self.planned != Some(due) {
            self.planned = Some(due);
            cx.agenda.at(due, self.source(), Event::SyncProxy(self.node));
        }
    }

    /// The rules of a Service as far as this proxy knows it.
    fn compute(&self, key: &Key, now: Time, shared: &mut Shared) -> Option<Computed> {
        let empty = BTreeMap::new();
        let slices = self.slices.get(key).unwrap_or(&empty);
        // Slices of a Service that is gone, or not heard of yet, lead nowhere.
        let Some(service) = self.services.get(key) else {
            shared.candidates.forget(key);
            return None;
        };
        let facts = ServiceFacts::from(&**service);
        if facts.external_name {
            // DNS alone knows it (`ShouldSkipService`).
            return Some(Computed::withdrawn(service.id));
        }
        let address = service.spec.cluster_ip.unwrap_or(UNASSIGNED);
        // Requests come over TCP and UDP, so nobody meets the rules of SCTP.
        let ports = facts.ports.iter().filter(|port| port.protocol != Protocol::Sctp);
        let ports = ports.map(|port| {
            let known = ServicePort::new(&facts, port, address);
            let candidates = shared.candidates.of(key, (&port.name, port.protocol), slices);
            let rules = candidates.rules(known.info(), self.place(), self.config.mode);
            let udp = port.protocol == Protocol::Udp;
            let serving = candidates.all.iter().filter(|it| udp && it.endpoint.serving);
            let serving = serving.map(Candidate::target).collect();
            let of = (service.id, &known, self.node);
            let zones = self.zones_of(&candidates.all);
            Port::new(of, &rules, serving, (&self.config, &zones, now), &mut shared.targets)
        });
        let mut endpoints = slices.values().flat_map(|known| &known.slice.endpoints);
        let local_ready = facts.external_policy_local
            && endpoints.any(|it| it.ready && it.node_name.as_deref() == Some(&*self.name));
        let (service, ports) = (service.id, ports.collect());
        Some(Computed { service, ports, local_ready, withdrawn: false })
    }

    /// What it says at a Service's `healthCheckNodePort`: whether a ready pod of it is on this node, as
    /// of the last sync.
    #[must_use]
    pub fn has_local_ready(&self, service: ServiceId) -> bool {
        self.rules.get(service.0 as usize).is_some_and(|rules| rules.local_ready)
    }

    /// Where it is.
    fn place(&self) -> Place<'_> {
        let zone = Some(&*self.zone).filter(|zone| !zone.is_empty());
        Place { node: &self.name, zone, prefer_same: true }
    }

    /// Whether there are layers around its policy, which may go by zones.
    fn is_layered(&self) -> bool {
        self.config.policy.layers().next().is_some()
    }

    /// The zone of this node, and those of the candidates, where the policy may go by them.
    fn zones_of(&self, candidates: &[Candidate]) -> TargetZones {
        let own = self.zones.number(&self.zone);
        if !self.is_layered() {
            return TargetZones { own, each: BTreeMap::new() };
        }
        let zone = |it: &Candidate| {
            let zone = it.endpoint.zone.as_deref()?;
            Some((it.target(), self.zones.number(zone)))
        };
        TargetZones { own, each: candidates.iter().filter_map(zone).collect() }
    }

    fn source(&self) -> Source {
        Source { class: class::PROXY, entity: self.node.0 }
    }
}

#[cfg(test)]
mod tests;
