//! The rules of a node: where a new connection goes (`syncProxyRules` of the proxiers).
//!
//! *Left out:* packets that the node itself routes past its rules, and `bridge-nf-call-iptables`.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use api::{Cidr, Protocol};

use super::{
    endpoints_tracker::{Backend, EndpointsMap},
    flow::{Packet, Verdict},
    mode::Mode,
    port_rules::{Choice, PortRules, Sender},
    service_map::ServiceMap,
    service_port::ServicePort,
};
use crate::endpoints::Place;

/// What a proxy knows of its node, and how it was started.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// How rules are written.
    pub mode: Mode,
    /// The node's name.
    pub node: Arc<str>,
    /// The node's zone.
    pub zone: Option<Arc<str>>,
    /// The node's addresses, the loopback ones aside.
    pub node_ips: Vec<IpAddr>,
    /// The range of pods' addresses, where the proxy can tell a pod by it.
    pub pod_cidr: Option<Cidr>,
    /// The ranges of virtual addresses.
    pub service_cidrs: Vec<Cidr>,
    /// At which of the node's addresses node ports answer.
    pub node_port_addresses: Vec<Cidr>,
    /// Whether they answer at loopback addresses as well.
    pub localhost_node_ports: bool,
    /// Whether all traffic to virtual addresses is masqueraded.
    pub masquerade_all: bool,
}

/// What kind of address a packet came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    ClusterIp,
    External,
    LoadBalancer,
}

/// A port of a Service and its endpoints.
#[derive(Clone, Debug)]
struct Port {
    service: ServicePort,
    rules: PortRules<SocketAddr>,
}

/// The rules of a node.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    settings: Settings,
    ports: Vec<Port>,
    doors: BTreeMap<(IpAddr, u16, Protocol), (usize, Door)>,
    node_ports: BTreeMap<(u16, Protocol), usize>,
}

impl Rules {
    /// Writes rules.
    #[must_use]
    pub fn new(settings: Settings, services: &ServiceMap, endpoints: &EndpointsMap) -> Self {
        let mut rules = Self { settings, ..Self::default() };
        for (name, service) in services {
            let backends = endpoints.get(name).map_or(&[][..], Vec::as_slice);
            rules.add(service, backends);
        }
        rules
    }

    fn add(&mut self, service: &ServicePort, backends: &[Backend]) {
        let index = self.ports.len();
        let mut open = |ip: IpAddr, door: Door| {
            self.doors.entry((ip, service.port, service.protocol)).or_insert((index, door));
        };
        open(service.cluster_ip, Door::ClusterIp);
        service.external_ips.iter().for_each(|ip| open(*ip, Door::External));
        service.load_balancer_vips.iter().for_each(|ip| open(*ip, Door::LoadBalancer));
        if let Some(port) = service.node_port {
            self.node_ports.entry((port, service.protocol)).or_insert(index);
        }
        self.ports.push(self.port(service, backends));
    }

    fn port(&self, service: &ServicePort, backends: &[Backend]) -> Port {
        // A node has a proxy for each family, and slices have endpoints of one.
        let ipv6 = service.cluster_ip.is_ipv6();
        let backends: Vec<_> = backends.iter().filter(|b| b.address.is_ipv6() == ipv6).collect();
        let infos: Vec<_> = backends.iter().map(|backend| backend.info.clone()).collect();
        let place = Place {
            node: &self.settings.node,
            zone: self.settings.zone.as_deref(),
            prefer_same: true,
        };
        let address = |place: usize| backends[place].address;
        let rules = PortRules::new(service.info(), &infos, place, self.settings.mode, address);
        Port { service: service.clone(), rules }
    }

