use std::net::IpAddr;

use api::{
    IntOrString, Meta, Protocol, ServiceId, ServiceStatus, TrafficPolicy, service::ServiceType,
};

use super::*;

/// A port's name, number and node port.
type Port = (&'static str, u16, Option<u16>);

/// What is kept, the ports before, the type and ports applied, and the node ports after.
type Case = (&'static str, &'static [Port], (ServiceType, &'static [Port]), &'static [Option<u16>]);

fn service(kind: ServiceType, ports: &[Port]) -> Service {
    let port = |(name, port, node_port): &Port| ServicePort {
        name: (*name).to_owned(),
        protocol: if name.starts_with("udp") { Protocol::Udp } else { Protocol::Tcp },
        port: *port,
        target_port: IntOrString::Int(80),
        node_port: *node_port,
    };
    let ports = ports.iter().map(port).collect();
    Service {
        meta: Meta::new("default", "web"),
        id: ServiceId(0),
        spec: ServiceSpec { kind, ports, ..ServiceSpec::default() },
        status: ServiceStatus::default(),
    }
}

#[test]
fn a_port_keeps_its_node_port() {
    use ServiceType::{ClusterIP, LoadBalancer, NodePort};
    let one: &[Port] = &[("http", 80, Some(30_100))];
    let two: &[Port] = &[("http", 80, Some(30_100)), ("admin", 81, Some(30_101))];
    let dns: &[Port] = &[("tcp", 53, Some(30_053)), ("udp", 53, Some(30_053))];
    let cases: [Case; 9] = [
        ("all", one, (NodePort, &[("http", 80, None)]), &[Some(30_100)]),
        ("its name", one, (NodePort, &[("http", 81, None)]), &[Some(30_100)]),
        ("its number", one, (NodePort, &[("web", 80, None)]), &[Some(30_100)]),
        ("neither", one, (NodePort, &[("web", 81, None)]), &[None]),
        (
            "the number before the name",
            two,
            (NodePort, &[("admin", 80, None), ("http", 81, None)]),
            &[Some(30_100), Some(30_101)],
        ),
        (
            "nothing, as another port asks for it",
            one,
            (NodePort, &[("http", 80, None), ("admin", 81, Some(30_100))]),
            &[None, Some(30_100)],
        ),
        (
            "what TCP and UDP share",
            dns,
            (NodePort, &[("tcp", 53, None), ("udp", 53, None)]),
            &[Some(30_053), Some(30_053)],
        ),
        ("as a load balancer", one, (LoadBalancer, &[("http", 80, None)]), &[Some(30_100)]),
        ("none without its type", one, (ClusterIP, &[("http", 80, None)]), &[None]),
    ];
    for (what, before, (kind, ports), expected) in cases {
        let mut new = service(kind, ports);
        keep(&mut new, &service(NodePort, before));
        let kept: Vec<Option<u16>> = new.spec.ports.iter().map(|port| port.node_port).collect();
        assert_eq!(kept, expected, "{what}");
    }
}

#[test]
fn addresses_are_kept_where_the_type_still_has_one() {
    use ServiceType::{ClusterIP, ExternalName, NodePort};
    let address: Option<IpAddr> = Some([10, 96, 3, 3].into());
    let cases = [
        ("an address", (ClusterIP, address, false), ClusterIP, (address, false)),
        ("of another type", (NodePort, address, false), ClusterIP, (address, false)),
        ("no address", (ClusterIP, None, true), ClusterIP, (None, true)),
        ("an alias", (ClusterIP, address, false), ExternalName, (None, false)),
        ("no alias any more", (ExternalName, None, false), ClusterIP, (None, false)),
    ];
    for (what, (kind, cluster_ip, headless), new_kind, expected) in cases {
        let mut old = service(kind, &[]);
        (old.spec.cluster_ip, old.spec.headless) = (cluster_ip, headless);
        let mut new = service(new_kind, &[]);
        keep(&mut new, &old);
        assert_eq!((new.spec.cluster_ip, new.spec.headless), expected, "{what}");
    }
}

#[test]
fn the_port_for_health_checks_is_kept_while_somebody_asks_there() {
    use TrafficPolicy::{Cluster, Local};
    for (policy, said, expected) in
        [(Local, None, Some(30_500)), (Local, Some(30_501), Some(30_501)), (Cluster, None, None)]
    {
        let balanced = |policy, port| {
            let mut service = service(ServiceType::LoadBalancer, &[]);
            service.spec.external_traffic_policy = policy;
            service.spec.health_check_node_port = port;
            service
        };
        let mut new = balanced(policy, said);
        keep(&mut new, &balanced(Local, Some(30_500)));
        assert_eq!(new.spec.health_check_node_port, expected, "{policy:?} {said:?}");
    }
}
