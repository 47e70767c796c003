//! The status a kubelet reports of a pod (`pkg/kubelet/status/generate.go`).

use std::sync::Arc;

use api::{
    Phase, Pod, PodStatus, Timestamp,
    pod::{ContainerStatus, ReadyCondition},
};

use engine::Time;

use super::{
    Worker,
    container::{Container, State},
    readiness::{Readiness, pod_ready},
};

impl Worker {
    pub(super) fn new(pod: Arc<Pod>) -> Self {
        let containers = pod.spec.containers.iter().map(Container::new).collect();
        let terminating = pod.meta.is_terminating();
        Self {
            pod,
            address: None,
            containers,
            has_sandbox: false,
            terminating,
            gone: false,
            ended: false,
            report_pending: false,
        }
    }

    /// Running containers: their indices and how often they were restarted.
    pub(super) fn running(&self) -> impl Iterator<Item = (u8, u32)> {
        self.containers
            .iter()
            .enumerate()
            .filter(|(_, container)| container.state == State::Running)
            .map(|(index, container)| (index as u8, container.restarts))
    }

    /// The pod's status now.
    pub(super) fn status(
        &self,
        direct: bool,
        (now, clock): (Time, &dyn Fn(Time) -> Timestamp),
        stored: &PodStatus,
    ) -> PodStatus {
        let ever_started = self.containers.iter().all(|container| {
            let told = !direct || container.declared_started;
            (container.state != State::Waiting && told) || container.restarts > 0
        });
        let phase = if self.ended {
            let badly = self.containers.iter().any(Container::has_failed);
            if badly { Phase::Failed } else { Phase::Succeeded }
        } else if ever_started {
            Phase::Running
        } else {
            Phase::Pending
        };
        let each = self.containers.iter();
        let containers: Vec<ContainerStatus> = each.map(|it| it.status(direct, clock)).collect();
        // Of the gates it knows what it has heard, and leaves to others what they have written
        // since.
        let heard = &self.pod.status.conditions;
        let ready = pod_ready(&self.pod.spec, Some(&containers), heard, phase);
        PodStatus {
            phase,
            pod_ip: if ever_started || self.ended { self.address } else { None },
            ready: Some(dated(ready, clock(now), stored)),
            containers,
            conditions: stored.conditions.clone(),
        }
    }

    /// Whether what it heard of the pod's gates makes another Ready condition than the one that is
    /// stored (`NeedToReconcilePodReadiness`).
    pub(super) fn gates_moved(&self) -> bool {
        let (spec, status) = (&self.pod.spec, &self.pod.status);
        if spec.readiness_gates.is_empty() || self.ended {
            return false;
        }
        let ready = pod_ready(spec, Some(&status.containers), &status.conditions, status.phase);
        let stored = status.ready.as_ref();
        stored.is_some_and(|it| it.status != ready.status || *it.message != ready.message)
    }
}

/// The Ready condition; one that stays what it was keeps its date.
fn dated(ready: Readiness, now: Timestamp, stored: &PodStatus) -> ReadyCondition {
    let Readiness { status, reason, message } = ready;
    let kept = stored.ready.as_ref().filter(|condition| condition.status == status);
    let last_transition_time = kept.map_or(Some(now), |condition| condition.last_transition_time);
    ReadyCondition { status, last_transition_time, reason, message: message.into() }
}
