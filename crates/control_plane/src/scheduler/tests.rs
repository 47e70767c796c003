use api::{
    Kind, Labels, Meta, NodeId, Owner, PodId, PodSpec, PodStatus, Timestamp,
    pod::{Container, Resources},
};
use engine::{Agenda, Context, Span, Time};
use record::Recorder;

use super::*;

/// Counts the pods that were recorded as fitting nowhere.
#[derive(Default)]
struct Misfits(u32);

impl Recorder for Misfits {
    fn record(&mut self, _: Time, record: &Record) {
        self.0 += u32::from(matches!(record, Record::PodUnschedulable { .. }));
    }
}

/// A scheduler whose cycles take a millisecond and whose bindings take two, by itself.
struct Bench {
    scheduler: Scheduler,
    api: ApiServer,
    agenda: Agenda<event::Event>,
    misfits: Misfits,
    now: Time,
}

impl Bench {
    fn new() -> Self {
        let streams = Streams::new(1);
        let config = Config {
            cycle: Distribution::Constant(Span::from_millis(1)),
            api_call: Distribution::Constant(Span::from_millis(2)),
            qps: None,
            burst: 1,
        };
        Self {
            scheduler: Scheduler::new(config, &streams),
            api: ApiServer::new(Distribution::Constant(Span::ZERO), &streams),
            agenda: Agenda::new(),
            misfits: Misfits::default(),
            now: Time::ZERO,
        }
    }

    /// The scheduler hears of a change at a moment in milliseconds.
    fn hears(&mut self, millis: u64, verb: Verb, object: Object) {
        self.run_until(millis);
        let recorder: &mut dyn Recorder = &mut self.misfits;
        let mut cx = Context { now: self.now, agenda: &mut self.agenda, recorder };
        self.scheduler.observe(&Change { verb, object }, &mut cx);
    }

    /// Lets what is planned until a moment happen.
    fn run_until(&mut self, millis: u64) {
        self.now = Time::from_nanos(millis * 1_000_000);
        while self.agenda.next_time().is_some_and(|next| next <= self.now) {
            let (now, event) = self.agenda.pop().expect("there is a next one");
            let event::Event::Scheduler(event) = event else { panic!("{event:?}") };
            let recorder: &mut dyn Recorder = &mut self.misfits;
            let mut cx = Context { now, agenda: &mut self.agenda, recorder };
            // A binding is taken to succeed: there are no objects behind this.
            if !matches!(event, Event::Bind { .. }) {
                self.scheduler.handle(event, &mut self.api, &mut cx);
            }
        }
    }

    fn node_of(&self, name: &str) -> Option<&str> {
        self.scheduler.pods.get(&Key::new("default", name)).and_then(|pod| pod.node.as_deref())
    }

    fn by_owner(&self, node: &str) -> u32 {
        self.scheduler.nodes[node].by_owner.get(&Uid::from("web-1")).copied().unwrap_or(0)
    }
}

fn node(name: &str, cpu_millis: u64) -> Object {
    Object::Node(Arc::new(Node {
        meta: Meta { uid: name.into(), labels: Labels::new(), ..Meta::new("", name) },
        id: NodeId(0),
        allocatable: Resources { cpu_millis, memory_bytes: 1 << 40 },
        max_pods: 110,
        unschedulable: false,
    }))
}

fn pod(name: &str, cpu_millis: u64, node: Option<&str>) -> Pod {
    let requests = Resources { cpu_millis, memory_bytes: 0 };
    let spec = PodSpec {
        containers: vec![Container { requests, ..Container::default() }],
        ..PodSpec::default()
    };
    let owner = Owner { kind: Kind::ReplicaSet, name: "web-1".into(), uid: "web-1".into() };
    Pod {
        meta: Meta { uid: name.into(), owner: Some(owner), ..Meta::new("default", name) },
        id: PodId(0),
        spec: Arc::new(spec),
        node_name: node.map(Arc::from),
        status: PodStatus::default(),
    }
}

fn object(pod: Pod) -> Object {
    Object::Pod(Arc::new(pod))
}

