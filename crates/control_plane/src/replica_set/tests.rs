use api::{
    LabelSelector, Labels, Phase, PodTemplate, ReplicaSetSpec, Timestamp, pod::ReadyCondition,
};
use engine::{Span, Streams, Time};

use super::*;
use crate::{work_queue::BackOff, write::ApiError};

/// The API server's clock is ahead of the run's by this.
const WALL_OFFSET: i64 = 300_000_000;

fn labels() -> Labels {
    Labels::from([("app".to_owned(), "web".to_owned())])
}

fn set(name: &str, replicas: i32) -> ReplicaSet {
    let owner = Owner { kind: Kind::Deployment, name: "web".into(), uid: "deployment".into() };
    ReplicaSet {
        meta: Meta {
            uid: name.into(),
            owner: Some(owner),
            generation: 1,
            ..Meta::new("default", name)
        },
        spec: ReplicaSetSpec {
            replicas,
            selector: LabelSelector::from_labels(labels()),
            template: PodTemplate { labels: labels(), ..PodTemplate::default() },
            min_ready_seconds: 0,
        },
        status: ReplicaSetStatus::default(),
    }
}

/// A running pod of the ReplicaSet `web-1`.
pub(super) fn pod(name: &str) -> Pod {
    let owner = Owner { kind: Kind::ReplicaSet, name: "web-1".into(), uid: "web-1".into() };
    Pod {
        meta: Meta {
            uid: name.into(),
            labels: labels(),
            owner: Some(owner),
            creation_timestamp: Some(Timestamp(0)),
            ..Meta::new("default", name)
        },
        id: PodId::default(),
        spec: Arc::default(),
        node_name: Some("node-1".into()),
        status: PodStatus { phase: Phase::Running, ..PodStatus::default() },
    }
}

fn ready_since(name: &str, seconds: i64) -> Pod {
    let mut pod = pod(name);
    let since = Some(Timestamp(seconds));
    pod.status.ready = Some(ReadyCondition {
        status: true,
        last_transition_time: since,
        ..ReadyCondition::default()
    });
    pod
}

/// A controller with what it has heard and been asked.
struct Bench {
    controller: ReplicaSetController,
    informers: Informers,
    queue: WorkQueue,
    random: engine::Stream,
    now: Time,
}

impl Bench {
    fn new() -> Self {
        Self {
            controller: ReplicaSetController::default(),
            informers: Informers::default(),
            queue: WorkQueue::new(BackOff::DEFAULT),
            random: Streams::new(1).named("test"),
            now: Time::from_secs(100),
        }
    }

    fn hears(&mut self, verb: Verb, object: Object) {
        let change = Change { verb, object };
        let old = self.informers.observe(&change);
        self.controller.observe(&change, old.as_ref(), &self.informers, &mut self.queue);
    }

    fn hears_set(&mut self, set: ReplicaSet) {
        self.hears(Verb::Modified, Object::ReplicaSet(Arc::new(set)));
    }

    fn hears_pod(&mut self, pod: Pod) {
        self.hears(Verb::Modified, Object::Pod(Arc::new(pod)));
    }

    fn reconcile(&mut self) -> Plan {
        let mut sync = SyncContext {
            now: self.now,
            wall_nanos: self.now.as_nanos() as i64 + WALL_OFFSET,
            random: &mut self.random,
        };
        self.controller.reconcile(&key(), &self.informers, &mut sync)
    }
}

fn key() -> Key {
    Key::new("default", "web-1")
}

