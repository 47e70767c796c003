//! Services.

use std::net::IpAddr;

use crate::{IntOrString, Labels, Meta};

/// A Service's dense number in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ServiceId(pub u32);

/// A `v1` Service.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Metadata.
    pub meta: Meta,
    /// The run's number for this Service; not a field of Kubernetes.
    pub id: ServiceId,
    /// What it is to be.
    pub spec: ServiceSpec,
}

/// `spec` of a Service.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ServiceSpec {
    /// Its type.
    pub kind: ServiceType,
    /// Its virtual address; `None` for a headless one and before the API server gave one.
    pub cluster_ip: Option<IpAddr>,
    /// `clusterIP: None`.
    pub headless: bool,
    /// Which pods are behind it; `None` where somebody else writes its EndpointSlices.
    pub selector: Option<Labels>,
    /// Its ports.
    pub ports: Vec<ServicePort>,
    /// Whether pods that are not ready are published too.
    pub publish_not_ready_addresses: bool,
}

/// `spec.type` of a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ServiceType {
    /// A virtual address inside the cluster.
    #[default]
    ClusterIP,
    /// Besides, a port on every node.
    NodePort,
    /// Besides, an external load balancer.
    LoadBalancer,
}

/// Transport protocol of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Protocol {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

/// A port of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePort {
    /// Its name; may be empty where there is only one.
    pub name: String,
    /// Its protocol.
    pub protocol: Protocol,
    /// The port of the Service.
    pub port: u16,
    /// The port of the pod: a number, or the name of a container port. The same as `port` by default.
    pub target_port: IntOrString,
    /// The port on every node.
    pub node_port: Option<u16>,
}
