//! kube-proxy of one node: hears of Services and EndpointSlices, and now and then turns what it
//! heard into rules (`pkg/proxy`).
//!
//! Rules are for new connections only. Between two syncs they stay as they are, whatever became of
//! the pods they name: this is the gap that a rollout's lost requests fall into.
//!
//! *Left out:* session affinity, traffic policies and hints (no field of a Service asks for them
//! yet), the difference between the modes, and stale connection tracking.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use api::{Change, Endpoint, EndpointSlice, Key, NodeId, Object, PodId, Service, ServiceId, Verb};
use engine::{Distribution, Random, Source, Span, Stream, Streams, Time};
use policy::{Policy, Reply};
use record::Record;

use crate::{
    Cx,
    address_text::AddressText,
    bounded_frequency_runner::BoundedFrequencyRunner,
    endpoints::{EndpointInfo, Place, ServiceInfo, categorize_endpoints},
    event::{Event, class},
};

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
    /// The policy of its rules, by its name in the catalogue.
    pub policy: &'static policy::Entry,
}

/// After a failed sync, and at the latest after a good one (`syncPeriod`, `FullSyncPeriod`).
const RETRY: Span = Span::from_secs(30);
const FULL_SYNC: Span = Span::from_secs(3600);

/// Where a connection goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The pod, `None` for an address that no pod is behind.
    pub pod: Option<PodId>,
    /// The port of the pod.
    pub port: u16,
}

/// The targets of each port as some proxy computed them last. Proxies mostly know the same, and one
/// list for all of them stays in the processor's caches, where one for each would not.
#[derive(Debug, Default)]
pub struct TargetLists(BTreeMap<(ServiceId, u16), Arc<[Target]>>);

impl TargetLists {
    fn share(&mut self, port: (ServiceId, u16), targets: Vec<Target>) -> Arc<[Target]> {
        let known = self.0.entry(port).or_default();
        if known[..] != targets[..] {
            *known = targets.into();
        }
        known.clone()
    }
}

/// kube-proxy of one node.
pub struct KubeProxy {
    node: NodeId,
    name: Arc<str>,
    zone: Arc<str>,
    config: Config,
    services: BTreeMap<Key, Arc<Service>>,
    /// By Service and slice name.
    slices: BTreeMap<Key, BTreeMap<Arc<str>, KnownSlice>>,
    /// Services that changed since the last sync began.
    dirty: BTreeSet<Key>,
    runner: BoundedFrequencyRunner,
    planned: Option<Time>,
    /// What the sync under way will put in force.
    computed: Vec<(ServiceId, Vec<PortRules>)>,
    /// In force, by Service.
    rules: Vec<ServiceRules>,
    durations: Stream,
}

/// A slice as last heard of.
struct KnownSlice {
    slice: Arc<EndpointSlice>,
    /// Its endpoints' addresses, as proxies order them.
    addresses: Vec<AddressText>,
}

/// An endpoint that may become a target.
struct Candidate<'a> {
    address: &'a AddressText,
    port: u16,
    endpoint: &'a Endpoint,
}

/// The rules of a Service.
#[derive(Default)]
struct ServiceRules {
    ports: Vec<PortRules>,
    /// The pods that any of them lead to, in their order.
    pods: Arc<[PodId]>,
}

/// The rules of one port of a Service.
struct PortRules {
    port: u16,
    targets: Arc<[Target]>,
    policy: Box<dyn Policy>,
    /// Whether the policy wants to hear how connections end.
    listens: bool,
}

