//! Load-balancing policies: endpoints in, pick out.
//!
//! A policy sees what a real balancer sees: the endpoints it was told of, and how its own picks
//! ended. Time and chance come in from outside; it has no queue, no objects and no clock. One
//! instance belongs to one balancer, so that twenty nodes keep twenty memories.
//!
//! [`CATALOGUE`] lists them, a line each; a new policy is one file and one line. [`IngressNginxRing`]
//! needs a key of each request and is not listed yet.

mod catalogue;
mod cilium_random;
mod ingress_nginx_ring;
mod ingress_nginx_round_robin;
mod iptables_cascade;
mod ipvs_round_robin;
mod nftables_numgen;
mod policy;
mod random;

pub use catalogue::{CATALOGUE, Entry, by_name};
pub use cilium_random::CiliumRandom;
pub use ingress_nginx_ring::IngressNginxRing;
pub use ingress_nginx_round_robin::IngressNginxRoundRobin;
pub use iptables_cascade::{IptablesCascade, kernel_thresholds, rule_probabilities};
pub use ipvs_round_robin::IpvsRoundRobin;
pub use nftables_numgen::NftablesNumgen;
pub use policy::{Endpoint, EndpointId, PickContext, Policy, Reply};
pub use random::Random;
