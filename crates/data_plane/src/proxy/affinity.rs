//! `sessionAffinity: ClientIP`: which source was at which endpoint of a port, as one node remembers.
//!
//! How many sources an endpoint's list holds is the mode's to say, see
//! [`Mode::affinity_capacity`](super::mode::Mode::affinity_capacity).
//!
//! *Left out:* IPVS's persistence templates, which outlive the removal of an endpoint.

pub use policy::block::Affinity;
