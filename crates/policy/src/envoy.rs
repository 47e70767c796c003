//! Envoy and what is built on it: a choice for each request, in each worker thread.

pub mod bounded_load;
pub mod client_side_weighted_round_robin;
mod hashing;
pub mod least_request;
pub mod maglev;
mod murmur2;
pub mod normalized;
pub mod random;
pub mod ring_hash;
pub mod round_robin;