#[test]
fn a_pod_past_its_back_off_is_tried_as_soon_as_there_is_room() {
    let mut bench = Bench::new();
    bench.hears(0, Verb::Added, node("node-1", 1000));
    bench.hears(0, Verb::Added, object(pod("old", 1000, Some("node-1"))));
    bench.hears(10, Verb::Added, object(pod("new", 1000, None)));
    bench.hears(5000, Verb::Deleted, object(pod("old", 1000, Some("node-1"))));
    assert_eq!((bench.misfits.0, bench.node_of("new")), (1, None));
    bench.run_until(5001);
    assert_eq!(bench.node_of("new"), Some("node-1"), "it has waited for longer than a second");
}

#[test]
fn back_off_counts_from_the_failure_and_doubles() {
    let mut bench = Bench::new();
    bench.hears(0, Verb::Added, node("node-1", 1000));
    // It fails at 1 ms; a change at 400 ms lets it be tried at 1001 ms, in vain.
    bench.hears(0, Verb::Added, object(pod("large", 2000, None)));
    bench.hears(400, Verb::Modified, node("node-1", 1500));
    bench.run_until(1001);
    assert_eq!(bench.scheduler.unschedulable.failed(Key::new("default", "other"), bench.now), 1);
    bench.scheduler.unschedulable.forget(&Key::new("default", "other"));
    // It failed again at 1002 ms; two seconds later it may be tried again.
    bench.hears(1100, Verb::Modified, node("node-1", 2000));
    bench.run_until(3002);
    assert_eq!(bench.node_of("large"), None, "its cycle ends a millisecond later");
    bench.run_until(3003);
    assert_eq!(bench.node_of("large"), Some("node-1"));
    assert_eq!(bench.misfits.0, 1, "it is said once");
}

#[test]
fn without_a_change_nothing_is_tried() {
    let mut bench = Bench::new();
    bench.hears(0, Verb::Added, object(pod("lonely", 1, None)));
    bench.run_until(1);
    assert_eq!((bench.misfits.0, bench.agenda.next_time()), (1, None));
    bench.hears(2, Verb::Deleted, object(pod("unbound", 1, None)));
    assert_eq!(bench.agenda.next_time(), None, "a pod without a node leaves no room");
}

#[test]
fn a_pod_that_is_being_deleted_takes_room_but_is_not_spread_away_from() {
    let mut bench = Bench::new();
    bench.hears(0, Verb::Added, node("node-1", 1000));
    let mut leaving = pod("old", 600, Some("node-1"));
    bench.hears(0, Verb::Added, object(leaving.clone()));
    assert_eq!(bench.by_owner("node-1"), 1);
    leaving.meta.deletion_timestamp = Some(Timestamp(30));
    bench.hears(1, Verb::Modified, object(leaving.clone()));
    assert_eq!(bench.by_owner("node-1"), 0);
    assert_eq!(bench.scheduler.nodes["node-1"].requested.cpu_millis, 600);
    bench.hears(2, Verb::Deleted, object(leaving));
    assert_eq!(bench.by_owner("node-1"), 0);
    assert_eq!(bench.scheduler.nodes["node-1"].requested.cpu_millis, 0);
}

#[test]
fn a_changed_node_keeps_its_pods_and_a_deleted_one_takes_none() {
    let mut bench = Bench::new();
    bench.hears(0, Verb::Added, node("node-1", 1000));
    bench.hears(0, Verb::Added, object(pod("old", 800, Some("node-1"))));
    bench.hears(1, Verb::Modified, node("node-1", 1200));
    bench.hears(1, Verb::Added, object(pod("new", 800, None)));
    bench.run_until(2);
    assert_eq!(bench.node_of("new"), None, "800m of 1200m are taken");
    bench.hears(3, Verb::Deleted, node("node-1", 1200));
    bench.hears(3, Verb::Added, object(pod("small", 1, None)));
    bench.run_until(1500);
    assert_eq!(bench.node_of("small"), None);
    bench.hears(5000, Verb::Added, node("node-1", 1200));
    assert_eq!(bench.scheduler.nodes["node-1"].requested.cpu_millis, 800, "it is still there");
}

#[test]
fn requests_beyond_all_numbers_fit_nowhere() {
    let mut bench = Bench::new();
    bench.hears(0, Verb::Added, node("node-1", u64::MAX));
    bench.hears(0, Verb::Added, object(pod("huge", u64::MAX, None)));
    bench.hears(10, Verb::Added, object(pod("small", 1, None)));
    bench.run_until(20);
    assert_eq!(bench.node_of("huge"), Some("node-1"));
    assert_eq!(bench.node_of("small"), None);
}
