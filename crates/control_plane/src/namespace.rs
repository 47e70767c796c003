//! The namespace controller: empties a namespace that is being deleted (`pkg/controller/namespace`).
//!
//! It waits some seconds first, so that every API server has heard and lets nothing new in. Pods go first,
//! each with its grace period, and what made them stays until they are gone (`OrderedNamespaceDeletion`);
//! it asks for new pods in vain. Then the rest goes. A look that finds fewer pods than the one before tells
//! so in the namespace's status, and hears of that like anybody: it looks again after
//! [`DELETION_GRACE_PERIOD`].
//!
//! *Left out:* the namespace's status itself, finalizers of objects, the reads of what is left, Events, kinds
//! that the simulation does not store, and its ten workers instead of five.

use std::{collections::BTreeMap, sync::Arc};

use api::{Change, Key, Kind, NAMESPACE_DELETION_SECONDS, Object, Pod};
use engine::{Span, Time};

use crate::{
    controller::{Again, Controller, Plan, SyncContext},
    informer::Informers,
    work_queue::WorkQueue,
    write::Write,
};

/// From the deletion of a namespace to the first look at what is in it (`namespaceDeletionGracePeriod`).
pub const DELETION_GRACE_PERIOD: Span = Span::from_secs(NAMESPACE_DELETION_SECONDS);

/// Its client may call so many times as often as those of other controllers, and so many times as much at
/// once (`startNamespaceController`).
pub const CLIENT_FACTORS: (f64, u32) = (20.0, 100);

/// What goes once the pods are gone. Kubernetes goes through its kinds in an order that is chance.
const OTHER_KINDS: [Kind; 4] =
    [Kind::Deployment, Kind::ReplicaSet, Kind::Service, Kind::EndpointSlice];

/// The key that a namespace is queued by.
#[must_use]
pub fn key(namespace: &str) -> Key {
    Key::new("", namespace)
}

/// The namespace controller.
#[derive(Clone, Debug, Default)]
pub struct NamespaceController {
    looks: BTreeMap<Key, Looks>,
}

/// What the looks at a namespace came to.
#[derive(Clone, Copy, Debug)]
struct Looks {
    /// When the first was, some seconds after the deletion.
    first: Time,
    /// The pods of the last.
    pods: Option<usize>,
}

impl Controller for NamespaceController {
    /// It is told of namespaces, which are no objects here.
    fn observe(&mut self, _: &Change, _: Option<&Object>, _: &Informers, _: &mut WorkQueue) {}

    fn reconcile(&mut self, key: &Key, informers: &Informers, sync: &mut SyncContext<'_>) -> Plan {
        let (mut plan, namespace) = (Plan::default(), &key.name);
        let any = api::Labels::new();
        let pods: Vec<&Arc<Pod>> = informers.pods_with(namespace, &any).collect();
        // The API server goes through a collection and deletes one object after the other.
        for pod in pods.iter().filter(|pod| !pod.meta.is_terminating()) {
            let (key, uid) = (pod.meta.key(), pod.meta.uid.clone());
            plan.then(Write::Delete { kind: Kind::Pod, key, uid });
        }
        let Some(longest) = pods.iter().filter_map(|pod| grace_period(pod)).max() else {
            self.looks.remove(key);
            for kind in OTHER_KINDS {
                plan.then(Write::DeleteCollection { kind, namespace: namespace.clone() });
            }
            plan.then(Write::FinalizeNamespace { namespace: namespace.clone() });
            return plan;
        };
        let first = Looks { first: sync.now, pods: None };
        let looks = self.looks.entry(key.clone()).or_insert(first);
        let since_deletion = sync.now.since(looks.first) + DELETION_GRACE_PERIOD;
        let is_news = looks.pods.replace(pods.len()) != Some(pods.len());
        let heard = is_news.then_some(DELETION_GRACE_PERIOD);
        // Pods whose time is up and that are there still are a surprise, and looked at again soon.
        let estimate = match since_deletion < longest {
            true => Some(Span::from_secs(longest.as_nanos() / 1_000_000_000 / 2 + 1)),
            false => {
                plan.again = Again::Failed;
                None
            }
        };
        plan.requeue_after = estimate.into_iter().chain(heard).min();
        plan
    }
}

