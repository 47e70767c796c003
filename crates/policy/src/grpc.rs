//! gRPC's client: a choice for each call among a channel's connections, or none.

pub mod least_request;
pub mod pick_first;
pub mod ring_hash;
pub mod round_robin;
pub mod weighted_round_robin;
