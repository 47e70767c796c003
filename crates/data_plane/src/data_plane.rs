//! The data plane as a whole: what it is made of, which event is whose, and who hears which watch.
//!
//! A request's way through it is in `way`, the lives of the programs in `program`.

use std::{collections::BTreeMap, sync::Arc};

use api::{BalancerRequest, Change, Kind, NodeId, PodId};
use engine::{Stream, Streams};
use record::{ClientId, Record};

use crate::{
    Cx,
    behaviour::Behaviour,
    client::{Client, ClientConfig, Lookups, Origin},
    connection::Transport,
    dns::{self, Dns},
    event::{Event, Told},
    flight::Flights,
    ingress::{self, Backend, IngressId, IngressPod},
    kube_proxy::{self, KubeProxy},
    lines::{Counter, Lines},
    load_balancer::{
        self, HealthCheck, LoadBalancers,
        pods::{self, PodTargets},
    },
    mesh::{self, Mesh},
    network::{Delays, Network},
    probes::Probes,
    program::{FAILED_EXIT, Image},
    runtime::{Runtime, Sandbox},
    weighted_backends::WeightedBackends,
    zones::Zones,
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
    /// The cluster's DNS.
    pub dns: dns::Config,
    /// Whether Services come, change or go while requests are sent.
    pub services_change: bool,
    /// Whether a client calls a Service whose pods DNS names, so that it has to know them.
    pub names_pods: bool,
    /// Each node's proxy.
    pub proxy: kube_proxy::Config,
    /// The pods of the Ingress controller.
    pub ingress: ingress::Config,
    /// How sidecars hear of endpoints.
    pub mesh: mesh::Config,
    /// How load balancers ask their nodes.
    pub health_check: HealthCheck,
    /// How they choose a node; by chance where nothing is said.
    pub node_policy: Option<policy::Configured>,
    /// How they treat pods, where these are their targets.
    pub pod_targets: Option<pods::Config>,
    /// How the programs in images behave.
    pub images: BTreeMap<Arc<str>, Arc<Behaviour>>,
    /// Who sends requests.
    pub clients: Vec<ClientConfig>,
}

/// The watches the data plane needs, each on all objects of a kind; the caller opens them, in this
/// order, and says of each change which of them it came on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watches {
    /// DNS and load balancers, of Services; DNS of EndpointSlices too where it names pods.
    Dns(Kind),
    /// A node's proxy, of Services or EndpointSlices.
    Proxy(NodeId, Kind),
    /// A pod of the Ingress controller, of EndpointSlices.
    Ingress(IngressId),
    /// The server of a mesh, of EndpointSlices.
    Mesh,
}

/// Clients, DNS, proxies, network and programs.
pub struct DataPlane {
    pub(crate) clients: Vec<Client>,
    pub(crate) dns: Dns,
    pub(crate) proxies: Vec<KubeProxy>,
    shared: kube_proxy::Shared,
    pub(crate) balancers: LoadBalancers,
    /// In their place where load balancers send to pods.
    pub(crate) pod_targets: Option<PodTargets>,
    pub(crate) ingress_pods: Vec<IngressPod>,
    /// Where clients balance their requests themselves.
    pub(crate) mesh: Option<Mesh>,
    /// What balancers ask pods.
    pub(crate) probes: Probes,
    /// Who stands in line at them.
    pub(crate) lines: Lines,
    pub(crate) network: Network,
    pub(crate) runtime: Runtime,
    pub(crate) images: BTreeMap<Arc<str>, Image>,
    pub(crate) flights: Flights,
    pub(crate) delays: Stream,
    pub(crate) arrived: u64,
    pub(crate) finished: u64,
    pub(crate) unsent: u64,
    /// Whether the policy of the nodes' rules looks at the ends of a connection.
    pub(crate) looks_at_flows: bool,
    /// Whether that policy wants to hear how connections end.
    pub(crate) rules_listen: bool,
    /// Whether any policy of a node or of a load balancer may want to hear that connections are
    /// established.
    pub(crate) hears_established: bool,
    /// Whether anybody may want to hear that the connection of a request has ended: whoever is told
    /// in `tell_ended`.
    pub(crate) hears_ended: bool,
    services_change: bool,
    names_pods: bool,
}

