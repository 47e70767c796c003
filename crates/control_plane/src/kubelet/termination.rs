//! How a kubelet ends a pod: hooks, SIGTERM, the rest of the grace period, SIGKILL, and the clearing
//! up afterwards (`pkg/kubelet/kuberuntime/kuberuntime_container.go:killContainer`).

use api::{ContainerId, PodId, RuntimeRequest};
use engine::Span;
use record::Record;

use super::{Event, Kubelet, MINIMUM_GRACE_SECONDS, container::State};
use crate::Cx;

impl Kubelet {
    /// `SyncTerminatingPod`: the hooks, SIGTERM, the rest of the grace period, SIGKILL.
    pub(super) fn terminate(&mut self, pod: PodId, cx: &mut Cx<'_>) {
        let Some(worker) = self.pods.get(&pod) else { return };
        // However short the period was asked to be, the kubelet gives a second.
        let grace = worker.pod.meta.deletion_grace_period_seconds.unwrap_or(0).max(1);
        let running: Vec<(u8, u32)> = worker.running().collect();
        if running.is_empty() {
            self.all_exited(pod, cx);
            return;
        }
        for (index, restarts) in running {
            self.end_container(ContainerId { pod, index }, restarts, grace, cx);
        }
    }

    /// `killContainer`: the hook, at most as long as the grace period, then SIGTERM, and SIGKILL
    /// when what is left of the period is over.
    pub(super) fn end_container(
        &self,
        container: ContainerId,
        restarts: u32,
        grace_seconds: u32,
        cx: &mut Cx<'_>,
    ) {
        let Some(worker) = self.pods.get(&container.pod) else { return };
        let hook = worker.pod.spec.containers[usize::from(container.index)].pre_stop.as_ref();
        let hook_seconds = hook.map_or(0, api::pod::PreStop::seconds).min(grace_seconds);
        let sigterm = cx.now + Span::from_secs(u64::from(hook_seconds));
        let rest = u64::from(grace_seconds - hook_seconds).max(MINIMUM_GRACE_SECONDS);
        self.plan(sigterm, Event::Sigterm { container, restarts }, cx);
        self.plan(sigterm + Span::from_secs(rest), Event::Sigkill { container, restarts }, cx);
    }

    /// Whether a container runs and is the one that something was planned for.
    fn is_alive(&mut self, id: ContainerId, restarts: u32) -> bool {
        self.container(id).is_some_and(|container| {
            container.state == State::Running && container.restarts == restarts
        })
    }

    pub(super) fn sigterm(&mut self, id: ContainerId, restarts: u32, cx: &mut Cx<'_>) {
        if self.is_alive(id, restarts) {
            let record = Record::ContainerTerminated { pod: id.pod, container: id.index };
            cx.recorder.record(cx.now, &record);
            self.runtime(RuntimeRequest::Terminate { container: id }, cx);
        }
    }

    pub(super) fn sigkill(&mut self, id: ContainerId, restarts: u32, cx: &mut Cx<'_>) {
        if self.is_alive(id, restarts) {
            let record = Record::ContainerKilled { pod: id.pod, container: id.index };
            cx.recorder.record(cx.now, &record);
            self.runtime(RuntimeRequest::Kill { container: id }, cx);
        }
    }

    pub(super) fn exited(&mut self, id: ContainerId, code: u8, cx: &mut Cx<'_>) {
        let Some(worker) = self.pods.get_mut(&id.pod) else { return };
        let container = &mut worker.containers[usize::from(id.index)];
        container.exited_at(cx.now, code);
        if worker.terminating {
            if worker.running().next().is_none() {
                self.all_exited(id.pod, cx);
            }
            return;
        }
        // The back-off counts from the end, but the end has to be noticed first.
        container.restart_at = Some(cx.now + container.next_back_off());
        container.restarts += 1;
        self.changed(id.pod, cx);
    }

    /// Nothing of the pod runs any more: its network goes, and its terminal status is reported.
    pub(super) fn all_exited(&mut self, pod: PodId, cx: &mut Cx<'_>) {
        let Some(worker) = self.pods.get_mut(&pod) else { return };
        // Its sandbox is stopped, and the address free, before it says that it has ended: so there is
        // one for the pod that the scheduler puts in its place.
        if let Some(address) = worker.address.filter(|_| !worker.ended) {
            self.addresses.give_back(address);
        }
        worker.ended = true;
        let removal = cx.now + self.config.sandbox_removal.sample(&mut self.delays);
        self.plan(removal, Event::RemoveSandbox(pod), cx);
        self.send_report(pod, cx);
    }

    /// The API object is gone. What still runs of it (a forced delete) is ended like any other pod,
    /// with the shortest grace period there is.
    pub(super) fn forget(&mut self, pod: PodId, cx: &mut Cx<'_>) {
        let Some(worker) = self.pods.get_mut(&pod) else { return };
        if worker.ended {
            self.pods.remove(&pod);
            return;
        }
        worker.gone = true;
        if !worker.terminating {
            worker.terminating = true;
            self.react(Event::Terminate(pod), cx);
        }
    }

    /// The pod's network goes; a pod without an object is done with.
    pub(super) fn remove_sandbox(&mut self, pod: PodId, cx: &mut Cx<'_>) {
        self.runtime(RuntimeRequest::RemoveSandbox { pod }, cx);
        if self.pods.get(&pod).is_some_and(|worker| worker.gone) {
            self.pods.remove(&pod);
        }
    }
}
