//! Which slices are to be written so that they hold the endpoints that are wanted
//! (`k8s.io/endpointslice/reconciler.go`).
//!
//! The packing saves writes, not slices: a slice that needs no change is left alone unless it takes
//! everything that is left over, and half empty slices are never merged.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
};

use api::{Endpoint, EndpointSlice, Kind, Labels, Meta, Owner, PodId, Service, SlicePort};

use super::endpoint::endpoints_equal_beyond_hash;

/// The most endpoints in a slice (`--max-endpoints-per-slice`).
pub const MAX_ENDPOINTS_PER_SLICE: usize = 100;

/// The label with the name of a slice's Service.
pub const SERVICE_NAME_LABEL: &str = "kubernetes.io/service-name";

/// The label with the name of who writes a slice.
pub const MANAGED_BY_LABEL: &str = "endpointslice.kubernetes.io/managed-by";

/// This controller's name in that label.
pub const CONTROLLER_NAME: &str = "endpointslice-controller.k8s.io";

/// The label that Services without a cluster IP pass on to their slices.
const HEADLESS_LABEL: &str = "service.kubernetes.io/headless";

/// The ports of a slice, in an order that makes equal sets equal (`PortMapKey`).
pub type PortMapKey = Vec<SlicePort>;

/// The slices to write, in the order of the calls. A slice to create has no name yet.
#[derive(Debug, Default, PartialEq)]
pub struct SliceChanges {
    /// New slices.
    pub create: Vec<EndpointSlice>,
    /// Slices to replace.
    pub update: Vec<EndpointSlice>,
    /// Slices to delete.
    pub delete: Vec<Arc<EndpointSlice>>,
}

/// Endpoints that are wanted, each once, in the order of their pods' creation. Kubernetes has them
/// in the order of a hash map: any order is as good.
#[derive(Clone, Debug, Default)]
pub struct EndpointSet(BTreeMap<Identity, Endpoint>);

/// What an endpoint is found again by: its pod, its address and its host name.
type Identity = (Option<PodId>, IpAddr, Option<Arc<str>>);

impl EndpointSet {
    /// Adds an endpoint; another of the same pod, address and host name gives way.
    pub fn insert(&mut self, endpoint: Endpoint) {
        self.0.insert(identity(&endpoint), endpoint);
    }

    /// Takes out the wanted version of an endpoint.
    fn take(&mut self, endpoint: &Endpoint) -> Option<Endpoint> {
        self.0.remove(&identity(endpoint))
    }

    /// Moves endpoints into a slice until it is full.
    fn fill(&mut self, slice: &mut EndpointSlice, most: usize) {
        while slice.endpoints.len() < most {
            let Some((_, endpoint)) = self.0.pop_first() else { return };
            slice.endpoints.push(endpoint);
        }
    }
}

fn identity(endpoint: &Endpoint) -> Identity {
    let pod = endpoint.target.as_ref().map(|(pod, _)| *pod);
    (pod, endpoint.address, endpoint.hostname.clone())
}

/// The key of a slice's or a pod's ports.
#[must_use]
pub fn port_map_key(ports: &[SlicePort]) -> PortMapKey {
    let mut key = ports.to_vec();
    key.sort();
    key
}

/// The changes that turn the `existing` slices of a Service into ones with the wanted endpoints.
/// Each set of ports has slices of its own; `wanted` has the ports in the Service's order.
#[must_use]
pub fn reconcile_by_address_type(
    service: &Service,
    existing: &[Arc<EndpointSlice>],
    wanted: BTreeMap<PortMapKey, (Vec<SlicePort>, EndpointSet)>,
    max_endpoints: usize,
) -> SliceChanges {
    let mut by_ports: BTreeMap<PortMapKey, Vec<Arc<EndpointSlice>>> = BTreeMap::new();
    for slice in existing {
        by_ports.entry(port_map_key(&slice.ports)).or_default().push(slice.clone());
    }
    let mut changes = SliceChanges::default();
    for (key, (ports, endpoints)) in wanted {
        let slices = by_ports.remove(&key).unwrap_or_default();
        let empty = new_endpoint_slice(service, ports);
        let mut packing = Packing::new(slices, empty, endpoints, max_endpoints);
        packing.keep_wanted();
        packing.fill_changed();
        packing.place_rest();
        packing.finish(&mut changes);
    }
    changes.delete.extend(by_ports.into_values().flatten());
    keep_placeholder(service, existing.len(), &mut changes);
    turn_deletes_into_updates(&mut changes);
    changes
}

/// A Service without endpoints keeps one empty slice, so that readers know that it has none.
fn keep_placeholder(service: &Service, existing: usize, changes: &mut SliceChanges) {
    if existing != changes.delete.len() || !changes.create.is_empty() {
        return;
    }
    let placeholder = new_endpoint_slice(service, Vec::new());
    let is_placeholder = |slice: &EndpointSlice| {
        slice.endpoints.is_empty()
            && slice.ports.is_empty()
            && slice.meta.labels == placeholder.meta.labels
    };
    match &changes.delete[..] {
        [only] if is_placeholder(only) => changes.delete.clear(),
        _ => changes.create.push(placeholder),
    }
}

