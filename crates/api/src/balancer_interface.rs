//! What the controller of a cloud's load balancers asks of them, and what they answer.
//!
//! The second place where the two planes touch: the controller reads and writes objects, a balancer
//! sends connections to pods, and all they know of each other passes through here.

use std::net::Ipv4Addr;

use crate::{PodId, ServiceId};

/// A target's dense number in one run, given by the controller and never used again: a pod that is
/// registered once more is another target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetId(pub u32);

/// A port of a pod behind a port of a Service's load balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PodTarget {
    /// Whose load balancer.
    pub service: ServiceId,
    /// The port that clients connect to.
    pub port: u16,
    /// The pod.
    pub pod: PodId,
    /// The port of the pod.
    pub target_port: u16,
    /// The pod's address.
    pub address: Ipv4Addr,
}

/// What the controller asks of a load balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BalancerRequest {
    /// Take a target in. It gets connections once it is found healthy.
    Register {
        /// Its number, one more than that of the last.
        id: TargetId,
        /// What it is.
        target: PodTarget,
    },
    /// Send a target nothing new.
    Deregister {
        /// Its number.
        id: TargetId,
    },
}
