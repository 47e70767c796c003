//! Services (`validateService…` of `pkg/apis/core/validation/validation.go`).

use std::{collections::BTreeSet, net::IpAddr};

use api::{
    IntOrString, Labels, Service, ServiceId, ServicePort, ServiceSpec, service::ServiceType,
};
use k8s_openapi::{api::core::v1 as core, apimachinery::pkg::util::intstr};

use super::{Checker, names, traffic::set_traffic};
use crate::{Code, kinds::LeftOutThings};

/// The node ports a cluster gives by default.
const NODE_PORTS: std::ops::RangeInclusive<u16> = 30000..=32767;

/// Reads a Service; `None` where not even a name is left, and for ExternalName.
pub(crate) fn service(cx: &mut Checker<'_>, left_out: &mut LeftOutThings) -> Option<Service> {
    cx.read(left_out, convert)
}

fn convert(cx: &mut Checker<'_>, read: core::Service) -> Option<Service> {
    let meta = cx.meta(read.metadata, names::is_service_name);
    let Some(spec) = read.spec else {
        cx.required("spec", "", "add a spec");
        return None;
    };
    topology_mode(cx, &meta.annotations);
    if spec.type_.as_deref() == Some("ExternalName") {
        external_name(cx, &spec);
        return None;
    }
    let kind = service_type(cx, spec.type_.as_deref());
    let cluster_ip = spec.cluster_ip.as_deref().unwrap_or_default();
    let headless = cluster_ip == "None";
    policies(cx, kind, &spec);
    if headless && kind != ServiceType::ClusterIP {
        let detail = format!("may not be set to 'None' for {kind:?} services");
        cx.invalid("spec.clusterIP", "\"None\"", &detail, "delete `clusterIP`, or the type");
    }
    let selector = spec.selector.clone().filter(|selector| !selector.is_empty());
    cx.labels("spec.selector", &selector.clone().unwrap_or_default());
    let mut read = ServiceSpec {
        kind,
        cluster_ip: address(cx, cluster_ip),
        headless,
        selector,
        publish_not_ready_addresses: spec.publish_not_ready_addresses.unwrap_or(false),
        ports: ports(cx, spec.ports.clone().unwrap_or_default(), kind, headless),
        ..ServiceSpec::default()
    };
    set_traffic(&mut read, &spec);
    (!meta.name.is_empty()).then(|| Service { meta, id: ServiceId::default(), spec: read })
}

fn service_type(cx: &mut Checker<'_>, written: Option<&str>) -> ServiceType {
    match written.filter(|kind| !kind.is_empty()).unwrap_or("ClusterIP") {
        "ClusterIP" => ServiceType::ClusterIP,
        "NodePort" => ServiceType::NodePort,
        "LoadBalancer" => ServiceType::LoadBalancer,
        other => {
            let kinds = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
            cx.unsupported("spec.type", other, &kinds);
            // The type that allows the most, so that nothing is reported that follows from this.
            ServiceType::LoadBalancer
        }
    }
}

/// A Service of type ExternalName is an alias in DNS and has no place in the simulation.
fn external_name(cx: &mut Checker<'_>, spec: &core::ServiceSpec) {
    let name = spec.external_name.as_deref().unwrap_or_default();
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.is_empty() {
        cx.required("spec.externalName", "", "add `externalName: …`");
    } else if let Err(detail) = names::is_subdomain(name) {
        let help = "write the name of a host";
        cx.invalid("spec.externalName", format!("{name:?}"), &detail, help);
    }
    if spec.cluster_ip.as_ref().is_some_and(|address| !address.is_empty()) {
        let detail = "may not be set for ExternalName services";
        cx.forbidden("spec.clusterIP", detail, "delete it");
    }
    let message = "spec.type: a Service of type ExternalName is not simulated".to_owned();
    let help = "it has no address and no endpoints; clients cannot use it as a target here";
    cx.report(Code::FieldNotSimulated, "spec.type", message, help);
}