/// A plan's batches in short: `+` for a created pod, `-name` for a deleted one, the five counts of
/// a status.
fn in_short(plan: &Plan) -> Vec<String> {
    let word = |write: &Write| match write {
        Write::Create(_) => "+".to_owned(),
        Write::Delete { key, .. } => format!("-{}", key.name),
        Write::UpdateStatus(Object::ReplicaSet(set)) => {
            let s = &set.status;
            let terminating = s.terminating_replicas.expect("it is always told");
            format!(
                "status {} {} {} {} {terminating}",
                s.replicas, s.fully_labeled_replicas, s.ready_replicas, s.available_replicas
            )
        }
        other => panic!("{other:?}"),
    };
    plan.batches.iter().map(|batch| batch.iter().map(word).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn pods_are_created_in_batches_that_double_and_once_only() {
    let mut bench = Bench::new();
    bench.hears_set(set("web-1", 6));
    let plan = bench.reconcile();
    assert_eq!(in_short(&plan), ["+", "+ +", "+ + +", "status 0 0 0 0 0"]);
    let Write::Create(Object::Pod(pod)) = &plan.batches[0][0] else { panic!("a pod") };
    assert_eq!(pod.meta.labels, labels());
    assert!(pod.meta.name.starts_with("web-1-"));
    assert_eq!(in_short(&bench.reconcile()), ["status 0 0 0 0 0"], "six are on their way");
    for name in ["a", "b", "c", "d", "e"] {
        bench.hears_pod(self::pod(name));
    }
    assert_eq!(in_short(&bench.reconcile()), ["status 5 5 0 0 0"]);
    bench.controller.answered(&key(), &plan.batches[2][2], Answer::Refused(ApiError::Conflict));
    assert_eq!(in_short(&bench.reconcile()), ["+", "status 5 5 0 0 0"], "the sixth was refused");
}

#[test]
fn nobody_asks_again_for_a_pod_in_a_namespace_that_is_being_deleted() {
    let mut bench = Bench::new();
    bench.hears_set(set("web-1", 1));
    let plan = bench.reconcile();
    let closed = Answer::Refused(ApiError::NamespaceTerminating);
    bench.controller.answered(&key(), &plan.batches[0][0], closed);
    assert_eq!(in_short(&bench.reconcile()), ["status 0 0 0 0 0"], "as if it had come");
}

#[test]
fn a_terminating_pod_is_replaced_at_once() {
    let mut bench = Bench::new();
    bench.hears_set(set("web-1", 2));
    bench.hears_pod(ready_since("a", 10));
    let mut going = ready_since("b", 10);
    going.meta.deletion_timestamp = Some(Timestamp(130));
    bench.hears_pod(going);
    assert_eq!(in_short(&bench.reconcile()), ["+", "status 1 1 1 1 1"]);
}

#[test]
fn the_request_to_delete_is_what_is_waited_for() {
    let mut bench = Bench::new();
    bench.hears_set(set("web-1", 1));
    bench.hears_pod(ready_since("a", 10));
    bench.hears_pod(pod("b"));
    let plan = bench.reconcile();
    assert_eq!(in_short(&plan), ["-b", "status 2 2 1 1 0"], "the one that is not ready goes");
    assert_eq!(in_short(&bench.reconcile()), ["status 2 2 1 1 0"]);
    let mut going = pod("b");
    going.meta.deletion_timestamp = Some(Timestamp(130));
    bench.hears_pod(going);
    assert_eq!(in_short(&bench.reconcile()), ["status 1 1 1 1 1"]);
    bench.hears_set(set("web-1", 0));
    assert_eq!(in_short(&bench.reconcile()), ["-a", "status 1 1 1 1 1"]);
}

#[test]
fn pods_crowded_together_with_their_kin_go_first() {
    let mut bench = Bench::new();
    bench.hears_set(set("web-1", 1));
    bench.hears_set(set("web-2", 1));
    let on = |mut pod: Pod, node: &str| {
        pod.node_name = Some(node.into());
        pod
    };
    bench.hears_pod(on(ready_since("a", 10), "node-1"));
    bench.hears_pod(on(ready_since("b", 10), "node-2"));
    let mut kin = on(ready_since("c", 10), "node-2");
    kin.meta.owner =
        Some(Owner { kind: Kind::ReplicaSet, name: "web-2".into(), uid: "web-2".into() });
    bench.hears_pod(kin);
    assert_eq!(in_short(&bench.reconcile())[0], "-b");
}

#[test]
fn a_pod_becomes_available_by_whole_seconds_of_the_api_clock() {
    let mut bench = Bench::new();
    let mut set = set("web-1", 1);
    set.spec.min_ready_seconds = 5;
    bench.hears_set(set);
    bench.hears_pod(ready_since("a", 98));
    let plan = bench.reconcile();
    assert_eq!(in_short(&plan), ["status 1 1 1 0 0"]);
    assert_eq!(plan.requeue_after, Some(Span::from_millis(2_700)));
    bench.now += Span::from_millis(2_700);
    let plan = bench.reconcile();
    assert_eq!(in_short(&plan), ["status 1 1 1 1 0"]);
    assert_eq!(plan.requeue_after, None);
}

#[test]
fn an_unchanged_status_is_not_written() {
    let mut bench = Bench::new();
    let mut set = set("web-1", 0);
    set.status.observed_generation = 1;
    set.status.terminating_replicas = Some(0);
    bench.hears_set(set);
    assert!(bench.reconcile().batches.is_empty());
}

#[test]
fn one_sync_creates_or_deletes_five_hundred_at_most() {
    let mut bench = Bench::new();
    bench.hears_set(set("web-1", 600));
    let created: usize = bench
        .reconcile()
        .batches
        .iter()
        .flatten()
        .filter(|w| matches!(w, Write::Create(_)))
        .count();
    assert_eq!(created, 500);
}

#[test]
fn changes_of_pods_queue_their_replica_set() {
    let mut bench = Bench::new();
    bench.hears_pod(pod("a"));
    assert_eq!(bench.queue.take(), Some(key()));
    bench.queue.done(&key());
    bench.hears(Verb::Deleted, Object::Pod(Arc::new(pod("a"))));
    assert_eq!(bench.queue.take(), Some(key()));
}
