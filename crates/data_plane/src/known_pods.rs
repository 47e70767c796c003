//! What a proxy for requests knows of pods: it watches EndpointSlices itself.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddrV4},
    sync::Arc,
};

use api::{Change, EndpointSlice, Key, Object, PodId, Verb};

use crate::zones::Zones;

/// A port of a Service that requests are for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Backend {
    /// The Service.
    pub service: Key,
    /// The name of the port.
    pub port_name: String,
}

/// A pod that takes requests for a backend, and where it listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KnownPod {
    /// Which.
    pub pod: PodId,
    /// Its address and port.
    pub address: SocketAddrV4,
    /// Its zone, by number.
    pub zone: u32,
}

/// The EndpointSlices of the Services that requests are for, as last heard of.
#[derive(Debug, Default)]
pub(crate) struct KnownPods {
    backends: Vec<Backend>,
    zones: Zones,
    slices: BTreeMap<Key, BTreeMap<Arc<str>, Arc<EndpointSlice>>>,
}

impl KnownPods {
    /// Nothing is known yet of these backends.
    pub(crate) fn new(backends: Vec<Backend>, zones: Zones) -> Self {
        Self { backends, zones, ..Self::default() }
    }

    /// Takes in a change. Gives back whether it is about any of the backends.
    pub(crate) fn observe(&mut self, change: &Change) -> bool {
        let Object::EndpointSlice(slice) = &change.object else { return false };
        let key = Key::new(slice.meta.namespace.clone(), slice.service_name.clone());
        if !self.backends.iter().any(|backend| backend.service == key) {
            return false;
        }
        let slices = self.slices.entry(key).or_default();
        match change.verb {
            Verb::Deleted => drop(slices.remove(&slice.meta.name)),
            Verb::Added | Verb::Modified => {
                drop(slices.insert(slice.meta.name.clone(), slice.clone()));
            }
        }
        true
    }

    /// The number of a zone.
    pub(crate) fn zone(&self, name: &str) -> u32 {
        self.zones.number(name)
    }

    /// The backends, each with the pods that its Service's slices list as ready.
    pub(crate) fn ready(&mut self) -> BTreeMap<Backend, Arc<[KnownPod]>> {
        let backends = std::mem::take(&mut self.backends);
        let ready = backends.iter().map(|it| (it.clone(), self.pods_behind(it))).collect();
        self.backends = backends;
        ready
    }

    fn pods_behind(&mut self, backend: &Backend) -> Arc<[KnownPod]> {
        let Self { slices, zones, .. } = self;
        let slices = slices.get(&backend.service).into_iter().flat_map(BTreeMap::values);
        let mut pods = Vec::new();
        for slice in slices {
            let mut ports = slice.ports.iter();
            let port = ports.find(|port| port.name == backend.port_name);
            let Some(port) = port.and_then(|port| port.port) else { continue };
            for endpoint in slice.endpoints.iter().filter(|endpoint| endpoint.ready) {
                // Nothing that is simulated listens at an address of IPv6, or at one without a pod.
                let (IpAddr::V4(address), Some((pod, _))) = (endpoint.address, &endpoint.target)
                else {
                    continue;
                };
                let zone = endpoint.zone.as_ref().map_or(0, |zone| zones.note(zone));
                pods.push(KnownPod { pod: *pod, address: SocketAddrV4::new(address, port), zone });
            }
        }
        pods.sort_unstable();
        pods.dedup();
        pods.into()
    }
}