/// The annotation that asked for the own zone's endpoints before `trafficDistribution` did.
fn topology_mode(cx: &mut Checker<'_>, annotations: &Labels) {
    let name = "service.kubernetes.io/topology-mode";
    if annotations.get(name).is_some_and(|mode| mode.eq_ignore_ascii_case("auto")) {
        let path = format!("metadata.annotations[{name:?}]");
        let message = format!(
            "annotation `{name}` is not simulated: requests go to the pods of all zones alike"
        );
        let help = "the result holds for the same manifest without it";
        cx.report(Code::FieldNotSimulated, &path, message, help);
    }
}

fn policies(cx: &mut Checker<'_>, kind: ServiceType, spec: &core::ServiceSpec) {
    let choices = [
        ("sessionAffinity", &spec.session_affinity, &["ClientIP", "None"][..]),
        ("externalTrafficPolicy", &spec.external_traffic_policy, &["Cluster", "Local"][..]),
        ("internalTrafficPolicy", &spec.internal_traffic_policy, &["Cluster", "Local"][..]),
        (
            "trafficDistribution",
            &spec.traffic_distribution,
            &["PreferClose", "PreferSameZone", "PreferSameNode"][..],
        ),
    ];
    for (field, value, allowed) in choices {
        if let Some(value) = value
            && !value.is_empty()
            && !allowed.contains(&value.as_str())
        {
            cx.unsupported(&format!("spec.{field}"), value, allowed);
        }
    }
    let affinity = spec.session_affinity_config.as_ref().and_then(|c| c.client_ip.as_ref());
    if let Some(seconds) = affinity.and_then(|config| config.timeout_seconds)
        && !(1..=86400).contains(&seconds)
        && spec.session_affinity.as_deref() == Some("ClientIP")
    {
        let path = "spec.sessionAffinityConfig.clientIP.timeoutSeconds";
        let detail = "must be greater than 0 and less than 86400";
        cx.invalid(path, seconds, detail, "write 10800, which is the default");
    }
    external_policies(cx, kind, spec);
}

fn external_policies(cx: &mut Checker<'_>, kind: ServiceType, spec: &core::ServiceSpec) {
    let policy = spec.external_traffic_policy.as_deref().unwrap_or_default();
    let has_external_ips = spec.external_ips.as_ref().is_some_and(|ips| !ips.is_empty());
    if kind == ServiceType::ClusterIP && !policy.is_empty() && !has_external_ips {
        let detail = "may only be set for externally-accessible services";
        let value = format!("{policy:?}");
        cx.invalid(
            "spec.externalTrafficPolicy",
            value,
            detail,
            "delete it, or set `type: NodePort`",
        );
    }
    let ranges = spec.load_balancer_source_ranges.as_ref().is_some_and(|ranges| !ranges.is_empty());
    if kind != ServiceType::LoadBalancer && ranges {
        let detail = "may only be used when `type` is 'LoadBalancer'";
        cx.forbidden("spec.loadBalancerSourceRanges", detail, "delete it");
    }
    let check_port = spec.health_check_node_port.filter(|port| *port != 0);
    if let Some(port) = check_port
        && (kind != ServiceType::LoadBalancer || policy != "Local")
    {
        let detail =
            "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
        cx.invalid("spec.healthCheckNodePort", port, detail, "delete it");
    }
}

fn address(cx: &mut Checker<'_>, written: &str) -> Option<IpAddr> {
    if written.is_empty() || written == "None" {
        return None;
    }
    let address = written.parse().ok();
    if address.is_none() {
        let padded = written.split('.').any(|part| part.len() > 1 && part.starts_with('0'));
        let detail = if padded && written.split('.').all(|part| part.parse::<u8>().is_ok()) {
            "must not have leading 0s"
        } else {
            "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
        };
        let help = "write an address, None, or leave it out";
        cx.invalid("spec.clusterIP", format!("{written:?}"), detail, help);
    }
    address
}

