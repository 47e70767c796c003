//! Load-balancing policies: endpoints in, pick out.
//!
//! A policy sees what a real balancer sees: the endpoints it was told of, and how its own picks
//! ended. Time and chance come in from outside; it has no queue, no objects and no clock. One
//! instance belongs to one balancer, so that twenty nodes keep twenty memories.
//!
//! A folder has the policies of one project, a file each, named as that project names them.
//! [`CATALOGUE`] lists them, a line each; a new policy is one file and one line. What several
//! policies are made of is in [`block`]; what goes around any policy is in [`layer`], and
//! [`LAYERS`] lists it.

pub mod aws;
pub mod azure;
pub mod block;
pub mod bounded_load;
pub mod c3;
mod catalogue;
pub mod cilium;
pub mod envoy;
pub mod finagle;
pub mod gcp;
pub mod grpc;
pub mod haproxy;
pub mod ingress_nginx;
mod inputs;
pub mod ipvs;
pub mod katran;
pub mod ketama;
pub mod kube_proxy;
pub mod layer;
pub mod linkerd;
pub mod metallb;
pub mod nginx;
pub mod oracle;
mod parameter;
mod policy;
pub mod prequal;
mod reference;
mod relation;
pub mod tower;
pub mod traefik;

pub use catalogue::{CATALOGUE, Configured, Entry, Instance, Level, by_name, project};
pub use inputs::{HASHING_KEYS, IGNORING_WEIGHTS, Keyless};
pub use layer::{LAYERS, LayerEntry, Stage, layer_by_name};
pub use parameter::{Kind, NotSet, Parameter, Settings, Value};
pub use policy::{Ended, Endpoint, EndpointId, Flow, Oracle, PickContext, Policy, Reply, Report};
pub use reference::reference;
pub use relation::{AT_MOST, AtMost, NEEDS, Needs};
