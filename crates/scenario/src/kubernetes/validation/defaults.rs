//! What the API server fills in (`SetDefaults_Service`, and what its strategy does before).

use std::collections::BTreeSet;

use k8s_openapi::{
    api::core::v1::{ClientIPConfig, Service, ServicePort, ServiceSpec, SessionAffinityConfig},
    apimachinery::pkg::util::intstr::IntOrString,
};

/// `DefaultClientIPServiceAffinitySeconds`: three hours.
pub(crate) const AFFINITY_SECONDS: i32 = 10_800;

/// The node ports that a cluster gives by default.
pub(crate) const NODE_PORTS: (u16, u16) = (30_000, 32_767);

/// Fills in what a Service does not say.
pub(crate) fn set_defaults(service: &mut Service) {
    let spec = service.spec.get_or_insert_default();
    if spec.session_affinity.as_deref().unwrap_or_default().is_empty() {
        spec.session_affinity = Some("None".to_owned());
    }
    if spec.session_affinity.as_deref() == Some("None") {
        spec.session_affinity_config = None;
    }
    if spec.session_affinity.as_deref() == Some("ClientIP") {
        let config: &mut SessionAffinityConfig =
            spec.session_affinity_config.get_or_insert_default();
        let client: &mut ClientIPConfig = config.client_ip.get_or_insert_default();
        client.timeout_seconds.get_or_insert(AFFINITY_SECONDS);
    }
    if spec.type_.as_deref().unwrap_or_default().is_empty() {
        spec.type_ = Some("ClusterIP".to_owned());
    }
    for port in spec.ports.iter_mut().flatten() {
        if port.protocol.as_deref().unwrap_or_default().is_empty() {
            port.protocol = Some("TCP".to_owned());
        }
        let unsaid = match &port.target_port {
            None | Some(IntOrString::Int(0)) => true,
            Some(IntOrString::String(name)) => name.is_empty(),
            Some(IntOrString::Int(_)) => false,
        };
        if unsaid {
            port.target_port = Some(IntOrString::Int(port.port));
        }
    }
    let kind = spec.type_.clone().unwrap_or_default();
    let external_ips = spec.external_ips.as_ref().is_some_and(|ips| !ips.is_empty());
    let accessible = matches!(kind.as_str(), "NodePort" | "LoadBalancer")
        || (kind == "ClusterIP" && external_ips);
    if accessible && spec.external_traffic_policy.as_deref().unwrap_or_default().is_empty() {
        spec.external_traffic_policy = Some("Cluster".to_owned());
    }
    if spec.internal_traffic_policy.is_none() && kind != "ExternalName" {
        spec.internal_traffic_policy = Some("Cluster".to_owned());
    }
    if kind == "LoadBalancer" {
        spec.allocate_load_balancer_node_ports.get_or_insert(true);
        let status = service.status.as_mut().and_then(|status| status.load_balancer.as_mut());
        for ingress in status.into_iter().filter_map(|it| it.ingress.as_mut()).flatten() {
            if ingress.ip.is_some() {
                ingress.ip_mode.get_or_insert("VIP".to_owned());
            }
        }
    }
}

/// What a Service keeps that replaces another and does not say it itself: the address and the node
/// ports that it has (`patchAllocatedValues`). Where it wants none, or another, that is its own matter.
pub(crate) fn keep_allocated(new: &mut Service, old: &Service) {
    let (Some(new), Some(old)) = (&mut new.spec, &old.spec) else { return };
    let has_address = |spec: &ServiceSpec| spec.type_.as_deref() != Some("ExternalName");
    let unsaid = new.cluster_ip.as_deref().unwrap_or_default().is_empty();
    if unsaid && has_address(new) && has_address(old) {
        new.cluster_ip.clone_from(&old.cluster_ip);
        new.cluster_ips.clone_from(&old.cluster_ips);
    }
    let has_node_ports =
        |spec: &ServiceSpec| matches!(spec.type_.as_deref(), Some("NodePort" | "LoadBalancer"));
    if has_node_ports(new) && has_node_ports(old) {
        let before = old.ports.as_deref().unwrap_or_default();
        keep_node_ports(new.ports.as_deref_mut().unwrap_or_default(), before);
    }
}

/// Node ports stay with the port's number, as kubectl tells ports apart, and else with its name. One
/// that another port asks for goes there.
fn keep_node_ports(new: &mut [ServicePort], old: &[ServicePort]) {
    let states = |port: &ServicePort| port.node_port.filter(|number| *number != 0);
    let number = |port: &ServicePort| (port.port, port.protocol.clone());
    let asked: BTreeSet<i32> = new.iter().filter_map(states).collect();
    for port in new.iter_mut().filter(|port| states(port).is_none()) {
        let before = old.iter().find(|before| number(before) == number(port));
        port.node_port = before.and_then(states).filter(|kept| !asked.contains(kept));
    }
    let mut used: BTreeSet<i32> = new.iter().filter_map(states).collect();
    for port in new.iter_mut().filter(|port| states(port).is_none()) {
        let before = old.iter().find(|before| before.name == port.name);
        port.node_port = before.and_then(states).filter(|kept| used.insert(*kept));
    }
}

/// Stands for the address that a Service was given because it states none.
pub(crate) const GIVEN: &str = "given by the cluster";

/// What a Service is like once it is stored: it has an address, whichever.
pub(crate) fn as_stored(service: &mut Service) {
    allocate(service);
    let Some(spec) = &mut service.spec else { return };
    let none = spec.cluster_ips.as_ref().is_none_or(Vec::is_empty);
    if none && spec.type_.as_deref() != Some("ExternalName") {
        spec.cluster_ip = Some(GIVEN.to_owned());
        spec.cluster_ips = Some(vec![GIVEN.to_owned()]);
    }
}

/// What a new Service is given before it is looked at, as far as somebody would miss it: the list of
/// addresses that `clusterIP` is the first of, and the port for health checks.
pub(crate) fn allocate(service: &mut Service) {
    let Some(spec) = &mut service.spec else { return };
    let first = spec.cluster_ip.clone().filter(|ip| !ip.is_empty());
    if let (Some(first), None) = (first, &spec.cluster_ips) {
        spec.cluster_ips = Some(vec![first]);
    }
    let local = spec.external_traffic_policy.as_deref() == Some("Local");
    if spec.type_.as_deref() == Some("LoadBalancer")
        && local
        && spec.health_check_node_port.unwrap_or(0) == 0
    {
        spec.health_check_node_port = Some(NODE_PORTS.1.into());
    }
}
