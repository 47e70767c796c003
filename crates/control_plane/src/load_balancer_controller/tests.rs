use api::{
    Container, Endpoint, EndpointSlice, IntOrString, Meta, Phase, PodSpec, PodStatus, ServicePort,
    ServiceSpec, SlicePort, Verb, pod::ContainerStatus,
};
use engine::Agenda;
use record::{Discard, Recorder};

use super::*;
use crate::Event as AnyEvent;

const GATE: &str = "target-health.elbv2.k8s.aws/web";

/// The controller, the API server that it writes to, and the clock both live by. Nothing takes any
/// time but what the controller waits for.
struct Bench {
    controller: LoadBalancerController,
    api: ApiServer,
    agenda: Agenda<AnyEvent>,
    now: Time,
    asked: Vec<String>,
}

impl Bench {
    fn new() -> Self {
        let none = Distribution::Constant(Span::ZERO);
        let streams = Streams::new(1);
        let config = Config { sync: none.clone(), api_call: none.clone() };
        let mut bench = Self {
            controller: LoadBalancerController::new(config, &streams),
            api: ApiServer::new(none, &streams),
            agenda: Agenda::new(),
            now: Time::ZERO,
            asked: Vec::new(),
        };
        bench.hears(Object::Service(Arc::new(service())));
        bench
    }

