//! Conditions and the progress deadline (`progress.go`).

use api::{
    Deployment, DeploymentStatus, ReplicaSet,
    deployment::{ConditionStatus, DeploymentCondition},
};
use engine::Span;

use super::{Sync, sync::Revisions, util};
use crate::controller::Again;

/// Condition type: whether enough pods are available.
pub const AVAILABLE: &str = "Available";
/// Condition type: whether the rollout gets on.
pub const PROGRESSING: &str = "Progressing";

/// Reasons of the Progressing condition.
pub mod reason {
    /// The new ReplicaSet was made.
    pub const NEW_REPLICA_SET: &str = "NewReplicaSetCreated";
    /// It was there already.
    pub const FOUND_NEW_REPLICA_SET: &str = "FoundNewReplicaSet";
    /// A pod more is new, ready or available.
    pub const REPLICA_SET_UPDATED: &str = "ReplicaSetUpdated";
    /// The rollout is complete.
    pub const NEW_REPLICA_SET_AVAILABLE: &str = "NewReplicaSetAvailable";
    /// Nothing got on for longer than the deadline.
    pub const TIMED_OUT: &str = "ProgressDeadlineExceeded";
    /// Held.
    pub const PAUSED: &str = "DeploymentPaused";
    /// Let go.
    pub const RESUMED: &str = "DeploymentResumed";
    /// Enough pods are available.
    pub const MINIMUM_AVAILABLE: &str = "MinimumReplicasAvailable";
    /// Too few are.
    pub const MINIMUM_UNAVAILABLE: &str = "MinimumReplicasUnavailable";
}

impl Sync {
    /// Writes what the rollout has come to, or plans to look again where it is stuck.
    pub(super) fn sync_rollout_status(&mut self, revisions: &Revisions) {
        let status = self.rollout_status(revisions);
        if status == self.deployment.status {
            self.requeue_stuck_deployment(&status);
            return;
        }
        self.deployment.status = status;
        self.write_status();
    }

    fn rollout_status(&self, revisions: &Revisions) -> DeploymentStatus {
        let deployment = &self.deployment;
        let mut status = self.calculate_status(revisions);
        if !util::has_progress_deadline(deployment) {
            util::remove_deployment_condition(&mut status, PROGRESSING);
            return status;
        }
        let current = util::get_deployment_condition(&deployment.status, PROGRESSING);
        let was_complete = status.replicas == status.updated_replicas
            && current.is_some_and(|c| c.reason == reason::NEW_REPLICA_SET_AVAILABLE);
        if was_complete {
            return status;
        }
        let what = subject(deployment, revisions.new.as_deref());
        if util::deployment_complete(deployment, &status) {
            let message = format!("{what} has successfully progressed.");
            let why = reason::NEW_REPLICA_SET_AVAILABLE;
            let condition = self.condition(ConditionStatus::True, why, message);
            util::set_deployment_condition(&mut status, condition);
        } else if util::deployment_progressing(deployment, &status) {
            let message = format!("{what} is progressing.");
            let why = reason::REPLICA_SET_UPDATED;
            let mut condition = self.condition(ConditionStatus::True, why, message);
            // The date of the last progress is news even where nothing else is, so the old
            // condition is taken out, which would otherwise be kept.
            if let Some(current) = current {
                if current.status == ConditionStatus::True {
                    condition.last_transition_time = current.last_transition_time;
                }
                util::remove_deployment_condition(&mut status, PROGRESSING);
            }
            util::set_deployment_condition(&mut status, condition);
        } else if util::deployment_timed_out(deployment, &status, self.wall_nanos) {
            let message = format!("{what} has timed out progressing.");
            let condition = self.condition(ConditionStatus::False, reason::TIMED_OUT, message);
            util::set_deployment_condition(&mut status, condition);
        }
        status
    }

    /// A rollout that waits for something is looked at again when its deadline is over.
    fn requeue_stuck_deployment(&mut self, status: &DeploymentStatus) {
        let current = util::get_deployment_condition(&self.deployment.status, PROGRESSING);
        let (Some(deadline), Some(current)) =
            (self.deployment.spec.progress_deadline_seconds, current)
        else {
            return;
        };
        if !util::has_progress_deadline(&self.deployment)
            || util::deployment_complete(&self.deployment, status)
            || current.reason == reason::TIMED_OUT
        {
            return;
        }
        let since = current.last_update_time.map_or(0, api::Timestamp::as_nanos);
        let after = since + i64::from(deadline) * 1_000_000_000 - self.wall_nanos;
        if after < 1_000_000_000 {
            self.plan.again = Again::RateLimited;
        } else {
            let nanos = u64::try_from(after).expect("it is at least a second");
            // A second more, because dates are whole seconds.
            self.plan.requeue_after = Some(Span::from_nanos(nanos) + Span::from_secs(1));
        }
    }

    /// Says that a Deployment is held, or is no more; a deadline that was exceeded stays so.
    pub(super) fn check_paused_conditions(&mut self) {
        if !util::has_progress_deadline(&self.deployment) {
            return;
        }
        let current = util::get_deployment_condition(&self.deployment.status, PROGRESSING);
        let current = current.map(|condition| condition.reason.as_str());
        if current == Some(reason::TIMED_OUT) {
            return;
        }
        let is_paused = current == Some(reason::PAUSED);
        let (why, message) = match (self.deployment.spec.paused, is_paused) {
            (true, false) => (reason::PAUSED, "Deployment is paused"),
            (false, true) => (reason::RESUMED, "Deployment is resumed"),
            (true, true) | (false, false) => return,
        };
        let condition = self.condition(ConditionStatus::Unknown, why, message.to_owned());
        util::set_deployment_condition(&mut self.deployment.status, condition);
        self.write_status();
    }

    /// A Progressing condition of this moment.
    pub(super) fn condition(
        &self,
        status: ConditionStatus,
        why: &str,
        message: String,
    ) -> DeploymentCondition {
        util::new_deployment_condition(PROGRESSING, status, why, &message, self.now())
    }
}

/// Who makes progress: the new ReplicaSet, where it is there.
fn subject(deployment: &Deployment, new: Option<&ReplicaSet>) -> String {
    match new {
        Some(new) => format!("ReplicaSet \"{}\"", new.meta.name),
        None => format!("Deployment \"{}\"", deployment.meta.name),
    }
}
