//! The namespace controller: empties a namespace that is being deleted (`pkg/controller/namespace`).
//!
//! It waits some seconds first, so that every API server has heard and lets nothing new in. Pods go first,
//! each with its grace period, and what made them stays until they are gone (`OrderedNamespaceDeletion`);
//! it asks for new pods in vain. Then the rest goes. Each look tells in the namespace's status what is left,
//! and hears of that like anybody: so it looks again after [`DELETION_GRACE_PERIOD`] at the latest.
//!
//! *Left out:* the namespace's status and finalizers, the reads of what is left, Events, and kinds that the
//! simulation does not have.

use api::{Change, Key, Kind, Object, Pod};
use engine::Span;

use crate::{
    controller::{Controller, Plan, SyncContext},
    informer::Informers,
    work_queue::WorkQueue,
    write::Write,
};

/// From the deletion of a namespace to the first look at what is in it (`namespaceDeletionGracePeriod`).
pub const DELETION_GRACE_PERIOD: Span = Span::from_secs(5);

/// Its client may call so many times as often as those of other controllers, and so many times as much at
/// once (`startNamespaceController`).
pub const CLIENT_FACTORS: (f64, u32) = (20.0, 100);

/// What goes once the pods are gone. Kubernetes goes through its kinds in an order that is chance.
const OTHER_KINDS: [Kind; 10] = [
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::Service,
    Kind::EndpointSlice,
    Kind::Endpoints,
    Kind::Ingress,
    Kind::HttpRoute,
    Kind::Gateway,
    Kind::PodDisruptionBudget,
    Kind::HorizontalPodAutoscaler,
];

/// The key that a namespace is queued by.
#[must_use]
pub fn key(namespace: &str) -> Key {
    Key::new("", namespace)
}

/// The namespace controller.
#[derive(Clone, Copy, Debug, Default)]
pub struct NamespaceController;

impl Controller for NamespaceController {
    /// It is told of namespaces, which are no objects here.
    fn observe(&mut self, _: &Change, _: Option<&Object>, _: &Informers, _: &mut WorkQueue) {}

    fn reconcile(&mut self, key: &Key, informers: &Informers, _: &mut SyncContext<'_>) -> Plan {
        let (mut plan, namespace) = (Plan::default(), &key.name);
        let any = api::Labels::new();
        let pods = || informers.pods_with(namespace, &any);
        // The API server goes through a collection and deletes one object after the other.
        for pod in pods().filter(|pod| !pod.meta.is_terminating()) {
            let (key, uid) = (pod.meta.key(), pod.meta.uid.clone());
            plan.then(Write::Delete { kind: Kind::Pod, key, uid });
        }
        match pods().filter_map(|pod| grace_period(pod)).max() {
            Some(seconds) => {
                let estimate = Span::from_secs(u64::from(seconds) / 2 + 1);
                plan.requeue_after = Some(estimate.min(DELETION_GRACE_PERIOD));
            }
            None => {
                for kind in OTHER_KINDS {
                    plan.then(Write::DeleteCollection { kind, namespace: namespace.clone() });
                }
            }
        }
        plan
    }
}

/// How long a pod may take to end that is told to; `None` of one that is gone at once.
fn grace_period(pod: &Pod) -> Option<u32> {
    let runs = pod.node_name.is_some() && !pod.is_terminal();
    runs.then_some(pod.spec.termination_grace_period_seconds)
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
            spec: Arc::new(api::PodSpec {
                termination_grace_period_seconds: 4,
                ..api::PodSpec::default()
            }),
            node_name: Some("node-1".into()),
            status: PodStatus::default(),
        };
        change(&mut pod);
        Object::Pod(Arc::new(pod))
    }

    /// What is asked for in a look at the namespace `shop`, and when it looks again.
    fn look(pods: Vec<Object>) -> (Vec<String>, Option<Span>) {
        let mut informers = Informers::default();
        for object in pods {
            informers.observe(&Change { verb: Verb::Added, object });
        }
        let mut random = Streams::new(1).named("test");
        let mut sync = SyncContext { now: Time::ZERO, wall_nanos: 0, random: &mut random };
        let plan = NamespaceController.reconcile(&key("shop"), &informers, &mut sync);
        let texts = plan.batches.into_iter().map(|batch| match &batch[..] {
            [Write::Delete { key, .. }] => key.name.to_string(),
            [Write::DeleteCollection { kind, namespace }] => format!("all {kind} of {namespace}"),
            other => panic!("{other:?}"),
        });
        (texts.collect(), plan.requeue_after)
    }

    #[test]
    fn pods_go_first_and_the_rest_once_they_are_gone() {
        let ends = |pod: &mut Pod| pod.meta.deletion_timestamp = Some(Timestamp(30));
        let pods = vec![
            pod("other", "web", |_| ()),
            pod("shop", "a", |_| ()),
            pod("shop", "b", ends),
            pod("shop", "c", |pod| pod.node_name = None),
        ];
        let (asked, again) = look(pods);
        assert_eq!((asked.join(" ").as_str(), again), ("a c", Some(Span::from_secs(3))));
        let (asked, again) = look(vec![pod("shop", "b", ends)]);
        assert_eq!((asked.len(), again), (0, Some(Span::from_secs(3))), "it is still there");
        let (asked, again) = look(vec![pod("other", "web", |_| ())]);
        assert_eq!(again, None);
        assert_eq!(asked[..2], ["all Deployment of shop", "all ReplicaSet of shop"]);
        assert_eq!(asked.len(), OTHER_KINDS.len());
    }

    #[test]
    fn nobody_waits_for_what_needs_no_time_and_nobody_longer_than_five_seconds() {
        let done = |pod: &mut Pod| pod.status.phase = Phase::Succeeded;
        let (asked, again) = look(vec![pod("shop", "a", done)]);
        assert_eq!((asked[0].as_str(), again), ("a", None));
        assert_eq!(asked.len(), 1 + OTHER_KINDS.len());
        let slow = |pod: &mut Pod| {
            Arc::make_mut(&mut pod.spec).termination_grace_period_seconds = 30;
        };
        assert_eq!(look(vec![pod("shop", "a", slow)]).1, Some(DELETION_GRACE_PERIOD));
    }
}
