//! What all strategies share (`sync.go`): finding or making the ReplicaSet of the template, scaling
//! one, sharing out a scale between several, forgetting history, and the status.

use std::{cmp::Reverse, sync::Arc};

use api::{
    Deployment, DeploymentStatus, Kind, Meta, Object, Owner, PodTemplate, ReplicaSet,
    ReplicaSetSpec, ReplicaSetStatus, Strategy, deployment::ConditionStatus,
};

use super::{
    Sync,
    progress::{AVAILABLE, PROGRESSING, reason},
    util,
};
use crate::{api_server::SAFE_LETTERS, write::Write};

/// Annotations of a Deployment that are its own and not handed on to its ReplicaSets.
const ANNOTATIONS_TO_SKIP: [&str; 6] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    util::REVISION_ANNOTATION,
    util::REVISION_HISTORY_ANNOTATION,
    util::DESIRED_REPLICAS_ANNOTATION,
    util::MAX_REPLICAS_ANNOTATION,
    "deprecated.deployment.rollback.to",
];

/// How long the list of former revisions may get, in bytes.
const REVISION_HISTORY_LIMIT: usize = 2000;

/// A Deployment's ReplicaSets: the one of its template, and the others.
pub(super) struct Revisions {
    pub(super) new: Option<Arc<ReplicaSet>>,
    pub(super) old: Vec<Arc<ReplicaSet>>,
}

impl Revisions {
    pub(super) fn all(&self) -> Vec<Arc<ReplicaSet>> {
        self.old.iter().chain(&self.new).cloned().collect()
    }
}

impl Sync {
    /// Tells the ReplicaSets apart and, where wanted, makes the one of the template. Where that one
    /// is there but out of date, it is updated and nothing else.
    pub(super) fn all_replica_sets_and_sync_revision(&mut self, create: bool) -> Revisions {
        let (_, old) = util::find_old_replica_sets(&self.deployment, &self.sets);
        let new = util::find_new_replica_set(&self.deployment, &self.sets).cloned();
        let new_revision = old.iter().map(|set| util::revision(set)).max().unwrap_or(0) + 1;
        let Some(existing) = new else {
            let new = create.then(|| self.create_new_replica_set(&old, new_revision));
            return Revisions { new, old };
        };
        if let Some(updated) = self.update_new_replica_set(&existing, new_revision) {
            return Revisions { new: Some(updated), old };
        }
        let wants_condition = util::has_progress_deadline(&self.deployment)
            && util::get_deployment_condition(&self.deployment.status, PROGRESSING).is_none();
        if wants_condition {
            let message = format!("Found new replica set \"{}\"", existing.meta.name);
            let why = reason::FOUND_NEW_REPLICA_SET;
            let condition = self.condition(ConditionStatus::True, why, message);
            util::set_deployment_condition(&mut self.deployment.status, condition);
            self.write_status();
        }
        Revisions { new: Some(existing), old }
    }

    /// Brings annotations and `minReadySeconds` of the new ReplicaSet up to date. Gives what they
    /// are then, `None` where they were before.
    fn update_new_replica_set(
        &mut self,
        existing: &ReplicaSet,
        new_revision: u64,
    ) -> Option<Arc<ReplicaSet>> {
        let mut set = existing.clone();
        annotate_new_replica_set(&mut set, &self.deployment, new_revision);
        set.spec.min_ready_seconds = self.deployment.spec.min_ready_seconds;
        if set == *existing {
            return None;
        }
        self.plan.then(Write::Update(Object::ReplicaSet(Arc::new(set.clone()))));
        self.updated_new = true;
        // What is written of it after that is based on what this write gives back.
        set.meta.resource_version = 0;
        Some(Arc::new(set))
    }

