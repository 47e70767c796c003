//! The data plane as a whole: a request's way, and who hears which watch.

use std::{collections::BTreeMap, sync::Arc};

use api::{
    Change, ContainerId, Kind, NodeId, PodId, RuntimeReply, RuntimeRequest,
    runtime_interface::ProbeKind,
};
use engine::{Distribution, Source, Span, Stream, Streams, Time};
use record::{Cause, ClientId, Outcome, Record, Request};

use crate::{
    Cx,
    behaviour::{Behaviour, OnSigterm},
    client::{Client, ClientConfig, Origin},
    connection::{self, Connection},
    dns::Dns,
    event::{Event, class},
    flight::{Flight, FlightId, Flights},
    kube_proxy::{self, KubeProxy},
    network::{Delays, Network},
    runtime::Runtime,
    server::{Listener, Server, ServerId},
};

/// A node's name and zone.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// Its name.
    pub name: Arc<str>,
    /// Its zone.
    pub zone: Arc<str>,
}

/// What the data plane is made of.
#[derive(Clone, Debug)]
pub struct Config {
    /// The nodes, in the order of their numbers.
    pub nodes: Vec<NodeConfig>,
    /// How long packets take.
    pub delays: Delays,
    /// How long a DNS answer takes.
    pub dns_delay: Distribution,
    /// Each node's proxy.
    pub proxy: kube_proxy::Config,
    /// How the programs in images behave.
    pub images: BTreeMap<Arc<str>, Arc<Behaviour>>,
    /// Who sends requests.
    pub clients: Vec<ClientConfig>,
}

/// The watches the data plane needs, each on all objects of a kind; the caller opens them, in this
/// order, and says of each change which of them it came on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watches {
    /// DNS, of Services.
    Dns,
    /// A node's proxy, of Services or EndpointSlices.
    Proxy(NodeId, Kind),
}

/// How the program in an image behaves, and how often it was started.
struct Image {
    behaviour: Arc<Behaviour>,
    started: u64,
}

impl Image {
    fn new(behaviour: Arc<Behaviour>) -> Self {
        Self { behaviour, started: 0 }
    }
}

/// Clients, DNS, proxies, network and programs.
pub struct DataPlane {
    clients: Vec<Client>,
    dns: Dns,
    dns_delay: Distribution,
    proxies: Vec<KubeProxy>,
    network: Network,
    runtime: Runtime,
    images: BTreeMap<Arc<str>, Image>,
    flights: Flights,
    delays: Stream,
    arrived: u64,
    finished: u64,
    unsent: u64,
}

impl DataPlane {
    /// A data plane in which nothing runs yet.
    #[must_use]
    pub fn new(config: Config, streams: &Streams) -> Self {
        let zones: Vec<&str> = config.nodes.iter().map(|node| &*node.zone).collect();
        let network = Network::new(&zones, config.delays);
        let proxies = config.nodes.iter().enumerate().map(|(index, node)| {
            let id = NodeId(index as u32);
            let (name, zone) = (node.name.clone(), node.zone.clone());
            KubeProxy::new(id, name, zone, config.proxy.clone(), streams)
        });
        Self {
            proxies: proxies.collect(),
            clients: config.clients.into_iter().map(|c| Client::new(c, streams)).collect(),
            dns: Dns::default(),
            dns_delay: config.dns_delay,
            network,
            runtime: Runtime::default(),
            images: config
                .images
                .into_iter()
                .map(|(name, image)| (name, Image::new(image)))
                .collect(),
            flights: Flights::default(),
            delays: streams.named("data-plane/delays"),
            arrived: 0,
            finished: 0,
            unsent: 0,
        }
    }

    /// The watches it needs.
    #[must_use]
    pub fn watches(&self) -> Vec<(Watches, Kind)> {
        let nodes = (0..self.proxies.len() as u32).map(NodeId);
        let proxies = nodes.flat_map(|node| {
            [Kind::Service, Kind::EndpointSlice].map(|kind| (Watches::Proxy(node, kind), kind))
        });
        std::iter::once((Watches::Dns, Kind::Service)).chain(proxies).collect()
    }

