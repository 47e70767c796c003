use std::sync::Arc;

use api::{IntOrString, Protocol, ServicePort, service::ServiceType};

use super::*;
use crate::api_server::tests::{full_but, service, writing};

/// A Service with an address or none, of a type, with the node ports of its ports 80, 81, ….
fn of(
    name: &str,
    kind: ServiceType,
    address: Option<[u8; 4]>,
    node_ports: &[Option<u16>],
) -> Service {
    let Object::Service(object) = service(name, address.map(Into::into)) else {
        panic!("it is a Service")
    };
    let mut service = Arc::unwrap_or_clone(object);
    let port = |(number, node_port): (u16, &Option<u16>)| ServicePort {
        name: format!("p{number}"),
        protocol: Protocol::Tcp,
        port: number,
        target_port: IntOrString::Int(80),
        node_port: *node_port,
    };
    service.spec.kind = kind;
    service.spec.ports = (80..).zip(node_ports).map(port).collect();
    service
}

fn headless(mut service: Service) -> Service {
    service.spec.headless = true;
    service
}

/// What is said of a Service that is applied where these are stored.
fn said(stored: Vec<Service>, applied: &Service) -> Option<String> {
    let mut api = full_but(&[771, 772, 773]);
    writing(&mut api, |api, cx| {
        for service in stored {
            api.create(Object::Service(Arc::new(service)), cx).expect("nothing forbids it");
        }
    });
    api.objection(applied).map(|objection| objection.to_string())
}

/// The words of a real API server, as kubectl prints them.
#[test]
#[expect(clippy::too_many_lines, reason = "the table of cases is that long")]
fn what_cannot_be_stored_is_said_in_the_words_of_the_api_server() {
    use ServiceType::{ClusterIP, ExternalName, NodePort};
    const ONE: Option<[u8; 4]> = Some([10, 96, 3, 3]);
    const TWO: Option<[u8; 4]> = Some([10, 96, 3, 4]);
    let web = |kind, address| of("web", kind, address, &[]);
    let cases: Vec<(&str, Vec<Service>, Service, Option<&str>)> = vec![
        ("a new one", vec![], web(ClusterIP, ONE), None),
        ("the same again", vec![web(ClusterIP, ONE)], web(ClusterIP, ONE), None),
        ("its own address kept", vec![web(ClusterIP, ONE)], web(ClusterIP, None), None),
        (
            "another address",
            vec![web(ClusterIP, ONE)],
            web(ClusterIP, TWO),
            Some(
                "The Service \"web\" is invalid: spec.clusterIPs[0]: Invalid value: \
                 [\"10.96.3.4\"]: may not change once set",
            ),
        ),
        (
            "none",
            vec![web(ClusterIP, ONE)],
            headless(web(ClusterIP, None)),
            Some(
                "The Service \"web\" is invalid: spec.clusterIPs[0]: Invalid value: [\"None\"]: may \
                 not change once set",
            ),
        ),
        ("headless again", vec![headless(web(ClusterIP, None))], web(ClusterIP, None), None),
        (
            "an address for a headless one",
            vec![headless(web(ClusterIP, None))],
            web(ClusterIP, ONE),
            Some(
                "The Service \"web\" is invalid: spec.clusterIPs[0]: Invalid value: \
                 [\"10.96.3.3\"]: may not change once set",
            ),
        ),
        (
            "headless with node ports",
            vec![headless(web(ClusterIP, None))],
            web(NodePort, None),
            Some(
                "The Service \"web\" is invalid: spec.clusterIPs[0]: Invalid value: \"None\": may \
                 not be set to 'None' for NodePort services",
            ),
        ),
        ("an alias after it", vec![web(ClusterIP, ONE)], web(ExternalName, None), None),
        ("after an alias", vec![web(ExternalName, None)], web(ClusterIP, TWO), None),
        (
            "the address of another",
            vec![of("api", ClusterIP, ONE, &[])],
            web(ClusterIP, ONE),
            Some(
                "The Service \"web\" is invalid: spec.clusterIPs: Invalid value: [\"10.96.3.3\"]: \
                 failed to allocate IP 10.96.3.3: provided IP is already allocated",
            ),
        ),
        (
            "the address of the cluster's DNS",
            Vec::new(),
            web(ClusterIP, Some([10, 96, 0, 10])),
            Some(
                "The Service \"web\" is invalid: spec.clusterIPs: Invalid value: [\"10.96.0.10\"]: \
                 failed to allocate IP 10.96.0.10: provided IP is already allocated",
            ),
        ),
        (
            "the node port of another",
            vec![of("api", NodePort, None, &[Some(30_555)])],
            of("web", NodePort, None, &[None, Some(30_555)]),
            Some(
                "The Service \"web\" is invalid: spec.ports[1].nodePort: Invalid value: 30555: \
                 provided port is already allocated",
            ),
        ),
        (
            "its own node port for another of its ports",
            vec![of("web", NodePort, None, &[Some(30_555)])],
            of("web", NodePort, None, &[None, Some(30_555)]),
            None,
        ),
        (
            "no address left",
            (0..3).map(|index| of(&format!("x{index}"), ClusterIP, None, &[])).collect(),
            web(ClusterIP, None),
            Some(
                "The Service \"web\" is invalid: spec.clusterIPs: Invalid value: [\"\"]: failed to \
                 allocate IP: range is full",
            ),
        ),
    ];
    for (what, stored, applied, expected) in cases {
        assert_eq!(said(stored, &applied).as_deref(), expected, "{what}");
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    let mut api = full_but(&[771]);
    writing(&mut api, |api, cx| {
        api.create(service("web", None), cx).expect("it is new");
    });
    let said = |kind, name: &str| {
        let key = Key::new("default", name);
        api.objection_to_key(kind, &key).map(|objection| objection.to_string())
    };
    assert_eq!(said(Kind::Service, "web"), None);
    let missing = |what: &str| Some(format!("Error from server (NotFound): {what} not found"));
    assert_eq!(said(Kind::Service, "nosuch"), missing("services \"nosuch\""));
    assert_eq!(said(Kind::Deployment, "nosuch"), missing("deployments.apps \"nosuch\""));
}
