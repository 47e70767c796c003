//! The garbage collector: what belongs to an object that is gone goes too
//! (`pkg/controller/garbagecollector`).
//!
//! A Deployment that is deleted is gone at once. Its ReplicaSets are found without an owner and deleted,
//! and then their pods, each with its grace period (`propagationPolicy: Background`).
//!
//! *Left out:* its reads of an object and its owner before it deletes the object, its twenty workers
//! instead of five, owners of other kinds than Deployments and ReplicaSets, and finalizers.

use api::{Change, Key, Kind, Meta, Object, Verb};

use crate::{
    controller::{Controller, Plan, SyncContext},
    informer::Informers,
    work_queue::WorkQueue,
    write::Write,
};

/// The garbage collector. What belongs to whom is in the informers.
#[derive(Clone, Copy, Debug, Default)]
pub struct GarbageCollector;

impl Controller for GarbageCollector {
    fn observe(
        &mut self,
        change: &Change,
        _old: Option<&Object>,
        informers: &Informers,
        queue: &mut WorkQueue,
    ) {
        match (&change.object, change.verb) {
            (Object::Deployment(gone), Verb::Deleted) => {
                queue.extend(informers.replica_sets_of(&gone.meta.uid).map(|set| set.meta.key()));
            }
            (Object::ReplicaSet(gone), Verb::Deleted) => {
                queue.extend(informers.pods_of(&gone.meta.uid).map(|pod| pod.meta.key()));
            }
            // What its owner made before it was heard that the owner is gone.
            (Object::ReplicaSet(_) | Object::Pod(_), Verb::Added | Verb::Modified) => {
                let meta = change.object.meta();
                queue.extend(is_garbage(meta, informers).then(|| meta.key()));
            }
            _ => {}
        }
    }

    /// A key may be a ReplicaSet's and a pod's.
    fn reconcile(&mut self, key: &Key, informers: &Informers, _: &mut SyncContext<'_>) -> Plan {
        let mut plan = Plan::default();
        let set = informers.replica_set(key).map(|set| (Kind::ReplicaSet, &set.meta));
        let pod = informers.pod(key).map(|pod| (Kind::Pod, &pod.meta));
        for (kind, meta) in set.into_iter().chain(pod) {
            if is_garbage(meta, informers) {
                plan.then(Write::Delete { kind, key: key.clone(), uid: meta.uid.clone() });
            }
        }
        plan
    }
}

/// Whether an object's owner is gone, and nobody has deleted the object yet.
fn is_garbage(meta: &Meta, informers: &Informers) -> bool {
    let Some(owner) = meta.owner.as_ref().filter(|_| !meta.is_terminating()) else { return false };
    let key = Key { namespace: meta.namespace.clone(), name: owner.name.clone() };
    let known = match owner.kind {
        Kind::Deployment => informers.deployment(&key).map(|it| &it.meta),
        Kind::ReplicaSet => informers.replica_set(&key).map(|it| &it.meta),
        _ => return false,
    };
    known.is_none_or(|known| known.uid != owner.uid)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use api::{Owner, Pod, PodId, PodStatus, ReplicaSet, Timestamp, Uid};
    use engine::{Streams, Time};

    use super::*;
    use crate::work_queue::BackOff;

    fn owned(name: &str, kind: Kind, owner: &str) -> Meta {
        let owner = Owner { kind, name: owner.into(), uid: owner.into() };
        Meta { owner: Some(owner), uid: Uid(name.into()), ..Meta::new("default", name) }
    }

    fn set(name: &str, owner: &str) -> Object {
        Object::ReplicaSet(Arc::new(ReplicaSet {
            meta: owned(name, Kind::Deployment, owner),
            spec: api::ReplicaSetSpec {
                replicas: 1,
                selector: api::LabelSelector::default(),
                template: api::PodTemplate::default(),
                min_ready_seconds: 0,
            },
            status: api::ReplicaSetStatus::default(),
        }))
    }

    fn pod(name: &str, owner: &str, deleted: bool) -> Object {
        let mut meta = owned(name, Kind::ReplicaSet, owner);
        meta.deletion_timestamp = deleted.then_some(Timestamp(30));
        Object::Pod(Arc::new(Pod {
            meta,
            id: PodId(0),
            spec: Arc::default(),
            node_name: None,
            status: PodStatus::default(),
        }))
    }

    /// What is deleted once each change is heard, in turn.
    fn deleted(changes: Vec<(Verb, Object)>) -> Vec<String> {
        let (mut informers, mut queue) = (Informers::default(), WorkQueue::new(BackOff::DEFAULT));
        let mut collector = GarbageCollector;
        let mut random = Streams::new(1).named("test");
        let mut deleted = Vec::new();
        for (verb, object) in changes {
            let change = Change { verb, object };
            let old = informers.observe(&change);
            collector.observe(&change, old.as_ref(), &informers, &mut queue);
            while let Some(key) = queue.take() {
                let mut sync = SyncContext { now: Time::ZERO, wall_nanos: 0, random: &mut random };
                let plan = collector.reconcile(&key, &informers, &mut sync);
                for write in plan.batches.into_iter().flatten() {
                    let Write::Delete { kind, key, .. } = write else { panic!("{write:?}") };
                    deleted.push(format!("{kind} {}", key.name));
                }
                queue.done(&key);
            }
        }
        deleted
    }

    #[test]
    fn what_has_no_owner_any_more_is_deleted() {
        use Verb::{Added, Deleted};
        let set = || set("web-1", "web");
        let known = || vec![(Added, set()), (Added, pod("web-1-a", "web-1", false))];
        // The Deployment was never heard of: its ReplicaSet is garbage, the pod is not yet.
        assert_eq!(deleted(known()), ["ReplicaSet web-1"]);
        let gone = [known(), vec![(Deleted, set())]].concat();
        assert_eq!(deleted(gone), ["ReplicaSet web-1", "Pod web-1-a"]);
        let late = vec![(Added, pod("web-1-b", "web-1", false))];
        assert_eq!(deleted(late), ["Pod web-1-b"], "made before its owner's end was heard of");
        let ends = vec![(Added, pod("web-1-c", "web-1", true))];
        assert!(deleted(ends).is_empty(), "it is being deleted");
    }

    #[test]
    fn an_owner_of_the_same_name_is_another() {
        let other = ReplicaSet::clone(match &set("web-1", "web") {
            Object::ReplicaSet(set) => set,
            other => panic!("{other:?}"),
        });
        let mut other = other;
        (other.meta.uid, other.meta.owner) = (Uid("other".into()), None);
        let other = Object::ReplicaSet(Arc::new(other));
        let changes = vec![(Verb::Added, other), (Verb::Added, pod("web-1-a", "web-1", false))];
        assert_eq!(deleted(changes), ["Pod web-1-a"]);
    }
}
