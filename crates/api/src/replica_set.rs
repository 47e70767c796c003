//! ReplicaSets.

use crate::{LabelSelector, Meta, PodTemplate};

/// An `apps/v1` ReplicaSet.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplicaSet {
    /// Metadata.
    pub meta: Meta,
    /// What it is to be.
    pub spec: ReplicaSetSpec,
    /// What it is.
    pub status: ReplicaSetStatus,
}

/// `spec` of a ReplicaSet.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ReplicaSetSpec {
    /// How many pods.
    pub replicas: i32,
    /// Which pods are its own.
    pub selector: LabelSelector,
    /// What its pods are made from.
    pub template: PodTemplate,
    /// How long a pod must have been ready before it counts as available, in seconds.
    pub min_ready_seconds: u32,
}

/// `status` of a ReplicaSet.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ReplicaSetStatus {
    /// Active pods.
    pub replicas: i32,
    /// Those that carry all labels of the template.
    pub fully_labeled_replicas: i32,
    /// Ready pods.
    pub ready_replicas: i32,
    /// Pods ready for `minReadySeconds`.
    pub available_replicas: i32,
    /// Pods being deleted.
    pub terminating_replicas: Option<i32>,
    /// The generation the controller has seen.
    pub observed_generation: u64,
}
