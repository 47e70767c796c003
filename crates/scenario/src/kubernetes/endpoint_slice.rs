//! EndpointSlices that somebody writes by hand: defaulted and validated as the API server does it
//! (`pkg/apis/discovery/validation`).
//!
//! *Left out:* `appProtocol`, which no proxy here reads; what `targetRef` names, for a pod gets its
//! address only in the run; and that `addressType` never changes, for no step changes a slice.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use api::{Endpoint, EndpointSlice, Protocol, SlicePort, endpoint_slice::SERVICE_NAME_LABEL};
use k8s_openapi::api::discovery::v1 as discovery;

use super::{Checker, names, validation::addresses};
use crate::{Code, kinds::LeftOutThings};

/// What the API server takes at most (`maxEndpoints`, `maxAddresses`, `maxPorts`, `maxZoneHints`).
const MOST_ENDPOINTS: usize = 1000;
const MOST_ADDRESSES: usize = 100;
const MOST_PORTS: usize = 20_000;
const MOST_HINTS: usize = 8;

const ADDRESS_TYPES: [&str; 3] = ["FQDN", "IPv4", "IPv6"];
const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];

/// Reads an EndpointSlice; `None` where not even a name is left, and where its addresses are of a
/// type that no proxy here knows.
pub(crate) fn endpoint_slice(
    cx: &mut Checker<'_>,
    left_out: &mut LeftOutThings,
) -> Option<EndpointSlice> {
    cx.read(left_out, convert)
}

fn convert(cx: &mut Checker<'_>, written: discovery::EndpointSlice) -> Option<EndpointSlice> {
    let meta = cx.meta(written.metadata, names::is_subdomain);
    let kind = written.address_type.as_str();
    match kind {
        "" => cx.required("addressType", "", "add `addressType: IPv4`"),
        _ if !ADDRESS_TYPES.contains(&kind) => cx.unsupported("addressType", kind, &ADDRESS_TYPES),
        _ => {}
    }
    let endpoints = endpoints(cx, kind, written.endpoints.unwrap_or_default());
    let endpoints = endpoints.into_iter().map(Arc::new).collect();
    let ports = ports(cx, written.ports.unwrap_or_default());
    if matches!(kind, "FQDN" | "IPv6") {
        if !cx.findings.any_error() {
            let message = format!("addressType: endpoints of type {kind} are not simulated");
            let help = "the cluster has IPv4 only, and its proxies read no other slices";
            cx.report(Code::FieldNotSimulated, "addressType", message, help);
        }
        return None;
    }
    let service_name = meta.labels.get(SERVICE_NAME_LABEL).map_or("", String::as_str).into();
    let slice = EndpointSlice { meta, service_name, service: None, ports, endpoints };
    (!slice.meta.name.is_empty()).then_some(slice)
}

fn endpoints(cx: &mut Checker<'_>, kind: &str, written: Vec<discovery::Endpoint>) -> Vec<Endpoint> {
    if !cx.at_most("endpoints", written.len(), MOST_ENDPOINTS) {
        return Vec::new();
    }
    let numbered = written.into_iter().enumerate();
    numbered.filter_map(|(index, written)| endpoint(cx, kind, index, written)).collect()
}

/// An endpoint with the first of its addresses, which is all that proxies read.
fn endpoint(
    cx: &mut Checker<'_>,
    kind: &str,
    index: usize,
    written: discovery::Endpoint,
) -> Option<Endpoint> {
    let path = |field: &str| format!("endpoints[{index}].{field}");
    let address = first_address(cx, kind, &path("addresses"), &written.addresses);
    if let Some(node) = &written.node_name {
        check(cx, &path("nodeName"), node, names::is_subdomain);
    }
    if let Some(hostname) = &written.hostname {
        check(cx, &path("hostname"), hostname, names::is_label_name);
    }
    let hints = written.hints.unwrap_or_default();
    let zones = hints.for_zones.into_iter().flatten().map(|zone| zone.name).collect();
    let nodes = hints.for_nodes.into_iter().flatten().map(|node| node.name).collect();
    let for_zones = hinted(cx, &path("hints.forZones"), zones, names::is_label_value);
    let for_nodes = hinted(cx, &path("hints.forNodes"), nodes, names::is_subdomain);
    // Who says nothing of a condition is taken to be well.
    let conditions = written.conditions.unwrap_or_default();
    let ready = conditions.ready.unwrap_or(true);
    Some(Endpoint {
        address: address?,
        ready,
        serving: conditions.serving.unwrap_or(true),
        terminating: conditions.terminating.unwrap_or(false),
        node_name: written.node_name.map(Into::into),
        zone: written.zone.map(Into::into),
        target: None,
        hostname: written.hostname.map(Into::into),
        for_zones,
        for_nodes,
    })
}

