//! Which flows a proxy cuts off.

use api::{Key, Protocol, service::ServiceType};
use data_plane::{
    endpoints::EndpointInfo,
    proxy::{
        conntrack::{Entry, ServingEndpoints, clean_stale_entries},
        endpoints_tracker::{Backend, EndpointsMap},
        service_map::{Family, ServiceMap, service_to_service_map},
        service_port::{Ingress, PortFacts, ServiceFacts},
    },
};

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
    pods::address,
};

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    // The fixture is told in words; `services` and `endpoints` are what they say.
    case.fixture(|f| {
        f.ignore(&["service", "endpoints", "proto"]);
        Ok(())
    })?;
    let services = services()?;
    let serving = ServingEndpoints::new(&services, &endpoints(&services)?);
    let mut entries = vec![case.input(|f| f.object("flow", entry))?];
    clean_stale_entries(&mut entries, &serving);
    let kept = case.expected(|f| f.flag("kept"))?;
    agree("kept", &kept, &!entries.is_empty())
}

fn services() -> Read<ServiceMap> {
    let port = |protocol, name: &str| PortFacts {
        name: name.to_owned(),
        protocol,
        port: 8000,
        node_port: Some(32_000),
    };
    let service = ServiceFacts {
        kind: ServiceType::LoadBalancer,
        cluster_ips: vec![address("172.30.1.1")?],
        external_ips: vec![address("192.168.99.100")?],
        ingress: vec![Ingress { ip: address("1.2.3.4")?, proxy: false }],
        ports: vec![
            port(Protocol::Tcp, "tcp"),
            port(Protocol::Udp, "udp"),
            port(Protocol::Sctp, "sctp"),
        ],
        ..ServiceFacts::default()
    };
    Ok(service_to_service_map(&Key::new("test", "cleanup-test"), &service, Family::Ipv4))
}

fn endpoints(services: &ServiceMap) -> Read<EndpointsMap> {
    let backend = |text: &str, serving| {
        let info =
            EndpointInfo { ready: serving, serving, terminating: true, ..EndpointInfo::default() };
        Ok::<_, Problem>(Backend { address: text.parse().map_err(|_| text.to_owned())?, info })
    };
    let list = vec![backend("10.240.0.4:9090", true)?, backend("10.240.1.5:9090", false)?];
    Ok(services.keys().map(|name| (name.clone(), list.clone())).collect())
}

fn entry(f: &Fields<'_>) -> Read<Entry> {
    let reply = address(f.text_or_empty("replySrc")?)?;
    Ok(Entry {
        protocol: match f.int_or_zero::<u8>("proto")? {
            6 => Protocol::Tcp,
            17 => Protocol::Udp,
            132 => Protocol::Sctp,
            other => return Err(format!("protocol {other}")),
        },
        original_address: f
            .text("origDst")?
            .filter(|ip| !ip.is_empty())
            .map(address)
            .transpose()?,
        original_port: f.int_or_zero("origDstPort")?,
        reply_source: (reply, f.int_or_zero("replySrcPort")?).into(),
    })
}
