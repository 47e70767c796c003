//! MetalLB: which node a connection from outside comes to.

pub mod bgp;
pub mod l2;
