//! Load balancers of Microsoft Azure, in front of a cluster.

pub mod flow_hash;