fn ports(
    cx: &mut Checker<'_>,
    written: Vec<core::ServicePort>,
    kind: ServiceType,
    headless: bool,
) -> Vec<ServicePort> {
    if written.is_empty() && !headless {
        cx.required("spec.ports", "", "add a port");
    }
    let several = written.len() > 1;
    let mut ports: Vec<ServicePort> = Vec::new();
    let mut names = BTreeSet::new();
    for (index, port) in written.into_iter().enumerate() {
        let path = format!("spec.ports[{index}]");
        let name = port.name.clone().unwrap_or_default();
        port_name(cx, &path, &name, several, &mut names);
        let protocol = cx.protocol(&format!("{path}.protocol"), port.protocol.clone());
        if let Some(name) = &port.app_protocol
            && let Err(detail) = names::is_label_key(name)
        {
            let help = "write a protocol such as http or kubernetes.io/h2c";
            cx.invalid(&format!("{path}.appProtocol"), format!("{name:?}"), &detail, help);
        }
        let target_port = target_port(cx, &path, &port);
        let node_port = node_port(cx, &path, port.node_port, kind);
        let Some(number) = cx.port(&format!("{path}.port"), port.port) else { continue };
        let port = ServicePort { name, protocol, port: number, target_port, node_port };
        if ports.iter().any(|other| (other.protocol, other.port) == (protocol, number)) {
            let value = format!("{} {number}", protocol.name());
            cx.duplicate(&path, value, "a Service has each port of a protocol once");
        }
        if let Some(node_port) = node_port
            && ports.iter().any(|o| (o.protocol, o.node_port) == (protocol, Some(node_port)))
        {
            cx.duplicate(
                &format!("{path}.nodePort"),
                node_port,
                "give each port its own node port",
            );
        }
        ports.push(port);
    }
    ports
}

fn port_name(
    cx: &mut Checker<'_>,
    path: &str,
    name: &str,
    several: bool,
    names: &mut BTreeSet<String>,
) {
    let path = format!("{path}.name");
    if name.is_empty() {
        if several {
            cx.required(&path, "", "a Service with several ports has to name each of them");
        }
        return;
    }
    if let Err(detail) = names::is_label_name(name) {
        let help = "use lower case letters, digits and hyphens";
        cx.invalid(&path, format!("{name:?}"), &detail, help);
    }
    if !names.insert(name.to_owned()) {
        cx.duplicate(&path, format!("{name:?}"), "give each port its own name");
    }
}

/// `targetPort`, the same as `port` by default.
fn target_port(cx: &mut Checker<'_>, path: &str, port: &core::ServicePort) -> IntOrString {
    let same = IntOrString::Int(port.port);
    match &port.target_port {
        None | Some(intstr::IntOrString::Int(0)) => same,
        Some(intstr::IntOrString::String(text)) if text.is_empty() => same,
        Some(target) => cx.target_port(&format!("{path}.targetPort"), target).unwrap_or(same),
    }
}

fn node_port(
    cx: &mut Checker<'_>,
    path: &str,
    written: Option<i32>,
    kind: ServiceType,
) -> Option<u16> {
    let number = written.filter(|number| *number != 0)?;
    let path = format!("{path}.nodePort");
    if kind == ServiceType::ClusterIP {
        let detail = "may not be used when `type` is 'ClusterIP'";
        cx.forbidden(&path, detail, "set `type: NodePort`, or delete the node port");
        return None;
    }
    let port = u16::try_from(number).ok().filter(|port| NODE_PORTS.contains(port));
    if port.is_none() {
        let detail =
            "provided port is not in the valid range. The range of valid ports is 30000-32767";
        cx.invalid(&path, number, detail, "write a port of that range, or leave it out");
    }
    port
}
