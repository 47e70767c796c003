//! Envoy and what is built on it: a choice for each request, in each worker thread.

pub mod random;
pub mod round_robin;
