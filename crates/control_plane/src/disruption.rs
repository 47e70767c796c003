//! What a PodDisruptionBudget allows at a moment (`pkg/controller/disruption`).
//!
//! *Left out:* the controller itself, so nobody writes this into a budget while a run goes on, and
//! pods whose eviction is under way, for nobody evicts one.

use std::collections::BTreeMap;

use api::{
    IntOrPercent, Pod, PodDisruptionBudget, PodDisruptionBudgetSpec, PodDisruptionBudgetStatus, Uid,
};

/// The workload that a pod is one of, and how many pods that is to have (`controllerAndScale`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControllerAndScale {
    /// The workload's unique id.
    pub uid: Uid,
    /// `spec.replicas` of it.
    pub scale: i32,
}

/// The status of a budget, where these are all pods there are and `scale_of` finds the workload that
/// a pod is one of.
#[must_use]
pub fn status<'p>(
    budget: &PodDisruptionBudget,
    pods: impl IntoIterator<Item = &'p Pod>,
    scale_of: impl Fn(&Pod) -> Option<ControllerAndScale>,
) -> PodDisruptionBudgetStatus {
    let spec = &budget.spec;
    let selects = |pod: &&Pod| {
        let selected = spec.selector.as_ref().is_some_and(|it| it.matches(&pod.meta.labels));
        selected && pod.meta.namespace == budget.meta.namespace
    };
    let pods: Vec<&Pod> = pods.into_iter().filter(selects).collect();
    let (expected_pods, desired_healthy) = expected(spec, &pods, scale_of);
    let healthy = |pod: &&&Pod| pod.is_ready() && !pod.meta.is_terminating();
    let current_healthy = count(pods.iter().filter(healthy).count());
    let spare = (current_healthy - desired_healthy).max(0);
    let disruptions_allowed = if expected_pods > 0 { spare } else { 0 };
    PodDisruptionBudgetStatus {
        disruptions_allowed,
        current_healthy,
        desired_healthy,
        expected_pods,
    }
}

/// How many pods there are to be, and how many of them ready (`getExpectedPodCount`).
fn expected(
    spec: &PodDisruptionBudgetSpec,
    pods: &[&Pod],
    scale_of: impl Fn(&Pod) -> Option<ControllerAndScale>,
) -> (i32, i32) {
    match (spec.max_unavailable, spec.min_available) {
        (Some(most), _) => {
            let expected = expected_scale(pods, scale_of);
            (expected, (expected - most.scaled(expected, true)).max(0))
        }
        (None, Some(IntOrPercent::Int(least))) => (count(pods.len()), least),
        (None, Some(least @ IntOrPercent::Percent(_))) => {
            let expected = expected_scale(pods, scale_of);
            (expected, least.scaled(expected, true))
        }
        (None, None) => (0, 0),
    }
}

/// How many pods the workloads of these are to have; pods of none count as none (`getExpectedScale`).
fn expected_scale(pods: &[&Pod], scale_of: impl Fn(&Pod) -> Option<ControllerAndScale>) -> i32 {
    let workloads = pods.iter().filter_map(|pod| scale_of(pod));
    let scales: BTreeMap<Uid, i32> = workloads.map(|it| (it.uid, it.scale)).collect();
    scales.values().sum()
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
