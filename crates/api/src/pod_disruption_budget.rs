//! PodDisruptionBudgets.

use crate::{IntOrPercent, LabelSelector, Meta};

/// A `policy/v1` PodDisruptionBudget.
#[derive(Clone, Debug, PartialEq)]
pub struct PodDisruptionBudget {
    /// Metadata.
    pub meta: Meta,
    /// What it is to be.
    pub spec: PodDisruptionBudgetSpec,
    /// What follows from it at the moment.
    pub status: PodDisruptionBudgetStatus,
}

/// `spec` of a PodDisruptionBudget.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct PodDisruptionBudgetSpec {
    /// How many pods have to stay, if it says so.
    pub min_available: Option<IntOrPercent>,
    /// How many pods may be missing, if it says so.
    pub max_unavailable: Option<IntOrPercent>,
    /// Which pods it is about; `None` for none, while one that says nothing is for all.
    pub selector: Option<LabelSelector>,
    /// `unhealthyPodEvictionPolicy`, as written.
    pub unhealthy_pod_eviction_policy: Option<String>,
}

/// `status` of a PodDisruptionBudget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct PodDisruptionBudgetStatus {
    /// How many pods an eviction may take now.
    pub disruptions_allowed: i32,
    /// How many of its pods are ready.
    pub current_healthy: i32,
    /// How many have to be.
    pub desired_healthy: i32,
    /// How many there are to be in all.
    pub expected_pods: i32,
}
