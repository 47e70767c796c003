//! katran: a choice for each connection, in front of a cluster.

pub mod maglev;