/// How long a pod may take to end that is told to (`estimateGracefulTermination`); `None` of one that is gone
/// at once.
fn grace_period(pod: &Pod) -> Option<Span> {
    let runs = pod.node_name.is_some() && !pod.is_terminal();
    runs.then(|| Span::from_secs(u64::from(pod.spec.termination_grace_period_seconds)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use api::{Meta, PodId, PodStatus, Timestamp, Uid, Verb, pod::Phase};
    use engine::{Streams, Time};

    use super::*;

    fn pod(namespace: &str, name: &str, change: impl FnOnce(&mut Pod)) -> Object {
        let meta = Meta { uid: Uid(name.into()), ..Meta::new(namespace, name) };
        let mut pod = Pod {
            meta,
            id: PodId(0),
            spec: Arc::default(),
            node_name: Some("node-1".into()),
            status: PodStatus::default(),
        };
        change(&mut pod);
        Object::Pod(Arc::new(pod))
    }

    fn grace(seconds: u32) -> impl FnOnce(&mut Pod) {
        move |pod| Arc::make_mut(&mut pod.spec).termination_grace_period_seconds = seconds
    }

    fn ends(pod: &mut Pod) {
        pod.meta.deletion_timestamp = Some(Timestamp(30));
    }

    /// What is asked for in looks at the namespace `shop`, so many seconds after the first one: with these
    /// pods. And when it looks again: after so long, or after a back-off.
    fn looks(all: Vec<(u64, Vec<Object>)>) -> Vec<(String, Option<u64>, bool)> {
        let mut controller = NamespaceController::default();
        let mut random = Streams::new(1).named("test");
        let look = |(at, pods): (u64, Vec<Object>)| {
            let mut informers = Informers::default();
            for object in pods {
                informers.observe(&Change { verb: Verb::Added, object });
            }
            let now = Time::from_secs(100 + at);
            let mut sync = SyncContext { now, wall_nanos: 0, random: &mut random };
            let plan = controller.reconcile(&key("shop"), &informers, &mut sync);
            let texts = plan.batches.into_iter().map(|batch| match &batch[..] {
                [Write::Delete { key, .. }] => key.name.to_string(),
                [Write::DeleteCollection { kind, namespace }] => format!("{kind}s of {namespace}"),
                [Write::FinalizeNamespace { namespace }] => format!("{namespace} itself"),
                other => panic!("{other:?}"),
            });
            let after = plan.requeue_after.map(|span| span.as_nanos() / 1_000_000_000);
            (texts.collect::<Vec<_>>().join(", "), after, plan.again == Again::Failed)
        };
        all.into_iter().map(look).collect()
    }

    const REST: &str = "Deployments of shop, ReplicaSets of shop, Services of shop, EndpointSlices of shop, shop itself";

    #[test]
    fn pods_go_first_and_the_rest_once_they_are_gone() {
        let first = vec![
            pod("other", "web", |_| ()),
            pod("shop", "a", |_| ()),
            pod("shop", "b", ends),
            pod("shop", "c", |pod| pod.node_name = None),
        ];
        let gone = vec![pod("other", "web", |_| ())];
        let expected = [("a, c".to_owned(), Some(5), false), (REST.to_owned(), None, false)];
        assert_eq!(looks(vec![(0, first), (5, gone)]), expected);
        let done = |pod: &mut Pod| pod.status.phase = Phase::Succeeded;
        let nobody_waits = looks(vec![(0, vec![pod("shop", "a", done)])]);
        assert_eq!(nobody_waits, [(format!("a, {REST}"), None, false)]);
    }

    #[test]
    fn it_looks_again_by_the_grace_period_and_by_what_has_changed() {
        let slow = |name| {
            pod("shop", name, |pod| {
                ends(pod);
                grace(60)(pod);
            })
        };
        let again = |all: Vec<(u64, Vec<Object>)>| {
            looks(all).into_iter().map(|(_, after, failed)| (after, failed)).collect::<Vec<_>>()
        };
        let expected = [
            // The number of pods is news.
            (Some(5), false),
            // It is not, and half of sixty seconds and one more are given.
            (Some(31), false),
            // One has ended.
            (Some(5), false),
            // Its minute is over: nobody knows what that one waits for.
            (None, true),
        ];
        let both = || vec![slow("a"), slow("b")];
        let one = || vec![slow("a")];
        assert_eq!(again(vec![(0, both()), (5, both()), (36, one()), (60, one())]), expected);
        // Whose seconds are over at the first look.
        assert_eq!(again(vec![(0, vec![pod("shop", "a", grace(5))])]), [(Some(5), true)]);
        assert_eq!(again(vec![(0, vec![pod("shop", "a", grace(6))])]), [(Some(4), false)]);
    }
}