impl KubeProxy {
    /// The proxy of a node, without rules.
    #[must_use]
    pub fn new(
        node: NodeId,
        name: Arc<str>,
        zone: Arc<str>,
        config: Config,
        streams: &Streams,
    ) -> Self {
        Self {
            node,
            durations: streams.named(&format!("kube-proxy/{}", node.0)),
            runner: BoundedFrequencyRunner::new(config.min_sync_period, RETRY, FULL_SYNC),
            name,
            zone,
            config,
            services: BTreeMap::new(),
            slices: BTreeMap::new(),
            dirty: BTreeSet::new(),
            planned: None,
            computed: Vec::new(),
            rules: Vec::new(),
        }
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
    pub fn observe(&mut self, change: &Change, cx: &mut Cx<'_>) {
        let gone = change.verb == Verb::Deleted;
        match &change.object {
            Object::Service(service) => {
                let key = service.meta.key();
                if gone {
                    self.services.remove(&key);
                } else {
                    self.services.insert(key.clone(), service.clone());
                }
                self.dirty.insert(key);
            }
            Object::EndpointSlice(slice) => {
                let key = Key::new(slice.meta.namespace.clone(), slice.service_name.clone());
                let slices = self.slices.entry(key.clone()).or_default();
                if gone {
                    slices.remove(&slice.meta.name);
                } else {
                    let before = slices.remove(&slice.meta.name);
                    slices.insert(slice.meta.name.clone(), KnownSlice::new(slice.clone(), before));
                }
                self.dirty.insert(key);
            }
            _ => return,
        }
        self.runner.want();
        self.plan(cx);
    }

    /// Begins a sync if one is due.
    pub fn sync(&mut self, lists: &mut TargetLists, cx: &mut Cx<'_>) {
        if self.planned != Some(cx.now) || !self.runner.begin(cx.now) {
            return;
        }
        self.planned = None;
        self.computed = std::mem::take(&mut self.dirty)
            .into_iter()
            .filter_map(|key| self.compute(&key, lists))
            .collect();
        let end = cx.now + self.config.sync_duration.sample(&mut self.durations);
        cx.agenda.at(end, self.source(), Event::ProgramRules(self.node));
    }

    /// Ends a sync: what it computed is in force.
    pub fn program_rules(&mut self, cx: &mut Cx<'_>) {
        for (service, rules) in std::mem::take(&mut self.computed) {
            let index = service.0 as usize;
            if self.rules.len() <= index {
                self.rules.resize_with(index + 1, ServiceRules::default);
            }
            let in_force = &mut self.rules[index];
            in_force.ports = rules;
            let pods = pods(&in_force.ports);
            if pods[..] != in_force.pods[..] {
                in_force.pods = pods.into();
                let pods = in_force.pods.clone();
                let record = Record::RulesProgrammed { node: self.node, service, pods };
                cx.recorder.record(cx.now, &record);
            }
        }
        self.runner.end(cx.now, true);
        if self.config.random_phase {
            self.runner.want();
        }
        self.plan(cx);
    }

    /// Chooses where a new connection to a Service's port goes; `None` where it is rejected.
    #[inline]
    pub fn pick(
        &mut self,
        service: ServiceId,
        port: u16,
        now: Time,
        random: &mut dyn Random,
    ) -> Option<Target> {
        let rules = self.rules.get_mut(service.0 as usize)?;
        let rules = rules.ports.iter_mut().find(|rules| rules.port == port)?;
        let place = rules.policy.pick(policy::PickContext { now, random })?;
        Some(rules.targets[place])
    }

    /// Tells the policy of a port how a connection ended.
    pub fn done(&mut self, service: ServiceId, port: u16, pod: PodId, ok: bool, latency: Span) {
        let Some(rules) = self.rules.get_mut(service.0 as usize) else { return };
        let rules = rules.ports.iter_mut().find(|rules| rules.port == port);
        if let Some(rules) = rules.filter(|rules| rules.listens) {
            let reply = if ok { Reply::Ok } else { Reply::Failed };
            rules.policy.done(policy::EndpointId(pod.0), reply, latency);
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
    fn compute(&self, key: &Key, lists: &mut TargetLists) -> Option<(ServiceId, Vec<PortRules>)> {
        let empty = BTreeMap::new();
        let slices = self.slices.get(key).unwrap_or(&empty);
        let Some(service) = self.services.get(key) else {
            // Its Service is gone, or not heard of yet: nothing listens for it.
            let id = slices.values().find_map(|known| known.slice.service)?;
            return Some((id, Vec::new()));
        };
        let rules = service.spec.ports.iter().map(|port| {
            let targets = lists.share((service.id, port.port), self.targets(slices, &port.name));
            let endpoints: Vec<_> = targets
                .iter()
                .enumerate()
                .map(|(index, target)| policy::Endpoint {
                    id: policy::EndpointId(target.pod.map_or(index as u32, |pod| pod.0)),
                    weight: 1,
                })
                .collect();
            let mut policy = (self.config.policy.build)();
            policy.update(&endpoints);
            PortRules { port: port.port, targets, listens: policy.listens(), policy }
        });
        Some((service.id, rules.collect()))
    }

    /// The targets of a port: all usable endpoints, in the order of their addresses as text.
    fn targets(&self, slices: &BTreeMap<Arc<str>, KnownSlice>, port_name: &str) -> Vec<Target> {
        let candidates = candidates(slices, port_name);
        let info = |candidate: &Candidate<'_>| {
            let Endpoint { ready, serving, terminating, ref node_name, .. } = *candidate.endpoint;
            EndpointInfo {
                is_local: node_name.as_deref() == Some(&*self.name),
                ready,
                serving,
                terminating,
                zone_hints: Vec::new(),
                node_hints: Vec::new(),
            }
        };
        let infos: Vec<EndpointInfo> = candidates.iter().map(info).collect();
        let place = Place { node: &self.name, zone: Some(&self.zone), prefer_same: true };
        let categorized = categorize_endpoints(&infos, ServiceInfo::default(), place);
        let target = |index: usize| {
            let Candidate { port, endpoint, .. } = candidates[index];
            Target { pod: endpoint.target.as_ref().map(|(pod, _)| *pod), port }
        };
        categorized.cluster.unwrap_or_default().into_iter().map(target).collect()
    }

    fn source(&self) -> Source {
        Source { class: class::PROXY, entity: self.node.0 }
    }
}

impl KnownSlice {
    /// A new version of a slice. Most endpoints were in the one before, in the same order, and their
    /// addresses need not be written again.
    fn new(slice: Arc<EndpointSlice>, before: Option<Self>) -> Self {
        let mut before = before.into_iter().flat_map(|before| {
            let addresses: Vec<_> = before.slice.endpoints.iter().map(|it| it.address).collect();
            addresses.into_iter().zip(before.addresses)
        });
        let addresses = slice.endpoints.iter().map(|endpoint| {
            let known = before.find(|(address, _)| *address == endpoint.address);
            known.map_or_else(|| AddressText::new(endpoint.address), |(_, text)| text)
        });
        Self { addresses: addresses.collect(), slice }
    }
}

impl Candidate<'_> {
    /// The order of `address:port` as text.
    #[inline]
    fn order(&self, other: &Self) -> Ordering {
        let ports = || match self.port == other.port {
            true => Ordering::Equal,
            false => self.port.to_string().cmp(&other.port.to_string()),
        };
        self.address.cmp(other.address).then_with(ports)
    }
}

/// The endpoints of a port, each address once. Of two with one address the later counts, but one
/// that is being deleted never replaces another (`endpointslicecache.go`).
fn candidates<'a>(
    slices: &'a BTreeMap<Arc<str>, KnownSlice>,
    port_name: &str,
) -> Vec<Candidate<'a>> {
    let mut all = Vec::new();
    for known in slices.values() {
        let port = known.slice.ports.iter().find(|port| port.name == port_name);
        let Some(port) = port.and_then(|port| port.port) else { continue };
        let endpoints = known.addresses.iter().zip(&known.slice.endpoints);
        all.extend(endpoints.map(|(address, endpoint)| Candidate { address, port, endpoint }));
    }
    all.sort_by(Candidate::order);
    all.dedup_by(|later, kept| {
        let same = later.order(kept).is_eq();
        if same && !later.endpoint.terminating {
            std::mem::swap(later, kept);
        }
        same
    });
    all
}

/// The pods that any of these rules lead to.
fn pods(rules: &[PortRules]) -> Vec<PodId> {
    let targets = rules.iter().flat_map(|rules| &rules.targets[..]);
    let mut pods: Vec<PodId> = targets.filter_map(|target| target.pod).collect();
    pods.sort_unstable();
    pods.dedup();
    pods
}
