//! The lives of programs: from a container's start to its end, in the program's own way.

use std::sync::Arc;

use api::{ContainerId, EnvVar, PodId, RuntimeReply, RuntimeRequest, runtime_interface::ProbeKind};
use engine::{Source, Span, Time};
use record::{Cause, ClientId, Record};

use crate::{
    Cx, DataPlane,
    behaviour::{Behaviour, OnSigterm},
    connection::Caller,
    event::{Event, class},
    server::{Listener, Server, ServerId},
};

/// How the program in an image behaves, and how often it was started.
pub(crate) struct Image {
    behaviour: Arc<Behaviour>,
    started: u64,
}

impl Image {
    pub(crate) fn new(behaviour: Arc<Behaviour>) -> Self {
        Self { behaviour, started: 0 }
    }
}

/// What kubelets and faults do to programs.
impl DataPlane {
    /// Does what a kubelet asks of the container runtime.
    pub fn runtime_requested(&mut self, request: RuntimeRequest, cx: &mut Cx<'_>) {
        match request {
            RuntimeRequest::CreateSandbox { pod, node, resolv_conf } => {
                let images = &self.images;
                self.runtime.create_sandbox(&pod, (node, resolv_conf), |image| {
                    images
                        .get(image)
                        .map(|image| image.behaviour.listen.clone())
                        .unwrap_or_default()
                });
            }
            RuntimeRequest::Start { container, environment } => {
                self.start(container, environment, cx);
            }
            RuntimeRequest::Probe { container, kind, port } => {
                let success = self.probe(container, kind, port);
                let ContainerId { pod, index: container } = container;
                self.reply(RuntimeReply::Probed { pod, container, kind, success }, cx);
            }
            RuntimeRequest::Terminate { container } => self.terminate(container, cx),
            RuntimeRequest::Kill { container } => self.kill(container, cx),
            RuntimeRequest::RemoveSandbox { pod } => self.remove_sandbox(pod, cx),
        }
    }

    /// Ends the program in a container with SIGKILL: a fault.
    pub fn crash(&mut self, pod: PodId, cx: &mut Cx<'_>) {
        for server in self.servers_of(pod) {
            self.exit(server, SIGKILL_EXIT, cx);
        }
    }

    /// Makes the programs of a pod so many times slower: a fault.
    pub fn slow_down(&mut self, pod: PodId, factor: f64) {
        for server in self.servers_of(pod) {
            self.runtime.server_mut(server).set_slowdown(factor);
        }
    }
}

/// What programs do.
impl DataPlane {
    fn start(&mut self, container: ContainerId, environment: Arc<[EnvVar]>, cx: &mut Cx<'_>) {
        let Some(image) = self.image_of(container) else { return };
        let (behaviour, turn) = (image.behaviour.clone(), image.started);
        image.started += 1;
        let listens = cx.now + behaviour.start.sample(turn, &mut self.delays);
        let server = Server::new(container, behaviour, turn);
        let Some(id) = self.runtime.start(server, environment) else { return };
        cx.agenda.at(listens, server_source(id), Event::Listen(id));
    }

    pub(crate) fn listen(&mut self, id: ServerId, cx: &mut Cx<'_>) {
        let server = self.runtime.server_mut(id);
        if !server.is_running() || server.is_ending() {
            return;
        }
        server.listen(cx.now);
        let ContainerId { pod, index } = server.container;
        let sandbox = self.runtime.sandbox(pod);
        let ports = sandbox.map(|it| it.listening.ports_of(index).collect()).unwrap_or_default();
        if self.hears(pod, index) {
            cx.recorder.record(cx.now, &Record::ListenerOpened { pod, container: index, ports });
        }
        let server = self.runtime.server(id);
        let (image, turn) = (server.behaviour.clone(), server.turn);
        self.reply(RuntimeReply::Listens { pod, container: index }, cx);
        let ready = cx.now + image.ready.sample(turn, &mut self.delays);
        cx.agenda.at(ready, server_source(id), Event::BecomeReady(id));
        if let Some(after) = image.crash_after {
            cx.agenda.at(cx.now + after, server_source(id), Event::Fail(id));
        }
        if let Some(sandbox) = self.runtime.sandbox(pod) {
            for client in &mut self.clients {
                if client.sends_from(&sandbox.namespace, &sandbox.labels) {
                    client.add_sender(pod, index, sandbox, &mut self.dns);
                }
            }
        }
    }

