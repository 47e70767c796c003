//! Record streams made by hand: a small cluster in which a test says what happens when.

use std::sync::Arc;

use api::{Labels, NodeId, PodId, ServiceId};
use engine::{Span, Time};
use record::{Cause, ClientId, EndpointFact, Outcome, PortFact, Record, Recorder, Request};
use rollsim_metrics::{Collector, Measures};

/// The Service that the client `shop` calls.
pub(crate) const WEB: ServiceId = ServiceId(0);
/// A Service that nobody calls.
pub(crate) const IDLE: ServiceId = ServiceId(1);

/// A stream that is measured while it is made. Times are milliseconds of the scenario, which
/// begins one second after the stream.
pub(crate) struct Stream {
    collector: Collector,
    requests: u64,
    /// Whose requests come next.
    pub(crate) sender: ClientId,
}

fn text(text: &str) -> Arc<str> {
    Arc::from(text)
}

/// `app: web`, for `default/web`.
fn labels(name: &str) -> Labels {
    let (_, app) = name.split_once('/').expect("a namespace and a name");
    Labels::from([("app".to_owned(), app.to_owned())])
}

/// A moment of the stream, from a moment of the scenario.
pub(crate) fn at(millis: u64) -> Time {
    Time::from_millis(1_000 + millis)
}

impl Stream {
    /// Three nodes, two Services, one client and the scenario's beginning.
    pub(crate) fn new() -> Self {
        Self::of_client(Some(WEB))
    }

    /// The same, but the client's senders have sidecars.
    pub(crate) fn with_sidecars() -> Self {
        let mut stream = Self::of_client(None);
        let client = ClientId(0);
        stream.say(0, &Record::SidecarUsed { client });
        stream.say(0, &Record::ServiceCalled { client, service: WEB });
        stream
    }

    /// The client calls this Service by the rules of its nodes.
    fn of_client(service: Option<ServiceId>) -> Self {
        let mut stream = Self { collector: Collector::default(), requests: 0, sender: ClientId(0) };
        let mut before = |record| stream.collector.record(Time::ZERO, &record);
        for node in 0..3 {
            let name = Arc::from(format!("node-{node}"));
            before(Record::NodeAdded { node: NodeId(node), name, zone: text("a") });
        }
        for (service, name) in [(WEB, "default/web"), (IDLE, "default/idle")] {
            before(Record::ServiceAdded {
                service,
                name: text(name),
                cluster_ip: Some([10, 96, 0, 7].into()),
                selector: Some(labels(name)),
                target_ports: Arc::new([text("http")]),
            });
        }
        let (client, name) = (ClientId(0), text("shop"));
        before(Record::ClientAdded { client, name, service });
        stream.collector.record(at(0), &Record::ScenarioBegan);
        stream
    }

    /// A worker of the Ingress controller lists these pods of the called Service from now on.
    pub(crate) fn fetch(&mut self, millis: u64, worker: u32, pods: &[u32]) {
        let pods = pods.iter().map(|pod| PodId(*pod)).collect();
        self.say(millis, &Record::IngressListed { worker, service: WEB, pods });
    }

    pub(crate) fn say(&mut self, millis: u64, record: &Record) {
        self.collector.record(at(millis), record);
    }

    /// A pod of `default/web` is stored, started, listens and is ready.
    pub(crate) fn run_pod(&mut self, millis: u64, pod: u32, image: &str) {
        self.create_pod(millis, pod, image);
        self.open(millis, pod);
        self.say(millis, &Record::PodReady { pod: PodId(pod) });
    }

    /// A pod of `default/web` is stored and started.
    pub(crate) fn create_pod(&mut self, millis: u64, pod: u32, image: &str) {
        self.store_pod(millis, pod, image);
        let pod = PodId(pod);
        self.say(millis, &Record::ContainerStarted { pod, container: 0, restarts: 0 });
    }

    /// A pod of `default/web` is stored.
    pub(crate) fn store_pod(&mut self, millis: u64, pod: u32, image: &str) {
        let name = Arc::from(format!("web-{pod}"));
        let deployment = Some(text("default/web"));
        let (pod, image, replica_set) = (PodId(pod), text(image), Some(text("web-abc")));
        let (namespace, labels) = (text("default"), labels("default/web"));
        self.say(
            millis,
            &Record::PodCreated { pod, namespace, name, labels, deployment, replica_set, image },
        );
    }

