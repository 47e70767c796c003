//! What a Deployment's numbers mean (`pkg/controller/deployment/util/deployment_util.go`): plain
//! functions of objects.

use std::sync::Arc;

use api::{
    Deployment, DeploymentStatus, IntOrPercent, Labels, PodTemplate, ReplicaSet, Strategy,
    Timestamp,
    deployment::{ConditionStatus, DeploymentCondition},
};

use super::progress::{PROGRESSING, reason};

/// Annotation of a ReplicaSet: how many replicas its Deployment wanted when it was last scaled.
pub const DESIRED_REPLICAS_ANNOTATION: &str = "deployment.kubernetes.io/desired-replicas";
/// Annotation of a ReplicaSet: the same with the surge.
pub const MAX_REPLICAS_ANNOTATION: &str = "deployment.kubernetes.io/max-replicas";
/// Annotation with a ReplicaSet's revision.
pub const REVISION_ANNOTATION: &str = "deployment.kubernetes.io/revision";
/// Annotation with the revisions a ReplicaSet had before.
pub const REVISION_HISTORY_ANNOTATION: &str = "deployment.kubernetes.io/revision-history";
/// Label that tells the pods of one template from those of another.
pub const POD_TEMPLATE_HASH: &str = "pod-template-hash";

/// How many pods there may be too many, and too few. A surge is rounded up and what may be missing
/// is rounded down; where both come to nothing one pod may be missing, or no step could be taken.
#[must_use]
pub fn resolve_fenceposts(
    max_surge: IntOrPercent,
    max_unavailable: IntOrPercent,
    desired: i32,
) -> (i32, i32) {
    match (max_surge.scaled(desired, true), max_unavailable.scaled(desired, false)) {
        (0, 0) => (0, 1),
        fences => fences,
    }
}

/// How many pods there may be above `replicas`.
#[must_use]
pub fn max_surge(deployment: &Deployment) -> i32 {
    match deployment.spec.strategy {
        Strategy::Recreate => 0,
        Strategy::RollingUpdate { max_surge, max_unavailable } => {
            resolve_fenceposts(max_surge, max_unavailable, deployment.spec.replicas).0
        }
    }
}

/// How many pods may be missing below `replicas`.
#[must_use]
pub fn max_unavailable(deployment: &Deployment) -> i32 {
    match deployment.spec.strategy {
        Strategy::RollingUpdate { max_surge, max_unavailable } if deployment.spec.replicas != 0 => {
            let replicas = deployment.spec.replicas;
            resolve_fenceposts(max_surge, max_unavailable, replicas).1.min(replicas)
        }
        Strategy::RollingUpdate { .. } | Strategy::Recreate => 0,
    }
}

/// How many pods must be available during a rolling update.
#[must_use]
pub fn min_available(deployment: &Deployment) -> i32 {
    match deployment.spec.strategy {
        Strategy::Recreate => 0,
        Strategy::RollingUpdate { .. } => deployment.spec.replicas - max_unavailable(deployment),
    }
}

/// How large the new ReplicaSet may be: up to what is wanted, as far as the surge has room.
#[must_use]
pub fn new_rs_new_replicas(
    deployment: &Deployment,
    all: &[Arc<ReplicaSet>],
    new: &ReplicaSet,
) -> i32 {
    let wanted = deployment.spec.replicas;
    match deployment.spec.strategy {
        Strategy::Recreate => wanted,
        Strategy::RollingUpdate { max_surge, .. } => {
            let max_total = wanted.saturating_add(max_surge.scaled(wanted, true));
            let room = max_total - get_replica_count_for_replica_sets(all);
            if room <= 0 {
                return new.spec.replicas;
            }
            new.spec.replicas + room.min(wanted - new.spec.replicas)
        }
    }
}

/// By how much a ReplicaSet changes when its Deployment is scaled in the midst of a rollout, for
/// the shares to stay what they are.
#[must_use]
pub fn get_replica_set_fraction(set: &ReplicaSet, deployment: &Deployment) -> i32 {
    let wanted = deployment.spec.replicas;
    if wanted == 0 {
        return -set.spec.replicas;
    }
    let size = wanted.saturating_add(max_surge(deployment));
    let annotated =
        get_non_negative_int32_from_annotation(&set.meta.annotations, MAX_REPLICAS_ANNOTATION);
    // Without a valid annotation the Deployment's own count stands in.
    let before = match annotated {
        Ok(Some(max)) if max != 0 => max,
        _ if deployment.status.replicas == 0 => return 0,
        _ => deployment.status.replicas,
    };
    let exact = f64::from(set.spec.replicas) * f64::from(size) / f64::from(before);
    exact.round() as i32 - set.spec.replicas
}

