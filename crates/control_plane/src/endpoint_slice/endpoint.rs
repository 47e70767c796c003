//! What a pod is to a Service: whether it is an endpoint, with which ports and conditions
//! (`k8s.io/endpointslice/utils.go`, `k8s.io/endpointslice/util/controller_utils.go`).

use std::{net::IpAddr, sync::Arc};

use api::{Endpoint, Labels, Node, Pod, Service, SlicePort};

/// The family of the addresses in a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AddressType {
    /// IPv4.
    IPv4,
    /// IPv6.
    IPv6,
}

impl AddressType {
    /// The family of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        if address.is_ipv6() { Self::IPv6 } else { Self::IPv4 }
    }
}

/// The families a Service has slices of (`getAddressTypesForService`): `spec.ipFamilies`, and from
/// an API server too old to fill that in, what its cluster IP says. A headless Service of such an
/// API server has both.
#[must_use]
pub fn supported_address_types(
    ip_families: &[AddressType],
    cluster_ip: Option<IpAddr>,
) -> Vec<AddressType> {
    match (ip_families, cluster_ip) {
        ([], Some(address)) => vec![AddressType::of(address)],
        ([], None) => vec![AddressType::IPv6, AddressType::IPv4],
        (families, _) => families.to_vec(),
    }
}

/// Whether a selected pod is an endpoint. One that is being deleted still is until it has ended:
/// it may have requests to finish.
#[must_use]
pub fn should_pod_be_in_endpoints(pod: &Pod, include_terminating: bool) -> bool {
    !pod.is_terminal()
        && pod.status.pod_ip.is_some()
        && (include_terminating || !pod.meta.is_terminating())
}

/// Whether a pod's hostname is a name under the Service's: its subdomain says so.
#[must_use]
pub fn should_set_hostname(pod: &Pod, service: &Service) -> bool {
    pod.spec.hostname.is_some()
        && pod.spec.subdomain.as_ref() == Some(&service.meta.name)
        && pod.meta.namespace == service.meta.namespace
}

/// The endpoint that a pod is to a Service; `None` where it has no address of that family.
#[must_use]
pub fn pod_to_endpoint(
    pod: &Pod,
    node: Option<&Node>,
    service: &Service,
    address_type: AddressType,
) -> Option<Endpoint> {
    let address = pod.status.pod_ip.filter(|address| AddressType::of(*address) == address_type)?;
    let serving = pod.is_ready();
    let terminating = pod.meta.is_terminating();
    let ready = service.spec.publish_not_ready_addresses || (serving && !terminating);
    Some(Endpoint {
        address,
        ready,
        serving,
        terminating,
        node_name: pod.node_name.clone(),
        zone: node.and_then(Node::zone).map(Into::into),
        target: Some((pod.id, pod.meta.name.clone())),
        hostname: pod.spec.hostname.clone().filter(|_| should_set_hostname(pod, service)),
        for_zones: Vec::new(),
        for_nodes: Vec::new(),
    })
}

/// The ports of a Service as a pod has them. A port that the pod lacks is left out.
#[must_use]
pub fn get_endpoint_ports(service: &Service, pod: &Pod) -> Vec<SlicePort> {
    service
        .spec
        .ports
        .iter()
        .filter_map(|port| {
            let number = pod.spec.find_port(&port.target_port, port.protocol)?;
            Some(SlicePort { name: port.name.clone(), protocol: port.protocol, port: Some(number) })
        })
        .collect()
}

/// Whether two versions of one endpoint say the same.
#[must_use]
pub fn endpoints_equal_beyond_hash(a: &Endpoint, b: &Endpoint) -> bool {
    let conditions = |e: &Endpoint| (e.ready, e.serving, e.terminating);
    conditions(a) == conditions(b)
        && same_text(a.node_name.as_ref(), b.node_name.as_ref())
        && same_text(a.zone.as_ref(), b.zone.as_ref())
        && match (&a.target, &b.target) {
            (Some((a, a_name)), Some((b, b_name))) => {
                a == b && same_text(Some(a_name), Some(b_name))
            }
            (a, b) => a.is_none() && b.is_none(),
        }
}

/// Whether two texts are equal. The versions of an endpoint share theirs, so that a look at where
/// they are is nearly always enough.
fn same_text(a: Option<&Arc<str>>, b: Option<&Arc<str>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b) || a == b,
        (a, b) => a.is_none() && b.is_none(),
    }
}

/// Whether two endpoints are meant for the same zones and nodes. Kubernetes compares hints after it
/// has packed the slices; here it is part of whether a slice has to be written.
#[must_use]
pub fn hints_equal(a: &Endpoint, b: &Endpoint) -> bool {
    a.for_zones == b.for_zones && a.for_nodes == b.for_nodes
}

/// Whether a Service's annotations ask for hints by zone (`hintsEnabled`).
#[must_use]
pub fn hints_enabled(annotations: &Labels) -> bool {
    let mode = annotations
        .get("service.kubernetes.io/topology-aware-hints")
        .or_else(|| annotations.get("service.kubernetes.io/topology-mode"));
    mode.is_some_and(|mode| mode == "Auto" || mode == "auto")
}