/// One write of a slice instead of two.
fn turn_deletes_into_updates(changes: &mut SliceChanges) {
    let both = changes.delete.len().min(changes.create.len());
    for old in changes.delete.drain(..both) {
        let mut slice = changes.create.pop().expect("there are at least as many");
        let labels = std::mem::take(&mut slice.meta.labels);
        slice.meta = Meta { labels, ..old.meta.clone() };
        changes.update.push(slice);
    }
}

/// The slices of one set of ports, being packed.
struct Packing {
    slices: Vec<PackedSlice>,
    /// What a new slice looks like.
    empty: EndpointSlice,
    created: Vec<EndpointSlice>,
    left: EndpointSet,
    max_endpoints: usize,
}

struct PackedSlice {
    was: Arc<EndpointSlice>,
    is: EndpointSlice,
    fate: Fate,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Keep,
    Update,
    Delete,
}

impl Packing {
    fn new(
        slices: Vec<Arc<EndpointSlice>>,
        empty: EndpointSlice,
        left: EndpointSet,
        max_endpoints: usize,
    ) -> Self {
        let packed = |was: Arc<EndpointSlice>| PackedSlice {
            is: EndpointSlice::clone(&was),
            was,
            fate: Fate::Keep,
        };
        let slices = slices.into_iter().map(packed).collect();
        Self { slices, empty, created: Vec::new(), left, max_endpoints }
    }

    /// Step 1: endpoints that are still wanted stay where they are.
    fn keep_wanted(&mut self) {
        for slice in &mut self.slices {
            let mut changed = false;
            slice.is.endpoints.clear();
            for endpoint in &slice.was.endpoints {
                let Some(wanted) = self.left.take(endpoint) else {
                    changed = true;
                    continue;
                };
                changed |= !endpoints_equal_beyond_hash(&wanted, endpoint);
                slice.is.endpoints.push(wanted);
            }
            let relabelled = slice.was.meta.labels != self.empty.meta.labels;
            if changed && slice.is.endpoints.is_empty() {
                slice.fate = Fate::Delete;
            } else if changed || relabelled {
                slice.is.meta.labels = self.empty.meta.labels.clone();
                slice.fate = Fate::Update;
            }
        }
    }

    /// Step 2: slices that are written anyway are filled, the fullest first.
    fn fill_changed(&mut self) {
        let mut changed: Vec<&mut PackedSlice> =
            self.slices.iter_mut().filter(|slice| slice.fate == Fate::Update).collect();
        changed.sort_by_key(|slice| std::cmp::Reverse(slice.is.endpoints.len()));
        for slice in changed {
            self.left.fill(&mut slice.is, self.max_endpoints);
        }
    }

    /// Step 3: what is left goes into one unchanged slice that it fills best, or into new ones.
    fn place_rest(&mut self) {
        while !self.left.0.is_empty() {
            if let Some(index) = self.slice_to_fill() {
                let slice = &mut self.slices[index];
                self.left.fill(&mut slice.is, self.max_endpoints);
                slice.fate = Fate::Update;
            } else {
                let mut slice = self.empty.clone();
                self.left.fill(&mut slice, self.max_endpoints);
                self.created.push(slice);
            }
        }
    }

    /// The unchanged slice that would be fullest with all that is left (`getSliceToFill`).
    fn slice_to_fill(&self) -> Option<usize> {
        let left = self.left.0.len();
        if left >= self.max_endpoints {
            return None;
        }
        let fits = |(index, slice): (usize, &PackedSlice)| {
            let room = self.max_endpoints.checked_sub(left + slice.is.endpoints.len())?;
            (slice.fate == Fate::Keep).then_some((room, index))
        };
        self.slices.iter().enumerate().filter_map(fits).min().map(|(_, index)| index)
    }

    fn finish(self, changes: &mut SliceChanges) {
        changes.create.extend(self.created);
        for slice in self.slices {
            match slice.fate {
                Fate::Keep => {}
                Fate::Update => changes.update.push(slice.is),
                Fate::Delete => changes.delete.push(slice.was),
            }
        }
    }
}

/// An empty slice of a Service, without a name.
fn new_endpoint_slice(service: &Service, ports: Vec<SlicePort>) -> EndpointSlice {
    let owner = Owner {
        kind: Kind::Service,
        name: service.meta.name.clone(),
        uid: service.meta.uid.clone(),
    };
    EndpointSlice {
        meta: Meta {
            labels: slice_labels(service),
            owner: Some(owner),
            ..Meta::new(service.meta.namespace.clone(), "")
        },
        service_name: service.meta.name.clone(),
        service: Some(service.id),
        ports,
        endpoints: Vec::new(),
    }
}

/// The Service's labels, and those of the controller, which win.
fn slice_labels(service: &Service) -> Labels {
    let reserved = BTreeSet::from([SERVICE_NAME_LABEL, MANAGED_BY_LABEL, HEADLESS_LABEL]);
    let mut labels = service.meta.labels.clone();
    labels.retain(|key, _| !reserved.contains(key.as_str()));
    labels.insert(SERVICE_NAME_LABEL.to_owned(), service.meta.name.to_string());
    labels.insert(MANAGED_BY_LABEL.to_owned(), CONTROLLER_NAME.to_owned());
    if service.spec.headless {
        labels.insert(HEADLESS_LABEL.to_owned(), String::new());
    }
    labels
}
