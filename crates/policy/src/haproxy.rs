//! HAProxy: a choice for each request, of the whole process.

pub mod first;
mod fwrr;
pub mod hashing;
pub mod leastconn;
pub mod random;
pub mod roundrobin;
mod servers;
pub mod source;
pub mod static_rr;
pub mod uri;
mod weight;