    fn with(&mut self, act: impl FnOnce(&mut LoadBalancerController, &mut ApiServer, &mut Cx<'_>)) {
        let (now, recorder): (Time, &mut dyn Recorder) = (self.now, &mut Discard);
        let mut cx = engine::Context { now, agenda: &mut self.agenda, recorder };
        act(&mut self.controller, &mut self.api, &mut cx);
    }

    fn hears(&mut self, object: Object) {
        let change = Change { verb: Verb::Modified, object };
        self.with(|controller, _, cx| controller.observe(&change, cx));
    }

    /// Stores a pod and has the controller hear of it, as it is now.
    fn stores(&mut self, pod: Pod) {
        let key = pod.meta.key();
        self.with(|_, api, cx| {
            if api.pod(&key).is_none() {
                api.create(Object::Pod(Arc::new(pod.clone())), cx).expect("it is new");
            }
            let uid = api.pod(&key).expect("it is stored").meta.uid.clone();
            api.patch_pod_status(&key, &uid, pod.status.clone(), cx).expect("it is there");
        });
        self.hears_of(&key);
    }

    fn hears_of(&mut self, key: &Key) {
        let stored = self.api.pod(key).expect("it is stored").clone();
        self.hears(Object::Pod(stored));
    }

    /// Runs until that second; says what was asked of the balancer since the last time.
    fn until(&mut self, second: u64) -> String {
        while let Some((now, event)) = self.agenda.pop_until(Time::from_secs(second)) {
            self.now = now;
            match event {
                AnyEvent::LoadBalancerController(event) => {
                    self.with(|controller, api, cx| controller.handle(event, api, cx));
                }
                AnyEvent::Balancer(BalancerRequest::Register { id, target }) => {
                    let PodTarget { port, pod, target_port, .. } = target;
                    let text = format!("{}: register {port} to {}:{target_port}", id.0, pod.0);
                    self.asked.push(text);
                }
                AnyEvent::Balancer(BalancerRequest::Deregister { id }) => {
                    self.asked.push(format!("{}: deregister", id.0));
                }
                other => panic!("{other:?} is not its"),
            }
        }
        self.now = Time::from_secs(second);
        std::mem::take(&mut self.asked).join(", ")
    }

    /// What is written of a pod's gate.
    fn gate(&self, number: u32) -> Option<bool> {
        let stored = self.api.pod(&key(number)).expect("it is stored");
        stored.status.gate(GATE).map(|condition| condition.status)
    }
}

fn key(number: u32) -> Key {
    Key::new("default", format!("web-{number}"))
}

fn service() -> Service {
    Service {
        meta: Meta::new("default", "web"),
        id: api::ServiceId(0),
        spec: ServiceSpec {
            kind: ServiceType::LoadBalancer,
            ports: vec![ServicePort {
                name: String::new(),
                protocol: Protocol::Tcp,
                port: 80,
                target_port: IntOrString::Int(8080),
                node_port: None,
            }],
            ..ServiceSpec::default()
        },
        status: api::ServiceStatus::default(),
    }
}

/// A pod of that number, which the API server will give it too; its containers ready or not.
fn pod(number: u32, gates: &[&str], ready: bool) -> Pod {
    let spec = PodSpec {
        containers: vec![Container::default()],
        readiness_gates: gates.iter().map(|gate| (*gate).into()).collect(),
        ..PodSpec::default()
    };
    let status = PodStatus {
        phase: Phase::Running,
        containers: vec![ContainerStatus { ready, started: true, ..ContainerStatus::default() }],
        ..PodStatus::default()
    };
    let meta = Meta::new("default", format!("web-{number}"));
    Pod { meta, id: PodId(number), spec: spec.into(), node_name: None, status }
}

/// A slice with these pods: `+` ready, `-` not ready, `x` being deleted.
fn slice(endpoints: &[(u32, char)]) -> Object {
    let endpoint = |(pod, state): &(u32, char)| Endpoint {
        address: [10, 128, 0, *pod as u8].into(),
        ready: *state == '+',
        serving: *state == '+',
        terminating: *state == 'x',
        node_name: None,
        zone: None,
        target: Some((PodId(*pod), key(*pod).name)),
        hostname: None,
        for_zones: Vec::new(),
        for_nodes: Vec::new(),
    };
    Object::EndpointSlice(Arc::new(EndpointSlice {
        meta: Meta::new("default", "web-1"),
        service_name: "web".into(),
        service: None,
        ports: vec![SlicePort { name: String::new(), protocol: Protocol::Tcp, port: Some(8080) }],
        endpoints: endpoints.iter().map(endpoint).map(Arc::new).collect(),
    }))
}

#[test]
fn targets_follow_the_ready_endpoints() {
    let mut bench = Bench::new();
    bench.stores(pod(0, &[], true));
    bench.stores(pod(1, &[], false));
    bench.hears(slice(&[(0, '+'), (1, '-')]));
    assert_eq!(bench.until(1), "0: register 80 to 0:8080");
    bench.stores(pod(1, &[], true));
    bench.hears(slice(&[(0, 'x'), (1, '+')]));
    assert_eq!(bench.until(2), "0: deregister, 1: register 80 to 1:8080");
    bench.hears(slice(&[]));
    assert_eq!(bench.until(99), "1: deregister");
}

#[test]
fn a_pod_behind_its_gate_is_registered_once_its_containers_are_ready() {
    let mut bench = Bench::new();
    bench.stores(pod(0, &[GATE], false));
    bench.hears(slice(&[(0, '-')]));
    assert_eq!(bench.until(1), "");
    // No slice changes by it, so that it is seen at the next look.
    bench.stores(pod(0, &[GATE], true));
    assert_eq!(bench.until(14), "");
    assert_eq!(bench.until(15), "0: register 80 to 0:8080");
    assert_eq!(bench.gate(0), Some(false));
    bench.hears_of(&key(0));
    bench.with(|controller, _, _| controller.told(TargetId(0), true));
    bench.until(29);
    assert_eq!(bench.gate(0), Some(false), "it looks every fifteen seconds");
    bench.until(30);
    assert_eq!(bench.gate(0), Some(true));
    bench.hears_of(&key(0));
    bench.hears(slice(&[(0, '+')]));
    assert_eq!(bench.until(99), "", "it is registered");
}

#[test]
fn gates_of_others_stay_shut_and_pods_that_go_are_let_go() {
    let mut bench = Bench::new();
    bench.stores(pod(0, &["example.com/other"], true));
    bench.hears(slice(&[(0, '-')]));
    assert_eq!(bench.until(1), "0: register 80 to 0:8080", "its containers are ready");
    bench.with(|controller, _, _| controller.told(TargetId(0), true));
    bench.hears(slice(&[(0, 'x')]));
    assert_eq!(bench.until(99), "0: deregister");
    assert!(bench.api.pod(&key(0)).expect("it is stored").status.conditions.is_empty());
}

#[test]
fn services_of_other_types_have_no_balancer() {
    let mut bench = Bench::new();
    bench.stores(pod(0, &[], true));
    bench.hears(slice(&[(0, '+')]));
    assert_eq!(bench.until(1), "0: register 80 to 0:8080");
    let mut service = service();
    service.spec.kind = ServiceType::ClusterIP;
    bench.hears(Object::Service(Arc::new(service)));
    assert_eq!(bench.until(2), "0: deregister");
    bench.hears(slice(&[]));
    assert_eq!(bench.until(99), "");
}
