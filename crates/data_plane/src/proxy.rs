//! What a node's kube-proxy does with a packet (`pkg/proxy`), without time and without events.
//!
//! Services become a [`service_map`], EndpointSlices an [`endpoints_tracker`]; both together become
//! [`rules`] (a port's in [`port_rules`]), and the rules say where a [`flow`] goes. How the modes differ is in [`mode`]. What a
//! node remembers between connections is in [`affinity`], [`conntrack`] and [`ipvs`].
//!
//! *Left out:* the text of the rules, and what the kernel spends on walking them.

pub mod affinity;
pub mod conntrack;
pub mod endpoints_tracker;
pub mod flow;
pub mod ipvs;
pub mod mode;
pub mod port_rules;
pub mod rules;
pub mod service_map;
pub mod service_port;
