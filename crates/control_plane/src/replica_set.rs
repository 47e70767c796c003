//! The ReplicaSet controller: keeps as many pods as `spec.replicas` says
//! (`pkg/controller/replicaset/replica_set.go`).
//!
//! A pod that is being deleted does not count, so that its successor is created while it still
//! runs. Pods are created in batches that double, so that a quota stops them after few calls, and
//! deleted all at once, the ones first that would be missed least ([`ranking`]).
//!
//! *Left out:* adopting and releasing pods (labels of a simulated pod never change), the
//! `ReplicaFailure` condition, and writing the status after a failed call (the retry does).

pub mod availability;
pub mod expectations;
pub mod ranking;
pub mod status;

use std::{collections::BTreeMap, sync::Arc};

use api::{
    Change, Key, Kind, Meta, Object, Owner, Pod, PodId, PodStatus, ReplicaSet, ReplicaSetStatus,
    Verb,
};

use crate::{
    api_server::ApiServer,
    controller::{Again, Answer, Controller, Plan, SyncContext},
    informer::Informers,
    work_queue::WorkQueue,
    write::{ApiError, Write},
};
use availability::find_min_next_pod_availability_check;
use expectations::Expectations;
use ranking::{Gates, RankedPod};
use status::calculate_status;

/// The most pods that one sync creates or deletes (`BurstReplicas`).
const BURST_REPLICAS: usize = 500;

/// Calls in the first batch of creates (`SlowStartInitialBatchSize`).
const SLOW_START_INITIAL_BATCH_SIZE: usize = 1;

/// The ReplicaSet controller.
#[derive(Debug, Default)]
pub struct ReplicaSetController {
    expectations: Expectations,
    /// The revision of each ReplicaSet that this controller wrote last: a copy from before is not
    /// worked on (`ConsistencyStore`).
    written: BTreeMap<Key, u64>,
}

impl Controller for ReplicaSetController {
    fn observe(
        &mut self,
        change: &Change,
        old: Option<&Object>,
        _informers: &Informers,
        queue: &mut WorkQueue,
    ) {
        match &change.object {
            Object::ReplicaSet(set) => {
                if change.verb == Verb::Deleted {
                    self.expectations.delete(&set.meta.key());
                    self.written.remove(&set.meta.key());
                }
                queue.add(set.meta.key());
            }
            Object::Pod(pod) => {
                let Some(set) = owner_key(pod) else { return };
                // The request to delete a pod is what was asked for; that it has gone is later,
                // but it may be all that is seen of it.
                if change.verb == Verb::Deleted || pod.meta.is_terminating() {
                    self.expectations.deletion_observed(&set, &pod.meta.key());
                } else if old.is_none() {
                    self.expectations.creation_observed(&set);
                }
                queue.add(set);
            }
            Object::Node(_)
            | Object::Deployment(_)
            | Object::Service(_)
            | Object::EndpointSlice(_)
            | Object::Ingress(_)
            | Object::HttpRoute(_)
            | Object::Gateway(_)
            | Object::Endpoints(_)
            | Object::PodDisruptionBudget(_)
            | Object::HorizontalPodAutoscaler(_) => {}
        }
    }

    /// `SuccessfulCreate` and `SuccessfulDelete`, both about the ReplicaSet.
    fn announces(&self, write: &Write, informers: &Informers) -> Option<Key> {
        let pod = match write {
            Write::Create(Object::Pod(pod)) => pod,
            Write::Delete { kind: Kind::Pod, key, .. } => informers.pod(key)?,
            _ => return None,
        };
        let owner = pod.meta.owner.as_ref()?;
        Some(Key::new(pod.meta.namespace.clone(), owner.name.clone()))
    }

