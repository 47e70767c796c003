//! Endpoints that somebody writes by hand: validated as the API server does it
//! (`ValidateEndpoints`), and the EndpointSlices that the endpointslicemirroring controller makes of
//! them (`pkg/controller/endpointslicemirroring`).
//!
//! Here it makes them where the manifests are read, so they are there from the start and never change.
//!
//! *Left out:* the controller's lag; `targetRef`, for a pod gets its address only in the run; IPv6; and
//! that Endpoints and slices go with their Service.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use api::{
    Endpoint, EndpointAddress, EndpointSlice, EndpointSubset, Endpoints, Meta, SlicePort,
    endpoint_slice::{MANAGED_BY_LABEL, SERVICE_NAME_LABEL},
};
use k8s_openapi::api::core::v1 as core;

use super::{
    Checker,
    endpoint_slice::{check, protocol},
    names,
    validation::addresses,
};
use crate::{Code, kinds::LeftOutThings};

/// The controller's name.
const CONTROLLER_NAME: &str = "endpointslicemirroring-controller.k8s.io";

/// More addresses of a subset are not mirrored (`--mirroring-max-endpoints-per-subset`).
const MOST_PER_SUBSET: usize = 1000;

/// What is no annotation of the addresses, but of who wrote them.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Reads Endpoints; `None` where not even a name is left.
pub(crate) fn endpoints(cx: &mut Checker<'_>, left_out: &mut LeftOutThings) -> Option<Endpoints> {
    cx.read(left_out, convert)
}

fn convert(cx: &mut Checker<'_>, written: core::Endpoints) -> Option<Endpoints> {
    let meta = cx.meta(written.metadata, names::is_subdomain);
    let subsets = written.subsets.unwrap_or_default().into_iter().enumerate();
    let subsets = subsets.map(|(index, it)| subset(cx, &format!("subsets[{index}]"), it)).collect();
    (!meta.name.is_empty()).then_some(Endpoints { meta, subsets })
}

fn subset(cx: &mut Checker<'_>, path: &str, written: core::EndpointSubset) -> EndpointSubset {
    let ready = written.addresses.unwrap_or_default();
    let not_ready = written.not_ready_addresses.unwrap_or_default();
    if ready.is_empty() && not_ready.is_empty() {
        let detail = "must specify `addresses` or `notReadyAddresses`";
        cx.required(path, detail, "add an address");
    }
    EndpointSubset {
        addresses: all_addresses(cx, &format!("{path}.addresses"), ready),
        not_ready_addresses: all_addresses(cx, &format!("{path}.notReadyAddresses"), not_ready),
        ports: ports(cx, &format!("{path}.ports"), written.ports.unwrap_or_default()),
    }
}

fn all_addresses(
    cx: &mut Checker<'_>,
    path: &str,
    written: Vec<core::EndpointAddress>,
) -> Vec<EndpointAddress> {
    let numbered = written.into_iter().enumerate();
    numbered.filter_map(|(index, it)| address(cx, &format!("{path}[{index}]"), it)).collect()
}

fn address(
    cx: &mut Checker<'_>,
    path: &str,
    written: core::EndpointAddress,
) -> Option<EndpointAddress> {
    let ip = ip(cx, &format!("{path}.ip"), &written.ip);
    let said = |name: Option<String>| name.filter(|name| !name.is_empty());
    let (hostname, node_name) = (said(written.hostname), said(written.node_name));
    if let Some(name) = &hostname {
        check(cx, &format!("{path}.hostname"), name, names::is_label_name);
    }
    if let Some(name) = &node_name {
        check(cx, &format!("{path}.nodeName"), name, names::is_subdomain);
    }
    let (hostname, node_name) = (hostname.map(Into::into), node_name.map(Into::into));
    Some(EndpointAddress { ip: ip?, hostname, node_name })
}

fn ip(cx: &mut Checker<'_>, path: &str, text: &str) -> Option<IpAddr> {
    let read = addresses::address(text, true);
    let problem = match read {
        Err(detail) => Some(detail.to_owned()),
        Ok(address) => addresses::special(address),
    };
    if let Some(detail) = problem {
        let help = "write an address that packets can be sent to, such as 192.0.2.10";
        cx.invalid(path, format!("{text:?}"), &detail, help);
    }
    let ip = read.ok()?;
    if ip.is_ipv6() {
        let message = format!("{path}: addresses of type IPv6 are not simulated");
        let help = "the cluster has IPv4 only, and its proxies read no other slices";
        cx.report(Code::FieldNotSimulated, path, message, help);
    }
    Some(ip).filter(IpAddr::is_ipv4)
}

fn ports(cx: &mut Checker<'_>, path: &str, written: Vec<core::EndpointPort>) -> Vec<SlicePort> {
    let several = written.len() > 1;
    let mut ports = Vec::new();
    for (index, port) in written.into_iter().enumerate() {
        let path = |field: &str| format!("{path}[{index}].{field}");
        let name = port.name.unwrap_or_default();
        if !name.is_empty() {
            check(cx, &path("name"), &name, names::is_label_name);
        } else if several {
            cx.required(&path("name"), "", "give each port its own name");
        }
        let protocol = protocol(cx, &path("protocol"), port.protocol.as_deref());
        let port = cx.port(&path("port"), port.port);
        ports.push(SlicePort { name, protocol, port });
    }
    ports
}