    /// Starts the proxies.
    pub fn begin(&mut self, cx: &mut Cx<'_>) {
        for proxy in &mut self.proxies {
            proxy.begin(cx);
        }
    }

    /// Starts the clients.
    pub fn begin_traffic(&mut self, cx: &mut Cx<'_>) {
        for index in 0..self.clients.len() {
            let client = ClientId(index as u32);
            let config = &self.clients[index].config;
            let record = Record::ClientAdded {
                client,
                name: config.name.as_str().into(),
                service: self.dns.resolve(&config.service),
            };
            cx.recorder.record(cx.now, &record);
            if let Some(first) = self.clients[index].begin(cx.now) {
                cx.agenda.at(first, client_source(client), Event::Arrive(client));
            }
        }
    }

    /// Takes in a change on one of its watches.
    pub fn observe(&mut self, watch: Watches, change: &Change, cx: &mut Cx<'_>) {
        match watch {
            Watches::Dns => self.dns.observe(change),
            Watches::Proxy(node, _) => self.proxies[node.0 as usize].observe(change, cx),
        }
    }

    /// Handles an event.
    ///
    /// # Panics
    /// On [`Event::Runtime`], which is the control plane's.
    pub fn handle(&mut self, event: Event, cx: &mut Cx<'_>) {
        match event {
            Event::Arrive(client) => self.arrive(client, cx),
            Event::Connect(flight) => self.connect(flight, cx),
            Event::Deliver(flight) => self.deliver(flight, cx),
            Event::Finish(flight) => self.finish(flight, cx),
            Event::Listen(server) => self.listen(server, cx),
            Event::BecomeReady(server) => self.become_ready(server, cx),
            Event::CloseListener(server) => self.drain(server, cx),
            Event::Exit { server, code } => self.exit(server, code, cx),
            Event::SyncProxy(node) => self.proxies[node.0 as usize].sync(cx),
            Event::ProgramRules(node) => self.proxies[node.0 as usize].program_rules(cx),
            Event::Runtime(_) => unreachable!("kubelets are in the control plane"),
        }
    }

    /// Does what a kubelet asks of the container runtime.
    pub fn runtime_requested(&mut self, request: RuntimeRequest, cx: &mut Cx<'_>) {
        match request {
            RuntimeRequest::CreateSandbox { pod, node } => {
                let images = &self.images;
                self.runtime.create_sandbox(&pod, node, |image| {
                    images
                        .get(image)
                        .map(|image| image.behaviour.listen.clone())
                        .unwrap_or_default()
                });
            }
            RuntimeRequest::Start { container } => self.start(container, cx),
            RuntimeRequest::Probe { container, kind, port } => {
                let success = self.probe(container, kind, port);
                self.reply(RuntimeReply::Probed { container, kind, success }, cx);
            }
            RuntimeRequest::Terminate { container } => self.terminate(container, cx),
            RuntimeRequest::Kill { container } => self.kill(container, cx),
            RuntimeRequest::RemoveSandbox { pod } => self.remove_sandbox(pod, cx),
        }
    }

    /// Requests under way, by client.
    #[must_use]
    pub fn in_flight(&self) -> Vec<(ClientId, u64)> {
        let mut counts = vec![0; self.clients.len()];
        for flight in self.flights.iter() {
            counts[flight.client.0 as usize] += 1;
        }
        (0..).map(ClientId).zip(counts).collect()
    }

    /// Requests that clients wanted so far.
    #[must_use]
    pub fn arrived(&self) -> u64 {
        self.arrived
    }

    /// Requests that ended so far.
    #[must_use]
    pub fn finished(&self) -> u64 {
        self.finished
    }

