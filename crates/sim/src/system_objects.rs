//! The Services that no manifest has and every cluster does: the API server's own and that of the DNS,
//! with the addresses behind them.
//!
//! They are in no store, so nobody in a run hears of them, and what they say is said here only: DNS
//! answers with their addresses, and `kubectl` lists them.
//!
//! *Left out:* who is behind them. The API server and the name servers' pods run on a machine that is
//! no node here, and nobody connects to it.

use std::{net::IpAddr, sync::Arc};

use api::{
    Endpoint, EndpointAddress, EndpointSlice, EndpointSubset, Endpoints, IntOrString, Kind, Labels,
    Meta, Object, Owner, Protocol, Service, ServiceId, ServicePort, ServiceSpec, ServiceStatus,
    SlicePort, Timestamp, Uid,
    endpoint_slice::{MANAGED_BY_LABEL, SERVICE_NAME_LABEL},
    node::CONTROL_PLANE_IP,
};
use control_plane::{
    api_server::allocation::{API_SERVER, CLUSTER_DNS},
    endpoint_slice::reconciler::CONTROLLER_NAME,
};

/// The port that kubeadm lets an API server listen on.
const API_SERVER_PORT: u16 = 6443;

/// The addresses of the name servers' pods: below those of all nodes that are simulated.
const NAME_SERVERS: [[u8; 4]; 2] = [[10, 127, 0, 2], [10, 127, 0, 3]];

/// The name servers' ports: those of the DNS itself and that of their measurements.
const DNS_PORTS: [(&str, Protocol, u16); 3] =
    [("dns", Protocol::Udp, 53), ("dns-tcp", Protocol::Tcp, 53), ("metrics", Protocol::Tcp, 9153)];

/// Numbers that no Service of a run comes to.
const KUBERNETES: ServiceId = ServiceId(u32::MAX);
const KUBE_DNS: ServiceId = ServiceId(u32::MAX - 1);

/// All of them, as they were stored when the cluster was set up.
pub(crate) fn system_objects(set_up: Timestamp) -> Vec<Object> {
    let mut objects = [
        Object::Service(kubernetes().into()),
        Object::Endpoints(kubernetes_endpoints().into()),
        Object::EndpointSlice(kubernetes_slice().into()),
        Object::Service(kube_dns().into()),
        Object::EndpointSlice(kube_dns_slice().into()),
    ];
    for (place, object) in objects.iter_mut().enumerate() {
        let meta = object.meta_mut();
        meta.uid = uid(place);
        meta.creation_timestamp = Some(set_up);
        meta.resource_version = 1;
    }
    objects.into()
}

/// Nobody draws these, so that who is listed changes no run.
fn uid(place: usize) -> Uid {
    Uid(format!("{place:016x}").into())
}

/// The API server writes this one itself, and so both kinds of its endpoints.
fn kubernetes() -> Service {
    let mut meta = Meta::new("default", "kubernetes");
    meta.labels = labels(&[("component", "apiserver"), ("provider", "kubernetes")]);
    let port = ServicePort {
        name: "https".to_owned(),
        protocol: Protocol::Tcp,
        port: 443,
        target_port: IntOrString::Int(i32::from(API_SERVER_PORT)),
        node_port: None,
    };
    let spec =
        ServiceSpec { cluster_ip: Some(API_SERVER), ports: vec![port], ..ServiceSpec::default() };
    Service { meta, id: KUBERNETES, spec, status: ServiceStatus::default() }
}

fn kubernetes_endpoints() -> Endpoints {
    let mut meta = Meta::new("default", "kubernetes");
    meta.labels = labels(&[("endpointslice.kubernetes.io/skip-mirror", "true")]);
    let subset = EndpointSubset {
        addresses: vec![EndpointAddress::new(CONTROL_PLANE_IP.into())],
        ports: vec![api_server_port()],
        ..EndpointSubset::default()
    };
    Endpoints { meta, subsets: vec![subset] }
}

fn kubernetes_slice() -> EndpointSlice {
    let mut meta = Meta::new("default", "kubernetes");
    meta.labels = labels(&[(SERVICE_NAME_LABEL, "kubernetes")]);
    EndpointSlice {
        meta,
        service_name: "kubernetes".into(),
        service: Some(KUBERNETES),
        ports: vec![api_server_port()],
        endpoints: vec![endpoint(CONTROL_PLANE_IP.into())],
    }
}

fn api_server_port() -> SlicePort {
    SlicePort { name: "https".to_owned(), protocol: Protocol::Tcp, port: Some(API_SERVER_PORT) }
}

/// As kubeadm sets it up.
fn kube_dns() -> Service {
    let mut meta = Meta::new("kube-system", "kube-dns");
    meta.labels = kube_dns_labels();
    meta.annotations = labels(&[("prometheus.io/port", "9153"), ("prometheus.io/scrape", "true")]);
    let port = |(name, protocol, number): (&str, Protocol, u16)| ServicePort {
        name: name.to_owned(),
        protocol,
        port: number,
        target_port: IntOrString::Int(i32::from(number)),
        node_port: None,
    };
    let spec = ServiceSpec {
        cluster_ip: Some(CLUSTER_DNS),
        selector: Some(labels(&[("k8s-app", "kube-dns")])),
        ports: DNS_PORTS.map(port).into(),
        ..ServiceSpec::default()
    };
    Service { meta, id: KUBE_DNS, spec, status: ServiceStatus::default() }
}

fn kube_dns_labels() -> Labels {
    labels(&[
        ("k8s-app", "kube-dns"),
        ("kubernetes.io/cluster-service", "true"),
        ("kubernetes.io/name", "CoreDNS"),
    ])
}

/// What the EndpointSlice controller would have made of the name servers' pods.
fn kube_dns_slice() -> EndpointSlice {
    let mut meta = Meta::new("kube-system", "kube-dns-4h7qz");
    meta.labels = kube_dns_labels();
    meta.labels
        .extend(labels(&[(SERVICE_NAME_LABEL, "kube-dns"), (MANAGED_BY_LABEL, CONTROLLER_NAME)]));
    const PLACE_OF_SERVICE: usize = 3;
    let owner = Owner { kind: Kind::Service, name: "kube-dns".into(), uid: uid(PLACE_OF_SERVICE) };
    meta.owner = Some(owner);
    let port = |(name, protocol, number): (&str, Protocol, u16)| SlicePort {
        name: name.to_owned(),
        protocol,
        port: Some(number),
    };
    EndpointSlice {
        meta,
        service_name: "kube-dns".into(),
        service: Some(KUBE_DNS),
        ports: DNS_PORTS.map(port).into(),
        endpoints: NAME_SERVERS.map(|address| endpoint(address.into())).into(),
    }
}

fn endpoint(address: IpAddr) -> Arc<Endpoint> {
    Arc::new(Endpoint {
        address,
        ready: true,
        serving: true,
        terminating: false,
        node_name: None,
        zone: None,
        target: None,
        hostname: None,
        for_zones: Vec::new(),
        for_nodes: Vec::new(),
    })
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}
