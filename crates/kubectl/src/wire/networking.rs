//! Services and EndpointSlices.

use std::net::IpAddr;

use api::{
    Endpoint, EndpointSlice, Kind, Service, ServicePort, ServiceSpec, SessionAffinity, SlicePort,
    TrafficDistribution, TrafficPolicy, service::ServiceType,
};
use serde_json::{Value, json};

use super::{
    fields,
    meta::{api_version, labels, meta},
    pod::int_or_string,
};

pub(super) fn service(object: &Service) -> Value {
    json!({
        "apiVersion": api_version(Kind::Service),
        "kind": "Service",
        "metadata": meta(Kind::Service, &object.meta),
        "spec": spec(&object.spec),
        "status": { "loadBalancer": load_balancer(&object.status.ingress) },
    })
}

fn spec(spec: &ServiceSpec) -> Value {
    let address = match spec.headless {
        true => Some("None".to_owned()),
        false => spec.cluster_ip.map(|ip| ip.to_string()),
    };
    let (affinity, config) = affinity(spec.session_affinity);
    let exposed = spec.kind.has_node_ports();
    let balanced = spec.kind == ServiceType::LoadBalancer;
    let ranges = spec.load_balancer_source_ranges.iter().map(ToString::to_string);
    // What belongs to an address is not there where there is none to be.
    let addressed = spec.kind != ServiceType::ExternalName;
    fields([
        ("allocateLoadBalancerNodePorts", balanced.then_some(true).into()),
        ("clusterIP", address.clone().into()),
        ("clusterIPs", address.into_iter().collect()),
        ("externalName", spec.external_name.as_deref().into()),
        ("externalTrafficPolicy", exposed.then(|| policy(spec.external_traffic_policy)).into()),
        ("healthCheckNodePort", spec.health_check_node_port.into()),
        ("internalTrafficPolicy", addressed.then(|| policy(spec.internal_traffic_policy)).into()),
        ("ipFamilies", addressed.then_some("IPv4").into_iter().collect()),
        ("ipFamilyPolicy", addressed.then_some("SingleStack").into()),
        ("loadBalancerSourceRanges", ranges.collect()),
        ("ports", spec.ports.iter().map(port).collect()),
        ("publishNotReadyAddresses", spec.publish_not_ready_addresses.then_some(true).into()),
        ("selector", spec.selector.as_ref().map(labels).into()),
        ("sessionAffinity", affinity.into()),
        ("sessionAffinityConfig", config),
        ("trafficDistribution", spec.traffic_distribution.map(distribution).into()),
        ("type", format!("{:?}", spec.kind).into()),
    ])
}

/// `status.loadBalancer`: empty before there is one.
pub(super) fn load_balancer(addresses: &[IpAddr]) -> Value {
    let ingress = |ip: &IpAddr| json!({ "ip": ip.to_string(), "ipMode": "VIP" });
    match addresses {
        [] => json!({}),
        addresses => json!({ "ingress": addresses.iter().map(ingress).collect::<Vec<_>>() }),
    }
}

/// `sessionAffinity` and its config.
fn affinity(affinity: SessionAffinity) -> (&'static str, Value) {
    match affinity {
        SessionAffinity::None => ("None", Value::Null),
        SessionAffinity::ClientIp { timeout_seconds } => {
            ("ClientIP", json!({ "clientIP": { "timeoutSeconds": timeout_seconds } }))
        }
    }
}

fn policy(policy: TrafficPolicy) -> &'static str {
    match policy {
        TrafficPolicy::Cluster => "Cluster",
        TrafficPolicy::Local => "Local",
    }
}

fn distribution(distribution: TrafficDistribution) -> &'static str {
    match distribution {
        TrafficDistribution::PreferSameZone => "PreferSameZone",
        TrafficDistribution::PreferSameNode => "PreferSameNode",
    }
}

fn port(port: &ServicePort) -> Value {
    fields([
        ("name", port.name.as_str().into()),
        ("nodePort", port.node_port.into()),
        ("port", port.port.into()),
        ("protocol", port.protocol.name().into()),
        ("targetPort", int_or_string(&port.target_port)),
    ])
}

pub(super) fn endpoint_slice(slice: &EndpointSlice) -> Value {
    let ipv6 = slice.endpoints.first().is_some_and(|endpoint| endpoint.address.is_ipv6());
    json!({
        "apiVersion": api_version(Kind::EndpointSlice),
        "kind": "EndpointSlice",
        "metadata": meta(Kind::EndpointSlice, &slice.meta),
        "addressType": if ipv6 { "IPv6" } else { "IPv4" },
        "endpoints": slice.endpoints.iter().map(|it| endpoint(it)).collect::<Vec<_>>(),
        "ports": slice.ports.iter().map(slice_port).collect::<Vec<_>>(),
    })
}

fn slice_port(port: &SlicePort) -> Value {
    json!({ "name": port.name, "port": port.port, "protocol": port.protocol.name() })
}

fn endpoint(endpoint: &Endpoint) -> Value {
    let names = |names: &[std::sync::Arc<str>]| -> Value {
        names.iter().map(|name| json!({ "name": **name })).collect()
    };
    fields([
        ("addresses", json!([endpoint.address.to_string()])),
        (
            "conditions",
            json!({
                "ready": endpoint.ready,
                "serving": endpoint.serving,
                "terminating": endpoint.terminating,
            }),
        ),
        (
            "hints",
            fields([
                ("forNodes", names(&endpoint.for_nodes)),
                ("forZones", names(&endpoint.for_zones)),
            ]),
        ),
        ("hostname", endpoint.hostname.as_deref().into()),
        ("nodeName", endpoint.node_name.as_deref().into()),
        (
            "targetRef",
            endpoint
                .target
                .as_ref()
                .map(|(_, name)| json!({ "kind": "Pod", "name": **name }))
                .into(),
        ),
        ("zone", endpoint.zone.as_deref().into()),
    ])
}
