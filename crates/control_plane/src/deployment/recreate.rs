//! Replacing all pods at once (`recreate.go`).

use std::sync::Arc;

use api::{Phase, ReplicaSet};

use super::{Sync, util};
use crate::informer::Informers;

impl Sync {
    /// Scales the old ReplicaSets to nothing, waits until none of their pods runs, and only then
    /// makes the new ones. A pod that is being deleted still runs.
    pub(super) fn rollout_recreate(&mut self, informers: &Informers) {
        let mut revisions = self.all_replica_sets_and_sync_revision(false);
        let mut scaled = false;
        for set in revisions.old.iter_mut().filter(|set| set.spec.replicas > 0) {
            scaled |= self.scale_replica_set(set, 0);
        }
        if scaled || old_pods_running(revisions.new.as_deref(), &revisions.old, informers) {
            self.sync_rollout_status(&revisions);
            return;
        }
        if revisions.new.is_none() {
            revisions = self.all_replica_sets_and_sync_revision(true);
        }
        let wanted = self.deployment.spec.replicas;
        if let Some(new) = revisions.new.as_mut()
            && new.spec.replicas != wanted
        {
            self.scale_replica_set(new, wanted);
        }
        if util::deployment_complete(&self.deployment, &self.deployment.status) {
            self.cleanup_deployment(&revisions.old);
        }
        self.sync_rollout_status(&revisions);
    }
}

/// Whether an old ReplicaSet still has pods, or any pod of another than the new one has not ended.
fn old_pods_running(
    new: Option<&ReplicaSet>,
    old: &[Arc<ReplicaSet>],
    informers: &Informers,
) -> bool {
    if old.iter().any(|set| set.status.replicas > 0) {
        return true;
    }
    old.iter()
        .filter(|set| new.is_none_or(|new| new.meta.uid != set.meta.uid))
        .flat_map(|set| informers.pods_of(&set.meta.uid))
        .any(|pod| !matches!(pod.status.phase, Phase::Failed | Phase::Succeeded))
}
