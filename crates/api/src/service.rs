//! Services.

use std::net::{IpAddr, Ipv4Addr};

use crate::{Cidr, IntOrString, Labels, Meta};

/// The range of Services' addresses, 10.96.0.0/16, as kubeadm has it: the network, and how many bits of it
/// count.
pub const SERVICE_RANGE: (Ipv4Addr, u8) = (Ipv4Addr::new(10, 96, 0, 0), 16);

/// The address of the API server's own Service, `kubernetes`: the first of the range.
pub const API_SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 96, 0, 1));

/// The address of the cluster's DNS, where kubeadm puts it: the tenth of the range.
pub const CLUSTER_DNS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 96, 0, 10));

/// The Service of the system that has an address, by its namespace and name.
#[must_use]
pub fn system_service(address: IpAddr) -> Option<(&'static str, &'static str)> {
    match address {
        API_SERVER => Some(("default", "kubernetes")),
        CLUSTER_DNS => Some(("kube-system", "kube-dns")),
        _ => None,
    }
}

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
    /// What became of it.
    pub status: ServiceStatus,
}

impl Service {
    /// Whether it leads to pods of a namespace with these labels. What a mere name selects is behind nothing.
    #[must_use]
    pub fn selects(&self, namespace: &str, labels: &Labels) -> bool {
        let asks = |selector| crate::selector::matches_all(selector, labels);
        *self.meta.namespace == *namespace
            && self.spec.kind != ServiceType::ExternalName
            && self.spec.selector.as_ref().is_some_and(asks)
    }
}

/// `status` of a Service.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ServiceStatus {
    /// `loadBalancer.ingress`: the addresses of its load balancer.
    pub ingress: Vec<IpAddr>,
}

/// `spec` of a Service.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ServiceSpec {
    /// Its type.
    pub kind: ServiceType,
    /// Its virtual address; `None` for one that needs none and before the API server gave one.
    pub cluster_ip: Option<IpAddr>,
    /// `clusterIP: None`.
    pub headless: bool,
    /// The name of a host that it stands for; of type ExternalName only.
    pub external_name: Option<String>,
    /// Which pods are behind it; `None` where somebody else writes its EndpointSlices.
    pub selector: Option<Labels>,
    /// Its ports.
    pub ports: Vec<ServicePort>,
    /// Whether pods that are not ready are published too.
    pub publish_not_ready_addresses: bool,
    /// Whether a client's connections stay at one pod.
    pub session_affinity: SessionAffinity,
    /// Which pods the virtual address leads to.
    pub internal_traffic_policy: TrafficPolicy,
    /// Which pods node ports and the load balancer lead to.
    pub external_traffic_policy: TrafficPolicy,
    /// Who may connect to the load balancer; empty for everybody.
    pub load_balancer_source_ranges: Vec<Cidr>,
    /// Which pods are preferred; `None` for none.
    pub traffic_distribution: Option<TrafficDistribution>,
    /// The port on every node where a load balancer asks whether the node has a pod.
    pub health_check_node_port: Option<u16>,
}

impl ServiceSpec {
    /// Whether it has a virtual address: pods behind it, and neither their addresses alone nor a
    /// name of something outside.
    #[must_use]
    pub fn needs_cluster_ip(&self) -> bool {
        !self.headless && self.kind.has_addresses()
    }

    /// Whether its load balancer asks nodes if they have a pod (`NeedsHealthCheck`).
    #[must_use]
    pub fn needs_health_check(&self) -> bool {
        self.kind == ServiceType::LoadBalancer
            && self.external_traffic_policy == TrafficPolicy::Local
    }

    /// The ports on every node that are its own.
    pub fn node_ports(&self) -> impl Iterator<Item = u16> {
        let ports = self.ports.iter().filter_map(|port| port.node_port);
        ports.chain(self.health_check_node_port)
    }
}

/// What the name of a Service, or of a port, is in the names of environment variables
/// (`pkg/kubelet/envvars`): `web-svc` is `WEB_SVC`.
#[must_use]
pub fn environment_name(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
}

/// `spec.sessionAffinity` of a Service, with its `sessionAffinityConfig`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SessionAffinity {
    /// Every connection chooses a pod anew.
    #[default]
    None,
    /// A client's connections go to one pod as long as they follow each other within the time-out.
    ClientIp {
        /// `clientIP.timeoutSeconds`.
        timeout_seconds: u32,
    },
}

/// `spec.internalTrafficPolicy` and `spec.externalTrafficPolicy` of a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum TrafficPolicy {
    /// The pods of all nodes.
    #[default]
    Cluster,
    /// Those of the node that the connection came to.
    Local,
}

/// `spec.trafficDistribution` of a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrafficDistribution {
    /// The pods of the client's zone, while it has ready ones. `PreferClose` is its old name.
    PreferSameZone,
    /// The pods of the client's node, while it has ready ones, and else those of its zone.
    PreferSameNode,
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
    /// No address at all: a name in DNS for a host outside.
    ExternalName,
}

impl ServiceType {
    /// Whether it stands for pods: by an address of its own or, headless, by theirs.
    #[must_use]
    pub fn has_addresses(self) -> bool {
        self != Self::ExternalName
    }

    /// Whether its ports are open on every node.
    #[must_use]
    pub fn has_node_ports(self) -> bool {
        matches!(self, Self::NodePort | Self::LoadBalancer)
    }
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

impl Protocol {
    /// Its name in the API: `TCP`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Sctp => "SCTP",
        }
    }
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