impl DataPlane {
    /// A data plane in which nothing runs yet.
    #[must_use]
    pub fn new(config: Config, streams: &Streams) -> Self {
        let zones: Vec<&str> = config.nodes.iter().map(|node| &*node.zone).collect();
        let network = Network::new(&zones, config.delays);
        let all_zones = Zones::of(config.nodes.iter().map(|node| &node.zone));
        let proxies = config.nodes.iter().enumerate().map(|(index, node)| {
            let id = NodeId(index as u32);
            let (name, zone) = (node.name.clone(), node.zone.clone());
            KubeProxy::new(id, (name, zone), config.proxy.clone(), all_zones.clone(), streams)
        });
        let nodes = zones.len() as u32;
        let routed = config.clients.iter().filter_map(|client| client.ingress.as_ref());
        let backends: Vec<Backend> = routed.flat_map(WeightedBackends::iter).cloned().collect();
        let balanced = config.clients.iter().filter_map(|client| client.balancing.as_ref());
        let meshed: Vec<Backend> = balanced.map(|it| it.backend.clone()).collect();
        let mesh = (!meshed.is_empty())
            .then(|| Mesh::new(config.mesh, meshed, all_zones.clone(), streams));
        let rules_listen = config.proxy.policy.build(0).listens();
        let mut dns = Dns::new(config.dns, zones.len());
        let clients = config.clients.into_iter();
        let clients = clients.map(|client| Client::new(client, &mut dns, streams));
        let clients: Vec<Client> = clients.collect();
        Self {
            hears_ended: rules_listen
                || mesh.is_some()
                || clients.iter().any(Client::has_its_ends_told),
            clients,
            proxies: proxies.collect(),
            shared: kube_proxy::Shared::default(),
            looks_at_flows: config.proxy.looks_at_flows,
            rules_listen,
            hears_established: rules_listen
                || config.node_policy.is_some()
                || config.pod_targets.as_ref().is_some_and(|targets| targets.policy.is_some()),
            balancers: LoadBalancers::new(
                load_balancer::Config {
                    check: config.health_check,
                    policy: config.node_policy,
                    nodes,
                },
                streams,
            ),
            pod_targets: config.pod_targets.map(|config| PodTargets::new(config, streams)),
            ingress_pods: ingress::pods(
                &config.ingress,
                &config.nodes,
                &backends,
                &all_zones,
                streams,
            ),
            mesh,
            probes: Probes::default(),
            lines: Lines::default(),
            dns,
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
            services_change: config.services_change,
            names_pods: config.names_pods,
        }
    }

    /// The watches it needs.
    #[must_use]
    pub fn watches(&self) -> Vec<(Watches, Kind)> {
        let nodes = (0..self.proxies.len() as u32).map(NodeId);
        let proxies = nodes.flat_map(|node| {
            [Kind::Service, Kind::EndpointSlice].map(|kind| (Watches::Proxy(node, kind), kind))
        });
        let services = std::iter::once((Watches::Dns(Kind::Service), Kind::Service));
        let slice = Kind::EndpointSlice;
        let slices = self.names_pods.then_some((Watches::Dns(slice), slice));
        let ingress = (0..self.ingress_pods.len() as u8).map(IngressId::at);
        let ingress = ingress.map(|id| (Watches::Ingress(id), slice));
        let mesh = self.mesh.is_some().then_some((Watches::Mesh, slice));
        services.chain(proxies).chain(slices).chain(ingress).chain(mesh).collect()
    }

    /// Starts the proxies.
    pub fn begin(&mut self, cx: &mut Cx<'_>) {
        for proxy in &mut self.proxies {
            proxy.begin(cx);
        }
    }

    /// Starts the clients.
    pub fn begin_traffic(&mut self, cx: &mut Cx<'_>) {
        for (id, client) in (0..).map(ClientId).zip(&mut self.clients) {
            client.foresee(&mut self.dns, self.services_change);
            let service = match &client.config.ingress {
                Some(backends) => {
                    backends.iter().next().and_then(|it| self.dns.service_named(&it.service))
                }
                None => client.present_service(&mut self.dns),
            };
            service.map(|service| client.calls(service));
            let name = client.config.name.as_str().into();
            let ClientConfig { origin, transport, .. } = &client.config;
            let balanced = self.pod_targets.is_some()
                && *origin == Origin::OutsideBalanced
                && *transport == Transport::Tcp;
            let balances = client.config.balancing.is_some();
            // How it calls its Service comes before that it does.
            let by_ingress = client.config.ingress.is_some();
            let known = service.filter(|_| !balanced && !balances && !by_ingress);
            cx.recorder.record(cx.now, &Record::ClientAdded { client: id, name, service: known });
            if by_ingress {
                cx.recorder.record(cx.now, &Record::IngressUsed { client: id });
            }
            if balances {
                cx.recorder.record(cx.now, &Record::SidecarUsed { client: id });
            }
            if balanced {
                cx.recorder.record(cx.now, &Record::LoadBalancerUsed { client: id });
            }
            if let Some(service) = service.filter(|_| known.is_none()) {
                cx.recorder.record(cx.now, &Record::ServiceCalled { client: id, service });
            }
        }
        for (id, index) in (0..).map(ClientId).zip(0..self.clients.len()) {
            for arrival in self.clients[index].arrivals.begin(cx.now) {
                self.plan_arrival(id, arrival, cx);
            }
        }
    }

    /// Takes in a change on one of its watches.
    pub fn observe(&mut self, watch: Watches, change: &Change, cx: &mut Cx<'_>) {
        match watch {
            Watches::Dns(_) => {
                self.dns.observe(change);
                self.balancers.restrict(change);
                if self.pod_targets.is_none() {
                    self.balancers.observe(change, cx);
                }
            }
            Watches::Ingress(id) => self.ingress_pods[id.place()].observe(change, cx),
            Watches::Mesh => self.mesh.iter_mut().for_each(|mesh| mesh.observe(change, cx)),
            Watches::Proxy(node, _) => {
                self.proxies[node.0 as usize].observe(change, &mut self.shared, cx);
            }
        }
    }