/// The part of `replicas_to_add` that a ReplicaSet gets, of which `replicas_added` are given.
#[must_use]
pub fn get_replica_set_proportion(
    set: &ReplicaSet,
    deployment: &Deployment,
    replicas_to_add: i32,
    replicas_added: i32,
) -> i32 {
    if set.spec.replicas == 0 || replicas_to_add == 0 || replicas_to_add == replicas_added {
        return 0;
    }
    let fraction = get_replica_set_fraction(set, deployment);
    let allowed = replicas_to_add - replicas_added;
    if replicas_to_add > 0 { fraction.min(allowed) } else { fraction.max(allowed) }
}

/// What ReplicaSets are sorted by where the oldest goes first.
#[must_use]
pub fn age_order(set: &ReplicaSet) -> (Option<Timestamp>, Arc<str>) {
    (set.meta.creation_timestamp, set.meta.name.clone())
}

/// Whether two templates make the same pods.
#[must_use]
pub fn equal_ignore_hash(a: &PodTemplate, b: &PodTemplate) -> bool {
    let labels = |template: &PodTemplate| -> Labels {
        let without_hash = template.labels.iter().filter(|(key, _)| *key != POD_TEMPLATE_HASH);
        without_hash.map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    a.annotations == b.annotations
        && a.spec == b.spec
        && a.unmodelled == b.unmodelled
        && labels(a) == labels(b)
}

/// The ReplicaSet of the Deployment's template: the oldest, should there be several.
#[must_use]
pub fn find_new_replica_set<'a>(
    deployment: &Deployment,
    sets: &'a [Arc<ReplicaSet>],
) -> Option<&'a Arc<ReplicaSet>> {
    sets.iter()
        .filter(|set| equal_ignore_hash(&set.spec.template, &deployment.spec.template))
        .min_by_key(|set| age_order(set))
}

/// All other ReplicaSets: those that are to have pods, and all of them.
#[must_use]
pub fn find_old_replica_sets(
    deployment: &Deployment,
    sets: &[Arc<ReplicaSet>],
) -> (Vec<Arc<ReplicaSet>>, Vec<Arc<ReplicaSet>>) {
    let new = find_new_replica_set(deployment, sets);
    let is_new = |set: &ReplicaSet| new.is_some_and(|new| new.meta.uid == set.meta.uid);
    let all: Vec<_> = sets.iter().filter(|set| !is_new(set)).cloned().collect();
    (filter_active_replica_sets(&all), all)
}

/// The ReplicaSets that are to have pods.
#[must_use]
pub fn filter_active_replica_sets(sets: &[Arc<ReplicaSet>]) -> Vec<Arc<ReplicaSet>> {
    sets.iter().filter(|set| set.spec.replicas > 0).cloned().collect()
}

/// The pods ReplicaSets are to have.
#[must_use]
pub fn get_replica_count_for_replica_sets(sets: &[Arc<ReplicaSet>]) -> i32 {
    sets.iter().map(|set| set.spec.replicas).sum()
}

/// The pods they have.
#[must_use]
pub fn get_actual_replica_count_for_replica_sets(sets: &[Arc<ReplicaSet>]) -> i32 {
    sets.iter().map(|set| set.status.replicas).sum()
}

/// Those that are ready.
#[must_use]
pub fn get_ready_replica_count_for_replica_sets(sets: &[Arc<ReplicaSet>]) -> i32 {
    sets.iter().map(|set| set.status.ready_replicas).sum()
}

/// Those that are available.
#[must_use]
pub fn get_available_replica_count_for_replica_sets(sets: &[Arc<ReplicaSet>]) -> i32 {
    sets.iter().map(|set| set.status.available_replicas).sum()
}

/// Those that are being deleted, as far as ReplicaSets say; `None` where none does.
#[must_use]
pub fn get_terminating_replica_count_for_replica_sets(sets: &[Arc<ReplicaSet>]) -> Option<i32> {
    let said: Vec<i32> = sets.iter().filter_map(|set| set.status.terminating_replicas).collect();
    (!said.is_empty()).then(|| said.iter().sum())
}

/// Whether a rollout is complete: as many new pods as wanted, all available, and no other.
#[must_use]
pub fn deployment_complete(deployment: &Deployment, new_status: &DeploymentStatus) -> bool {
    let wanted = deployment.spec.replicas;
    new_status.updated_replicas == wanted
        && new_status.replicas == wanted
        && new_status.available_replicas == wanted
        && new_status.observed_generation >= deployment.meta.generation
}

/// Whether a rollout got on since the status that is stored.
#[must_use]
pub fn deployment_progressing(deployment: &Deployment, new_status: &DeploymentStatus) -> bool {
    let old = &deployment.status;
    let old_pods = |status: &DeploymentStatus| status.replicas - status.updated_replicas;
    new_status.updated_replicas > old.updated_replicas
        || old_pods(new_status) < old_pods(old)
        || new_status.ready_replicas > old.ready_replicas
        || new_status.available_replicas > old.available_replicas
}

/// Whether there is a deadline at all.
#[must_use]
pub fn has_progress_deadline(deployment: &Deployment) -> bool {
    deployment.spec.progress_deadline_seconds.is_some_and(|seconds| seconds != i32::MAX)
}