/// The slices that are made of Endpoints: one for all addresses with the same ports.
pub(crate) fn mirrored(endpoints: &Endpoints) -> Vec<EndpointSlice> {
    let mut by_ports: BTreeMap<Vec<SlicePort>, Vec<Arc<Endpoint>>> = BTreeMap::new();
    for subset in &endpoints.subsets {
        let mut ports = subset.ports.clone();
        ports.sort();
        let ready = subset.addresses.iter().map(|address| endpoint(address, true));
        let not_ready = subset.not_ready_addresses.iter().map(|it| endpoint(it, false));
        let all = ready.chain(not_ready).map(Arc::new).take(MOST_PER_SUBSET);
        by_ports.entry(ports).or_default().extend(all);
    }
    let numbered = by_ports.into_iter().enumerate();
    let slice =
        |(place, (ports, all)): (usize, (Vec<SlicePort>, Vec<Arc<Endpoint>>))| EndpointSlice {
            meta: slice_meta(&endpoints.meta, place),
            service_name: endpoints.meta.name.clone(),
            service: None,
            ports,
            endpoints: all,
        };
    numbered.filter(|(_, (_, all))| !all.is_empty()).map(slice).collect()
}

/// The labels and annotations of the Endpoints, and whose the slice is.
fn slice_meta(endpoints: &Meta, place: usize) -> Meta {
    let name = format!("{}-{}", endpoints.name, suffix(endpoints, place));
    let mut meta = Meta::new(endpoints.namespace.clone(), name);
    meta.labels = endpoints.labels.clone();
    meta.labels.insert(SERVICE_NAME_LABEL.to_owned(), endpoints.name.to_string());
    meta.labels.insert(MANAGED_BY_LABEL.to_owned(), CONTROLLER_NAME.to_owned());
    meta.annotations = endpoints.annotations.clone();
    meta.annotations.remove(LAST_APPLIED);
    meta
}

/// What the API server would draw: five letters, here made of the name by FNV-1a.
fn suffix(endpoints: &Meta, place: usize) -> String {
    const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
    let text = format!("{}/{place}", endpoints.key());
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let digits = (0..5).map(|digit| (hash >> (8 * digit)) as usize % LETTERS.len());
    digits.map(|digit| char::from(LETTERS[digit])).collect()
}

/// An address as an endpoint; nothing is said of it but whether it is ready.
fn endpoint(address: &EndpointAddress, ready: bool) -> Endpoint {
    Endpoint {
        address: address.ip,
        ready,
        serving: true,
        terminating: false,
        node_name: address.node_name.clone(),
        zone: None,
        target: None,
        hostname: address.hostname.clone(),
        for_zones: Vec::new(),
        for_nodes: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use api::Protocol;

    use super::*;

    /// A slice's port, and its addresses, each with whether it is ready.
    type Said = (Option<u16>, Vec<(String, bool)>);

    #[test]
    fn subsets_become_slices_by_their_ports() {
        let port = |port| SlicePort { name: String::new(), protocol: Protocol::Tcp, port };
        let subset = |ends: &[u8], not_ready: &[u8], number| {
            let all = |ends: &[u8]| {
                let ips = ends.iter().map(|end| EndpointAddress::new([192, 0, 2, *end].into()));
                ips.collect()
            };
            EndpointSubset {
                addresses: all(ends),
                not_ready_addresses: all(not_ready),
                ports: vec![port(Some(number))],
            }
        };
        let mut meta = Meta::new("shop", "db");
        meta.labels.insert("tier".to_owned(), "data".to_owned());
        meta.annotations.insert(LAST_APPLIED.to_owned(), "{}".to_owned());
        let subsets =
            vec![subset(&[1], &[2], 5432), subset(&[3], &[], 80), subset(&[4], &[], 5432)];
        let slices = mirrored(&Endpoints { meta, subsets });
        let said: Vec<Said> = slices
            .iter()
            .map(|slice| {
                let endpoints = slice.endpoints.iter();
                let said = endpoints.map(|it| (it.address.to_string(), it.ready)).collect();
                (slice.ports[0].port, said)
            })
            .collect();
        let said_of = |end: u8, ready| (format!("192.0.2.{end}"), ready);
        let expected = [
            (Some(80), vec![said_of(3, true)]),
            (Some(5432), vec![said_of(1, true), said_of(2, false), said_of(4, true)]),
        ];
        assert_eq!(said, expected);
        for slice in &slices {
            assert!(slice.meta.name.starts_with("db-") && slice.meta.name.len() == 8, "{slice:?}");
            let label = |name: &str| slice.meta.labels.get(name).map(String::as_str);
            assert_eq!(label(MANAGED_BY_LABEL), Some(CONTROLLER_NAME));
            assert_eq!((label(SERVICE_NAME_LABEL), label("tier")), (Some("db"), Some("data")));
            assert!(slice.meta.annotations.is_empty());
        }
        assert_ne!(slices[0].meta.name, slices[1].meta.name);
    }

    #[test]
    fn a_subset_has_a_thousand_addresses_at_most() {
        let addresses =
            (0..1200_u32).map(|n| EndpointAddress::new(std::net::Ipv4Addr::from(n).into()));
        let subset = EndpointSubset { addresses: addresses.collect(), ..EndpointSubset::default() };
        let slices = mirrored(&Endpoints { meta: Meta::new("shop", "db"), subsets: vec![subset] });
        assert_eq!(slices.iter().map(|slice| slice.endpoints.len()).collect::<Vec<_>>(), [1000]);
    }
}
