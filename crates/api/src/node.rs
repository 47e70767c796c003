//! Nodes.

use crate::{Meta, pod::Resources};

/// A node's dense number in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct NodeId(pub u32);

/// The label that names a node's zone.
pub const ZONE_LABEL: &str = "topology.kubernetes.io/zone";

/// A `v1` Node.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Metadata.
    pub meta: Meta,
    /// The run's number for this node; not a field of Kubernetes.
    pub id: NodeId,
    /// What pods may request of it in all.
    pub allocatable: Resources,
    /// How many pods it takes, 110 by default.
    pub max_pods: u32,
    /// `spec.unschedulable`: cordoned.
    pub unschedulable: bool,
}

impl Node {
    /// Its zone.
    #[must_use]
    pub fn zone(&self) -> Option<&str> {
        self.meta.labels.get(ZONE_LABEL).map(String::as_str)
    }
}
