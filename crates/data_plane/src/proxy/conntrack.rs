//! Connections that a node remembers, and which of them it forgets when rules change
//! (`pkg/proxy/conntrack/cleanup.go`).
//!
//! A connection keeps its endpoint as long as it is remembered. For TCP and SCTP that is right: the
//! other end says when it is over. A UDP flow would go on to an endpoint that is gone, and so it is
//! cut off.
//!
//! *Left out:* the table's size, and time-outs: 24 h for an established connection, 1 h in
//! `CLOSE_WAIT`.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, SocketAddr},
};

use api::Protocol;

use super::{endpoints_tracker::EndpointsMap, service_map::ServiceMap, service_port::ServicePort};

/// A connection that is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its protocol.
    pub protocol: Protocol,
    /// Where its first packet was to go; no address where that is not known.
    pub original_address: Option<IpAddr>,
    /// The port of that.
    pub original_port: u16,
    /// Who answers.
    pub reply_source: SocketAddr,
}

/// For each UDP address of a Service, the endpoints that may answer for it.
#[derive(Clone, Debug, Default)]
pub struct ServingEndpoints {
    addresses: BTreeMap<SocketAddr, BTreeSet<SocketAddr>>,
    node_ports: BTreeMap<u16, BTreeSet<SocketAddr>>,
}

impl ServingEndpoints {
    /// Takes them from what rules are written of. A port without any serving endpoint is left
    /// alone: there is nothing better for its flows.
    #[must_use]
    pub fn new(services: &ServiceMap, endpoints: &EndpointsMap) -> Self {
        let mut found = Self::default();
        for (name, service) in services {
            let backends = endpoints.get(name).into_iter().flatten();
            let serving = backends.filter(|backend| backend.info.serving);
            let serving: BTreeSet<_> = serving.map(|backend| backend.address).collect();
            if name.protocol == Protocol::Udp && !serving.is_empty() {
                found.add(service, &serving);
            }
        }
        found
    }

    fn add(&mut self, service: &ServicePort, serving: &BTreeSet<SocketAddr>) {
        let outside = service.external_ips.iter().chain(&service.load_balancer_vips);
        for ip in outside.chain([&service.cluster_ip]) {
            self.addresses.insert(SocketAddr::new(*ip, service.port), serving.clone());
        }
        if let Some(port) = service.node_port {
            self.node_ports.insert(port, serving.clone());
        }
    }

    /// Whether a connection is to be forgotten.
    #[must_use]
    pub fn is_stale(&self, entry: &Entry) -> bool {
        if entry.protocol != Protocol::Udp {
            return false;
        }
        let port = entry.original_port;
        let address = entry.original_address.map(|ip| SocketAddr::new(ip, port));
        let at_address = address.and_then(|address| self.addresses.get(&address));
        let serving = at_address.or_else(|| self.node_ports.get(&port));
        serving.is_some_and(|serving| is_cut_off(serving, &entry.reply_source))
    }
}

/// Whether a UDP flow to an endpoint is forgotten, where these may answer for its Service's port: not
/// where there is none, for there is nothing better for it.
#[must_use]
pub fn is_cut_off<E: Ord>(serving: &BTreeSet<E>, endpoint: &E) -> bool {
    !serving.is_empty() && !serving.contains(endpoint)
}

/// Forgets connections that lead nowhere; how many.
pub fn clean_stale_entries(entries: &mut Vec<Entry>, serving: &ServingEndpoints) -> usize {
    let before = entries.len();
    entries.retain(|entry| !serving.is_stale(entry));
    before - entries.len()
}
