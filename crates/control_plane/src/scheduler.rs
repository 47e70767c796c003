//! kube-scheduler: gives every pod a node, one pod at a time (`pkg/scheduler/schedule_one.go`).
//!
//! A scheduling cycle filters the nodes a pod fits on and scores them; the binding is sent without
//! waiting for its answer, under the scheduler's own client limit, and the pod is *assumed* to be
//! on the node from then on.
//!
//! *Left out:* taints, affinity, host ports, volumes, images on nodes, priorities and preemption,
//! and the sampling of nodes above one hundred.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use api::{Change, Key, Node, Object, Pod, Uid, Verb, pod::Resources};
use engine::{Distribution, Random, Source, Span, Stream, Streams};
use record::Record;

use crate::{
    Cx,
    api_server::ApiServer,
    event::{self, class},
    token_bucket::TokenBucket,
};

/// What can wake the scheduler.
#[derive(Clone, Debug)]
pub enum Event {
    /// A scheduling cycle ends with its choice.
    Choose,
    /// A binding reaches the API server.
    Bind {
        /// The pod and the node chosen for it.
        binding: Box<Binding>,
    },
    /// Pods that fitted nowhere are tried again.
    Retry,
}

/// A pod and the node chosen for it.
#[derive(Clone, Debug)]
pub struct Binding {
    pod: Key,
    uid: Uid,
    node: Arc<str>,
}

/// How long the scheduler's parts take.
#[derive(Clone, Debug)]
pub struct Config {
    /// A scheduling cycle.
    pub cycle: Distribution,
    /// From sending a binding to its being stored.
    pub api_call: Distribution,
    /// Bindings a second; `None` for no limit. 50 by default
    /// (`pkg/scheduler/apis/config/v1/defaults.go`).
    pub qps: Option<f64>,
    /// How many at once after a pause, 100 by default.
    pub burst: u32,
}

/// The first and the longest back-off of a pod that fitted nowhere.
const BACK_OFF: (Span, Span) = (Span::from_secs(1), Span::from_secs(10));

/// What a pod without requests counts for in scores (`util/pod_resources.go`).
const MISSING: Resources = Resources { cpu_millis: 100, memory_bytes: 200 << 20 };

/// kube-scheduler.
#[derive(Debug)]
pub struct Scheduler {
    config: Config,
    /// Pods waiting for a cycle, first come first served.
    queue: VecDeque<Key>,
    /// Whether a cycle is under way.
    busy: bool,
    /// Pods that fitted nowhere, and how often.
    unschedulable: BTreeMap<Key, u32>,
    retry_pending: bool,
    /// Pods as heard of, bound or assumed.
    pods: BTreeMap<Key, Placed>,
    nodes: BTreeMap<Arc<str>, NodeInfo>,
    client: TokenBucket,
    delays: Stream,
    choices: Stream,
}

#[derive(Debug)]
struct Placed {
    pod: Arc<Pod>,
    node: Option<Arc<str>>,
}

/// A node and what is on it.
#[derive(Debug)]
struct NodeInfo {
    node: Arc<Node>,
    requested: Resources,
    /// The same with [`MISSING`] for containers that say nothing.
    counted: Resources,
    pods: u32,
    /// Pods by owner, for spreading.
    by_owner: BTreeMap<Uid, u32>,
}

impl Scheduler {
    /// A scheduler of an empty cluster.
    #[must_use]
    pub fn new(config: Config, streams: &Streams) -> Self {
        Self {
            queue: VecDeque::new(),
            busy: false,
            unschedulable: BTreeMap::new(),
            retry_pending: false,
            pods: BTreeMap::new(),
            nodes: BTreeMap::new(),
            client: TokenBucket::new(config.qps, config.burst),
            delays: streams.named("scheduler/delays"),
            choices: streams.named("scheduler/choices"),
            config,
        }
    }

    /// Takes in a change to a pod or a node.
    pub fn observe(&mut self, change: &Change, cx: &mut Cx<'_>) {
        match &change.object {
            Object::Pod(pod) => self.observe_pod(change.verb, pod, cx),
            Object::Node(node) => {
                self.nodes.insert(node.meta.name.clone(), NodeInfo::new(node.clone()));
                self.reactivate(cx);
            }
            _ => {}
        }
    }

    /// Handles one of its events.
    pub fn handle(&mut self, event: Event, api: &mut ApiServer, cx: &mut Cx<'_>) {
        match event {
            Event::Choose => self.schedule_one(cx),
            Event::Bind { binding } => {
                if api.bind(&binding.pod, &binding.uid, &binding.node, cx).is_err() {
                    self.place(&binding.pod, None);
                }
            }
            Event::Retry => {
                self.retry_pending = false;
                let keys: Vec<Key> = self.unschedulable.keys().cloned().collect();
                self.queue.extend(keys);
                self.start_cycle(cx);
            }
        }
    }

