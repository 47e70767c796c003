//! The control plane: everything that *writes* API objects.
//!
//! It has the shape of Kubernetes itself. The [`api_server`] holds the objects and tells watchers
//! of each change, in order and after a lag. Controllers keep what they heard in [`informer`]s,
//! queue the keys a change touches ([`work_queue`]) and bring one key at a time a step closer to its
//! spec ([`controller`]). The scheduler and the kubelets have clocks of their own.
//!
//! There is no request in here, and nothing of the data plane: a kubelet speaks to its container
//! runtime through [`api::runtime_interface`], the controller of a cloud's load balancers to these
//! through [`api::balancer_interface`], and whoever listens is the simulation's business.
//!
//! | file | Kubernetes' own |
//! |---|---|
//! | [`deployment`] | `pkg/controller/deployment` |
//! | [`replica_set`] | `pkg/controller/replicaset` |
//! | [`endpoint_slice`] | `pkg/controller/endpointslice`, `k8s.io/endpointslice` |
//! | [`disruption`] | `pkg/controller/disruption` |
//! | [`garbage_collector`] | `pkg/controller/garbagecollector` |
//! | [`namespace`] | `pkg/controller/namespace` |
//! | [`service`] | `k8s.io/cloud-provider/controllers/service` |
//! | [`load_balancer_controller`] | `aws-load-balancer-controller` |
//! | [`scheduler`] | `pkg/scheduler` |
//! | [`kubelet`], [`prober`] | `pkg/kubelet`, `pkg/kubelet/prober` |

pub mod api_server;
mod control_plane;
pub mod controller;
pub mod controller_manager;
pub mod deployment;
pub mod disruption;
pub mod endpoint_slice;
pub mod event;
pub mod event_sink;
pub mod facts;
pub mod garbage_collector;
pub mod informer;
pub mod kubelet;
pub mod load_balancer_controller;
pub mod namespace;
pub mod prober;
pub mod replica_set;
pub mod scheduler;
pub mod service;
pub mod token_bucket;
pub mod work_queue;
pub mod write;

pub use control_plane::{Command, Config, ControlPlane, Delivery};
pub use event::Event;

/// What every part of the control plane is handed: the clock, the agenda, the record.
pub type Cx<'a> = engine::Context<'a, Event, dyn record::Recorder + 'a>;
