//! Load balancers of Google Cloud, in front of a cluster.

pub mod maglev;
