//! The data plane: everything a request passes through.
//!
//! A client finds out where to connect to (`discovery`, [`dns`]), its node's proxy chooses a pod
//! ([`kube_proxy`]), the packets take their time ([`network`]), the pod accepts the connection or not
//! ([`connection`]) and its program works on the request ([`server`]). From outside it comes in at a
//! node that a load balancer chooses ([`load_balancer`]), or through an Ingress or an HTTPRoute
//! ([`ingress`], [`weighted_backends`]). All of them *read* API objects, each through a watch of its own;
//! none writes one.
//!
//! It is dense: numbers for names, flat arrays, nothing allocated for a request. There is nothing
//! of the control plane in here; what a kubelet asks of the container runtime arrives through
//! [`api::runtime_interface`], and [`runtime`] is that runtime.
//!
//! A request takes three events: its connection, its delivery at the pod, its end. With
//! first-come-first-served workers the end is known at the delivery, so that completions could be
//! settled without an event; the event is kept as the plain way, to be the oracle of that.

mod address_text;
pub mod arrivals;
mod attempt;
mod balancer;
pub mod behaviour;
pub mod bounded_frequency_runner;
mod chooser;
pub mod client;
pub mod connection;
mod data_plane;
mod discovery;
pub mod dns;
pub mod endpoints;
pub mod event;
mod feedback;
pub mod flight;
pub mod ingress;
pub mod known_pods;
pub mod kube_proxy;
mod lines;
pub mod load_balancer;
pub mod mesh;
mod meter;
pub mod name_cache;
pub mod network;
pub mod planned_arrivals;
pub mod pool;
pub mod probes;
mod program;
pub mod proxy;
pub mod runtime;
pub mod server;
mod through_ingress;
mod through_load_balancer;
mod through_mesh;
mod through_pool;
mod wanted;
mod way;
pub mod weighted_backends;
mod workers;
mod zones;

pub use attempt::Attempt;
pub use behaviour::{Behaviour, OnSigterm, WarmUp};
pub use data_plane::{Config, DataPlane, NodeConfig, Watches};
pub use event::{Event, Told};

/// What every part of the data plane is handed: the clock, the agenda, the record.
pub type Cx<'a> = engine::Context<'a, Event, dyn record::Recorder + 'a>;
