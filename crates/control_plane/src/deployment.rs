//! The Deployment controller: replaces pods a few at a time by scaling ReplicaSets
//! (`pkg/controller/deployment/deployment_controller.go`).
//!
//! It never touches a pod. It keeps true that the pod template of the Deployment is that of one
//! ReplicaSet, and that all its ReplicaSets together have neither too many pods (`maxSurge`) nor
//! too few available ones (`maxUnavailable`). One sync takes at most one step up and, where none
//! was needed, one step down; the changes it causes bring the next sync.
//!
//! | file | Kubernetes' own |
//! |---|---|
//! | `sync` | `sync.go`: the ReplicaSet of a template, proportional scaling, history, status |
//! | [`rolling`] | `rolling.go` |
//! | `recreate` | `recreate.go` |
//! | `progress` | `progress.go`: conditions and the progress deadline |
//! | [`util`] | `util/deployment_util.go`: everything that is a plain function |
//!
//! *Left out:* adoption of ReplicaSets by label, the deprecated rollback annotation, ReplicaFailure
//! conditions, and collisions of template hashes.

pub mod progress;
mod recreate;
pub mod rolling;
mod sync;
pub mod util;

use std::sync::Arc;

use api::{Change, Deployment, Key, Kind, Object, ReplicaSet, Strategy, Verb};

use crate::{
    controller::{Again, Controller, Plan, SyncContext},
    informer::Informers,
    work_queue::WorkQueue,
    write::Write,
};

pub use util::deployment_complete;

/// The Deployment controller. It keeps nothing between syncs: all it knows is in the informers.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeploymentController;

impl Controller for DeploymentController {
    fn observe(
        &mut self,
        change: &Change,
        _: Option<&Object>,
        informers: &Informers,
        queue: &mut WorkQueue,
    ) {
        match &change.object {
            Object::Deployment(deployment) => queue.add(deployment.meta.key()),
            Object::ReplicaSet(set) => queue.extend(owner_of(set)),
            Object::Pod(pod) if change.verb == Verb::Deleted => {
                queue.extend(recreated_without_pods(pod, informers));
            }
            _ => {}
        }
    }

    /// `ScalingReplicaSet`: a ReplicaSet was given another size.
    fn announces(&self, write: &Write, informers: &Informers) -> Option<Key> {
        let (Write::Create(Object::ReplicaSet(set)) | Write::Update(Object::ReplicaSet(set))) =
            write
        else {
            return None;
        };
        let before = informers.replica_set(&set.meta.key()).map_or(0, |set| set.spec.replicas);
        if before == set.spec.replicas { None } else { owner_of(set) }
    }

    /// `syncDeployment`.
    fn reconcile(&mut self, key: &Key, informers: &Informers, cx: &mut SyncContext<'_>) -> Plan {
        let Some(deployment) = informers.deployment(key) else { return Plan::default() };
        let mut sync = Sync::new(deployment, informers, cx);
        if deployment.spec.selector.is_empty() {
            // It would select every pod: nothing is done, and that was seen.
            sync.observe_generation();
        } else if deployment.meta.is_terminating() {
            sync.sync_status_only();
        } else {
            sync.check_paused_conditions();
            sync.step(informers);
        }
        sync.plan
    }
}

/// One sync of one Deployment: its copies of the objects, and what it wants written.
struct Sync {
    deployment: Deployment,
    /// Its ReplicaSets, as the informer knew them when the sync began.
    sets: Vec<Arc<ReplicaSet>>,
    wall_nanos: i64,
    /// Whether the ReplicaSet of the template was out of date.
    updated_new: bool,
    plan: Plan,
}

impl Sync {
    fn new(deployment: &Deployment, informers: &Informers, cx: &SyncContext<'_>) -> Self {
        let owned = informers.replica_sets_of(&deployment.meta.uid);
        Self {
            sets: owned.cloned().collect(),
            deployment: deployment.clone(),
            wall_nanos: cx.wall_nanos,
            updated_new: false,
            plan: Plan::default(),
        }
    }

    fn step(&mut self, informers: &Informers) {
        if self.deployment.spec.paused {
            self.sync();
            return;
        }
        let scaled = self.is_scaling_event();
        if self.updated_new {
            // From here on Kubernetes looks at its ReplicaSets a second time, as they were when the
            // sync began. It would write this one again, and meets a conflict.
            self.plan.again = Again::Failed;
        } else if scaled {
            self.sync();
        } else {
            match self.deployment.spec.strategy {
                Strategy::Recreate => self.rollout_recreate(informers),
                Strategy::RollingUpdate { .. } => self.rollout_rolling(),
            }
        }
    }

    /// Writes the Deployment's status if it differs from what the informer had.
    fn write_status(&mut self) {
        let object = Object::Deployment(Arc::new(self.deployment.clone()));
        self.plan.then(Write::UpdateStatus(object));
    }

    fn now(&self) -> api::Timestamp {
        api::Timestamp(self.wall_nanos.div_euclid(1_000_000_000))
    }
}

/// The key of the Deployment that controls a ReplicaSet.
fn owner_of(set: &ReplicaSet) -> Option<Key> {
    let owner = set.meta.owner.as_ref().filter(|owner| owner.kind == Kind::Deployment)?;
    Some(Key::new(set.meta.namespace.clone(), owner.name.clone()))
}

/// The Deployment that waits for its last pod to be gone before it makes new ones.
fn recreated_without_pods(pod: &api::Pod, informers: &Informers) -> Option<Key> {
    let owner = pod.meta.owner.as_ref()?;
    let set = informers.replica_set(&Key::new(pod.meta.namespace.clone(), owner.name.clone()))?;
    let key = owner_of(set)?;
    let deployment = informers.deployment(&key)?;
    let waits = deployment.spec.strategy == Strategy::Recreate
        && informers
            .replica_sets_of(&deployment.meta.uid)
            .all(|set| informers.pods_of(&set.meta.uid).next().is_none());
    waits.then_some(key)
}

#[cfg(test)]
mod tests;
