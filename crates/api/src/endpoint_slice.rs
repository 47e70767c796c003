//! EndpointSlices.

use std::{net::IpAddr, sync::Arc};

use crate::{Meta, PodId, Protocol, ServiceId};

/// The label with the name of a slice's Service.
pub const SERVICE_NAME_LABEL: &str = "kubernetes.io/service-name";

/// The label with the name of who writes a slice.
pub const MANAGED_BY_LABEL: &str = "endpointslice.kubernetes.io/managed-by";

/// A `discovery.k8s.io/v1` EndpointSlice.
#[derive(Clone, Debug, PartialEq)]
pub struct EndpointSlice {
    /// Metadata.
    pub meta: Meta,
    /// The Service it belongs to ([`SERVICE_NAME_LABEL`]); empty where it belongs to none.
    pub service_name: Arc<str>,
    /// That Service's number in this run; `None` where there is no such Service.
    pub service: Option<ServiceId>,
    /// The ports all its endpoints share.
    pub ports: Vec<SlicePort>,
    /// At most 100 endpoints where a controller wrote it, and 1000 where somebody else did. Most are
    /// the same from one version of a slice to the next, which share them.
    pub endpoints: Vec<Arc<Endpoint>>,
}

/// A port of an EndpointSlice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlicePort {
    /// The Service port's name.
    pub name: String,
    /// Its protocol.
    pub protocol: Protocol,
    /// The pod's port; `None` where the pods lack the named one.
    pub port: Option<u16>,
}

/// An endpoint: an address, of a pod or of somebody else, and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its address.
    pub address: IpAddr,
    /// Whether new traffic may go there.
    pub ready: bool,
    /// Whether it would answer.
    pub serving: bool,
    /// Whether it is being deleted.
    pub terminating: bool,
    /// The node it is on.
    pub node_name: Option<Arc<str>>,
    /// That node's zone.
    pub zone: Option<Arc<str>>,
    /// The pod behind it: its number and its name; `None` where somebody wrote an address by hand.
    pub target: Option<(PodId, Arc<str>)>,
    /// `hostname`, where the pod has one and the subdomain is the Service's name.
    pub hostname: Option<Arc<str>>,
    /// Zones it is meant for; empty for all.
    pub for_zones: Vec<Arc<str>>,
    /// Nodes it is meant for; empty for all.
    pub for_nodes: Vec<Arc<str>>,
}
