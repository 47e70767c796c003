//! HAProxy: a choice for each request, of the whole process.

pub mod first;
mod fwrr;
pub mod leastconn;
pub mod roundrobin;
pub mod static_rr;
mod weight;
