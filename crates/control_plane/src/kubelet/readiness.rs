//! Whether a pod is ready, and why not (`pkg/kubelet/status/generate.go`).
//!
//! A pod is Ready when all its containers are and every condition that its readiness gates name is
//! True. *Left out:* the condition Initialized, as there are no init containers.

use api::{
    Phase, PodSpec,
    pod::{ContainerStatus, GateCondition},
};

/// A condition: whether it is True, and why not.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Readiness {
    /// Whether it is.
    pub status: bool,
    /// Why it is not, in a word.
    pub reason: &'static str,
    /// The same in a sentence; empty where the word is enough.
    pub message: String,
}

impl Readiness {
    fn not(reason: &'static str, message: String) -> Self {
        Self { status: false, reason, message }
    }
}

/// `ContainersReady`, by the containers' statuses in the order of the spec: `None` where nothing is
/// known of any, fewer than there are containers where nothing is known of the last ones.
#[must_use]
pub fn containers_ready(
    spec: &PodSpec,
    statuses: Option<&[ContainerStatus]>,
    phase: Phase,
) -> Readiness {
    let Some(statuses) = statuses else {
        return Readiness::not("UnknownContainerStatuses", String::new());
    };
    let (mut unknown, mut unready) = (Vec::new(), Vec::new());
    for (place, container) in spec.containers.iter().enumerate() {
        match statuses.get(place) {
            None => unknown.push(&*container.name),
            Some(status) if !status.ready => unready.push(&*container.name),
            Some(_) => {}
        }
    }
    if phase == Phase::Succeeded && unknown.is_empty() {
        return Readiness::not("PodCompleted", String::new());
    }
    if phase == Phase::Failed {
        return Readiness::not("PodFailed", String::new());
    }
    let kinds = [("unknown", unknown), ("unready", unready)].into_iter();
    let messages: Vec<String> = kinds
        .filter(|(_, names)| !names.is_empty())
        .map(|(kind, names)| format!("containers with {kind} status: [{}]", names.join(" ")))
        .collect();
    if messages.is_empty() {
        Readiness { status: true, ..Readiness::default() }
    } else {
        Readiness::not("ContainersNotReady", messages.join(", "))
    }
}

/// `Ready`: the containers first, then the gates, by the conditions that others wrote.
#[must_use]
pub fn pod_ready(
    spec: &PodSpec,
    statuses: Option<&[ContainerStatus]>,
    conditions: &[GateCondition],
    phase: Phase,
) -> Readiness {
    let containers = containers_ready(spec, statuses, phase);
    if !containers.status {
        return containers;
    }
    let gates = spec.readiness_gates.iter();
    let messages: Vec<String> = gates.filter_map(|gate| shut(gate, conditions)).collect();
    if messages.is_empty() {
        containers
    } else {
        Readiness::not("ReadinessGatesNotReady", messages.join(", "))
    }
}

/// Why a gate is shut; `None` where it is not.
fn shut(gate: &str, conditions: &[GateCondition]) -> Option<String> {
    match conditions.iter().find(|condition| *condition.kind == *gate) {
        None => Some(format!(
            "corresponding condition of pod readiness gate \"{gate}\" does not exist."
        )),
        Some(condition) if !condition.status => {
            Some(format!("the status of pod readiness gate \"{gate}\" is not \"True\", but False"))
        }
        Some(_) => None,
    }
}