    fn observe_pod(&mut self, verb: Verb, pod: &Arc<Pod>, cx: &mut Cx<'_>) {
        let key = pod.meta.key();
        if verb == Verb::Deleted || pod.is_terminal() {
            self.place(&key, None);
            self.pods.remove(&key);
            self.unschedulable.remove(&key);
            self.reactivate(cx);
            return;
        }
        let known =
            self.pods.entry(key.clone()).or_insert_with(|| Placed { pod: pod.clone(), node: None });
        known.pod = pod.clone();
        match &pod.node_name {
            Some(node) => {
                let node = node.clone();
                self.place(&key, Some(node));
            }
            None if verb == Verb::Added => {
                self.queue.push_back(key);
                self.start_cycle(cx);
            }
            None => {}
        }
    }

    fn start_cycle(&mut self, cx: &mut Cx<'_>) {
        if !self.busy && !self.queue.is_empty() {
            self.busy = true;
            let end = cx.now + self.config.cycle.sample(&mut self.delays);
            cx.agenda.at(end, SOURCE, event::Event::Scheduler(Event::Choose));
        }
    }

    /// One scheduling cycle: filter, score, assume, and send the binding.
    fn schedule_one(&mut self, cx: &mut Cx<'_>) {
        self.busy = false;
        if let Some(key) = self.queue.pop_front()
            && let Some(placed) = self.pods.get(&key)
            && placed.node.is_none()
            && !placed.pod.meta.is_terminating()
        {
            let pod = placed.pod.clone();
            match self.find_node(&pod) {
                Some(node) => self.bind(key, &pod, node, cx),
                None => self.set_aside(key, &pod, cx),
            }
        }
        self.start_cycle(cx);
    }

    fn bind(&mut self, key: Key, pod: &Pod, node: Arc<str>, cx: &mut Cx<'_>) {
        self.unschedulable.remove(&key);
        self.place(&key, Some(node.clone()));
        let sent = self.client.take(cx.now);
        let stored = sent + self.config.api_call.sample(&mut self.delays);
        let binding = Box::new(Binding { pod: key, uid: pod.meta.uid.clone(), node });
        cx.agenda.at(stored, SOURCE, event::Event::Scheduler(Event::Bind { binding }));
    }

    /// Keeps a pod that fits nowhere for later, and says so the first time.
    fn set_aside(&mut self, key: Key, pod: &Pod, cx: &mut Cx<'_>) {
        let failures = self.unschedulable.entry(key).or_insert(0);
        *failures += 1;
        if *failures == 1 {
            cx.recorder.record(cx.now, &Record::PodUnschedulable { pod: pod.id });
        }
    }

    /// Something changed that may let a pod fit: try those set aside again, after their back-off.
    fn reactivate(&mut self, cx: &mut Cx<'_>) {
        if self.retry_pending || self.unschedulable.is_empty() {
            return;
        }
        self.retry_pending = true;
        let failures = self.unschedulable.values().copied().min().unwrap_or(1);
        let back_off = BACK_OFF.0.as_nanos() << (failures - 1).min(8);
        let delay = Span::from_nanos(back_off.min(BACK_OFF.1.as_nanos()));
        cx.agenda.at(cx.now + delay, SOURCE, event::Event::Scheduler(Event::Retry));
    }

    /// Filters and scores the nodes; equal scores are decided by chance.
    fn find_node(&mut self, pod: &Pod) -> Option<Arc<str>> {
        let feasible: Vec<&NodeInfo> = self.nodes.values().filter(|node| node.fits(pod)).collect();
        let spread = spread_scores(pod, &feasible, &self.nodes);
        let totals: Vec<i64> = feasible
            .iter()
            .zip(spread)
            .map(|(node, spread)| {
                node.least_allocated(pod) + node.balanced_allocation(pod) + 2 * spread
            })
            .collect();
        let best = *totals.iter().max()?;
        let ties: Vec<usize> = (0..totals.len()).filter(|&i| totals[i] == best).collect();
        let chosen = ties[self.choices.below(ties.len() as u32) as usize];
        Some(feasible[chosen].node.meta.name.clone())
    }

    /// Moves a pod to a node, or off the one it was on.
    fn place(&mut self, key: &Key, node: Option<Arc<str>>) {
        let Some(placed) = self.pods.get_mut(key) else { return };
        if placed.node == node {
            return;
        }
        if let Some(info) = placed.node.as_ref().and_then(|name| self.nodes.get_mut(name)) {
            info.count(&placed.pod, false);
        }
        if let Some(info) = node.as_ref().and_then(|name| self.nodes.get_mut(name)) {
            info.count(&placed.pod, true);
        }
        placed.node = node;
    }
}

const SOURCE: Source = Source { class: class::SCHEDULER, entity: 0 };

impl NodeInfo {
    fn new(node: Arc<Node>) -> Self {
        Self {
            node,
            requested: Resources::default(),
            counted: Resources::default(),
            pods: 0,
            by_owner: BTreeMap::new(),
        }
    }

