//! How a kubelet asks the programs in its containers (`pkg/kubelet/prober`).

use api::{ContainerId, RuntimeRequest, runtime_interface::ProbeKind};
use record::Record;

use super::{Event, Kubelet, container::State};
use crate::{
    Cx,
    prober::{Tick, Verdict},
};

impl Kubelet {
    /// Plans the first turn of each probe, before its container runs. From then on its turns come at
    /// its own period, whatever becomes of the container.
    pub(super) fn start_probes(&mut self, id: ContainerId, cx: &mut Cx<'_>) {
        let Some(container) = self.container(id) else { return };
        let turns: Vec<_> =
            container.probes.iter().map(|probe| (probe.kind, probe.generation)).collect();
        for (kind, generation) in turns {
            self.plan(cx.now, Event::Probe { container: id, kind, generation }, cx);
        }
    }

    pub(super) fn probe(
        &mut self,
        id: ContainerId,
        kind: ProbeKind,
        generation: u32,
        cx: &mut Cx<'_>,
    ) {
        let now = cx.now;
        let Some(worker) = self.pods.get_mut(&id.pod) else { return };
        // Liveness and start-up are asked no more once a pod is being deleted; readiness is.
        if worker.ended || (worker.terminating && kind != ProbeKind::Readiness) {
            return;
        }
        let container = &mut worker.containers[usize::from(id.index)];
        let waits = container.state != State::Running || !container.known;
        let startup_passed = container.startup_passed();
        let started = container.started;
        let Some(probe) = container.probes.iter_mut().find(|probe| probe.kind == kind) else {
            return;
        };
        if probe.generation != generation {
            return;
        }
        let (tick, period) = (probe.tick(now, started, startup_passed), probe.period());
        let port = probe.port;
        if tick == Tick::Ask && !waits {
            self.runtime(RuntimeRequest::Probe { container: id, kind, port }, cx);
        }
        self.plan(now + period, Event::Probe { container: id, kind, generation }, cx);
    }

    pub(super) fn probed(
        &mut self,
        id: ContainerId,
        kind: ProbeKind,
        success: bool,
        cx: &mut Cx<'_>,
    ) {
        let Some(worker) = self.pods.get_mut(&id.pod) else { return };
        let container = &mut worker.containers[usize::from(id.index)];
        if container.state != State::Running {
            return;
        }
        let Some(probe) = container.probes.iter_mut().find(|probe| probe.kind == kind) else {
            return;
        };
        let grace = probe.probe.termination_grace_period_seconds;
        let verdict = probe.answer(success);
        if probe.began_to_fail() {
            let (pod, container, port) = (id.pod, id.index, probe.port);
            cx.recorder.record(cx.now, &Record::ProbeFailed { pod, container, probe: kind, port });
        }
        match (verdict, kind) {
            (Verdict::Unchanged, _) => {}
            (Verdict::Failure, ProbeKind::Startup | ProbeKind::Liveness) => {
                self.kill_to_restart(id, grace, cx);
            }
            (Verdict::Success | Verdict::Failure, _) => self.changed_now(id.pod, cx),
        }
    }

    /// Ends a container that a probe condemned; its restart policy brings it back.
    pub(super) fn kill_to_restart(&mut self, id: ContainerId, grace: Option<u32>, cx: &mut Cx<'_>) {
        let Some(worker) = self.pods.get(&id.pod) else { return };
        let seconds = grace.unwrap_or(worker.pod.spec.termination_grace_period_seconds);
        let restarts = worker.containers[usize::from(id.index)].restarts;
        self.end_container(id, restarts, seconds, cx);
    }
}
