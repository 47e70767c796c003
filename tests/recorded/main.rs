//! Rehearsals of what was recorded in real clusters: rollouts with real traffic through a real
//! kube-proxy, and the ReplicaSet sizes that a real controller manager wrote.
//!
//! The cluster is the profile `small`, whose times were measured on the quiet runs of the same
//! recordings; nothing here is fitted to the number of lost requests. Where the recordings are not
//! there, the tests say so and pass.

mod bursts;
mod churn;
mod courses;
mod decisions;
mod keep_alive;
mod kube_proxy;
mod kubectl;
mod kubectl_objects;
mod kubectl_yaml;
mod recording;
mod rehearsal;
mod repeats;
mod single_runs;
mod traces;
mod two_nodes;
mod validation;
