//! Probes: what a balancer asks pods beside its requests, and how they answer (Prequal).
//!
//! A probe takes one way to its pod, where the program says how it is at that moment, and the same way
//! back. A pod whose address is gone does not answer, and neither does a program that has ended.

use api::PodId;
use engine::{Source, Span, Time};
use policy::Report;

use crate::{
    Cx, DataPlane,
    event::{Event, class},
    ingress::WorkerId,
    mesh::SidecarId,
    runtime::Runtime,
    server::Server,
};

/// A probe, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeId(u32);

/// Whose balancer asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// A sender's own.
    Sidecar(SidecarId),
    /// One of the Ingress controller's.
    Worker(WorkerId),
}

/// A probe on its way.
#[derive(Clone, Copy)]
struct Probe {
    asker: Asker,
    pod: PodId,
    delay: Span,
    /// What the program said.
    report: Option<Report>,
}

/// What comes back to whoever asked.
struct Answer {
    asker: Asker,
    pod: PodId,
    report: Report,
}

/// All probes on their way.
#[derive(Default)]
pub(crate) struct Probes {
    all: Vec<Probe>,
    /// Places among them that are free.
    free: Vec<u32>,
}

impl Probes {
    /// Asks pods; `delay` is one way to a pod, `None` where its address is gone.
    pub(crate) fn send(
        &mut self,
        asker: Asker,
        pods: impl Iterator<Item = PodId>,
        delay: impl Fn(PodId) -> Option<Span>,
        cx: &mut Cx<'_>,
    ) {
        for pod in pods {
            let Some(delay) = delay(pod) else { continue };
            let probe = Probe { asker, pod, delay, report: None };
            let place = self.free.pop().unwrap_or(self.all.len() as u32);
            match self.all.get_mut(place as usize) {
                Some(free) => *free = probe,
                None => self.all.push(probe),
            }
            cx.agenda.at(cx.now + delay, source(asker), Event::ProbePod(ProbeId(place)));
        }
    }

    /// A probe reaches its pod, whose program says how it is.
    pub(crate) fn arrive(&mut self, id: ProbeId, runtime: &mut Runtime, cx: &mut Cx<'_>) {
        let probe = &mut self.all[id.0 as usize];
        let runs = runtime.first_server(probe.pod).is_some_and(Server::is_running);
        probe.report = runs.then(|| runtime.report(probe.pod, cx.now)).flatten();
        cx.agenda.at(cx.now + probe.delay, source(probe.asker), Event::HearProbe(id));
    }

    /// What a pod said comes back; `None` where it said nothing.
    fn come_back(&mut self, id: ProbeId) -> Option<Answer> {
        let Probe { asker, pod, report, .. } = self.all[id.0 as usize];
        self.free.push(id.0);
        report.map(|report| Answer { asker, pod, report })
    }
}

impl DataPlane {
    /// What a pod said comes back to the balancer that asked.
    pub(crate) fn hear_probe(&mut self, id: ProbeId, now: Time) {
        let Some(Answer { asker, pod, report }) = self.probes.come_back(id) else { return };
        match asker {
            Asker::Sidecar(sidecar) => {
                let mesh = self.mesh.iter_mut();
                mesh.for_each(|mesh| mesh.reported(sidecar, pod, now, &report));
            }
            Asker::Worker(worker) => {
                let (place, worker) = worker.places(self.ingress_pods[0].workers());
                self.ingress_pods[place].reported(worker, pod, now, &report);
            }
        }
    }
}

fn source(asker: Asker) -> Source {
    match asker {
        Asker::Sidecar(id) => id.source(),
        Asker::Worker(id) => Source { class: class::INGRESS, entity: id.number() },
    }
}
