//! A rolling update (`rolling.go`).

use std::sync::Arc;

use api::{Deployment, ReplicaSet};

use super::{Sync, sync::Revisions, util};

impl Sync {
    /// Takes one step: up if there is room, else down if there is.
    pub(super) fn rollout_rolling(&mut self) {
        let mut revisions = self.all_replica_sets_and_sync_revision(true);
        if self.scale_up_new(&mut revisions) || self.scale_down_old(&mut revisions) {
            self.sync_rollout_status(&revisions);
            return;
        }
        if util::deployment_complete(&self.deployment, &self.deployment.status) {
            self.cleanup_deployment(&revisions.old);
        }
        self.sync_rollout_status(&revisions);
    }

    fn scale_up_new(&mut self, revisions: &mut Revisions) -> bool {
        let all = revisions.all();
        let Some(new) = &mut revisions.new else { return false };
        let size = reconcile_new_replica_set(&self.deployment, &all, new);
        size.is_some_and(|size| self.scale_replica_set(new, size))
    }

    fn scale_down_old(&mut self, revisions: &mut Revisions) -> bool {
        let all = revisions.all();
        let active = util::filter_active_replica_sets(&revisions.old);
        let steps = shrink_steps(&self.deployment, &all, &active, revisions.new.as_deref());
        let mut changed = false;
        for wanted in steps.iter().flatten().flatten() {
            let mut known = revisions.old.iter_mut();
            let set = known.find(|set| set.meta.uid == wanted.meta.uid);
            let set = set.expect("active sets are among the old ones");
            changed |= self.scale_replica_set(set, wanted.spec.replicas);
        }
        changed
    }
}

/// The size the new ReplicaSet is to have, `None` where it has it.
#[must_use]
pub fn reconcile_new_replica_set(
    deployment: &Deployment,
    all: &[Arc<ReplicaSet>],
    new: &ReplicaSet,
) -> Option<i32> {
    let wanted = deployment.spec.replicas;
    let size = if new.spec.replicas > wanted {
        wanted
    } else {
        util::new_rs_new_replicas(deployment, all, new)
    };
    (size != new.spec.replicas).then_some(size)
}

/// The old ReplicaSets in the sizes they are to have after one sync, and by how much they shrink
/// in all.
#[must_use]
pub fn reconcile_old_replica_sets(
    deployment: &Deployment,
    all: &[Arc<ReplicaSet>],
    old: &[Arc<ReplicaSet>],
    new: Option<&ReplicaSet>,
) -> (Vec<Arc<ReplicaSet>>, i32) {
    let [_, after] =
        shrink_steps(deployment, all, old, new).unwrap_or([old.to_vec(), old.to_vec()]);
    let count = util::get_replica_count_for_replica_sets;
    let shrunk = count(old) - count(&after);
    (after, shrunk)
}

/// The two writes of a step down: without what is unhealthy anyway, and then without as many more
/// as availability allows. `None` where there is no room for either.
///
/// Both go by the status at the beginning of the sync, so one sync may do both.
fn shrink_steps(
    deployment: &Deployment,
    all: &[Arc<ReplicaSet>],
    old: &[Arc<ReplicaSet>],
    new: Option<&ReplicaSet>,
) -> Option<[Vec<Arc<ReplicaSet>>; 2]> {
    if util::get_replica_count_for_replica_sets(old) == 0 {
        return None;
    }
    let total = util::get_replica_count_for_replica_sets(all);
    let min_available = deployment.spec.replicas - util::max_unavailable(deployment);
    let new_unavailable = new.map_or(0, |new| new.spec.replicas - new.status.available_replicas);
    let max_scaled_down = total - min_available - new_unavailable;
    if max_scaled_down <= 0 {
        return None;
    }
    let (cleaned, _) = cleanup_unhealthy_replicas(old, max_scaled_down)?;
    let mut all: Vec<_> = cleaned.clone();
    all.extend(new.cloned().map(Arc::new));
    let (scaled, _) = scale_down_old_replica_sets_for_rolling_update(deployment, &all, &cleaned);
    Some([cleaned, scaled])
}

/// Takes unavailable pods off old ReplicaSets, oldest set first: they serve nobody. Gives the sets
/// and how many pods that were; `None` where a set's status says that more pods are available than
/// it is to have. That status is from before the set was last shrunk, and Kubernetes gives the whole
/// step up rather than count pods that are about to go.
#[must_use]
pub fn cleanup_unhealthy_replicas(
    old: &[Arc<ReplicaSet>],
    max_cleanup_count: i32,
) -> Option<(Vec<Arc<ReplicaSet>>, i32)> {
    let mut after = oldest_first(old);
    let mut cleaned = 0;
    for set in &mut after {
        let unhealthy = set.spec.replicas - set.status.available_replicas;
        if cleaned >= max_cleanup_count {
            break;
        }
        if set.spec.replicas == 0 || unhealthy == 0 {
            continue;
        }
        if unhealthy < 0 {
            return None;
        }
        let count = unhealthy.min(max_cleanup_count - cleaned);
        Arc::make_mut(set).spec.replicas -= count;
        cleaned += count;
    }
    Some((after, cleaned))
}

/// Shrinks old ReplicaSets, oldest first, as far as enough pods stay available. Gives the sets and
/// by how much they shrank in all.
#[must_use]
pub fn scale_down_old_replica_sets_for_rolling_update(
    deployment: &Deployment,
    all: &[Arc<ReplicaSet>],
    old: &[Arc<ReplicaSet>],
) -> (Vec<Arc<ReplicaSet>>, i32) {
    let min_available = deployment.spec.replicas - util::max_unavailable(deployment);
    let budget = util::get_available_replica_count_for_replica_sets(all) - min_available;
    let mut after = oldest_first(old);
    let mut taken = 0;
    for set in &mut after {
        let count = set.spec.replicas.min(budget - taken);
        if count > 0 {
            Arc::make_mut(set).spec.replicas -= count;
            taken += count;
        }
    }
    (after, taken)
}

/// ReplicaSets by date of creation and name.
fn oldest_first(sets: &[Arc<ReplicaSet>]) -> Vec<Arc<ReplicaSet>> {
    let mut sets = sets.to_vec();
    sets.sort_by_key(|set| util::age_order(set));
    sets
}
