//! Services and EndpointSlices as a proxy reads them.

use std::sync::Arc;

use api::{
    Cidr, Endpoint, EndpointSlice, Key, SlicePort, endpoint_slice::SERVICE_NAME_LABEL,
    service::ServiceType,
};
use data_plane::proxy::{
    endpoints_tracker::Backend,
    service_port::{Ingress, PortFacts, ServiceFacts, ServicePortName},
};
use engine::Span;

use crate::{
    fields::{Fields, Problem, Read},
    objects::meta,
    pods::{address, protocol},
};

/// A Service.
pub(crate) fn service(f: &Fields<'_>) -> Read<(Key, ServiceFacts)> {
    let key = f.object("metadata", meta)?.key();
    let mut service = f.object("spec", service_spec)?;
    service.ingress = f.object("status", |f| {
        f.object("loadBalancer", |f| {
            let ingress = f.objects("ingress", ingress)?;
            Ok(ingress.into_iter().flatten().collect())
        })
    })?;
    Ok((key, service))
}

fn service_spec(f: &Fields<'_>) -> Read<ServiceFacts> {
    // Who is behind it is in its slices, and an asked-for address is for cloud providers.
    f.ignore(&["externalName", "loadBalancerIP", "selector", "ipFamilies", "ipFamilyPolicy"]);
    f.ignore(&["publishNotReadyAddresses", "trafficDistribution"]);
    let kind = match f.text_or_empty("type")? {
        "NodePort" => ServiceType::NodePort,
        "LoadBalancer" => ServiceType::LoadBalancer,
        "ExternalName" => ServiceType::ExternalName,
        _ => ServiceType::ClusterIP,
    };
    let mut cluster_ips = f.texts("clusterIPs")?;
    cluster_ips.extend(f.text("clusterIP")?.map(str::to_owned));
    let given = cluster_ips.iter().filter(|ip| !ip.is_empty() && *ip != "None");
    let ranges = f.texts("loadBalancerSourceRanges")?;
    let timeout = f.object("sessionAffinityConfig", |f| {
        f.object("clientIP", |f| f.int::<u32>("timeoutSeconds"))
    })?;
    let sticky = f.text_or_empty("sessionAffinity")? == "ClientIP";
    let timeout = Span::from_secs(timeout.unwrap_or(10_800).into());
    let external_ips = f.texts("externalIPs")?;
    Ok(ServiceFacts {
        kind,
        external_name: f.text_or_empty("type")? == "ExternalName",
        cluster_ips: given.map(|ip| address(ip)).collect::<Read<_>>()?,
        external_ips: external_ips.iter().map(|ip| address(ip)).collect::<Read<_>>()?,
        ingress: Vec::new(),
        load_balancer_source_ranges: ranges.iter().map(|r| r.parse()).collect::<Read<_>>()?,
        client_ip_affinity: sticky.then_some(timeout),
        internal_policy_local: f.text_or_empty("internalTrafficPolicy")? == "Local",
        external_policy_local: f.text_or_empty("externalTrafficPolicy")? == "Local",
        health_check_node_port: number(f, "healthCheckNodePort")?,
        ports: f.objects("ports", port)?,
    })
}

/// An address of a load balancer; none where it has only a name.
fn ingress(f: &Fields<'_>) -> Read<Option<Ingress>> {
    f.ignore(&["hostname", "ports"]);
    let proxy = f.text_or_empty("ipMode")? == "Proxy";
    let ip = f.text("ip")?.filter(|ip| !ip.is_empty());
    Ok(ip.map(address).transpose()?.map(|ip| Ingress { ip, proxy }))
}

fn port(f: &Fields<'_>) -> Read<PortFacts> {
    f.ignore(&["targetPort", "appProtocol"]);
    let text = f.text_or_empty("protocol")?;
    Ok(PortFacts {
        name: f.text_or_empty("name")?.to_owned(),
        protocol: protocol(text).ok_or_else(|| format!("protocol {text}"))?,
        port: f.int_or_zero("port")?,
        node_port: number(f, "nodePort")?,
    })
}