fn first_address(
    cx: &mut Checker<'_>,
    kind: &str,
    path: &str,
    written: &[String],
) -> Option<IpAddr> {
    if written.is_empty() {
        cx.required(path, "must contain at least 1 address", "add the address of the endpoint");
    }
    cx.at_most(path, written.len(), MOST_ADDRESSES);
    for (index, text) in written.iter().enumerate() {
        if let Err(detail) = check_address(kind, text) {
            let help = "write an address that packets can be sent to, such as 192.0.2.10";
            cx.invalid(&format!("{path}[{index}]"), format!("{text:?}"), &detail, help);
        }
    }
    if kind == "IPv4" && written.len() > 1 {
        let message = format!("{path}: only the first address of an endpoint is simulated");
        let help = "proxies read no other one either: give each address an endpoint of its own";
        cx.report(Code::FieldNotSimulated, path, message, help);
    }
    addresses::address(written.first()?, true).ok()
}

fn check_address(kind: &str, text: &str) -> Result<(), String> {
    let family = match kind {
        "IPv4" => IpAddr::is_ipv4,
        "IPv6" => IpAddr::is_ipv6,
        "FQDN" => return names::is_fully_qualified(text),
        _ => return Ok(()),
    };
    let address = addresses::address(text, true)?;
    if !family(&address) {
        return Err(format!("must be an {kind} address"));
    }
    addresses::special(address).map_or(Ok(()), Err)
}

fn hinted(
    cx: &mut Checker<'_>,
    path: &str,
    written: Vec<String>,
    is_name: names::NameCheck,
) -> Vec<Arc<str>> {
    if !cx.at_most(path, written.len(), MOST_HINTS) {
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    for (index, name) in written.iter().enumerate() {
        let path = format!("{path}[{index}].name");
        if !seen.insert(name) {
            cx.duplicate(&path, format!("{name:?}"), "name each of them once");
        }
        check(cx, &path, name, is_name);
    }
    written.into_iter().map(Into::into).collect()
}

fn ports(cx: &mut Checker<'_>, written: Vec<discovery::EndpointPort>) -> Vec<SlicePort> {
    if !cx.at_most("ports", written.len(), MOST_PORTS) {
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    let mut ports = Vec::new();
    for (index, port) in written.into_iter().enumerate() {
        let path = |field: &str| format!("ports[{index}].{field}");
        let name = port.name.unwrap_or_default();
        if !name.is_empty() {
            check(cx, &path("name"), &name, names::is_label_name);
        }
        if !seen.insert(name.clone()) {
            cx.duplicate(&path("name"), format!("{name:?}"), "give each port its own name");
        }
        let protocol = protocol(cx, &path("protocol"), port.protocol.as_deref());
        let port = port.port.and_then(|number| cx.port(&path("port"), number));
        ports.push(SlicePort { name, protocol, port });
    }
    ports
}

/// A protocol, TCP where nothing is said.
pub(super) fn protocol(cx: &mut Checker<'_>, path: &str, written: Option<&str>) -> Protocol {
    match written.unwrap_or_default() {
        "UDP" => Protocol::Udp,
        "SCTP" => Protocol::Sctp,
        "TCP" | "" => Protocol::Tcp,
        other => {
            cx.unsupported(path, other, &PROTOCOLS);
            Protocol::Tcp
        }
    }
}

/// Says so where a text is no such name.
pub(super) fn check(cx: &mut Checker<'_>, path: &str, text: &str, is_name: names::NameCheck) {
    if let Err(detail) = is_name(text) {
        let help = "use lower case letters, digits and hyphens";
        cx.invalid(path, format!("{text:?}"), &detail, help);
    }
}