/// Whether a rollout got on too long ago. `wall_nanos` is the API server's clock.
#[must_use]
pub fn deployment_timed_out(
    deployment: &Deployment,
    new_status: &DeploymentStatus,
    wall_nanos: i64,
) -> bool {
    let Some(deadline) = deployment.spec.progress_deadline_seconds else { return false };
    let Some(condition) = get_deployment_condition(new_status, PROGRESSING) else { return false };
    if !has_progress_deadline(deployment) || condition.reason == reason::NEW_REPLICA_SET_AVAILABLE {
        return false;
    }
    if condition.reason == reason::TIMED_OUT {
        return true;
    }
    let since = condition.last_update_time.map_or(0, Timestamp::as_nanos);
    since + i64::from(deadline) * 1_000_000_000 < wall_nanos
}

/// Whether a ReplicaSet has all the pods its Deployment wants, and they are available.
#[must_use]
pub fn is_saturated(deployment: &Deployment, set: Option<&ReplicaSet>) -> bool {
    let Some(set) = set else { return false };
    let desired =
        get_non_negative_int32_from_annotation(&set.meta.annotations, DESIRED_REPLICAS_ANNOTATION);
    let wanted = deployment.spec.replicas;
    set.spec.replicas == wanted
        && desired == Ok(Some(wanted))
        && set.status.available_replicas == wanted
}

/// Writes down how large the Deployment was. Says whether that changed anything.
pub fn set_replicas_annotations(set: &mut ReplicaSet, desired: i32, max: i32) -> bool {
    let needed = replicas_annotations_need_update(set, desired, max);
    let annotations = &mut set.meta.annotations;
    annotations.insert(DESIRED_REPLICAS_ANNOTATION.to_owned(), desired.to_string());
    annotations.insert(MAX_REPLICAS_ANNOTATION.to_owned(), max.to_string());
    needed
}

/// Whether what is written down of the Deployment's size is out of date.
#[must_use]
pub fn replicas_annotations_need_update(set: &ReplicaSet, desired: i32, max: i32) -> bool {
    let says = |key: &str, number: i32| {
        set.meta.annotations.get(key).is_some_and(|value| *value == number.to_string())
    };
    !says(DESIRED_REPLICAS_ANNOTATION, desired) || !says(MAX_REPLICAS_ANNOTATION, max)
}

/// The number in an annotation, `None` where it is absent.
///
/// # Errors
/// In Go's words where it is no number, or a negative one.
pub fn get_non_negative_int32_from_annotation(
    annotations: &Labels,
    key: &str,
) -> Result<Option<i32>, String> {
    let Some(text) = annotations.get(key) else { return Ok(None) };
    let number = text.parse::<i32>().map_err(|error| {
        use std::num::IntErrorKind::{NegOverflow, PosOverflow};
        let reason = match error.kind() {
            PosOverflow | NegOverflow => "value out of range",
            _ => "invalid syntax",
        };
        format!("cannot convert the value {text:?} with annotation key {key:?}: {reason}")
    })?;
    if number < 0 {
        return Err(format!("annotation value is negative: key {key:?} has value {text:?}"));
    }
    Ok(Some(number))
}

/// A ReplicaSet's revision, 0 where it has none.
#[must_use]
pub fn revision(set: &ReplicaSet) -> u64 {
    set.meta.annotations.get(REVISION_ANNOTATION).and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// A condition of this moment.
#[must_use]
pub fn new_deployment_condition(
    kind: &str,
    status: ConditionStatus,
    reason: &str,
    message: &str,
    now: Timestamp,
) -> DeploymentCondition {
    DeploymentCondition {
        kind: kind.to_owned(),
        status,
        reason: reason.to_owned(),
        message: message.to_owned(),
        last_update_time: Some(now),
        last_transition_time: Some(now),
    }
}

/// The condition of a type.
#[must_use]
pub fn get_deployment_condition<'a>(
    status: &'a DeploymentStatus,
    kind: &str,
) -> Option<&'a DeploymentCondition> {
    status.conditions.iter().find(|condition| condition.kind == kind)
}

/// Replaces the condition of a type, unless status and reason stay the same; where the status
/// does, so does the date of its change.
pub fn set_deployment_condition(status: &mut DeploymentStatus, mut condition: DeploymentCondition) {
    if let Some(current) = get_deployment_condition(status, &condition.kind) {
        if current.status == condition.status && current.reason == condition.reason {
            return;
        }
        if current.status == condition.status {
            condition.last_transition_time = current.last_transition_time;
        }
    }
    remove_deployment_condition(status, &condition.kind);
    status.conditions.push(condition);
}

/// Takes the condition of a type out.
pub fn remove_deployment_condition(status: &mut DeploymentStatus, kind: &str) {
    status.conditions.retain(|condition| condition.kind != kind);
}
