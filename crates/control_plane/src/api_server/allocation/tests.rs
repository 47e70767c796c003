use std::sync::Arc;

use api::{IntOrString, Protocol, TrafficPolicy, service::ServiceType};
use engine::{Distribution, Span, Streams};

use super::*;
use crate::{
    api_server::tests::{service, stored, writing},
    write::ApiError,
};

fn port(number: u16, protocol: Protocol, node_port: Option<u16>) -> ServicePort {
    ServicePort {
        name: format!("{}-{number}", protocol.name().to_lowercase()),
        protocol,
        port: number,
        target_port: IntOrString::Int(80),
        node_port,
    }
}

/// A Service of a type that has node ports.
fn exposed(name: &str, kind: ServiceType, ports: Vec<ServicePort>) -> Object {
    let Object::Service(mut object) = service(name, None) else { panic!("it is a Service") };
    let spec = &mut Arc::make_mut(&mut object).spec;
    (spec.kind, spec.ports) = (kind, ports);
    Object::Service(object)
}

fn empty() -> ApiServer {
    ApiServer::new(Distribution::Constant(Span::ZERO), &Streams::new(1))
}

/// An API server where one Service has all node ports but so many, the last of them.
fn with_node_ports_left(left: u16) -> ApiServer {
    let mut api = empty();
    let (first, size) = NODE_PORTS;
    let ports = (0..size - left).map(|it| port(1 + it, Protocol::Tcp, Some(first + it))).collect();
    writing(&mut api, |api, cx| {
        api.create(exposed("all", ServiceType::NodePort, ports), cx).expect("they are free");
    });
    api
}

fn node_ports(object: &Object) -> Vec<u16> {
    stored(object).spec.node_ports().collect()
}

#[test]
fn no_node_port_is_given_twice() {
    // All but two are taken, of which one is asked for: the other is all that can be given.
    let mut api = with_node_ports_left(2);
    let asked = vec![port(80, Protocol::Tcp, None), port(81, Protocol::Udp, Some(32_766))];
    let web = exposed("web", ServiceType::NodePort, asked);
    let web = writing(&mut api, |api, cx| api.create(web, cx).expect("there is one more"));
    assert_eq!(node_ports(&web), [32_767, 32_766]);
}

#[test]
fn tcp_and_udp_share_the_node_port_of_a_new_service() {
    let mut api = empty();
    let ports = || vec![port(53, Protocol::Tcp, None), port(53, Protocol::Udp, None)];
    let dns = exposed("dns", ServiceType::NodePort, ports());
    let dns = writing(&mut api, |api, cx| api.create(dns, cx).expect("it is new"));
    let given = node_ports(&dns);
    assert_eq!(given[0], given[1]);
    // Nobody else has it, whatever the protocol.
    let asks = vec![port(9, Protocol::Sctp, Some(given[0]))];
    let other = exposed("other", ServiceType::NodePort, asks);
    let refused = writing(&mut api, |api, cx| api.create(other, cx));
    assert_eq!(refused.err(), Some(ApiError::Invalid));
}

#[test]
fn a_service_is_refused_where_too_few_node_ports_are_left() {
    let cases = [
        (1, vec![port(80, Protocol::Tcp, None)], false, None),
        (0, vec![port(80, Protocol::Tcp, None)], false, Some("failed to allocate a nodePort")),
        (
            1,
            vec![port(80, Protocol::Tcp, None), port(81, Protocol::Tcp, None)],
            false,
            Some("failed to allocate a nodePort"),
        ),
        (1, vec![port(53, Protocol::Tcp, None), port(53, Protocol::Udp, None)], false, None),
        (
            1,
            vec![port(80, Protocol::Tcp, None)],
            true,
            Some("failed to allocate a HealthCheck NodePort 0"),
        ),
        (2, vec![port(80, Protocol::Tcp, None)], true, None),
    ];
    for (left, ports, local, expected) in cases {
        let case = format!("{left} for {ports:?}, {local}");
        let mut api = with_node_ports_left(left);
        let Object::Service(mut web) = exposed("web", ServiceType::LoadBalancer, ports) else {
            panic!("it is a Service")
        };
        if local {
            Arc::make_mut(&mut web).spec.external_traffic_policy = TrafficPolicy::Local;
        }
        let said = api.objection(&web).map(|it| it.to_string());
        let internal = "Error from server (InternalError): Internal error occurred: ";
        assert_eq!(said, expected.map(|it| format!("{internal}{it}: range is full")), "{case}");
        let web = Object::Service(web);
        let created = writing(&mut api, |api, cx| api.create(web, cx));
        assert_eq!(created.is_ok(), expected.is_none(), "{case}");
        if let Ok(created) = created {
            assert!(stored(&created).spec.ports.iter().all(|it| it.node_port.is_some()), "{case}");
            assert_eq!(stored(&created).spec.health_check_node_port.is_some(), local, "{case}");
        }
    }
}

#[test]
fn who_is_about_to_ask_for_a_node_port_finds_it_free() {
    let mut api = with_node_ports_left(2);
    api.reserve_node_ports([32_767]);
    let any = exposed("any", ServiceType::NodePort, vec![port(80, Protocol::Tcp, None)]);
    let any = writing(&mut api, |api, cx| api.create(any, cx).expect("one is left"));
    assert_eq!(node_ports(&any), [32_766]);
    let asks = exposed("it", ServiceType::NodePort, vec![port(80, Protocol::Tcp, Some(32_767))]);
    writing(&mut api, |api, cx| api.create(asks, cx).expect("it was kept"));
}

/// Its address goes with its type, and with the address its number on the data plane.
#[test]
fn a_name_for_a_host_outside_that_becomes_a_service_is_another_one() {
    let mut api = empty();
    writing(&mut api, |api, cx| {
        let before = api.create(exposed("a", ServiceType::ExternalName, vec![]), cx);
        let before = before.expect("it is new");
        let mut after = before.clone();
        let Object::Service(changed) = &mut after else { panic!("it is a Service") };
        Arc::make_mut(changed).spec.kind = ServiceType::ClusterIP;
        let after = api.update(after, cx).expect("nothing forbids it");
        assert!(stored(&after).spec.cluster_ip.is_some());
        assert_ne!(stored(&after).id, stored(&before).id);
    });
}