/// A port number; 0 is none.
pub(crate) fn number(f: &Fields<'_>, name: &str) -> Read<Option<u16>> {
    Ok(f.int(name)?.filter(|port| *port != 0))
}

/// A range of addresses.
pub(crate) fn cidr(text: &str) -> Read<Cidr> {
    text.parse()
}

/// An EndpointSlice with all that a proxy reads of it.
pub(crate) fn slice(f: &Fields<'_>) -> Read<Arc<EndpointSlice>> {
    f.ignore(&["addressType"]);
    let meta = f.object("metadata", meta)?;
    let service_name = meta.labels.get(SERVICE_NAME_LABEL).map_or("", String::as_str).into();
    let ports = f.objects("ports", slice_port)?;
    let endpoints = f.objects("endpoints", endpoint)?;
    let endpoints = endpoints.into_iter().map(Arc::new).collect();
    Ok(Arc::new(EndpointSlice { meta, service_name, service: None, ports, endpoints }))
}

fn slice_port(f: &Fields<'_>) -> Read<SlicePort> {
    f.ignore(&["appProtocol"]);
    let text = f.text_or_empty("protocol")?;
    Ok(SlicePort {
        name: f.text_or_empty("name")?.to_owned(),
        protocol: protocol(text).ok_or_else(|| format!("protocol {text}"))?,
        port: f.int("port")?,
    })
}

/// An endpoint; a condition that nobody wrote is as good as it can be.
fn endpoint(f: &Fields<'_>) -> Read<Endpoint> {
    f.ignore(&["targetRef"]);
    let addresses = f.texts("addresses")?;
    // Proxies read the first address only.
    let first = f.needed("addresses", addresses.first())?;
    let names = |f: &Fields<'_>, name: &str| {
        f.objects(name, |f| Ok::<_, Problem>(f.text_or_empty("name")?.into()))
    };
    let (for_zones, for_nodes) =
        f.object("hints", |f| Ok((names(f, "forZones")?, names(f, "forNodes")?)))?;
    let (ready, serving, terminating) = f.object("conditions", |f| {
        let or = |name, default| Ok::<_, Problem>(f.flag_if_any(name)?.unwrap_or(default));
        Ok((or("ready", true)?, or("serving", true)?, or("terminating", false)?))
    })?;
    Ok(Endpoint {
        address: address(first)?,
        ready,
        serving,
        terminating,
        node_name: f.text("nodeName")?.map(Into::into),
        zone: f.text("zone")?.map(Into::into),
        target: None,
        hostname: f.text("hostname")?.map(Into::into),
        for_zones,
        for_nodes,
    })
}

/// A Service's name.
pub(crate) fn service_key(f: &Fields<'_>) -> Read<Key> {
    Ok(Key::new(f.text_or_empty("Namespace")?, f.text_or_empty("Name")?))
}

/// The name of a Service's port.
pub(crate) fn service_port_name(f: &Fields<'_>) -> Read<ServicePortName> {
    let text = f.text_or_empty("Protocol")?;
    Ok(ServicePortName {
        service: service_key(f)?,
        port: f.text_or_empty("Port")?.to_owned(),
        protocol: protocol(text).ok_or_else(|| format!("protocol {text}"))?,
    })
}

/// An endpoint as the proxy's own tests print it.
pub(crate) fn backend(f: &Fields<'_>) -> Read<Backend> {
    // Both are in `endpoint`.
    f.ignore(&["ip", "port"]);
    let text = f.text_or_empty("endpoint")?;
    Ok(Backend {
        address: text.parse().map_err(|_| format!("not an address: {text}"))?,
        info: data_plane::endpoints::EndpointInfo {
            is_local: f.flag("isLocal")?,
            ready: f.flag("ready")?,
            serving: f.flag("serving")?,
            terminating: f.flag("terminating")?,
            zone_hints: f.texts("zoneHints")?.into_iter().map(Into::into).collect(),
            node_hints: f.texts("nodeHints")?.into_iter().map(Into::into).collect(),
        },
    })
}