    pub(crate) fn become_ready(&mut self, id: ServerId, cx: &mut Cx<'_>) {
        let server = self.runtime.server_mut(id);
        if server.is_running() && !server.is_ending() {
            server.set_ready(true);
            let ContainerId { pod, index: container } = server.container;
            self.reply(RuntimeReply::BecameReady { pod, container }, cx);
        }
    }

    /// Whether a probe passes: readiness by the program's own judgement, the others if it listens.
    /// A command inside the container is taken to ask the same.
    fn probe(&self, container: ContainerId, kind: ProbeKind, port: Option<u16>) -> bool {
        let Some(server) = self.runtime.server_in(container) else { return false };
        let reached = port.is_none_or(|port| {
            self.runtime
                .sandbox(container.pod)
                .is_some_and(|sandbox| sandbox.listener_of(port) == Some(server))
        });
        let server = self.runtime.server(server);
        reached
            && match kind {
                ProbeKind::Readiness => server.is_ready(),
                ProbeKind::Liveness | ProbeKind::Startup => server.listener() == Listener::Open,
            }
    }

    /// SIGTERM.
    fn terminate(&mut self, container: ContainerId, cx: &mut Cx<'_>) {
        let Some(id) = self.runtime.server_in(container) else { return };
        let server = self.runtime.server_mut(id);
        if !server.is_running() || server.is_ending() {
            return;
        }
        let (image, turn) = (server.behaviour.clone(), server.turn);
        match image.on_sigterm {
            OnSigterm::Ignore => {}
            OnSigterm::Exit => {
                server.begin_to_end();
                let stop = image.stop.sample(turn, &mut self.delays);
                self.close(id, cx);
                self.close_connections(id, cx.now);
                let lost = self.drop_work(id, cx);
                self.runtime.server_mut(id).dropped += lost;
                self.plan_exit(id, cx.now + stop, cx);
            }
            OnSigterm::Drain { lame_duck } => {
                server.begin_to_end();
                server.set_ready(false);
                if lame_duck == Span::ZERO || server.listener() != Listener::Open {
                    self.drain(id, cx);
                } else {
                    let end = cx.now + lame_duck;
                    cx.agenda.at(end, server_source(id), Event::CloseListener(id));
                }
            }
        }
    }

    /// Closes the listener, and ends once the accepted requests are done.
    pub(crate) fn drain(&mut self, id: ServerId, cx: &mut Cx<'_>) {
        if !self.runtime.server(id).is_running() {
            return;
        }
        self.close(id, cx);
        self.leave_connections(id, cx.now);
        let server = self.runtime.server(id);
        let done = server.busy_until().max(cx.now);
        let stop = server.behaviour.stop.sample(server.turn, &mut self.delays);
        self.plan_exit(id, done + stop, cx);
    }

    fn plan_exit(&mut self, id: ServerId, at: Time, cx: &mut Cx<'_>) {
        if at == cx.now {
            self.exit(id, CLEAN_EXIT, cx);
        } else {
            cx.agenda.at(at, server_source(id), Event::Exit(id));
        }
    }

    fn kill(&mut self, container: ContainerId, cx: &mut Cx<'_>) {
        if let Some(id) = self.runtime.server_in(container) {
            self.exit(id, SIGKILL_EXIT, cx);
        }
    }

    pub(crate) fn exit(&mut self, id: ServerId, code: u8, cx: &mut Cx<'_>) {
        if !self.runtime.server(id).is_running() {
            return;
        }
        self.close(id, cx);
        self.close_connections(id, cx.now);
        let in_flight = self.drop_work(id, cx) + self.runtime.server(id).dropped;
        self.runtime.server_mut(id).end();
        let ContainerId { pod, index: container } = self.runtime.server(id).container;
        let record = Record::ContainerExited { pod, container, code, in_flight };
        cx.recorder.record(cx.now, &record);
        self.remove_sender(pod, cx);
        self.reply(RuntimeReply::Exited { pod, container, code }, cx);
    }

