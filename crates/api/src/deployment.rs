//! Deployments.

use crate::{IntOrPercent, LabelSelector, Meta, PodTemplate, Timestamp};

/// An `apps/v1` Deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    /// Metadata.
    pub meta: Meta,
    /// What it is to be.
    pub spec: DeploymentSpec,
    /// What it is.
    pub status: DeploymentStatus,
}

/// `spec` of a Deployment; defaults as in `SetDefaults_Deployment`.
#[derive(Clone, Debug, PartialEq)]
pub struct DeploymentSpec {
    /// How many pods, 1 by default.
    pub replicas: i32,
    /// Which pods are its own.
    pub selector: LabelSelector,
    /// What its pods are made from.
    pub template: PodTemplate,
    /// How pods are replaced.
    pub strategy: Strategy,
    /// How long a pod must have been ready before it counts as available, in seconds; 0 by default.
    pub min_ready_seconds: u32,
    /// How many old ReplicaSets are kept, 10 by default.
    pub revision_history_limit: i32,
    /// After how long without progress the rollout counts as failed, in seconds; 600 by default,
    /// `None` for never.
    pub progress_deadline_seconds: Option<i32>,
    /// Whether rollouts are held.
    pub paused: bool,
}

impl Default for DeploymentSpec {
    fn default() -> Self {
        Self {
            replicas: 1,
            selector: LabelSelector::default(),
            template: PodTemplate::default(),
            strategy: Strategy::default(),
            min_ready_seconds: 0,
            revision_history_limit: 10,
            progress_deadline_seconds: Some(600),
            paused: false,
        }
    }
}

/// `spec.strategy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// All old pods go before the first new one comes.
    Recreate,
    /// Old pods are replaced a few at a time.
    RollingUpdate {
        /// How many pods there may be above `replicas`; a percentage is rounded up.
        max_surge: IntOrPercent,
        /// How many may be missing below `replicas`; a percentage is rounded down.
        max_unavailable: IntOrPercent,
    },
}

impl Default for Strategy {
    fn default() -> Self {
        Self::RollingUpdate {
            max_surge: IntOrPercent::Percent(25),
            max_unavailable: IntOrPercent::Percent(25),
        }
    }
}

/// `status` of a Deployment.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct DeploymentStatus {
    /// The generation the controller has seen.
    pub observed_generation: u64,
    /// Pods of all its ReplicaSets that are not being deleted.
    pub replicas: i32,
    /// Pods of the newest template.
    pub updated_replicas: i32,
    /// Ready pods.
    pub ready_replicas: i32,
    /// Pods ready for `minReadySeconds`.
    pub available_replicas: i32,
    /// Pods still missing to the number the ReplicaSets ask for.
    pub unavailable_replicas: i32,
    /// Pods being deleted.
    pub terminating_replicas: Option<i32>,
    /// Conditions, at most one of a type.
    pub conditions: Vec<DeploymentCondition>,
    /// How often the template hash met another's.
    pub collision_count: Option<i32>,
}

/// A condition of a Deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentCondition {
    /// `Available`, `Progressing` or `ReplicaFailure`.
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: ConditionStatus,
    /// A word for machines.
    pub reason: String,
    /// A sentence for people.
    pub message: String,
    /// When the controller last wrote it.
    pub last_update_time: Option<Timestamp>,
    /// When its status last changed.
    pub last_transition_time: Option<Timestamp>,
}

/// Status of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not.
    False,
    /// Nobody knows.
    Unknown,
}