    fn reconcile(&mut self, key: &Key, informers: &Informers, sync: &mut SyncContext<'_>) -> Plan {
        let mut plan = Plan::default();
        let Some(set) = informers.replica_set(key) else {
            self.expectations.delete(key);
            return plan;
        };
        let written = self.written.get(key).copied().unwrap_or(0);
        if set.meta.resource_version < written {
            return Plan { again: Again::Failed, ..plan };
        }
        let pods: Vec<&Arc<Pod>> = informers
            .pods_of(&set.meta.uid)
            .filter(|pod| set.spec.selector.matches(&pod.meta.labels))
            .collect();
        let active: Vec<&Arc<Pod>> = pods.iter().copied().filter(|pod| pod.is_active()).collect();
        let terminating =
            pods.iter().filter(|pod| pod.meta.is_terminating() && !pod.is_terminal()).count();
        if self.expectations.satisfied(key, sync.now) && !set.meta.is_terminating() {
            plan.batches = self.manage_replicas(set, &active, informers, sync);
        }
        // The status tells what was found, not what was just asked for.
        let new_status = calculate_status(set, &active, Some(terminating), sync.wall_nanos);
        plan.batches.extend(update_replica_set_status(set, new_status));
        plan.requeue_after = find_min_next_pod_availability_check(
            active.iter().map(|pod| &***pod),
            set.spec.min_ready_seconds,
            sync.wall_nanos,
            sync.wall_nanos,
        );
        plan
    }

    /// `updateReplicaSetStatus` reads the ReplicaSet anew on a conflict and tries once more.
    fn rereads(&self, write: &Write) -> bool {
        matches!(write, Write::UpdateStatus(_))
    }

    /// A pod that cannot come into a namespace that is being deleted is no failure
    /// (`NamespaceTerminatingCause`): the next batch goes out.
    fn goes_on_without(&self, write: &Write) -> bool {
        matches!(write, Write::Create(Object::Pod(_)))
    }

    fn answered(&mut self, key: &Key, write: &Write, answer: Answer<'_>) {
        if let Answer::Stored(object) = answer {
            if matches!(write, Write::UpdateStatus(_)) {
                self.written.insert(key.clone(), object.meta().resource_version);
            }
            return;
        }
        // That counts as if the pod had come, and nobody sees that it does not.
        if matches!(answer, Answer::Refused(ApiError::NamespaceTerminating)) {
            return;
        }
        // What failed or was never sent will not be seen, so nobody is to wait for it.
        match write {
            Write::Create(_) => self.expectations.creation_observed(key),
            Write::Delete { key: pod, .. } => self.expectations.deletion_observed(key, pod),
            Write::Update(_)
            | Write::UpdateStatus(_)
            | Write::DeleteCollection { .. }
            | Write::FinalizeNamespace { .. } => {}
        }
    }
}

impl ReplicaSetController {
    /// The calls that bring the number of active pods to what it should be, and expects their effects.
    fn manage_replicas(
        &mut self,
        set: &ReplicaSet,
        active: &[&Arc<Pod>],
        informers: &Informers,
        sync: &mut SyncContext<'_>,
    ) -> Vec<Vec<Write>> {
        let key = set.meta.key();
        let wanted = usize::try_from(set.spec.replicas).unwrap_or(0);
        if active.len() < wanted {
            let count = (wanted - active.len()).min(BURST_REPLICAS);
            self.expectations.expect_creations(&key, count, sync.now);
            let creates = (0..count).map(|_| create_pod(set, sync)).collect();
            return slow_start_batch(creates, SLOW_START_INITIAL_BATCH_SIZE);
        }
        let count = (active.len() - wanted).min(BURST_REPLICAS);
        if count == 0 {
            return Vec::new();
        }
        let related = indirectly_related_pods(set, informers);
        let victims = pods_to_delete(active, &related, count, sync.wall_nanos);
        let keys = victims.iter().map(|pod| pod.meta.key()).collect();
        self.expectations.expect_deletions(&key, keys, sync.now);
        vec![victims.into_iter().map(delete_pod).collect()]
    }
}

/// The key of the ReplicaSet that controls a pod.
fn owner_key(pod: &Pod) -> Option<Key> {
    let owner = pod.meta.owner.as_ref().filter(|owner| owner.kind == Kind::ReplicaSet)?;
    Some(Key { namespace: pod.meta.namespace.clone(), name: owner.name.clone() })
}