    /// A program that was told to end has nothing left to do, unless more has come on a connection that was
    /// open already.
    pub(crate) fn leave(&mut self, id: ServerId, cx: &mut Cx<'_>) {
        let server = self.runtime.server(id);
        let drains = matches!(server.behaviour.on_sigterm, OnSigterm::Drain { .. });
        if drains && server.busy_until() > cx.now {
            let done = server.busy_until();
            return self.plan_exit(id, done, cx);
        }
        self.exit(id, CLEAN_EXIT, cx);
    }

    /// Nobody sends from a pod any more.
    fn remove_sender(&mut self, pod: PodId, cx: &mut Cx<'_>) {
        for sidecar in self.mesh.iter().flat_map(|mesh| mesh.sidecars_of(pod)) {
            self.lines.disband(sidecar);
        }
        for client in (0..self.clients.len() as u32).map(ClientId) {
            let pool = self.clients[client.0 as usize].remove_sender(pod);
            self.close_pool((client, Caller::Pod(pod)), pool, cx);
        }
    }

    /// Whether the program in a container listens on any port at all, so that its listener is worth a word.
    fn hears(&self, pod: PodId, container: u8) -> bool {
        self.runtime.sandbox(pod).is_none_or(|sandbox| sandbox.listening.hears(container))
    }

    fn close(&mut self, id: ServerId, cx: &mut Cx<'_>) {
        let server = self.runtime.server_mut(id);
        let ContainerId { pod, index } = server.container;
        if server.close_listener() && self.hears(pod, index) {
            cx.recorder.record(cx.now, &Record::ListenerClosed { pod, container: index });
        }
    }

    /// Resets the connections of what a program works on. Gives back how many those were. What was
    /// done by now is on its way back, and is not lost.
    fn drop_work(&mut self, id: ServerId, cx: &mut Cx<'_>) -> u32 {
        let server = self.runtime.server_mut(id);
        server.drop_work();
        if server.busy_until() <= cx.now {
            return 0;
        }
        let lost = self.flights.in_hand_of(id, cx.now);
        for flight_id in &lost {
            let flight = self.flights.flight_mut(*flight_id);
            flight.server = None;
            flight.fail(Cause::ResetKilledInFlight);
            let reset = cx.now + flight.delay;
            let moved = self.flights.move_on(*flight_id);
            self.end_at(moved, reset, cx);
        }
        lost.len() as u32
    }

    fn remove_sandbox(&mut self, pod: PodId, cx: &mut Cx<'_>) {
        for server in self.servers_of(pod) {
            self.exit(server, SIGKILL_EXIT, cx);
        }
        self.mesh.iter_mut().for_each(|mesh| mesh.leave(pod, cx));
        if self.runtime.remove_sandbox(pod).is_some() {
            cx.recorder.record(cx.now, &Record::SandboxRemoved { pod });
        }
    }

    fn servers_of(&self, pod: PodId) -> Vec<ServerId> {
        let sandbox = self.runtime.sandbox(pod);
        sandbox.into_iter().flat_map(|sandbox| sandbox.servers.iter().flatten().copied()).collect()
    }

    fn image_of(&mut self, container: ContainerId) -> Option<&mut Image> {
        let sandbox = self.runtime.sandbox(container.pod)?;
        let image = sandbox.images.get(usize::from(container.index))?;
        self.images.get_mut(image)
    }

    fn reply(&self, reply: RuntimeReply, cx: &mut Cx<'_>) {
        let source = Source { class: class::RUNTIME, entity: reply.container().pod.0 };
        cx.agenda.at(cx.now, source, Event::Runtime(reply));
    }
}

/// Exit code of a program that had nothing left to do.
pub(crate) const CLEAN_EXIT: u8 = 0;
/// Exit code of a program that failed.
pub(crate) const FAILED_EXIT: u8 = 1;
/// Exit code of a program that SIGKILL ended.
const SIGKILL_EXIT: u8 = 137;

fn server_source(server: ServerId) -> Source {
    Source { class: class::SERVER, entity: server.place() }
}
