//! Which slices are to be written so that they hold the endpoints that are wanted
//! (`k8s.io/endpointslice/reconciler.go`).
//!
//! The packing saves writes, not slices: a slice that needs no change is left alone unless it takes
//! everything that is left over, and half empty slices are never merged.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use api::{
    Endpoint, EndpointSlice, Kind, Labels, Meta, Owner, Service, SlicePort,
    endpoint_slice::{MANAGED_BY_LABEL, SERVICE_NAME_LABEL},
};

use super::{
    endpoint::{endpoints_equal_beyond_hash, hints_equal},
    wanted::{EndpointSet, EndpointsByPorts},
};

/// The most endpoints in a slice (`--max-endpoints-per-slice`).
pub const MAX_ENDPOINTS_PER_SLICE: usize = 100;

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
    wanted: &EndpointsByPorts,
    max_endpoints: usize,
) -> SliceChanges {
    let mut by_ports: BTreeMap<PortMapKey, Vec<Arc<EndpointSlice>>> = BTreeMap::new();
    for slice in existing {
        by_ports.entry(port_map_key(&slice.ports)).or_default().push(slice.clone());
    }
    let mut changes = SliceChanges::default();
    for (key, (ports, endpoints)) in wanted {
        let slices = by_ports.remove(key).unwrap_or_default();
        let empty = new_endpoint_slice(service, ports.clone());
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
struct Packing<'a> {
    slices: Vec<PackedSlice>,
    /// What a new slice looks like.
    empty: EndpointSlice,
    created: Vec<EndpointSlice>,
    wanted: &'a EndpointSet,
    /// Those of the wanted that have no slice yet.
    left: VecDeque<&'a Arc<Endpoint>>,
    max_endpoints: usize,
}

struct PackedSlice {
    was: Arc<EndpointSlice>,
    /// Its endpoints to be, where they are not all as they were.
    is: Option<EndpointSlice>,
    fate: Fate,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Keep,
    Update,
    Delete,
}

impl PackedSlice {
    fn len(&self) -> usize {
        self.is.as_ref().unwrap_or(&self.was).endpoints.len()
    }

    /// Has the slice written with these endpoints instead of its own.
    fn replace(&mut self, labels: Labels, endpoints: Vec<&Arc<Endpoint>>) {
        let was = &*self.was;
        self.fate = Fate::Update;
        self.is = Some(EndpointSlice {
            meta: Meta { labels, ..was.meta.clone() },
            service_name: was.service_name.clone(),
            service: was.service,
            ports: was.ports.clone(),
            endpoints: endpoints.into_iter().cloned().collect(),
        });
    }

    /// The slice to write.
    fn changed(&mut self) -> &mut EndpointSlice {
        self.fate = Fate::Update;
        self.is.get_or_insert_with(|| EndpointSlice::clone(&self.was))
    }
}

impl<'a> Packing<'a> {
    fn new(
        slices: Vec<Arc<EndpointSlice>>,
        empty: EndpointSlice,
        wanted: &'a EndpointSet,
        max_endpoints: usize,
    ) -> Self {
        let packed = |was| PackedSlice { was, is: None, fate: Fate::Keep };
        let slices = slices.into_iter().map(packed).collect();
        let (created, left) = (Vec::new(), VecDeque::new());
        Self { slices, empty, created, wanted, left, max_endpoints }
    }

    /// Step 1: endpoints that are still wanted stay where they are.
    fn keep_wanted(&mut self) {
        let finder = self.wanted.finder();
        let mut placed = vec![false; self.wanted.len()];
        for slice in &mut self.slices {
            let mut kept = Vec::with_capacity(slice.was.endpoints.len());
            let mut changed = false;
            for endpoint in &slice.was.endpoints {
                let place = finder.place_of(endpoint);
                // One that is in two slices is taken out of the later one.
                let Some(place) =
                    place.filter(|place| !std::mem::replace(&mut placed[*place], true))
                else {
                    changed = true;
                    continue;
                };
                let wanted = self.wanted.at(place);
                // Slices share the endpoints that are as they were.
                let same = Arc::ptr_eq(wanted, endpoint)
                    || (endpoints_equal_beyond_hash(wanted, endpoint)
                        && hints_equal(wanted, endpoint));
                changed |= !same;
                kept.push(wanted);
            }
            let relabelled = slice.was.meta.labels != self.empty.meta.labels;
            if changed && kept.is_empty() {
                slice.fate = Fate::Delete;
            } else if changed || relabelled {
                slice.replace(self.empty.meta.labels.clone(), kept);
            }
        }
        let places = placed.into_iter().zip(self.wanted.iter());
        self.left = places.filter(|(placed, _)| !placed).map(|(_, endpoint)| endpoint).collect();
    }

    /// Step 2: slices that are written anyway are filled, the fullest first.
    fn fill_changed(&mut self) {
        let mut changed: Vec<&mut PackedSlice> =
            self.slices.iter_mut().filter(|slice| slice.fate == Fate::Update).collect();
        changed.sort_by_key(|slice| std::cmp::Reverse(slice.len()));
        for slice in changed {
            fill(slice.changed(), &mut self.left, self.max_endpoints);
        }
    }

    /// Step 3: what is left goes into one unchanged slice that it fills best, or into new ones.
    fn place_rest(&mut self) {
        while !self.left.is_empty() {
            if let Some(index) = self.slice_to_fill() {
                fill(self.slices[index].changed(), &mut self.left, self.max_endpoints);
            } else {
                let mut slice = self.empty.clone();
                fill(&mut slice, &mut self.left, self.max_endpoints);
                self.created.push(slice);
            }
        }
    }

    /// The unchanged slice that would be fullest with all that is left (`getSliceToFill`).
    fn slice_to_fill(&self) -> Option<usize> {
        let left = self.left.len();
        if left >= self.max_endpoints {
            return None;
        }
        let fits = |(index, slice): (usize, &PackedSlice)| {
            let room = self.max_endpoints.checked_sub(left + slice.len())?;
            (slice.fate == Fate::Keep).then_some((room, index))
        };
        self.slices.iter().enumerate().filter_map(fits).min().map(|(_, index)| index)
    }

    fn finish(self, changes: &mut SliceChanges) {
        changes.create.extend(self.created);
        for slice in self.slices {
            match slice.fate {
                Fate::Keep => {}
                Fate::Update => changes.update.extend(slice.is),
                Fate::Delete => changes.delete.push(slice.was),
            }
        }
    }
}

/// Moves endpoints into a slice until it is full.
fn fill(slice: &mut EndpointSlice, left: &mut VecDeque<&Arc<Endpoint>>, most: usize) {
    let room = most.saturating_sub(slice.endpoints.len()).min(left.len());
    slice.endpoints.extend(left.drain(..room).cloned());
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