    fn count(&mut self, pod: &Pod, present: bool) {
        let change = |total: &mut u64, amount: u64| {
            *total = if present { *total + amount } else { total.saturating_sub(amount) };
        };
        let (requests, counted) = (pod.spec.requests(), counted(pod));
        change(&mut self.requested.cpu_millis, requests.cpu_millis);
        change(&mut self.requested.memory_bytes, requests.memory_bytes);
        change(&mut self.counted.cpu_millis, counted.cpu_millis);
        change(&mut self.counted.memory_bytes, counted.memory_bytes);
        self.pods = if present { self.pods + 1 } else { self.pods.saturating_sub(1) };
        if let Some(owner) = &pod.meta.owner {
            let count = self.by_owner.entry(owner.uid.clone()).or_insert(0);
            *count = if present { *count + 1 } else { count.saturating_sub(1) };
        }
    }

    /// `NodeResourcesFit`, `NodeUnschedulable` and `NodeAffinity` by node selector.
    fn fits(&self, pod: &Pod) -> bool {
        let requests = pod.spec.requests();
        let allocatable = self.node.allocatable;
        !self.node.unschedulable
            && self.pods < self.node.max_pods
            && self.requested.cpu_millis + requests.cpu_millis <= allocatable.cpu_millis
            && self.requested.memory_bytes + requests.memory_bytes <= allocatable.memory_bytes
            && api::selector::matches_all(&pod.spec.node_selector, &self.node.meta.labels)
    }

    /// `NodeResourcesFit` with `LeastAllocated`: the free share, in percent.
    fn least_allocated(&self, pod: &Pod) -> i64 {
        let counted = counted(pod);
        let free = |total: u64, used: u64| {
            if total == 0 || used > total { 0 } else { ((total - used) * 100 / total) as i64 }
        };
        let allocatable = self.node.allocatable;
        let cpu = free(allocatable.cpu_millis, self.counted.cpu_millis + counted.cpu_millis);
        let memory =
            free(allocatable.memory_bytes, self.counted.memory_bytes + counted.memory_bytes);
        (cpu + memory) / 2
    }

    /// `NodeResourcesBalancedAllocation` of 1.36: whether the pod brings CPU and memory closer.
    fn balanced_allocation(&self, pod: &Pod) -> i64 {
        let added = pod.spec.requests();
        let score = |extra: Resources| {
            let share = |used: u64, total: u64| {
                if total == 0 { 0.0 } else { (used as f64 / total as f64).min(1.0) }
            };
            let cpu = share(
                self.requested.cpu_millis + extra.cpu_millis,
                self.node.allocatable.cpu_millis,
            );
            let memory = share(
                self.requested.memory_bytes + extra.memory_bytes,
                self.node.allocatable.memory_bytes,
            );
            ((1.0 - (cpu - memory).abs() / 2.0) * 100.0).floor() as i64
        };
        50 + (50 + score(added) - score(Resources::default())) / 2
    }
}

/// What a pod counts for in scores: 100m and 200Mi for a container that requests nothing.
fn counted(pod: &Pod) -> Resources {
    pod.spec.containers.iter().fold(Resources::default(), |sum, container| {
        let or = |given: u64, missing: u64| if given == 0 { missing } else { given };
        Resources {
            cpu_millis: sum.cpu_millis + or(container.requests.cpu_millis, MISSING.cpu_millis),
            memory_bytes: sum.memory_bytes
                + or(container.requests.memory_bytes, MISSING.memory_bytes),
        }
    })
}

/// `PodTopologySpread` with the system's default constraints: host names with a skew of 3 and zones
/// with a skew of 5, over pods of the same owner; 0 to 100 a node.
fn spread_scores(
    pod: &Pod,
    feasible: &[&NodeInfo],
    nodes: &BTreeMap<Arc<str>, NodeInfo>,
) -> Vec<i64> {
    let Some(owner) = pod.meta.owner.as_ref().map(|owner| &owner.uid) else {
        return vec![0; feasible.len()];
    };
    let on = |node: &NodeInfo| node.by_owner.get(owner).copied().unwrap_or(0);
    let mut by_zone: BTreeMap<&str, u32> = BTreeMap::new();
    for node in nodes.values() {
        *by_zone.entry(node.node.zone().unwrap_or_default()).or_insert(0) += on(node);
    }
    let weight = |size: usize| libm::log(size as f64 + 2.0);
    let zones_here: std::collections::BTreeSet<_> =
        feasible.iter().map(|node| node.node.zone()).collect();
    let (host_weight, zone_weight) = (weight(feasible.len()), weight(zones_here.len()));
    let raw: Vec<i64> = feasible
        .iter()
        .map(|node| {
            let zone = by_zone.get(node.node.zone().unwrap_or_default()).copied().unwrap_or(0);
            let host = f64::from(on(node)) * host_weight + 2.0;
            let zone = f64::from(zone) * zone_weight + 4.0;
            (host + zone).round() as i64
        })
        .collect();
    let (Some(&least), Some(&most)) = (raw.iter().min(), raw.iter().max()) else {
        return Vec::new();
    };
    raw.iter()
        .map(|score| if most == 0 { 100 } else { 100 * (most + least - score) / most })
        .collect()
}
