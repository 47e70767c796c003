//! The endpoints of all Services, and what changed since rules were last written
//! (`endpointslicecache.go`, `endpointschangetracker.go`).
//!
//! *Left out:* the trigger times from which the programming latency is measured.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use api::{Endpoint, EndpointSlice, Key, Protocol, SlicePort};

use super::service_port::ServicePortName;
use crate::endpoints::EndpointInfo;

/// An endpoint of a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    /// Where it listens.
    pub address: SocketAddr,
    /// What decides whether it is used.
    pub info: EndpointInfo,
}

/// Endpoints by port, in the order of their addresses as text.
pub type EndpointsMap = BTreeMap<ServicePortName, Vec<Backend>>;

/// Slices of a Service by name; `None` for one that is to go.
type Pending = BTreeMap<Arc<str>, Option<Arc<EndpointSlice>>>;

/// What a proxy knows of EndpointSlices: what is in its rules, and what came since.
#[derive(Clone, Debug, Default)]
pub struct EndpointsChangeTracker {
    node: Arc<str>,
    applied: BTreeMap<Key, BTreeMap<Arc<str>, Arc<EndpointSlice>>>,
    pending: BTreeMap<Key, Pending>,
}

/// What became of a map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Updated {
    /// Services whose endpoints changed.
    pub services: BTreeSet<Key>,
    /// Whether UDP flows may lead to endpoints that are gone.
    pub conntrack_cleanup_required: bool,
}

impl EndpointsChangeTracker {
    /// The tracker of a node's proxy, which knows nothing.
    #[must_use]
    pub fn new(node: Arc<str>) -> Self {
        Self { node, ..Self::default() }
    }

    /// Takes in a slice, or that it is gone; whether anything is to be written.
    pub fn update(&mut self, slice: &Arc<EndpointSlice>, gone: bool) -> bool {
        let key = Key::new(slice.meta.namespace.clone(), slice.service_name.clone());
        let name = slice.meta.name.clone();
        let applied = self.applied.get(&key).and_then(|slices| slices.get(&name));
        let pending = self.pending.get(&key).and_then(|slices| slices.get(&name));
        let changed = match (pending.map_or(applied, Option::as_ref), gone) {
            (None, gone) => !gone,
            (Some(_), true) => true,
            (Some(known), false) => data_changed(known, slice),
        };
        if changed {
            let slice = (!gone).then(|| slice.clone());
            self.pending.entry(key).or_default().insert(name, slice);
        }
        changed
    }

    /// The endpoints of a Service as they will be.
    #[must_use]
    pub fn current(&self, service: &Key) -> EndpointsMap {
        let mut slices = self.applied.get(service).cloned().unwrap_or_default();
        merge(&mut slices, self.pending.get(service).cloned().unwrap_or_default());
        endpoints_map(service, slices.values().map(Arc::as_ref), &self.node)
    }

    /// Brings a map up to date.
    pub fn apply(&mut self, map: &mut EndpointsMap) -> Updated {
        let mut updated = Updated::default();
        for (key, pending) in std::mem::take(&mut self.pending) {
            let slices = self.applied.entry(key.clone()).or_default();
            let before = endpoints_map(&key, slices.values().map(Arc::as_ref), &self.node);
            merge(slices, pending);
            let after = endpoints_map(&key, slices.values().map(Arc::as_ref), &self.node);
            if slices.is_empty() {
                self.applied.remove(&key);
            }
            if before == after {
                continue;
            }
            let mut names = before.keys().chain(after.keys());
            updated.conntrack_cleanup_required |= names.any(|name| name.protocol == Protocol::Udp);
            map.retain(|name, _| !before.contains_key(name));
            map.extend(after);
            updated.services.insert(key);
        }
        updated
    }
}

/// Whether a slice says anything new to a proxy: the order of ports and endpoints counts, labels
/// do not.
fn data_changed(known: &EndpointSlice, slice: &EndpointSlice) -> bool {
    known.ports != slice.ports || known.endpoints != slice.endpoints
}

fn merge(slices: &mut BTreeMap<Arc<str>, Arc<EndpointSlice>>, pending: Pending) {
    for (name, slice) in pending {
        match slice {
            Some(slice) => slices.insert(name, slice),
            None => slices.remove(&name),
        };
    }
}

/// The endpoints of a Service's slices.
pub fn endpoints_map<'a>(
    service: &Key,
    slices: impl Iterator<Item = &'a EndpointSlice>,
    node: &str,
) -> EndpointsMap {
    let mut found: BTreeMap<ServicePortName, BTreeMap<String, Backend>> = BTreeMap::new();
    for slice in slices {
        for port in &slice.ports {
            let Some(number) = port.port.filter(|port| *port != 0) else { continue };
            let known = found.entry(port_name(service, port)).or_default();
            for endpoint in &slice.endpoints {
                let backend = backend(endpoint, number, node);
                // A terminating endpoint never replaces another of its address.
                let text = backend.address.to_string();
                if endpoint.terminating && known.contains_key(&text) {
                    continue;
                }
                known.insert(text, backend);
            }
        }
    }
    let lists = found.into_iter().filter(|(_, known)| !known.is_empty());
    lists.map(|(name, known)| (name, known.into_values().collect())).collect()
}

fn port_name(service: &Key, port: &SlicePort) -> ServicePortName {
    ServicePortName { service: service.clone(), port: port.name.clone(), protocol: port.protocol }
}

fn backend(endpoint: &Endpoint, port: u16, node: &str) -> Backend {
    let address = SocketAddr::new(endpoint.address, port);
    Backend {
        address,
        info: EndpointInfo {
            is_local: endpoint.node_name.as_deref().is_some_and(|name| name == node),
            ready: endpoint.ready,
            serving: endpoint.serving,
            terminating: endpoint.terminating,
            zone_hints: endpoint.for_zones.clone(),
            node_hints: endpoint.for_nodes.clone(),
        },
    }
}

/// The addresses of ready endpoints on the proxy's node, by Service: what a health check counts.
pub fn local_ready_endpoints<'a>(
    map: impl IntoIterator<Item = (&'a ServicePortName, &'a Vec<Backend>)>,
) -> BTreeMap<Key, BTreeSet<IpAddr>> {
    let mut found: BTreeMap<Key, BTreeSet<IpAddr>> = BTreeMap::new();
    for (name, backends) in map {
        for backend in backends.iter().filter(|b| b.info.is_local && b.info.ready) {
            found.entry(name.service.clone()).or_default().insert(backend.address.ip());
        }
    }
    found
}
