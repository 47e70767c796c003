//! The endpoints that a Service is to have, kept up to date pod by pod.
//!
//! Kubernetes works them out anew in each sync, from all pods of the Service. What comes out is the
//! same: an endpoint depends on its pod, its node and its Service alone, and a pod that changed is
//! looked at again in the next sync.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
};

use api::{Endpoint, Key, Labels, Pod, PodId, Service, SlicePort};

use super::{
    endpoint::{AddressType, get_endpoint_ports, pod_to_endpoint, should_pod_be_in_endpoints},
    reconciler::{PortMapKey, port_map_key},
    traffic_distribution::set_hints,
};
use crate::informer::Informers;

/// What an endpoint is found again by: its pod, its address and its host name.
type Identity = (Option<PodId>, IpAddr, Option<Arc<str>>);

/// The identity of an endpoint.
fn identity(endpoint: &Endpoint) -> Identity {
    (pod_of(endpoint), endpoint.address, endpoint.hostname.clone())
}

fn pod_of(endpoint: &Endpoint) -> Option<PodId> {
    endpoint.target.as_ref().map(|(pod, _)| *pod)
}

/// Endpoints with the same ports, each once, in the order of their pods' creation. Kubernetes has
/// them in the order of a hash map: any order is as good.
#[derive(Clone, Debug, Default)]
pub struct EndpointSet {
    endpoints: Vec<Arc<Endpoint>>,
    /// The pod of each. A search goes through these alone, which are a few lines of the cache.
    pods: Vec<Option<PodId>>,
}

impl EndpointSet {
    /// Adds an endpoint; another of the same identity gives way.
    pub fn insert(&mut self, endpoint: Endpoint) {
        let (pod, rest) = (pod_of(&endpoint), rest_of(&endpoint));
        match self.search(pod, rest) {
            Ok(place) => self.endpoints[place] = Arc::new(endpoint),
            Err(place) => {
                self.pods.insert(place, pod);
                self.endpoints.insert(place, Arc::new(endpoint));
            }
        }
    }

    /// Looks for many endpoints, one after the other.
    #[must_use]
    pub fn finder(&self) -> Finder<'_> {
        Finder::new(self)
    }

    /// The endpoints, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Endpoint>> {
        self.endpoints.iter()
    }

    /// The endpoint in a place.
    #[must_use]
    pub fn at(&self, place: usize) -> &Arc<Endpoint> {
        &self.endpoints[place]
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.endpoints.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.endpoints.is_empty()
    }

    fn remove(&mut self, (pod, address, hostname): &Identity) {
        if let Ok(place) = self.search(*pod, (*address, hostname.as_deref())) {
            self.pods.remove(place);
            self.endpoints.remove(place);
        }
    }

    /// The place of an identity, or the one where it would be. A pod has one endpoint, so nearly
    /// always the pods alone decide.
    fn search(&self, pod: Option<PodId>, rest: Rest<'_>) -> Result<usize, usize> {
        let mut place = self.pods.partition_point(|other| *other < pod);
        while self.pods.get(place) == Some(&pod) {
            match rest_of(&self.endpoints[place]).cmp(&rest) {
                Ordering::Less => place += 1,
                Ordering::Equal => return Ok(place),
                Ordering::Greater => return Err(place),
            }
        }
        Err(place)
    }
}

/// Finds endpoints of a set by their pods' numbers, which are close together.
///
/// A sync looks for every endpoint of every slice. The slices have them in the order in which pods
/// became ready, so that a processor foresees hardly any step of a search among a thousand.
pub struct Finder<'a> {
    set: &'a EndpointSet,
    /// The number of the pod with the least.
    least: u32,
    /// From there on, the place of each pod's first endpoint; [`NOWHERE`] where it has none. Empty
    /// where their numbers are too far apart for that, as of pods that outlive many others.
    places: Vec<u32>,
}

const NOWHERE: u32 = u32::MAX;

/// So many numbers an endpoint are still close together.
const NUMBERS_EACH: usize = 8;

impl<'a> Finder<'a> {
    fn new(set: &'a EndpointSet) -> Self {
        let of = |(place, pod): (usize, &Option<PodId>)| Some((pod.as_ref()?.0, place as u32));
        let pods = || set.pods.iter().enumerate().filter_map(of);
        let (least, most) = (pods().next(), pods().next_back());
        let Some(((least, _), (most, _))) = least.zip(most) else {
            return Self { set, least: 0, places: Vec::new() };
        };
        let numbers = (most - least) as usize + 1;
        if numbers / NUMBERS_EACH > set.len() {
            return Self { set, least, places: Vec::new() };
        }
        let mut places = vec![NOWHERE; numbers];
        for (pod, place) in pods().rev() {
            places[(pod - least) as usize] = place;
        }
        Self { set, least, places }
    }

