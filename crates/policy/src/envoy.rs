//! Envoy and what is built on it: a choice for each request, in each worker thread.

pub mod bounded_load;
mod hashing;
pub mod maglev;
mod murmur2;
pub mod normalized;
pub mod random;
pub mod ring_hash;
pub mod round_robin;
