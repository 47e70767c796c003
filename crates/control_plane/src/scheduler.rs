//! kube-scheduler: gives every pod a node, one pod at a time (`pkg/scheduler/schedule_one.go`).
//!
//! A scheduling cycle filters the nodes a pod fits on and scores them; the binding is sent without
//! waiting for its answer, under the scheduler's own client limit, and the pod is *assumed* to be
//! on the node from then on.
//!
//! A pod that fits nowhere is set aside until something changes that may let it fit, and waits for
//! its back-off before it is tried again (`unschedulable`).
//!
//! *Left out:* taints, affinity, host ports, volumes, images on nodes, priorities and preemption,
//! the sampling of nodes above one hundred, nodes without a zone, which count as one more zone in
//! spreading, and the flush of pods that have been set aside for five minutes: whatever lets a pod
//! fit here is a change that the scheduler hears of.

mod node_info;
mod unschedulable;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use api::{Change, Key, Node, Object, Pod, Uid, Verb};
use engine::{Distribution, Random, Source, Stream, Streams};
use record::Record;

use crate::{
    Cx,
    api_server::ApiServer,
    event::{self, class},
    token_bucket::TokenBucket,
};
use node_info::{NodeInfo, spread_scores};
use unschedulable::Unschedulable;

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
    /// The back-off of pods that fitted nowhere is over, and something changed meanwhile.
    Retry,
}

/// A pod and the node chosen for it.
#[derive(Clone, Debug)]
pub struct Binding {
    pub(crate) pod: Key,
    pub(crate) uid: Uid,
    pub(crate) node: Arc<str>,
}

/// How long the scheduler's parts take.
#[derive(Clone, Debug)]
pub struct Config {
    /// A scheduling cycle.
    pub cycle: Distribution,
    /// From sending a binding to its reaching the API server.
    pub api_call: Distribution,
    /// Bindings a second; `None` for no limit. 50 by default
    /// (`pkg/scheduler/apis/config/v1/defaults.go`).
    pub qps: Option<f64>,
    /// How many at once after a pause, 100 by default.
    pub burst: u32,
}

/// kube-scheduler.
#[derive(Debug)]
pub struct Scheduler {
    config: Config,
    /// Pods waiting for a cycle, first come first served.
    queue: VecDeque<Key>,
    /// Whether a cycle is under way.
    busy: bool,
    /// Pods that fitted nowhere.
    unschedulable: Unschedulable,
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

impl Scheduler {
    /// A scheduler of an empty cluster.
    #[must_use]
    pub fn new(config: Config, streams: &Streams) -> Self {
        Self {
            queue: VecDeque::new(),
            busy: false,
            unschedulable: Unschedulable::default(),
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
            Object::Node(node) => self.observe_node(change.verb, node, cx),
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
                    self.reactivate(cx);
                }
            }
            Event::Retry => self.retry(cx),
        }
    }

    fn observe_pod(&mut self, verb: Verb, pod: &Arc<Pod>, cx: &mut Cx<'_>) {
        let key = pod.meta.key();
        if verb == Verb::Deleted || pod.is_terminal() {
            self.place(&key, None);
            self.unschedulable.forget(&key);
            // A pod that was on no node leaves no room behind.
            if self.pods.remove(&key).is_some() && pod.node_name.is_some() {
                self.reactivate(cx);
            }
            return;
        }
        let known =
            self.pods.entry(key.clone()).or_insert_with(|| Placed { pod: pod.clone(), node: None });
        let before = std::mem::replace(&mut known.pod, pod.clone());
        // A pod counts for other things from when it is being deleted.
        if before.meta.is_terminating() != pod.meta.is_terminating()
            && let Some(info) = known.node.as_ref().and_then(|name| self.nodes.get_mut(name))
        {
            info.count(&before, false);
            info.count(pod, true);
        }
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

    fn observe_node(&mut self, verb: Verb, node: &Arc<Node>, cx: &mut Cx<'_>) {
        let name = &node.meta.name;
        if verb == Verb::Deleted {
            self.nodes.remove(name);
            return;
        }
        if let Some(info) = self.nodes.get_mut(name) {
            info.node = node.clone();
        } else {
            let mut info = NodeInfo::new(node.clone());
            // Pods may have been heard of before their node.
            let here = self.pods.values().filter(|placed| placed.node.as_ref() == Some(name));
            here.for_each(|placed| info.count(&placed.pod, true));
            self.nodes.insert(name.clone(), info);
        }
        self.reactivate(cx);
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
        self.unschedulable.forget(&key);
        self.place(&key, Some(node.clone()));
        let sent = self.client.take(cx.now);
        let stored = sent + self.config.api_call.sample(&mut self.delays);
        let binding = Box::new(Binding { pod: key, uid: pod.meta.uid.clone(), node });
        cx.agenda.at(stored, SOURCE, event::Event::Scheduler(Event::Bind { binding }));
    }

    /// Keeps a pod that fits nowhere for later, and says so the first time.
    fn set_aside(&mut self, key: Key, pod: &Pod, cx: &mut Cx<'_>) {
        if self.unschedulable.failed(key, cx.now) == 1 {
            let reason = self.fit_error(pod).into();
            cx.recorder.record(cx.now, &Record::PodUnschedulable { pod: pod.id, reason });
        }
    }

    /// Why a pod fits nowhere, as the event `FailedScheduling` and the pod's condition say it
    /// (`framework/types.go`, `FitError`). *Left out:* what preemption adds.
    fn fit_error(&self, pod: &Pod) -> String {
        if self.nodes.is_empty() {
            return "no nodes available to schedule pods".to_owned();
        }
        let mut nodes_by_reason: BTreeMap<&str, u32> = BTreeMap::new();
        for reason in self.nodes.values().flat_map(|node| node.misfits(pod)) {
            *nodes_by_reason.entry(reason).or_default() += 1;
        }
        let mut reasons: Vec<String> =
            nodes_by_reason.iter().map(|(reason, nodes)| format!("{nodes} {reason}")).collect();
        reasons.sort();
        format!("0/{} nodes are available: {}.", self.nodes.len(), reasons.join(", "))
    }

    /// Something changed that may let a pod fit: those set aside are tried again, at once or when
    /// their back-off is over.
    fn reactivate(&mut self, cx: &mut Cx<'_>) {
        self.unschedulable.something_changed();
        self.retry(cx);
    }

    /// Queues the pods whose back-off is over, and plans to come back for the others.
    fn retry(&mut self, cx: &mut Cx<'_>) {
        self.queue.extend(self.unschedulable.take_due(cx.now));
        if let Some(at) = self.unschedulable.next_retry(cx.now) {
            cx.agenda.at(at, SOURCE, event::Event::Scheduler(Event::Retry));
        }
        self.start_cycle(cx);
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

#[cfg(test)]
mod tests;