/// Cuts calls into batches that double: should the API server refuse (a quota), few have been sent.
pub fn slow_start_batch<T>(calls: Vec<T>, initial_batch_size: usize) -> Vec<Vec<T>> {
    let mut batches = Vec::new();
    let mut calls = calls.into_iter();
    let mut size = initial_batch_size;
    loop {
        let batch: Vec<T> = calls.by_ref().take(size).collect();
        if batch.is_empty() {
            return batches;
        }
        batches.push(batch);
        size *= 2;
    }
}

/// The `count` pods that go first, ranked by how many active `related` pods share their node.
/// Where all go nobody ranks them.
#[must_use]
pub fn pods_to_delete<'a>(
    active: &[&'a Arc<Pod>],
    related: &[&Arc<Pod>],
    count: usize,
    now: i64,
) -> Vec<&'a Pod> {
    let mut pods: Vec<&Pod> = active.iter().map(|pod| &***pod).collect();
    if count < pods.len() {
        let mut on_node: BTreeMap<Option<&str>, usize> = BTreeMap::new();
        for pod in related.iter().filter(|pod| pod.is_active()) {
            *on_node.entry(pod.node_name.as_deref()).or_default() += 1;
        }
        let rank = |pod: &Pod| on_node.get(&pod.node_name.as_deref()).copied().unwrap_or(0);
        let ranked = pods.into_iter().map(|pod| (RankedPod::new(pod, rank(pod)), pod)).collect();
        pods = ranking::sort(ranked, now, Gates::default());
        pods.truncate(count);
    }
    pods
}

/// The ReplicaSets with the same controller, itself among them. A ReplicaSet on its own has no kin,
/// not even itself.
pub fn replica_sets_with_same_controller<'a>(
    set: &ReplicaSet,
    informers: &'a Informers,
) -> impl Iterator<Item = &'a Arc<ReplicaSet>> {
    let owner = set.meta.owner.as_ref();
    owner.into_iter().flat_map(|owner| informers.replica_sets_of(&owner.uid))
}

/// The pods of all of them: during a rollout old and new pods crowd a node together.
#[must_use]
pub fn indirectly_related_pods<'a>(
    set: &ReplicaSet,
    informers: &'a Informers,
) -> Vec<&'a Arc<Pod>> {
    replica_sets_with_same_controller(set, informers)
        .flat_map(|related| {
            informers
                .pods_of(&related.meta.uid)
                .filter(|pod| related.spec.selector.matches(&pod.meta.labels))
        })
        .collect()
}

/// Writes the status if it changed.
fn update_replica_set_status(
    set: &Arc<ReplicaSet>,
    status: ReplicaSetStatus,
) -> Option<Vec<Write>> {
    if set.status == status {
        return None;
    }
    let mut set = ReplicaSet::clone(set);
    set.status = status;
    Some(vec![Write::UpdateStatus(Object::ReplicaSet(Arc::new(set)))])
}

/// A pod from the ReplicaSet's template. The API server gives it its number and its uid.
fn create_pod(set: &ReplicaSet, sync: &mut SyncContext<'_>) -> Write {
    let template = &set.spec.template;
    let name = ApiServer::generate_name(&format!("{}-", set.meta.name), sync.random);
    let meta = Meta {
        labels: template.labels.clone(),
        annotations: template.annotations.clone(),
        owner: Some(Owner {
            kind: Kind::ReplicaSet,
            name: set.meta.name.clone(),
            uid: set.meta.uid.clone(),
        }),
        ..Meta::new(set.meta.namespace.clone(), name)
    };
    Write::Create(Object::Pod(Arc::new(Pod {
        meta,
        id: PodId::default(),
        spec: template.spec.clone(),
        node_name: None,
        status: PodStatus::default(),
    })))
}

fn delete_pod(pod: &Pod) -> Write {
    Write::Delete { kind: Kind::Pod, key: pod.meta.key(), uid: pod.meta.uid.clone() }
}

#[cfg(test)]
mod tests;