    /// Where a new connection goes.
    #[must_use]
    pub fn verdict(&self, packet: &Packet) -> Verdict<'_> {
        let (ip, port) = (packet.destination.ip(), packet.destination.port());
        if let Some((index, door)) = self.doors.get(&(ip, port, packet.protocol)) {
            return self.through(&self.ports[*index], *door, packet);
        }
        if let Some(index) = self.node_ports.get(&(port, packet.protocol))
            && self.has_node_ports(ip)
        {
            return self.external(&self.ports[*index], packet);
        }
        self.elsewhere(packet)
    }

    fn through<'a>(&self, port: &'a Port, door: Door, packet: &Packet) -> Verdict<'a> {
        match door {
            Door::ClusterIp => self.internal(port, packet),
            Door::External => self.external(port, packet),
            Door::LoadBalancer if port.rules.has_any() && !self.admits(port, packet) => {
                Verdict::Drop
            }
            Door::LoadBalancer => self.external(port, packet),
        }
    }
}

impl Rules {
    /// Traffic to a virtual address. What does not come from a pod is masqueraded, as its answer
    /// might take another way.
    fn internal<'a>(&self, port: &'a Port, packet: &Packet) -> Verdict<'a> {
        let foreign = self.settings.pod_cidr.is_some() && !self.is_pod(packet.source);
        let choice = port.rules.internal(port.service.info());
        forward(choice, self.settings.masquerade_all || foreign)
    }

    /// Traffic to an address from outside. What stays on its node, and what comes from a pod, keeps
    /// its source.
    fn external<'a>(&self, port: &'a Port, packet: &Packet) -> Verdict<'a> {
        let sender = if self.is_pod(packet.source) {
            Sender::Pod
        } else if self.is_node(packet.source) {
            Sender::Node
        } else {
            Sender::Outside
        };
        let masquerade = !port.service.external_policy_local || sender == Sender::Node;
        forward(port.rules.external(port.service.info(), sender), masquerade)
    }

    /// Whether a packet may come through the load balancer's address. The node's own packets to
    /// that address have it as their source, so that admitting the node admits it.
    fn admits(&self, port: &Port, packet: &Packet) -> bool {
        let ranges = &port.service.load_balancer_source_ranges;
        let admitted = |ip: IpAddr| ranges.iter().any(|range| range.contains(ip));
        let of_family = |ip: &&IpAddr| ip.is_ipv6() == packet.source.is_ipv6();
        let node = self.settings.node_ips.iter().find(of_family);
        ranges.is_empty()
            || admitted(packet.source)
            || (port.service.load_balancer_vips.contains(&packet.source)
                && node.is_some_and(|ip| admitted(*ip)))
    }

    /// A packet to no address of a Service's port.
    fn elsewhere(&self, packet: &Packet) -> Verdict<'_> {
        let (ip, port) = (packet.destination.ip(), packet.destination.port());
        let mode = self.settings.mode;
        if mode.guards_cluster_ips() && self.is_cluster_ip(ip) {
            return Verdict::Reject;
        }
        if mode.guards_cluster_ips() && self.settings.service_cidrs.iter().any(|c| c.contains(ip)) {
            return Verdict::Drop;
        }
        let asks = packet.protocol == Protocol::Tcp && self.is_node(ip);
        let answers = |other: &Port| other.service.health_check_node_port == Some(port);
        if mode.accepts_health_checks() && asks && self.ports.iter().any(answers) {
            return Verdict::Accept;
        }
        Verdict::NotHandled
    }

    fn is_cluster_ip(&self, ip: IpAddr) -> bool {
        let (first, last) = ((ip, 0, Protocol::Tcp), (ip, u16::MAX, Protocol::Sctp));
        self.doors.range(first..=last).any(|(_, (_, door))| *door == Door::ClusterIp)
    }

    fn has_node_ports(&self, ip: IpAddr) -> bool {
        let settings = &self.settings;
        let (allowed, localhost) = (&settings.node_port_addresses, settings.localhost_node_ports);
        self.is_node(ip) && settings.mode.has_node_ports(ip, allowed, localhost)
    }

    fn is_pod(&self, ip: IpAddr) -> bool {
        self.settings.pod_cidr.is_some_and(|range| range.contains(ip))
    }

    fn is_node(&self, ip: IpAddr) -> bool {
        ip.is_loopback() || self.settings.node_ips.contains(&ip)
    }
}

