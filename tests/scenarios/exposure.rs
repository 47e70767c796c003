//! Pods that are listed by a proxy though they do not listen, from the record stream alone.
//!
//! A request is lost where its node's rules lead to such a pod, so with clients on every node alike
//! what a run may be expected to lose can be integrated from what its proxies and its programs did,
//! without a look at its requests.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use api::{NodeId, PodId};
use engine::{Span, Time};
use record::Record;

/// The pods that a node's connections go to.
type Rules = Arc<[PodId]>;

/// What was listed and what listened, over a run of one Service.
#[derive(Default)]
pub(crate) struct Exposure {
    listed: BTreeMap<NodeId, Rules>,
    /// What was put in force on each node, and when.
    history: BTreeMap<NodeId, Vec<(Time, Rules)>>,
    listening: BTreeSet<PodId>,
    closed: BTreeMap<PodId, Time>,
    dropped: BTreeMap<(NodeId, PodId), Time>,
    now: Time,
    begun: bool,
    /// Seconds, each weighed with the share of connections that went to a pod that did not listen.
    pub(crate) dead_secs: f64,
    /// Seconds weighed with the share of connections that no pod was listed for.
    pub(crate) empty_secs: f64,
}

impl Exposure {
    /// The exposure of a run.
    pub(crate) fn of(records: &[(Time, Record)]) -> Self {
        let mut exposure = Self::default();
        for (time, record) in records {
            exposure.pass(*time);
            exposure.fold(*time, record);
        }
        exposure
    }

    fn pass(&mut self, now: Time) {
        let seconds = now.since(self.now).as_secs_f64();
        self.now = now;
        if !self.begun || seconds <= 0.0 {
            return;
        }
        let share = seconds / self.listed.len() as f64;
        for pods in self.listed.values() {
            if pods.is_empty() {
                self.empty_secs += share;
                continue;
            }
            let dead = pods.iter().filter(|pod| !self.listening.contains(pod)).count();
            self.dead_secs += share * dead as f64 / pods.len() as f64;
        }
    }

    fn fold(&mut self, now: Time, record: &Record) {
        match record {
            Record::NodeAdded { node, .. } => {
                self.listed.insert(*node, Arc::default());
            }
            Record::ScenarioBegan => self.begun = true,
            Record::ListenerOpened { pod, .. } => {
                self.listening.insert(*pod);
            }
            Record::ListenerClosed { pod, .. } => {
                self.listening.remove(pod);
                self.closed.insert(*pod, now);
            }
            Record::RulesProgrammed { node, pods, .. } => {
                self.history.entry(*node).or_default().push((now, pods.clone()));
                let before = self.listed.insert(*node, pods.clone()).unwrap_or_default();
                for pod in before.iter().filter(|pod| !pods.contains(pod)) {
                    self.dropped.insert((*node, *pod), now);
                }
            }
            _ => {}
        }
    }

    /// For each pod that closed its listener, and each node: how much later its rules dropped it;
    /// zero where they had done so before.
    pub(crate) fn windows(&self) -> Vec<Span> {
        let nodes = self.listed.keys();
        let pairs = nodes.flat_map(|node| self.closed.iter().map(move |closed| (*node, closed)));
        pairs
            .map(|(node, (pod, closed))| {
                self.dropped.get(&(node, *pod)).map_or(self.now, |dropped| *dropped).since(*closed)
            })
            .collect()
    }

    /// The pods that closed their listeners, and when.
    pub(crate) fn closed(&self) -> impl Iterator<Item = (PodId, Time)> {
        self.closed.iter().map(|(pod, closed)| (*pod, *closed))
    }

    /// Seconds before `end`, each weighed with the share of connections that went to `pod` then.
    /// Seconds so far away count less: `weight` is their weight summed from there to `end`.
    pub(crate) fn share_before(&self, pod: PodId, end: Time, weight: impl Fn(f64) -> f64) -> f64 {
        let ago = |time: Time| weight(end.since(time).as_secs_f64());
        let mut sum = 0.0;
        for history in self.history.values() {
            for (index, (from, pods)) in history.iter().enumerate() {
                if pods.contains(&pod) {
                    let until = history.get(index + 1).map_or(end, |(until, _)| *until);
                    sum += (ago(*from) - ago(until)) / pods.len() as f64;
                }
            }
        }
        sum / self.listed.len() as f64
    }

    /// When a node's rules last dropped a pod.
    pub(crate) fn last_dropped(&self) -> Option<Time> {
        self.dropped.values().max().copied()
    }
}