    pub(crate) fn open(&mut self, millis: u64, pod: u32) {
        let ports = Arc::new([8080]);
        self.say(millis, &Record::ListenerOpened { pod: PodId(pod), container: 0, ports });
    }

    /// A node's rules for a Service list these pods from now on.
    pub(crate) fn program(&mut self, millis: u64, service: ServiceId, node: u32, pods: &[u32]) {
        let pods: Arc<[PodId]> = pods.iter().map(|pod| PodId(*pod)).collect();
        self.say(millis, &Record::RulesProgrammed { node: NodeId(node), service, pods });
    }

    /// The load balancer of the called Service sends to these pods from now on.
    pub(crate) fn balance(&mut self, millis: u64, pods: &[u32]) {
        let pods = pods.iter().map(|pod| PodId(*pod)).collect();
        self.say(millis, &Record::TargetsInForce { service: WEB, pods });
    }

    /// A sidecar lists these pods of the called Service from now on.
    pub(crate) fn hear(&mut self, millis: u64, sidecar: u32, pods: &[u32]) {
        let (client, pods) = (ClientId(0), pods.iter().map(|pod| PodId(*pod)).collect());
        self.say(millis, &Record::SidecarListed { client, sidecar, service: WEB, pods });
    }

    /// All three nodes' rules for the called Service list these pods from now on.
    pub(crate) fn program_all(&mut self, millis: u64, pods: &[u32]) {
        let fact = |pod: &u32| EndpointFact {
            pod: Some(PodId(*pod)),
            ready: true,
            serving: true,
            terminating: false,
        };
        let (slice, endpoints) = (text("web-1"), pods.iter().map(fact).collect());
        let ports = Arc::new([PortFact { name: text(""), port: Some(8080) }]);
        self.say(millis, &Record::EndpointSliceWritten { service: WEB, slice, ports, endpoints });
        for node in 0..3 {
            self.program(millis, WEB, node, pods);
        }
    }

    /// A pod's deletion is asked for, and its program exits at once on SIGTERM.
    pub(crate) fn delete_and_exit(&mut self, millis: u64, pod: u32, in_flight: u32) {
        let pod = PodId(pod);
        self.say(millis, &Record::PodDeletionRequested { pod, grace_seconds: 30 });
        self.say(millis, &Record::ContainerTerminated { pod, container: 0 });
        self.say(millis, &Record::ListenerClosed { pod, container: 0 });
        self.say(millis, &Record::ContainerExited { pod, container: 0, code: 143, in_flight });
    }

    pub(crate) fn gone(&mut self, millis: u64, pod: u32) {
        self.say(millis, &Record::SandboxRemoved { pod: PodId(pod) });
        self.say(millis, &Record::PodGone { pod: PodId(pod) });
    }

    /// A request arrives and is answered 20 ms later.
    pub(crate) fn answer(&mut self, millis: u64, node: u32, pod: u32) {
        self.finish((millis, 20), node, Some(pod), Outcome::Ok, Span::ZERO);
    }

    /// A request arrives and fails at once.
    pub(crate) fn fail(&mut self, millis: u64, node: u32, pod: Option<u32>, cause: Cause) {
        self.finish((millis, 0), node, pod, Outcome::Failed(cause), Span::ZERO);
    }

    /// A request arrives, and ends so many milliseconds later: `(arrival, duration)`.
    pub(crate) fn finish(
        &mut self,
        (millis, takes): (u64, u64),
        node: u32,
        pod: Option<u32>,
        outcome: Outcome,
        queued: Span,
    ) {
        let service = (outcome != Outcome::Failed(Cause::DnsNxdomain)).then_some(WEB);
        let request = Request {
            client: self.sender,
            number: self.requests,
            service,
            arrived: at(millis),
            node: NodeId(node),
            pod: pod.map(PodId),
            connected: at(millis),
            queued,
            attempts: 1,
            outcome,
        };
        self.requests += 1;
        self.say(millis + takes, &Record::RequestFinished(request));
    }

    pub(crate) fn end(mut self, millis: u64) -> Measures {
        self.say(millis, &Record::Ended);
        self.collector.finish()
    }
}
