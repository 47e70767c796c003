//! NGINX: a choice for each request, in each of its worker processes.

mod by_hash;
pub mod hash;
pub mod hash_consistent;
pub mod ip_hash;
pub mod least_conn;
pub mod least_time;
pub mod peers;
pub mod random;
pub mod round_robin;
