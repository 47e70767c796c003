//! The modelled Kubernetes objects as plain data: what the API server stores and what travels on a
//! watch.
//!
//! There is no behaviour here beyond matching a selector or an address, resolving a percentage, a port
//! or a name, and saying what a name may be. Field names are Kubernetes' own in snake case; a field that the
//! simulation neither uses nor shows is not here at all.
//!
//! | module | what |
//! |---|---|
//! | [`meta`] | names, labels, owners, timestamps of one second |
//! | [`selector`] | label selectors |
//! | [`cidr`] | ranges of addresses |
//! | [`ingress`], [`http_route`], [`gateway`] | which Service a request from outside goes to |
//! | [`host_match`] | how closely a rule names a host |
//! | [`int_or_percent`] | `maxSurge: 25%` |
//! | [`pod`] | Pod, containers, probes, status |
//! | [`dns`] | what a pod says of its DNS, and its resolv.conf |
//! | [`listening`] | which port of a pod its programs listen on |
//! | [`names`] | what may be the name of a port or a host |
//! | [`deployment`], [`replica_set`] | the two workload objects |
//! | [`service`], [`endpoint_slice`], [`endpoints`], [`node`] | what requests find their way by |
//! | [`pod_disruption_budget`], [`horizontal_pod_autoscaler`] | what others would act on |
//! | [`object`] | any of them, and a change to one |
//! | [`runtime_interface`] | what kubelet and container runtime say to each other |
//! | [`balancer_interface`] | what load balancers and their controller say to each other |

pub mod balancer_interface;
pub mod cidr;
pub mod deployment;
pub mod dns;
pub mod endpoint_slice;
pub mod endpoints;
pub mod gateway;
pub mod horizontal_pod_autoscaler;
pub mod host_match;
pub mod http_route;
pub mod ingress;
pub mod int_or_percent;
pub mod listening;
pub mod main_container;
pub mod meta;
pub mod names;
pub mod node;
pub mod object;
pub mod pod;
pub mod pod_disruption_budget;
pub mod replica_set;
pub mod runtime_interface;
pub mod selector;
pub mod service;

pub use balancer_interface::{BalancerRequest, PodTarget, TargetId};
pub use cidr::Cidr;
pub use deployment::{Deployment, DeploymentSpec, DeploymentStatus, Strategy};
pub use dns::{DnsPolicy, PodDnsConfig, ResolvConf};
pub use endpoint_slice::{Endpoint, EndpointSlice, SlicePort};
pub use endpoints::{EndpointAddress, EndpointSubset, Endpoints};
pub use gateway::{Gateway, Listener};
pub use horizontal_pod_autoscaler::{HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec};
pub use host_match::HostMatch;
pub use http_route::{HttpBackendRef, HttpRoute, HttpRouteRule, HttpRouteSpec};
pub use ingress::{Ingress, IngressBackend, IngressPath, IngressRule, IngressSpec};
pub use int_or_percent::{IntOrPercent, IntOrString};
pub use listening::Listening;
pub use meta::{Key, Labels, Meta, Owner, Timestamp, Uid};
pub use node::{Node, NodeId};
pub use object::{Change, Kind, Object, Verb};
pub use pod::{Container, ContainerId, Phase, Pod, PodId, PodSpec, PodStatus, PodTemplate, Probe};
pub use pod_disruption_budget::{
    PodDisruptionBudget, PodDisruptionBudgetSpec, PodDisruptionBudgetStatus,
};
pub use replica_set::{ReplicaSet, ReplicaSetSpec, ReplicaSetStatus};
pub use runtime_interface::{EnvVar, RuntimeReply, RuntimeRequest};
pub use selector::LabelSelector;
pub use service::{
    Protocol, Service, ServiceId, ServicePort, ServiceSpec, ServiceStatus, SessionAffinity,
    TrafficDistribution, TrafficPolicy,
};

/// From the deletion of a namespace to the first look at what is in it: its pods go then, and till then all
/// that is there can be changed (`namespaceDeletionGracePeriod`).
pub const NAMESPACE_DELETION_SECONDS: u64 = 5;