    /// Where the endpoint with another one's identity is.
    #[must_use]
    pub fn place_of(&self, endpoint: &Endpoint) -> Option<usize> {
        let (pod, rest) = (pod_of(endpoint), rest_of(endpoint));
        if let Some(pod) = pod.filter(|_| !self.places.is_empty()) {
            let place = *self.places.get(pod.0.checked_sub(self.least)? as usize)?;
            let first = self.set.endpoints.get(place as usize)?;
            if rest_of(first) == rest {
                return Some(place as usize);
            }
        }
        self.set.search(pod, rest).ok()
    }
}

/// What of an identity is not the pod.
type Rest<'a> = (IpAddr, Option<&'a str>);

fn rest_of(endpoint: &Endpoint) -> Rest<'_> {
    (endpoint.address, endpoint.hostname.as_deref())
}

/// Endpoints by the ports they have; the ports are in the Service's order.
pub type EndpointsByPorts = BTreeMap<PortMapKey, (Vec<SlicePort>, EndpointSet)>;

/// The endpoints that a Service is to have.
#[derive(Debug, Default)]
pub struct WantedEndpoints {
    /// The Service they were worked out for; another version of it makes all of them void.
    service: Option<Arc<Service>>,
    endpoints: EndpointsByPorts,
    /// Where each pod's endpoint is.
    places: BTreeMap<Key, (PortMapKey, Identity)>,
    /// Pods that changed since the last sync.
    changed: BTreeSet<Key>,
}

impl WantedEndpoints {
    /// Notes that a pod changed, if the Service selects it or did.
    pub fn pod_changed(&mut self, pod: &Pod) {
        let selected = self.service.as_ref().is_some_and(|service| {
            service.meta.namespace == pod.meta.namespace
                && super::selector(service)
                    .is_some_and(|labels| api::selector::matches_all(labels, &pod.meta.labels))
        });
        if selected || self.places.contains_key(&pod.meta.key()) {
            self.changed.insert(pod.meta.key());
        }
    }

    /// Looks at what changed. Gives back whether each pod's node is known; a pod whose node is not
    /// has no endpoint yet, and is looked at again.
    pub fn update(
        &mut self,
        service: &Arc<Service>,
        labels: &Labels,
        family: AddressType,
        informers: &Informers,
    ) -> bool {
        if !self.service.as_ref().is_some_and(|known| Arc::ptr_eq(known, service)) {
            let pods = informers.pods_with(&service.meta.namespace, labels);
            let changed = pods.map(|pod| pod.meta.key()).collect();
            *self = Self { service: Some(service.clone()), changed, ..Self::default() };
        }
        let changed = std::mem::take(&mut self.changed);
        for key in changed {
            self.remove(&key);
            let selected = |pod: &&Arc<Pod>| api::selector::matches_all(labels, &pod.meta.labels);
            let Some(pod) = informers.pod(&key).filter(selected) else { continue };
            if !should_pod_be_in_endpoints(pod, true) {
                continue;
            }
            let node = pod.node_name.as_ref().and_then(|name| informers.node(name));
            if node.is_none() && !service.spec.publish_not_ready_addresses {
                self.changed.insert(key);
                continue;
            }
            let node = node.map(|node| &**node);
            if let Some(mut endpoint) = pod_to_endpoint(pod, node, service, family) {
                set_hints(&mut endpoint, service.spec.traffic_distribution);
                self.insert(key, get_endpoint_ports(service, pod), endpoint);
            }
        }
        self.changed.is_empty()
    }

    /// The endpoints.
    #[must_use]
    pub fn endpoints(&self) -> &EndpointsByPorts {
        &self.endpoints
    }

    fn insert(&mut self, pod: Key, ports: Vec<SlicePort>, endpoint: Endpoint) {
        let (key, identity) = (port_map_key(&ports), identity(&endpoint));
        self.places.insert(pod, (key.clone(), identity));
        let (_, set) = self.endpoints.entry(key).or_insert((ports, EndpointSet::default()));
        set.insert(endpoint);
    }

    fn remove(&mut self, pod: &Key) {
        let Some((ports, identity)) = self.places.remove(pod) else { return };
        if let Some((_, set)) = self.endpoints.get_mut(&ports) {
            set.remove(&identity);
            if set.is_empty() {
                self.endpoints.remove(&ports);
            }
        }
    }
}