    fn create_new_replica_set(
        &mut self,
        old: &[Arc<ReplicaSet>],
        new_revision: u64,
    ) -> Arc<ReplicaSet> {
        let mut set = new_replica_set(&self.deployment);
        let mut all = old.to_vec();
        all.push(Arc::new(set.clone()));
        set.spec.replicas = util::new_rs_new_replicas(&self.deployment, &all, &set);
        annotate_new_replica_set(&mut set, &self.deployment, new_revision);
        let (desired, max) = self.desired_and_max();
        util::set_replicas_annotations(&mut set, desired, max);
        let set = Arc::new(set);
        self.plan.then(Write::Create(Object::ReplicaSet(set.clone())));
        if util::has_progress_deadline(&self.deployment) {
            let message = format!("Created new replica set \"{}\"", set.meta.name);
            let condition = self.condition(ConditionStatus::True, reason::NEW_REPLICA_SET, message);
            util::set_deployment_condition(&mut self.deployment.status, condition);
            self.write_status();
        }
        set
    }

    /// Writes a ReplicaSet's size and what it is to remember of the Deployment's, unless it has
    /// the size. Says whether it was written.
    pub(super) fn scale_replica_set(&mut self, set: &mut Arc<ReplicaSet>, size: i32) -> bool {
        if set.spec.replicas == size {
            return false;
        }
        self.write_scale(set, size);
        true
    }

    fn write_scale(&mut self, set: &mut Arc<ReplicaSet>, size: i32) {
        let (desired, max) = self.desired_and_max();
        let current = Arc::make_mut(set);
        if current.spec.replicas == size
            && !util::replicas_annotations_need_update(current, desired, max)
        {
            return;
        }
        current.spec.replicas = size;
        util::set_replicas_annotations(current, desired, max);
        self.plan.then(Write::Update(Object::ReplicaSet(set.clone())));
        // A second write in one sync is based on what the first one gave back, whatever that was.
        Arc::make_mut(set).meta.resource_version = 0;
    }

    fn desired_and_max(&self) -> (i32, i32) {
        let replicas = self.deployment.spec.replicas;
        (replicas, replicas.saturating_add(util::max_surge(&self.deployment)))
    }

    /// Whether the Deployment was scaled since its ReplicaSets were.
    pub(super) fn is_scaling_event(&mut self) -> bool {
        let revisions = self.all_replica_sets_and_sync_revision(false);
        util::filter_active_replica_sets(&revisions.all()).iter().any(|set| {
            let desired = util::get_non_negative_int32_from_annotation(
                &set.meta.annotations,
                util::DESIRED_REPLICAS_ANNOTATION,
            );
            matches!(desired, Ok(Some(desired)) if desired != self.deployment.spec.replicas)
        })
    }

    /// Scales without rolling anything out: for a Deployment that is held, or was scaled.
    pub(super) fn sync(&mut self) {
        let mut revisions = self.all_replica_sets_and_sync_revision(false);
        self.scale(&mut revisions);
        if self.deployment.spec.paused {
            self.cleanup_deployment(&revisions.old);
        }
        let status = self.calculate_status(&revisions);
        self.replace_status(status);
    }

    pub(super) fn sync_status_only(&mut self) {
        let revisions = self.all_replica_sets_and_sync_revision(false);
        let status = self.calculate_status(&revisions);
        self.replace_status(status);
    }

    pub(super) fn observe_generation(&mut self) {
        let observed_generation = self.deployment.meta.generation;
        let status = DeploymentStatus { observed_generation, ..self.deployment.status.clone() };
        self.replace_status(status);
    }

    fn replace_status(&mut self, status: DeploymentStatus) {
        if status != self.deployment.status {
            self.deployment.status = status;
            self.write_status();
        }
    }

    /// Proportional scaling: what is added or taken is shared out by size.
    fn scale(&mut self, revisions: &mut Revisions) {
        let wanted = self.deployment.spec.replicas;
        if let Some(set) = only_active_or_latest(revisions) {
            if set.spec.replicas != wanted {
                self.scale_replica_set(set, wanted);
            }
            return;
        }
        if util::is_saturated(&self.deployment, revisions.new.as_deref()) {
            for set in revisions.old.iter_mut().filter(|set| set.spec.replicas > 0) {
                self.scale_replica_set(set, 0);
            }
            return;
        }
        if self.deployment.spec.strategy == Strategy::Recreate {
            return;
        }
        for (uid, size) in proportional_sizes(&self.deployment, &revisions.all()) {
            let mut sets = revisions.old.iter_mut().chain(&mut revisions.new);
            let set = sets.find(|set| set.meta.uid == uid).expect("sizes are of these sets");
            self.write_scale(set, size);
        }
    }