    /// Handles an event. Gives back what it tells the control plane, if that is what it brings.
    #[inline]
    #[must_use]
    pub fn handle(&mut self, event: Event, cx: &mut Cx<'_>) -> Option<Told> {
        // Three at most: up to then they are told apart by comparing, beyond by a jump through a table.
        match event {
            Event::Arrive(client) => self.arrive(client, cx),
            Event::Deliver(flight) => self.deliver(flight, cx),
            Event::Finish(flight) => self.finish(flight, cx),
            event => return self.handle_another(event, cx),
        }
        None
    }

    /// Handles an event that is not one of those that every request has.
    // On its own, so that the way of a request's events to their methods saves no registers for it.
    #[inline(never)]
    fn handle_another(&mut self, event: Event, cx: &mut Cx<'_>) -> Option<Told> {
        match event {
            Event::Arrive(_) | Event::Deliver(_) | Event::Finish(_) => {
                unreachable!("every request has one")
            }
            Event::Connect(flight) => self.connect(flight, cx),
            Event::Listen(server) => self.listen(server, cx),
            Event::BecomeReady(server) => self.become_ready(server, cx),
            Event::CloseListener(server) => self.drain(server, cx),
            Event::Exit(server) => self.leave(server, cx),
            Event::Fail(server) => self.exit(server, FAILED_EXIT, cx),
            Event::SyncProxy(node) => self.proxies[node.0 as usize].sync(&mut self.shared, cx),
            Event::ProgramRules(node) => self.proxies[node.0 as usize].program_rules(cx),
            Event::SyncIngress(id) => self.ingress_pods[id.place()].sync(cx),
            Event::PollIngress(id) => {
                let Self { ingress_pods, dns, .. } = self;
                let (pod, worker) = id.places(ingress_pods[0].workers());
                ingress_pods[pod].poll(worker, |key| dns.service_named(key), cx);
                let at = |it: &Counter| matches!(it, Counter::Worker(at, _) if *at == id);
                self.lines.look_again(at, cx);
            }
            Event::PushEndpoints => self.mesh.iter_mut().for_each(|mesh| mesh.push(cx)),
            Event::HearEndpoints(id) => {
                self.mesh.iter_mut().for_each(|mesh| mesh.hear(id, cx));
                self.lines.look_again(|at| *at == Counter::Sidecar(id), cx);
            }
            Event::Release(id) => self.release(id, cx),
            Event::ProbePod(id) => {
                let Self { probes, runtime, .. } = self;
                probes.arrive(id, runtime, cx);
            }
            Event::HearProbe(id) => self.hear_probe(id, cx.now),
            Event::CheckTarget(target) => self.balancers.check(target, &self.proxies, cx),
            Event::RegisterTarget(id) => self.with_pod_targets(|it| it.register(id, cx)),
            Event::DeregisterTarget(id) => self.with_pod_targets(|it| it.deregister(id, cx)),
            Event::CheckPodTarget(id) => {
                let Self { pod_targets, runtime, .. } = self;
                pod_targets.iter_mut().for_each(|it| it.check(id, runtime, cx));
            }
            Event::MissPodTarget(id) => self.with_pod_targets(|it| it.miss(id, cx)),
            Event::CutPodTarget(id) => self.cut_target(id, cx),
            Event::Runtime(reply) => return Some(Told::Kubelet(reply)),
            Event::TargetHealthy(target) => {
                return Some(Told::TargetHealth { target, healthy: true });
            }
            Event::TargetUnhealthy(target) => {
                return Some(Told::TargetHealth { target, healthy: false });
            }
        }
        None
    }

    /// Does what the controller of load balancers asks of one.
    pub fn balancer_requested(&mut self, request: BalancerRequest, cx: &mut Cx<'_>) {
        self.with_pod_targets(|targets| targets.requested(request, cx));
    }

    fn with_pod_targets(&mut self, act: impl FnOnce(&mut PodTargets)) {
        if let Some(targets) = &mut self.pod_targets {
            act(targets);
        }
    }

    /// A pod's network and its programs, while it has one.
    #[must_use]
    pub fn sandbox(&self, pod: PodId) -> Option<&Sandbox> {
        self.runtime.sandbox(pod)
    }

    /// Requests under way, by client.
    #[must_use]
    pub fn in_flight(&self) -> Vec<(ClientId, u64)> {
        let mut counts = vec![0; self.clients.len()];
        for flight in self.flights.iter() {
            counts[flight.request.client.0 as usize] += 1;
        }
        (0..).map(ClientId).zip(counts).collect()
    }

    /// How many names clients looked up, of those that did.
    #[must_use]
    pub fn lookups(&self) -> Vec<(ClientId, Lookups)> {
        let clients = (0..).map(ClientId).zip(&self.clients);
        let lookups = clients.map(|(id, client)| (id, client.lookups));
        lookups.filter(|(_, lookups)| lookups.names > 0).collect()
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
}