fn forward(choice: Choice<'_, SocketAddr>, masquerade: bool) -> Verdict<'_> {
    match choice {
        Choice::Endpoints(endpoints) => Verdict::Forward { endpoints, masquerade },
        Choice::Reject => Verdict::Reject,
        Choice::Drop => Verdict::Drop,
    }
}

#[cfg(test)]
mod tests {
    use api::{Key, service::ServiceType};

    use super::{
        super::{
            service_map::{Family, service_to_service_map},
            service_port::{Ingress, PortFacts, ServiceFacts},
        },
        *,
    };
    use crate::endpoints::EndpointInfo;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    /// A Service of a load balancer that takes traffic from the node's range only, with an endpoint
    /// on another node.
    fn rules(mode: Mode, external_policy_local: bool) -> Rules {
        let cidr = |text: &str| text.parse::<Cidr>().expect("a range");
        let service = ServiceFacts {
            kind: ServiceType::LoadBalancer,
            cluster_ips: vec![ip("172.30.0.1")],
            ingress: vec![Ingress { ip: ip("1.2.3.4"), proxy: false }],
            load_balancer_source_ranges: vec![cidr("192.168.0.0/24")],
            external_policy_local,
            health_check_node_port: Some(30_000),
            ports: vec![PortFacts { port: 80, node_port: Some(3001), ..PortFacts::default() }],
            ..ServiceFacts::default()
        };
        let services = service_to_service_map(&Key::new("ns", "svc"), &service, Family::Ipv4);
        let info = EndpointInfo { ready: true, serving: true, ..EndpointInfo::default() };
        let backend = Backend { address: (ip("10.0.1.1"), 80).into(), info };
        let endpoints = services.keys().map(|name| (name.clone(), vec![backend.clone()])).collect();
        let settings = Settings {
            mode,
            node_ips: vec![ip("192.168.0.2")],
            pod_cidr: Some(cidr("10.0.0.0/8")),
            service_cidrs: vec![cidr("172.30.0.0/16")],
            node_port_addresses: vec![cidr("0.0.0.0/0")],
            ..Settings::default()
        };
        Rules::new(settings, &services, &endpoints)
    }

    fn verdict(rules: &Rules, source: &str, destination: &str, port: u16) -> String {
        let destination = (ip(destination), port).into();
        let packet = Packet { source: ip(source), destination, protocol: Protocol::Tcp };
        match rules.verdict(&packet) {
            Verdict::Forward { masquerade, .. } => format!("forward, masquerade {masquerade}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn source_ranges_hold_for_the_load_balancer_only() {
        let rules = rules(Mode::Iptables, false);
        for (source, destination, port, expected) in [
            ("192.168.0.9", "1.2.3.4", 80, "forward, masquerade true"),
            ("203.0.113.1", "1.2.3.4", 80, "Drop"),
            ("1.2.3.4", "1.2.3.4", 80, "forward, masquerade true"),
            ("203.0.113.1", "192.168.0.2", 3001, "forward, masquerade true"),
            ("10.0.0.2", "172.30.0.1", 80, "forward, masquerade false"),
        ] {
            assert_eq!(verdict(&rules, source, destination, port), expected, "{source}");
        }
    }

    #[test]
    fn modes_differ_at_the_edges() {
        let outside = "203.0.113.1";
        for (mode, local, wrong_port, unallocated, health) in [
            (Mode::Iptables, "Drop", "NotHandled", "NotHandled", "Accept"),
            (Mode::Nftables, "Drop", "Reject", "Drop", "NotHandled"),
            (Mode::Ipvs, "forward, masquerade false", "NotHandled", "NotHandled", "NotHandled"),
        ] {
            let rules = rules(mode, true);
            assert_eq!(verdict(&rules, outside, "192.168.0.2", 3001), local, "{mode:?}");
            assert_eq!(verdict(&rules, "10.0.0.2", "172.30.0.1", 81), wrong_port, "{mode:?}");
            assert_eq!(verdict(&rules, "10.0.0.2", "172.30.0.9", 80), unallocated, "{mode:?}");
            assert_eq!(verdict(&rules, outside, "192.168.0.2", 30_000), health, "{mode:?}");
        }
    }
}