    /// Deletes old ReplicaSets beyond `revisionHistoryLimit`, the lowest revisions first. One that
    /// cannot be deleted yet uses up its turn.
    pub(super) fn cleanup_deployment(&mut self, old: &[Arc<ReplicaSet>]) {
        let limit = self.deployment.spec.revision_history_limit;
        let mut alive: Vec<_> = old.iter().filter(|set| !set.meta.is_terminating()).collect();
        let surplus = alive.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
        alive.sort_by_key(|set| (util::revision(set), set.meta.creation_timestamp));
        for set in alive.into_iter().take(surplus) {
            let in_use = set.status.replicas != 0
                || set.spec.replicas != 0
                || set.meta.generation > set.status.observed_generation;
            if !in_use {
                let (key, uid) = (set.meta.key(), set.meta.uid.clone());
                self.plan.then(Write::Delete { kind: Kind::ReplicaSet, key, uid });
            }
        }
    }

    /// The status as the ReplicaSets' statuses make it.
    pub(super) fn calculate_status(&self, revisions: &Revisions) -> DeploymentStatus {
        let deployment = &self.deployment;
        let all = revisions.all();
        let available = util::get_available_replica_count_for_replica_sets(&all);
        let asked_for = util::get_replica_count_for_replica_sets(&all);
        let mut status = DeploymentStatus {
            observed_generation: deployment.meta.generation,
            replicas: util::get_actual_replica_count_for_replica_sets(&all),
            updated_replicas: revisions.new.as_ref().map_or(0, |new| new.status.replicas),
            ready_replicas: util::get_ready_replica_count_for_replica_sets(&all),
            available_replicas: available,
            unavailable_replicas: (asked_for - available).max(0),
            terminating_replicas: util::get_terminating_replica_count_for_replica_sets(&all),
            conditions: deployment.status.conditions.clone(),
            collision_count: deployment.status.collision_count,
        };
        let enough = available >= deployment.spec.replicas - util::max_unavailable(deployment);
        let (holds, why, message) = if enough {
            let message = "Deployment has minimum availability.";
            (ConditionStatus::True, reason::MINIMUM_AVAILABLE, message)
        } else {
            let message = "Deployment does not have minimum availability.";
            (ConditionStatus::False, reason::MINIMUM_UNAVAILABLE, message)
        };
        let condition = util::new_deployment_condition(AVAILABLE, holds, why, message, self.now());
        util::set_deployment_condition(&mut status, condition);
        status
    }
}

/// The one ReplicaSet that has pods or, where none has, the new one or the newest
/// (`FindActiveOrLatest`). `None` where several have.
fn only_active_or_latest(revisions: &mut Revisions) -> Option<&mut Arc<ReplicaSet>> {
    let Revisions { new, old } = revisions;
    match old.iter().chain(&*new).filter(|set| set.spec.replicas > 0).count() {
        0 if new.is_some() => new.as_mut(),
        0 => old.iter_mut().max_by_key(|set| set.meta.creation_timestamp),
        1 => old.iter_mut().chain(new).find(|set| set.spec.replicas > 0),
        _ => None,
    }
}

