//! A port of a Service as a proxy knows it (`pkg/proxy/serviceport.go`).
//!
//! *Left out:* topology annotations, which proxies no longer read.

use std::net::IpAddr;

use api::{Cidr, Key, Protocol, Service, SessionAffinity, TrafficPolicy, service::ServiceType};
use engine::Span;

use crate::endpoints::ServiceInfo;

/// What identifies a port of a Service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServicePortName {
    /// The Service.
    pub service: Key,
    /// The port's name; may be empty.
    pub port: String,
    /// Its protocol: a name may stand for several.
    pub protocol: Protocol,
}

/// What a proxy reads of a Service. It is what the API server stores, before a proxy of one address
/// family takes its part of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceFacts {
    /// Its type.
    pub kind: ServiceType,
    /// Whether it is only a name for something outside (`type: ExternalName`).
    pub external_name: bool,
    /// Its virtual addresses; none for a headless one.
    pub cluster_ips: Vec<IpAddr>,
    /// Addresses that somebody else leads to the nodes.
    pub external_ips: Vec<IpAddr>,
    /// Addresses of its load balancer.
    pub ingress: Vec<Ingress>,
    /// Who may come through the load balancer; empty for everybody.
    pub load_balancer_source_ranges: Vec<Cidr>,
    /// `sessionAffinity: ClientIP`, with its time-out.
    pub client_ip_affinity: Option<Span>,
    /// `internalTrafficPolicy: Local`.
    pub internal_policy_local: bool,
    /// `externalTrafficPolicy: Local`.
    pub external_policy_local: bool,
    /// Where a load balancer asks a node whether it has endpoints.
    pub health_check_node_port: Option<u16>,
    /// Its ports.
    pub ports: Vec<PortFacts>,
}

/// An address of a load balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ingress {
    /// The address.
    pub ip: IpAddr,
    /// `ipMode: Proxy`: the balancer sends to node ports, so that a node must not capture the
    /// address itself.
    pub proxy: bool,
}

/// What a proxy reads of a port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortFacts {
    /// Its name.
    pub name: String,
    /// Its protocol.
    pub protocol: Protocol,
    /// Its number at virtual addresses.
    pub port: u16,
    /// Its number at nodes.
    pub node_port: Option<u16>,
}

impl From<&Service> for ServiceFacts {
    /// What the simulated Services say so far: addresses, ports, affinity and policies.
    fn from(service: &Service) -> Self {
        let spec = &service.spec;
        let ports = spec.ports.iter().map(|port| PortFacts {
            name: port.name.clone(),
            protocol: port.protocol,
            port: port.port,
            node_port: port.node_port,
        });
        Self {
            kind: spec.kind,
            external_name: spec.kind == ServiceType::ExternalName,
            cluster_ips: spec.cluster_ip.into_iter().collect(),
            client_ip_affinity: match spec.session_affinity {
                SessionAffinity::None => None,
                SessionAffinity::ClientIp { timeout_seconds } => {
                    Some(Span::from_secs(u64::from(timeout_seconds)))
                }
            },
            internal_policy_local: spec.internal_traffic_policy == TrafficPolicy::Local,
            external_policy_local: spec.external_traffic_policy == TrafficPolicy::Local,
            ports: ports.collect(),
            ..Self::default()
        }
    }
}

/// A port of a Service, for one address family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePort {
    /// Its virtual address.
    pub cluster_ip: IpAddr,
    /// Its number there.
    pub port: u16,
    /// Its protocol.
    pub protocol: Protocol,
    /// Its number at nodes.
    pub node_port: Option<u16>,
    /// Addresses that somebody else leads to the nodes.
    pub external_ips: Vec<IpAddr>,
    /// Addresses of the load balancer that the node captures.
    pub load_balancer_vips: Vec<IpAddr>,
    /// Who may come to them; empty for everybody.
    pub load_balancer_source_ranges: Vec<Cidr>,
    /// The time-out of `sessionAffinity: ClientIP`.
    pub client_ip_affinity: Option<Span>,
    /// Whether the virtual address leads to this node's endpoints only.
    pub internal_policy_local: bool,
    /// Whether traffic from outside stays on the node that it came to.
    pub external_policy_local: bool,
    /// Where the load balancer asks for endpoints.
    pub health_check_node_port: Option<u16>,
}

impl ServicePort {
    /// A port as a proxy for this virtual address's family knows it.
    #[must_use]
    pub fn new(service: &ServiceFacts, port: &PortFacts, cluster_ip: IpAddr) -> Self {
        let mine = |ip: &IpAddr| ip.is_ipv6() == cluster_ip.is_ipv6();
        let external_ips: Vec<_> = service.external_ips.iter().copied().filter(mine).collect();
        let captured = service.ingress.iter().filter(|ingress| !ingress.proxy);
        let ranges = service.load_balancer_source_ranges.iter().copied();
        let balanced = service.kind == ServiceType::LoadBalancer;
        let external = service.kind.has_node_ports() || !service.external_ips.is_empty();
        let external_policy_local = external && service.external_policy_local;
        let asked = balanced && external_policy_local;
        Self {
            cluster_ip,
            port: port.port,
            protocol: port.protocol,
            node_port: port.node_port,
            external_ips,
            load_balancer_vips: captured.map(|ingress| ingress.ip).filter(mine).collect(),
            load_balancer_source_ranges: ranges
                .filter(|range| range.is_ipv6() == cluster_ip.is_ipv6())
                .collect(),
            client_ip_affinity: service.client_ip_affinity,
            internal_policy_local: service.internal_policy_local,
            external_policy_local,
            health_check_node_port: service.health_check_node_port.filter(|_| asked),
        }
    }

    /// What of it matters for the choice of endpoints.
    #[must_use]
    pub fn info(&self) -> ServiceInfo {
        ServiceInfo {
            internal_policy_local: self.internal_policy_local,
            external_policy_local: self.external_policy_local,
            externally_accessible: self.node_port.is_some()
                || !self.external_ips.is_empty()
                || !self.load_balancer_vips.is_empty(),
        }
    }
}
