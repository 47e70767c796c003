//! Nodes.

use std::net::{IpAddr, Ipv4Addr};

use crate::{Meta, pod::Resources};

/// A node's dense number in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct NodeId(pub u32);

/// The network that the nodes are in, 172.18.0.0/16, and the address in it of the machine that the
/// API server runs on. That one is no node here.
pub const CONTROL_PLANE_IP: Ipv4Addr = Ipv4Addr::new(172, 18, 0, 10);

impl NodeId {
    /// Its `InternalIP`: node 1 has 172.18.0.11, and each other one the next.
    #[must_use]
    pub fn internal_ip(self) -> IpAddr {
        Ipv4Addr::from(u32::from(CONTROL_PLANE_IP) + 1 + self.0).into()
    }
}

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