/// The sizes that several ReplicaSets are to have, in the order they are written. The largest goes
/// first and gets what rounding leaves over; of equal ones, the newer when growing.
fn proportional_sizes(deployment: &Deployment, all: &[Arc<ReplicaSet>]) -> Vec<(api::Uid, i32)> {
    let mut active = util::filter_active_replica_sets(all);
    let replicas = deployment.spec.replicas;
    let surge = util::max_surge(deployment);
    let allowed = if replicas > 0 { replicas.saturating_add(surge) } else { 0 };
    let to_add = allowed - util::get_replica_count_for_replica_sets(&active);
    if to_add > 0 {
        active.sort_by_key(|set| {
            (
                Reverse(set.spec.replicas),
                Reverse(set.meta.creation_timestamp),
                set.meta.name.clone(),
            )
        });
    } else {
        active.sort_by_key(|set| (Reverse(set.spec.replicas), util::age_order(set)));
    }
    let mut added = 0;
    let mut sizes: Vec<_> = active
        .iter()
        .map(|set| {
            let share = util::get_replica_set_proportion(set, deployment, to_add, added);
            added += share;
            (set.meta.uid.clone(), set.spec.replicas + share)
        })
        .collect();
    if let Some((_, largest)) = sizes.first_mut() {
        *largest = (*largest + to_add - added).max(0);
    }
    sizes
}

/// The ReplicaSet of a Deployment's template, without a size or a date.
fn new_replica_set(deployment: &Deployment) -> ReplicaSet {
    let hash = pod_template_hash(&deployment.spec.template, deployment.status.collision_count);
    let stem: String = deployment.meta.name.chars().take(253 - 1 - hash.len()).collect();
    let mut meta = Meta::new(deployment.meta.namespace.clone(), format!("{stem}-{hash}"));
    let mut template = deployment.spec.template.clone();
    template.labels.insert(util::POD_TEMPLATE_HASH.to_owned(), hash.clone());
    meta.labels = template.labels.clone();
    meta.owner = Some(Owner {
        kind: Kind::Deployment,
        name: deployment.meta.name.clone(),
        uid: deployment.meta.uid.clone(),
    });
    let mut selector = deployment.spec.selector.clone();
    selector.match_labels.insert(util::POD_TEMPLATE_HASH.to_owned(), hash);
    let min_ready_seconds = deployment.spec.min_ready_seconds;
    ReplicaSet {
        meta,
        spec: ReplicaSetSpec { replicas: 0, selector, template, min_ready_seconds },
        status: ReplicaSetStatus::default(),
    }
}

/// Ten letters or fewer that tell one template from another (`ComputeHash`): FNV-1a of what the
/// template says. The letters differ from a real cluster's, which hashes Go's dump of its objects.
fn pod_template_hash(template: &PodTemplate, collisions: Option<i32>) -> String {
    let text = format!("{template:?}{collisions:?}");
    let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let hash = text.bytes().fold(0x811c_9dc5, step);
    let digits = hash.to_string();
    let letter = |digit: u8| char::from(SAFE_LETTERS[usize::from(digit) % SAFE_LETTERS.len()]);
    digits.bytes().map(letter).collect()
}

/// Hands the Deployment's annotations on, and gives the ReplicaSet its revision; one it had before
/// is kept in its history.
fn annotate_new_replica_set(set: &mut ReplicaSet, deployment: &Deployment, new_revision: u64) {
    let annotations = &mut set.meta.annotations;
    for (key, value) in &deployment.meta.annotations {
        if !ANNOTATIONS_TO_SKIP.contains(&key.as_str()) {
            annotations.insert(key.clone(), value.clone());
        }
    }
    let old = annotations.get(util::REVISION_ANNOTATION).cloned();
    let old_number = old.as_ref().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    if old_number >= new_revision {
        return;
    }
    annotations.insert(util::REVISION_ANNOTATION.to_owned(), new_revision.to_string());
    let Some(old) = old.filter(|old| !old.is_empty()) else { return };
    let history = annotations.entry(util::REVISION_HISTORY_ANNOTATION.to_owned()).or_default();
    let mut revisions: Vec<&str> = history.split(',').filter(|text| !text.is_empty()).collect();
    revisions.push(&old);
    while revisions.join(",").len() > REVISION_HISTORY_LIMIT {
        revisions.remove(0);
    }
    *history = revisions.join(",");
}
