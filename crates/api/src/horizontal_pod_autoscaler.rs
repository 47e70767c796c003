//! HorizontalPodAutoscalers.

use crate::Meta;

/// An `autoscaling/v2` HorizontalPodAutoscaler.
#[derive(Clone, Debug, PartialEq)]
pub struct HorizontalPodAutoscaler {
    /// Metadata.
    pub meta: Meta,
    /// What it is to be.
    pub spec: HorizontalPodAutoscalerSpec,
    /// `status.currentReplicas`: how many pods its target has.
    pub current_replicas: i32,
}

/// `spec` of a HorizontalPodAutoscaler.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct HorizontalPodAutoscalerSpec {
    /// What it scales.
    pub scale_target: ObjectReference,
    /// The fewest pods, 1 by default.
    pub min_replicas: i32,
    /// The most pods.
    pub max_replicas: i32,
    /// What it looks at.
    pub metrics: Vec<Metric>,
}

/// An object of any version (`CrossVersionObjectReference`).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ObjectReference {
    /// `apiVersion`, which may be empty.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// A metric, and what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// What is measured.
    pub source: MetricSource,
    /// What it should be.
    pub target: MetricTarget,
}

/// What is measured (`MetricSourceType`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetricSource {
    /// A resource of the pods: `cpu`, `memory`.
    Resource(String),
    /// A resource of one container of each pod.
    ContainerResource {
        /// The resource.
        name: String,
        /// The container.
        container: String,
    },
    /// What the pods measure themselves.
    Pods(String),
    /// What is measured of another object.
    Object {
        /// The metric.
        name: String,
        /// The object.
        described: ObjectReference,
    },
    /// What is measured outside the cluster.
    External(String),
}

/// What a metric should be; quantities as they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetricTarget {
    /// So many percent of what the pods request.
    Utilization(i32),
    /// So much of each pod.
    AverageValue(String),
    /// So much in all.
    Value(String),
}
