//! Which nodes a pod fits on, and how good each of them is.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use api::{Node, Pod, Uid, pod::Resources};

/// What a pod without requests counts for in scores (`util/pod_resources.go`).
const MISSING: Resources = Resources { cpu_millis: 100, memory_bytes: 200 << 20 };

/// A node and what is on it.
#[derive(Debug)]
pub(super) struct NodeInfo {
    pub(super) node: Arc<Node>,
    pub(super) requested: Resources,
    /// The same with [`MISSING`] for containers that say nothing.
    counted: Resources,
    pods: u32,
    /// Pods by owner, for spreading; those that are being deleted do not count.
    pub(super) by_owner: BTreeMap<Uid, u32>,
}

impl NodeInfo {
    pub(super) fn new(node: Arc<Node>) -> Self {
        Self {
            node,
            requested: Resources::default(),
            counted: Resources::default(),
            pods: 0,
            by_owner: BTreeMap::new(),
        }
    }

    pub(super) fn count(&mut self, pod: &Pod, present: bool) {
        let change = |total: &mut u64, amount: u64| {
            *total =
                if present { total.saturating_add(amount) } else { total.saturating_sub(amount) };
        };
        let (requests, counted) = (pod.spec.requests(), counted(pod));
        change(&mut self.requested.cpu_millis, requests.cpu_millis);
        change(&mut self.requested.memory_bytes, requests.memory_bytes);
        change(&mut self.counted.cpu_millis, counted.cpu_millis);
        change(&mut self.counted.memory_bytes, counted.memory_bytes);
        self.pods = if present { self.pods + 1 } else { self.pods.saturating_sub(1) };
        if let Some(owner) = pod.meta.owner.as_ref().filter(|_| !pod.meta.is_terminating()) {
            let count = self.by_owner.entry(owner.uid.clone()).or_insert(0);
            *count = if present { *count + 1 } else { count.saturating_sub(1) };
        }
    }

    pub(super) fn fits(&self, pod: &Pod) -> bool {
        self.misfits(pod).is_empty()
    }

    /// Why a pod does not fit, in the words of the filter that says so first: `NodeUnschedulable`,
    /// `NodeAffinity` (by node selector) or `NodeResourcesFit`.
    pub(super) fn misfits(&self, pod: &Pod) -> Vec<&'static str> {
        if self.node.unschedulable {
            return vec!["node(s) were unschedulable"];
        }
        if !api::selector::matches_all(&pod.spec.node_selector, &self.node.meta.labels) {
            return vec!["node(s) didn't match Pod's node affinity/selector"];
        }
        let (requests, requested) = (pod.spec.requests(), self.requested);
        let allocatable = self.node.allocatable;
        // A sum that is no number any more fits nowhere.
        let full =
            |used: u64, wanted: u64, all: u64| used.checked_add(wanted).is_none_or(|sum| sum > all);
        // Most pods fit, and an empty list costs nothing.
        let mut misfits = Vec::new();
        if self.pods >= self.node.max_pods {
            misfits.push("Too many pods");
        }
        if full(requested.cpu_millis, requests.cpu_millis, allocatable.cpu_millis) {
            misfits.push("Insufficient cpu");
        }
        if full(requested.memory_bytes, requests.memory_bytes, allocatable.memory_bytes) {
            misfits.push("Insufficient memory");
        }
        misfits
    }

    /// `NodeResourcesFit` with `LeastAllocated`: the free share, in percent.
    pub(super) fn least_allocated(&self, pod: &Pod) -> i64 {
        let counted = counted(pod);
        let free = |total: u64, used: u64| {
            if total == 0 || used > total {
                return 0;
            }
            (u128::from(total - used) * 100 / u128::from(total)) as i64
        };
        let allocatable = self.node.allocatable;
        let used = self.counted.saturating_add(counted);
        let cpu = free(allocatable.cpu_millis, used.cpu_millis);
        let memory = free(allocatable.memory_bytes, used.memory_bytes);
        (cpu + memory) / 2
    }

    /// `NodeResourcesBalancedAllocation` of 1.36: whether the pod brings CPU and memory closer.
    pub(super) fn balanced_allocation(&self, pod: &Pod) -> i64 {
        let added = pod.spec.requests();
        let score = |extra: Resources| {
            let share = |used: u64, total: u64| {
                if total == 0 { 0.0 } else { (used as f64 / total as f64).min(1.0) }
            };
            let (used, all) = (self.requested.saturating_add(extra), self.node.allocatable);
            let cpu = share(used.cpu_millis, all.cpu_millis);
            let memory = share(used.memory_bytes, all.memory_bytes);
            ((1.0 - (cpu - memory).abs() / 2.0) * 100.0).floor() as i64
        };
        50 + (50 + score(added) - score(Resources::default())) / 2
    }
}

/// What a pod counts for in scores: 100m and 200Mi for a container that requests nothing.
fn counted(pod: &Pod) -> Resources {
    pod.spec.containers.iter().fold(Resources::default(), |sum, container| {
        let or = |given: u64, missing: u64| if given == 0 { missing } else { given };
        sum.saturating_add(Resources {
            cpu_millis: or(container.requests.cpu_millis, MISSING.cpu_millis),
            memory_bytes: or(container.requests.memory_bytes, MISSING.memory_bytes),
        })
    })
}

/// `PodTopologySpread` with the system's default constraints: host names with a skew of 3 and zones
/// with a skew of 5, over pods of the same owner; 0 to 100 a node.
pub(super) fn spread_scores(
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
    let zones_here: BTreeSet<_> = feasible.iter().map(|node| node.node.zone()).collect();
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
