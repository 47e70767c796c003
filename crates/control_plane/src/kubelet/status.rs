//! The status a kubelet reports of a pod (`pkg/kubelet/status/generate.go`).

use std::sync::Arc;

use api::{
    Phase, Pod, PodStatus, Timestamp,
    pod::{ContainerStatus, ReadyCondition},
};

use super::{
    Worker,
    container::{Container, State},
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

    /// The pod's status now; a condition that stays what it was keeps its date.
    pub(super) fn status(&self, direct: bool, now: Timestamp, stored: &PodStatus) -> PodStatus {
        let ever_started = self.containers.iter().all(|container| {
            let told = !direct || container.declared_started;
            (container.state != State::Waiting && told) || container.restarts > 0
        });
        let phase = if self.ended {
            let failed = |container: &Container| container.exit_code.is_some_and(|code| code != 0);
            let badly = self.containers.iter().any(failed);
            if badly { Phase::Failed } else { Phase::Succeeded }
        } else if ever_started {
            Phase::Running
        } else {
            Phase::Pending
        };
        let ready =
            !self.ended && self.containers.iter().all(|container| container.is_ready(direct));
        let last_transition_time = stored
            .ready
            .filter(|condition| condition.status == ready)
            .map_or(Some(now), |condition| condition.last_transition_time);
        PodStatus {
            phase,
            pod_ip: if ever_started || self.ended { self.address } else { None },
            ready: Some(ReadyCondition { status: ready, last_transition_time }),
            containers: self
                .containers
                .iter()
                .map(|container| ContainerStatus {
                    ready: container.is_ready(direct),
                    started: container.is_started(),
                    restart_count: container.restarts,
                })
                .collect(),
        }
    }
}