    /// Requests that nobody was there to send: the pods of their client did not run.
    #[must_use]
    pub fn unsent(&self) -> u64 {
        self.unsent
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

    // A request's way.

    fn arrive(&mut self, id: ClientId, cx: &mut Cx<'_>) {
        let client = &mut self.clients[id.0 as usize];
        if let Some(next) = client.next_arrival(cx.now) {
            cx.agenda.at(next, client_source(id), Event::Arrive(id));
        }
        self.arrived += 1;
        let (number, mut workload) = client.next_request();
        let Some(node) = client.origin(self.network.nodes(), &mut workload) else {
            self.unsent += 1;
            return;
        };
        let asks_dns = client.config.asks_dns;
        let flight = self.flights.insert(Flight {
            client: id,
            number,
            arrived: cx.now,
            deadline: cx.now + client.config.timeout,
            node,
            service: None,
            pod: None,
            port: 0,
            connected: cx.now,
            delay: Span::ZERO,
            server: None,
            departure: Time::ZERO,
            queued: Span::ZERO,
            attempts: 0,
            outcome: Outcome::Ok,
            workload,
        });
        if asks_dns && !self.dns_delay.is_zero() {
            let answered = cx.now + self.dns_delay.sample(&mut self.delays);
            cx.agenda.at(answered, client_source(id), Event::Connect(flight));
        } else {
            self.connect(flight, cx);
        }
    }

    /// The node's proxy chooses a pod, and the connection goes on its way.
    fn connect(&mut self, id: FlightId, cx: &mut Cx<'_>) {
        let Some(flight) = self.flights.get_mut(id) else { return };
        let client = &mut self.clients[flight.client.0 as usize];
        flight.attempts += 1;
        flight.connected = cx.now;
        flight.service = client.resolve(&self.dns);
        flight.pod = None;
        let outside = matches!(client.config.origin, Origin::Outside);
        let extra = if outside { self.network.outside() } else { Span::ZERO };
        let Some(service) = flight.service else {
            flight.fail(Cause::DnsNxdomain);
            return self.finish(id, cx);
        };
        let mut random = client.policy_stream(flight.number, flight.attempts);
        let proxy = &mut self.proxies[flight.node.0 as usize];
        let picked = proxy.pick(service, client.config.port, cx.now, &mut random);
        let Some(target) = picked else {
            flight.fail(Cause::RefusedNoEndpoints);
            flight.delay = extra;
            return self.end_at(id, cx.now + extra + extra, cx);
        };
        flight.pod = target.pod;
        flight.port = target.port;
        let there = target.pod.and_then(|pod| self.runtime.sandbox(pod));
        let Some(sandbox) = there else {
            flight.fail(Cause::TimeoutUnreachable);
            let deadline = flight.deadline;
            return self.end_at(id, deadline, cx);
        };
        flight.delay = extra + self.network.delay(flight.node, sandbox.node);
        let source = Source { class: class::DELIVER, entity: flight.node.0 };
        let arrival = cx.now + flight.delay;
        if flight.delay == Span::ZERO {
            self.deliver(id, cx);
        } else {
            cx.agenda.at(arrival, source, Event::Deliver(id));
        }
    }

    /// The pod's side: accepted, refused, or nobody there any more.
    fn deliver(&mut self, id: FlightId, cx: &mut Cx<'_>) {
        let Some(flight) = self.flights.get_mut(id) else { return };
        let pod = flight.pod.expect("only a request with a pod is delivered");
        let (delay, deadline) = (flight.delay, flight.deadline);
        let server = match connection::connect(&self.runtime, pod, flight.port) {
            Connection::Accepted(server) => server,
            Connection::Refused(cause) => {
                flight.fail(cause);
                return self.end_at(id, cx.now + delay, cx);
            }
            Connection::Unanswered => {
                flight.fail(Cause::TimeoutUnreachable);
                return self.end_at(id, deadline, cx);
            }
        };
        // The handshake's answer and the request itself take another round trip.
        let received = cx.now + delay + delay;
        let station = self.runtime.server_mut(server);
        let Some(admission) = station.admit(cx.now, received, &mut flight.workload) else {
            flight.fail(Cause::RejectedOverload);
            return self.end_at(id, received + delay, cx);
        };
        flight.server = Some((server, station.hold(id)));
        flight.queued = admission.queued;
        flight.departure = admission.departure;
        let answered = admission.departure + delay;
        if answered > deadline {
            flight.fail(Cause::TimeoutSlow);
            return self.end_at(id, deadline, cx);
        }
        flight.outcome = Outcome::Ok;
        cx.agenda.at(answered, finish_source(flight.client), Event::Finish(id));
    }

    /// Plans the end of an attempt that failed.
    fn end_at(&mut self, id: FlightId, time: Time, cx: &mut Cx<'_>) {
        let Some(flight) = self.flights.get_mut(id) else { return };
        // An answer that comes too late is not waited for.
        let time = time.min(flight.deadline).max(cx.now);
        if time == cx.now {
            self.finish(id, cx);
        } else {
            cx.agenda.at(time, finish_source(flight.client), Event::Finish(id));
        }
    }

    fn finish(&mut self, id: FlightId, cx: &mut Cx<'_>) {
        let Some(flight) = self.flights.get_mut(id) else { return };
        let (service, pod) = (flight.service, flight.pod);
        let ok = flight.outcome == Outcome::Ok;
        if let (Some(service), Some(pod)) = (service, pod) {
            let port = self.clients[flight.client.0 as usize].config.port;
            let latency = cx.now.since(flight.connected);
            self.proxies[flight.node.0 as usize].done(service, port, pod, ok, latency);
        }
        if let Some((server, place)) = flight.server.take() {
            self.release(server, place);
        }
        let Some(flight) = self.flights.get_mut(id) else { return };
        if let Outcome::Failed(cause) = flight.outcome {
            let client = &self.clients[flight.client.0 as usize];
            if client.retries(flight.attempts, cause.family()) {
                flight.deadline = cx.now + client.config.timeout;
                return self.connect(id, cx);
            }
        }
        let flight = self.flights.remove(id).expect("it was there a line above");
        self.finished += 1;
        let record = Record::RequestFinished(Request {
            client: flight.client,
            number: flight.number,
            service: flight.service,
            arrived: flight.arrived,
            node: flight.node,
            pod: flight.pod,
            connected: flight.connected,
            queued: flight.queued,
            attempts: flight.attempts,
            outcome: flight.outcome,
        });
        cx.recorder.record(cx.now, &record);
    }

    fn release(&mut self, server: ServerId, place: u32) {
        if let Some(moved) = self.runtime.server_mut(server).release(place)
            && let Some(other) = self.flights.get_mut(moved)
        {
            other.server = Some((server, place));
        }
    }

    // The programs.

    fn start(&mut self, container: ContainerId, cx: &mut Cx<'_>) {
        let Some(image) = self.image_of(container) else { return };
        let (behaviour, turn) = (image.behaviour.clone(), image.started);
        image.started += 1;
        let listens = cx.now + behaviour.start.sample(turn, &mut self.delays);
        let server = Server::new(container, behaviour, turn);
        let Some(id) = self.runtime.start(server) else { return };
        cx.agenda.at(listens, server_source(id), Event::Listen(id));
    }

    fn listen(&mut self, id: ServerId, cx: &mut Cx<'_>) {
        let server = self.runtime.server_mut(id);
        if !server.is_running() || server.is_ending() {
            return;
        }
        server.listen(cx.now);
        let ContainerId { pod, index } = server.container;
        cx.recorder.record(cx.now, &Record::ListenerOpened { pod, container: index });
        let container = server.container;
        let (image, turn) = (server.behaviour.clone(), server.turn);
        self.reply(RuntimeReply::Listens { container }, cx);
        let ready = cx.now + image.ready.sample(turn, &mut self.delays);
        cx.agenda.at(ready, server_source(id), Event::BecomeReady(id));
        if let Some(after) = image.crash_after {
            let event = Event::Exit { server: id, code: 1 };
            cx.agenda.at(cx.now + after, server_source(id), event);
        }
        if let Some(sandbox) = self.runtime.sandbox(pod) {
            for client in &mut self.clients {
                if client.sends_from(&sandbox.namespace, &sandbox.labels) {
                    client.add_origin(pod, sandbox.node);
                }
            }
        }
    }

    fn become_ready(&mut self, id: ServerId, cx: &mut Cx<'_>) {
        let server = self.runtime.server_mut(id);
        if server.is_running() && !server.is_ending() {
            server.set_ready(true);
            let container = server.container;
            self.reply(RuntimeReply::BecameReady { container }, cx);
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
                self.drop_work(id, cx);
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
    fn drain(&mut self, id: ServerId, cx: &mut Cx<'_>) {
        if !self.runtime.server(id).is_running() {
            return;
        }
        self.close(id, cx);
        let server = self.runtime.server(id);
        let done = server.busy_until().max(cx.now);
        let stop = server.behaviour.stop.sample(server.turn, &mut self.delays);
        self.plan_exit(id, done + stop, cx);
    }

    fn plan_exit(&mut self, id: ServerId, at: Time, cx: &mut Cx<'_>) {
        if at == cx.now {
            self.exit(id, 0, cx);
        } else {
            cx.agenda.at(at, server_source(id), Event::Exit { server: id, code: 0 });
        }
    }

    fn kill(&mut self, container: ContainerId, cx: &mut Cx<'_>) {
        if let Some(id) = self.runtime.server_in(container) {
            self.exit(id, SIGKILL_EXIT, cx);
        }
    }

    fn exit(&mut self, id: ServerId, code: u8, cx: &mut Cx<'_>) {
        if !self.runtime.server(id).is_running() {
            return;
        }
        self.close(id, cx);
        let in_flight = self.drop_work(id, cx);
        self.runtime.server_mut(id).end();
        let container = self.runtime.server(id).container;
        let ContainerId { pod, index } = container;
        let record = Record::ContainerExited { pod, container: index, code, in_flight };
        cx.recorder.record(cx.now, &record);
        for client in &mut self.clients {
            client.remove_origin(pod);
        }
        self.reply(RuntimeReply::Exited { container, code }, cx);
    }

    fn close(&mut self, id: ServerId, cx: &mut Cx<'_>) {
        let server = self.runtime.server_mut(id);
        let ContainerId { pod, index } = server.container;
        if server.close_listener() {
            cx.recorder.record(cx.now, &Record::ListenerClosed { pod, container: index });
        }
    }

    /// Resets the connections of what a program works on. Gives back how many those were.
    fn drop_work(&mut self, id: ServerId, cx: &mut Cx<'_>) -> u32 {
        let mut lost = 0;
        for flight_id in self.runtime.server_mut(id).drop_work() {
            let Some(flight) = self.flights.get_mut(flight_id) else { continue };
            flight.server = None;
            // What was done by now is on its way back.
            if flight.departure <= cx.now {
                continue;
            }
            lost += 1;
            flight.fail(Cause::ResetKilledInFlight);
            let reset = cx.now + flight.delay;
            if let Some(renewed) = self.flights.renew(flight_id) {
                self.end_at(renewed, reset, cx);
            }
        }
        lost
    }

    fn remove_sandbox(&mut self, pod: PodId, cx: &mut Cx<'_>) {
        for server in self.servers_of(pod) {
            self.exit(server, SIGKILL_EXIT, cx);
        }
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

/// Exit code of a program that SIGKILL ended.
const SIGKILL_EXIT: u8 = 137;

fn client_source(client: ClientId) -> Source {
    Source { class: class::CLIENT, entity: client.0 }
}

fn finish_source(client: ClientId) -> Source {
    Source { class: class::FINISH, entity: client.0 }
}

fn server_source(server: ServerId) -> Source {
    Source { class: class::SERVER, entity: server.0 }
}
