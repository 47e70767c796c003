//! Where packets go.

use api::Protocol;
use data_plane::proxy::{
    endpoints_tracker::{EndpointsChangeTracker, EndpointsMap},
    flow::{Packet, Verdict},
    mode::Mode,
    rules::{Rules, Settings},
    service_map::{Family, ServiceMap, service_to_service_map},
};

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
    pods::{address, protocol},
    proxy_objects::{cidr, service, slice},
};

/// The ranges that the Go tests fix.
const POD_CIDRS: [&str; 2] = ["10.0.0.0/8", "fd00:10::/64"];
const SERVICE_CIDRS: [&str; 2] = ["172.30.0.0/16", "fd00:172:30::/112"];

/// Checks a case of the iptables proxy.
pub(crate) fn check_iptables(case: &Case) -> Result<(), Problem> {
    check(case, Mode::Iptables)
}

/// Checks a case of the nftables proxy.
pub(crate) fn check_nftables(case: &Case) -> Result<(), Problem> {
    check(case, Mode::Nftables)
}

fn check(case: &Case, mode: Mode) -> Result<(), Problem> {
    let expected = case.expected(|f| {
        f.objects("flows", |f| {
            let name = f.text_or_empty("name")?.to_owned();
            Ok((name, f.text_or_empty("output")?.to_owned(), f.flag("masq")?))
        })
    })?;
    let got = case.input(|f| {
        let packets = f.objects("flows", packet)?;
        let ipv6 = packets.first().is_some_and(|(_, packet)| packet.destination.is_ipv6());
        let rules = rules(f, mode, ipv6)?;
        Ok(packets.iter().map(|(name, packet)| outcome(&rules, name, packet)).collect())
    })?;
    agree("flows", &expected, &got)
}

fn rules(f: &Fields<'_>, mode: Mode, ipv6: bool) -> Read<Rules> {
    let side = usize::from(ipv6);
    // The node has no zone in these tests.
    f.ignore(&["topologyLabels"]);
    let node = f.text_or_empty("nodeName")?;
    let node_ips = f.texts("nodeIPs")?;
    let listed = f.text_or_empty("nodePortAddresses")?.trim_matches(['[', ']']);
    let detects = f.flag("localDetector")?;
    let settings = Settings {
        mode,
        node: node.into(),
        zone: None,
        node_ips: node_ips.iter().map(|ip| address(ip)).collect::<Read<_>>()?,
        pod_cidr: detects.then(|| cidr(POD_CIDRS[side])).transpose()?,
        service_cidrs: vec![cidr(SERVICE_CIDRS[side])?],
        node_port_addresses: listed.split_whitespace().map(cidr).collect::<Read<_>>()?,
        localhost_node_ports: f.flag("localhostNodePorts")?,
        masquerade_all: f.flag("masqueradeAll")?,
    };
    let family = if ipv6 { Family::Ipv6 } else { Family::Ipv4 };
    let mut services = ServiceMap::new();
    for (key, service) in f.objects("services", service)? {
        services.extend(service_to_service_map(&key, &service, family));
    }
    let mut tracker = EndpointsChangeTracker::new(node.into());
    for slice in f.objects("endpointSlices", slice)? {
        tracker.update(&slice, false);
    }
    let mut endpoints = EndpointsMap::new();
    tracker.apply(&mut endpoints);
    Ok(Rules::new(settings, &services, &endpoints))
}

fn packet(f: &Fields<'_>) -> Read<(String, Packet)> {
    let destination = address(f.text_or_empty("destIP")?)?;
    let packet = Packet {
        source: address(f.text_or_empty("sourceIP")?)?,
        destination: (destination, f.int_or_zero("destPort")?).into(),
        protocol: protocol(f.text_or_empty("protocol")?).unwrap_or(Protocol::Tcp),
    };
    Ok((f.text_or_empty("name")?.to_owned(), packet))
}

/// What becomes of a packet, as the Go tests write it.
fn outcome(rules: &Rules, name: &str, packet: &Packet) -> (String, String, bool) {
    let verdict = rules.verdict(packet);
    let (text, masquerade) = match verdict {
        Verdict::Forward { endpoints, .. } => {
            let texts: Vec<String> = endpoints.iter().map(ToString::to_string).collect();
            let any = endpoints.iter().any(|endpoint| verdict.masquerades(packet, *endpoint));
            (texts.join(", "), any)
        }
        Verdict::Reject => ("REJECT".to_owned(), false),
        Verdict::Drop => ("DROP".to_owned(), false),
        Verdict::Accept => ("ACCEPT".to_owned(), false),
        Verdict::NotHandled => (String::new(), false),
    };
    (name.to_owned(), text, masquerade)
}
