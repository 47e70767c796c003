//! Load balancers of Amazon Web Services, in front of a cluster.

pub mod nlb;
