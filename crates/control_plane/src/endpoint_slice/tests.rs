use api::{
    Endpoint, IntOrString, Labels, Meta, Node, NodeId, Phase, Pod, PodId, PodSpec, PodStatus,
    Protocol, ServiceId, ServicePort, ServiceSpec, SlicePort, Timestamp,
    endpoint_slice::SERVICE_NAME_LABEL,
    node::ZONE_LABEL,
    pod::{Container, ContainerPort, ReadyCondition, Resources},
};
use engine::{Streams, Time};

use super::*;
use crate::work_queue::BackOff;

fn labels() -> Labels {
    Labels::from([("app".to_owned(), "web".to_owned())])
}

fn service() -> Service {
    Service {
        meta: Meta { uid: "service".into(), ..Meta::new("default", "web") },
        id: ServiceId(7),
        spec: ServiceSpec {
            cluster_ip: Some([10, 96, 1, 1].into()),
            selector: Some(labels()),
            ports: vec![ServicePort {
                name: "http".into(),
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

fn pod(number: u8) -> Pod {
    Pod {
        meta: Meta {
            uid: format!("pod-{number}").as_str().into(),
            labels: labels(),
            ..Meta::new("default", format!("pod-{number}"))
        },
        id: PodId(u32::from(number)),
        spec: Arc::default(),
        node_name: Some("node-1".into()),
        status: PodStatus {
            phase: Phase::Running,
            pod_ip: Some([10, 244, 0, number].into()),
            ready: Some(ReadyCondition { status: true, ..ReadyCondition::default() }),
            ..PodStatus::default()
        },
    }
}

fn terminating(mut pod: Pod) -> Pod {
    pod.meta.deletion_timestamp = Some(Timestamp(130));
    pod
}

/// A controller with what it has heard, and an API server that only counts.
struct Bench {
    controller: EndpointSliceController,
    informers: Informers,
    queue: WorkQueue,
    random: Stream,
    writes: u64,
}

impl Bench {
    fn new() -> Self {
        let mut bench = Self {
            controller: EndpointSliceController::default(),
            informers: Informers::default(),
            queue: WorkQueue::new(BackOff::ENDPOINT_SLICE),
            random: Streams::new(1).named("test"),
            writes: 0,
        };
        let mut node = Node {
            meta: Meta::new("", "node-1"),
            id: NodeId(0),
            allocatable: Resources::default(),
            max_pods: 110,
            unschedulable: false,
        };
        node.meta.labels.insert(ZONE_LABEL.to_owned(), "a".to_owned());
        bench.hears(Verb::Added, Object::Node(Arc::new(node)));
        bench.hears(Verb::Added, Object::Service(Arc::new(service())));
        bench
    }

    fn hears(&mut self, verb: Verb, object: Object) {
        let change = Change { verb, object };
        let old = self.informers.observe(&change);
        self.controller.observe(&change, old.as_ref(), &self.informers, &mut self.queue);
    }

    fn hears_pod(&mut self, pod: Pod) {
        self.hears(Verb::Modified, Object::Pod(Arc::new(pod)));
    }

    fn reconcile(&mut self) -> Plan {
        let mut sync = SyncContext { now: Time::ZERO, wall_nanos: 0, random: &mut self.random };
        self.controller.reconcile(&key(), &self.informers, &mut sync)
    }

    /// Stores a write, tells the controller, and gives back what the watch will say.
    fn stores(&mut self, write: &Write) -> (Verb, Object) {
        self.writes += 1;
        let (verb, mut object) = match write {
            Write::Create(object) => (Verb::Added, object.clone()),
            Write::Update(object) | Write::UpdateStatus(object) => (Verb::Modified, object.clone()),
            Write::Delete { key, .. } => {
                let slice = self.informers.endpoint_slice(key).expect("it is known").clone();
                (Verb::Deleted, Object::EndpointSlice(slice))
            }
            other => panic!("{other:?}"),
        };
        let writes = self.writes;
        let meta = object.meta_mut();
        meta.generation += 1;
        if verb == Verb::Added {
            meta.uid = format!("slice-{writes}").as_str().into();
        }
        self.controller.answered(&key(), write, Answer::Stored(&object));
        (verb, object)
    }

    /// Syncs until nothing is left to write, hearing of each write at once.
    fn settle(&mut self) -> Vec<String> {
        let plan = self.reconcile();
        for write in plan.batches.iter().flatten() {
            let (verb, object) = self.stores(write);
            self.hears(verb, object);
        }
        assert!(self.reconcile().batches.is_empty(), "one sync is enough");
        in_short(&plan)
    }
}

fn key() -> Key {
    Key::new("default", "web")
}

/// A Service that is deleted and created again is another one: the slices of the first go with it.
#[test]
fn the_slices_of_a_service_go_with_it_though_another_has_its_name() {
    let mut bench = Bench::new();
    bench.hears_pod(pod(1));
    bench.settle();
    bench.hears(Verb::Deleted, Object::Service(Arc::new(service())));
    let mut again = service();
    again.meta.uid = "again".into();
    again.id = ServiceId(8);
    bench.hears(Verb::Added, Object::Service(Arc::new(again)));
    bench.settle();
    let left: Vec<Option<ServiceId>> =
        bench.informers.slices_of(&key()).map(|slice| slice.service).collect();
    assert_eq!(left, [Some(ServiceId(8))]);
}

/// A plan's writes in short: the verb and the slice's endpoints, `r`eady, `s`erving, `t`erminating.
fn in_short(plan: &Plan) -> Vec<String> {
    let word = |endpoint: &Endpoint| {
        let (pod, _) = endpoint.target.as_ref().expect("every endpoint is a pod's");
        let flags = [(endpoint.ready, 'r'), (endpoint.serving, 's'), (endpoint.terminating, 't')];
        let flags: String = flags.iter().filter(|flag| flag.0).map(|flag| flag.1).collect();
        format!(" {}{flags}", pod.0)
    };
    let line = |write: &Write| match write {
        Write::Create(Object::EndpointSlice(slice)) => {
            format!("create{}", slice.endpoints.iter().map(|it| word(it)).collect::<String>())
        }
        Write::Update(Object::EndpointSlice(slice)) => {
            format!("update{}", slice.endpoints.iter().map(|it| word(it)).collect::<String>())
        }
        Write::Delete { .. } => "delete".to_owned(),
        other => panic!("{other:?}"),
    };
    plan.batches.iter().flatten().map(line).collect()
}

#[test]
fn a_service_has_a_placeholder_until_it_has_endpoints_and_again_after() {
    let mut bench = Bench::new();
    assert_eq!(bench.settle(), ["create"]);
    bench.hears_pod(pod(1));
    assert_eq!(bench.settle(), ["update 1rs"]);
    let slice = bench.informers.slices_of(&key()).next().expect("one slice").clone();
    assert_eq!(slice.service, Some(ServiceId(7)));
    assert_eq!(slice.endpoints[0].zone.as_deref(), Some("a"));
    let port = SlicePort { name: "http".into(), protocol: Protocol::Tcp, port: Some(8080) };
    assert_eq!(slice.ports, [port]);
    bench.hears(Verb::Deleted, Object::Pod(Arc::new(pod(1))));
    assert_eq!(bench.settle(), ["update"]);
    assert_eq!(bench.informers.slices_of(&key()).count(), 1);
}

#[test]
fn a_terminating_pod_serves_but_is_not_ready_and_goes_when_it_ends() {
    let mut bench = Bench::new();
    bench.hears_pod(pod(1));
    bench.hears_pod(pod(2));
    assert_eq!(bench.settle(), ["create 1rs 2rs"]);
    bench.hears_pod(terminating(pod(1)));
    assert_eq!(bench.settle(), ["update 1st 2rs"]);
    let mut ended = terminating(pod(1));
    ended.status.phase = Phase::Succeeded;
    bench.hears_pod(ended);
    assert_eq!(bench.settle(), ["update 2rs"]);
}

#[test]
fn a_service_may_publish_pods_that_are_not_ready() {
    let mut bench = Bench::new();
    let mut service = service();
    service.spec.publish_not_ready_addresses = true;
    bench.hears(Verb::Modified, Object::Service(Arc::new(service)));
    let mut unready = pod(1);
    unready.status.ready = None;
    bench.hears_pod(unready);
    assert_eq!(bench.settle(), ["create 1r"]);
}

#[test]
fn a_sync_before_the_echo_of_the_last_write_comes_back_later() {
    let mut bench = Bench::new();
    bench.hears_pod(pod(1));
    let plan = bench.reconcile();
    let (verb, object) = bench.stores(&plan.batches[0][0]);
    bench.hears_pod(pod(2));
    let early = bench.reconcile();
    assert!(early.again == Again::Failed && early.batches.is_empty());
    bench.hears(verb, object);
    assert_eq!(bench.settle(), ["update 1rs 2rs"]);
}

#[test]
fn each_set_of_resolved_ports_has_slices_of_its_own() {
    let mut bench = Bench::new();
    let mut service = service();
    service.spec.ports[0].target_port = IntOrString::String("http".into());
    bench.hears(Verb::Modified, Object::Service(Arc::new(service)));
    for (number, port) in [(1, 8080), (2, 9090), (3, 8080)] {
        let mut pod = pod(number);
        let http = ContainerPort {
            name: Some("http".into()),
            container_port: port,
            protocol: Protocol::Tcp,
        };
        let container = Container { ports: vec![http], ..Container::default() };
        pod.spec = Arc::new(PodSpec { containers: vec![container], ..PodSpec::default() });
        bench.hears_pod(pod);
    }
    assert_eq!(bench.settle(), ["create 1rs 3rs", "create 2rs"]);
}

#[test]
fn slices_are_filled_so_that_few_are_written() {
    let mut bench = Bench::new();
    (0..150).for_each(|number| bench.hears_pod(pod(number)));
    let sizes = |bench: &Bench| -> Vec<usize> {
        let mut sizes: Vec<usize> =
            bench.informers.slices_of(&key()).map(|slice| slice.endpoints.len()).collect();
        sizes.sort_unstable();
        sizes
    };
    assert_eq!(bench.settle().len(), 2);
    assert_eq!(sizes(&bench), [50, 100]);
    (150..170).for_each(|number| bench.hears_pod(pod(number)));
    assert_eq!(bench.settle().len(), 1, "the slice with room takes them all");
    assert_eq!(sizes(&bench), [70, 100]);
    (0..5).for_each(|number| bench.hears(Verb::Deleted, Object::Pod(Arc::new(pod(number)))));
    (170..173).for_each(|number| bench.hears_pod(pod(number)));
    assert_eq!(bench.settle().len(), 1, "the slice that is written anyway is filled");
    assert_eq!(sizes(&bench), [70, 98]);
}

#[test]
fn only_changes_that_show_queue_a_service() {
    let mut bench = Bench::new();
    let take = |bench: &mut Bench| {
        let taken = bench.queue.take();
        taken.iter().for_each(|key| bench.queue.done(key));
        taken
    };
    assert_eq!(take(&mut bench), Some(key()));
    bench.hears_pod(pod(1));
    assert_eq!(take(&mut bench), Some(key()));
    let mut other = pod(1);
    other.meta.annotations.insert("note".into(), "anything".into());
    bench.hears_pod(other);
    assert_eq!(take(&mut bench), None);
    let mut unready = pod(1);
    unready.status.ready = None;
    bench.hears_pod(unready);
    assert_eq!(take(&mut bench), Some(key()));
    let mut elsewhere = pod(1);
    elsewhere.status.ready = None;
    elsewhere.meta.labels.clear();
    bench.hears_pod(elsewhere);
    assert_eq!(take(&mut bench), Some(key()), "it is no longer selected");
    bench.settle();
    assert_eq!(take(&mut bench), None, "own writes are no news");
}

#[test]
fn without_a_selector_nothing_is_done_and_slices_go_with_their_service() {
    let mut bench = Bench::new();
    bench.hears_pod(pod(1));
    bench.settle();
    let mut manual = service();
    manual.spec.selector = None;
    bench.hears(Verb::Modified, Object::Service(Arc::new(manual)));
    assert!(bench.reconcile().batches.is_empty());
    bench.hears(Verb::Deleted, Object::Service(Arc::new(service())));
    let plan = bench.reconcile();
    assert_eq!(in_short(&plan), ["delete"]);
    let (verb, object) = bench.stores(&plan.batches[0][0]);
    assert!(bench.reconcile().batches.is_empty(), "once is enough");
    bench.hears(verb, object);
    assert_eq!(bench.informers.slices_of(&key()).count(), 0);
}

/// Somebody else's slice is neither changed nor deleted, whether its Service selects pods or not.
#[test]
fn slices_that_somebody_wrote_by_hand_are_left_alone() {
    let mut bench = Bench::new();
    let mut written = EndpointSlice {
        meta: Meta { uid: "written".into(), ..Meta::new("default", "web-1") },
        service_name: "web".into(),
        service: Some(ServiceId(7)),
        ports: Vec::new(),
        endpoints: Vec::new(),
    };
    written.meta.labels.insert(SERVICE_NAME_LABEL.to_owned(), "web".to_owned());
    bench.hears(Verb::Added, Object::EndpointSlice(Arc::new(written.clone())));
    bench.hears_pod(pod(1));
    assert_eq!(bench.settle(), ["create 1rs"]);
    bench.hears(Verb::Modified, Object::EndpointSlice(Arc::new(written.clone())));
    assert!(bench.reconcile().batches.is_empty());
    bench.hears(Verb::Deleted, Object::Service(Arc::new(service())));
    let plan = bench.reconcile();
    assert_eq!(in_short(&plan), ["delete"]);
    assert!(
        !matches!(&plan.batches[0][0], Write::Delete { key, .. } if *key == written.meta.key())
    );
}

/// Kubernetes leaves the slices that it had, though nobody reads them any more.
#[test]
fn a_name_for_a_host_outside_has_no_endpoints_whatever_it_selects() {
    let mut bench = Bench::new();
    bench.hears_pod(pod(1));
    bench.settle();
    let mut name = service();
    name.spec.kind = ServiceType::ExternalName;
    name.spec.cluster_ip = None;
    bench.hears(Verb::Modified, Object::Service(Arc::new(name)));
    bench.hears_pod(pod(2));
    assert!(bench.reconcile().batches.is_empty());
    assert_eq!(bench.informers.slices_of(&key()).count(), 1);
}

#[test]
fn a_pod_on_an_unknown_node_waits_without_holding_up_the_others() {
    let mut bench = Bench::new();
    let mut lost = pod(1);
    lost.node_name = Some("node-9".into());
    bench.hears_pod(lost);
    bench.hears_pod(pod(2));
    let plan = bench.reconcile();
    assert_eq!(plan.again, Again::Failed);
    assert_eq!(in_short(&plan), ["create 2rs"]);
}
