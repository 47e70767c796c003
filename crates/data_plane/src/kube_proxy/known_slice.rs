//! The EndpointSlices that a proxy knows, and the endpoints of a port that they add up to
//! (`endpointslicecache.go`).

use std::{cmp::Ordering, collections::BTreeMap, sync::Arc};

use api::{Endpoint, EndpointSlice, Key, Protocol};

use super::candidates::Candidate;
use crate::address_text::AddressText;

/// A slice as last heard of.
pub(super) struct KnownSlice {
    pub(super) slice: Arc<EndpointSlice>,
    /// Its endpoints' addresses, as proxies order them.
    addresses: Vec<AddressText>,
    /// The endpoints' places in the order of their addresses. What a proxy sorts is then a few runs
    /// that are in order already.
    order: Vec<u32>,
}

/// The slices as some proxy heard of them last. All hear of each version, one after the other, and
/// what they make of it is the same.
#[derive(Default)]
pub(super) struct KnownSlices(BTreeMap<Key, Arc<KnownSlice>>);

impl KnownSlices {
    /// A version of a slice that a proxy has heard of.
    pub(super) fn share(&mut self, slice: &Arc<EndpointSlice>) -> Arc<KnownSlice> {
        let last = self.0.get(&slice.meta.key());
        if let Some(known) = last.filter(|known| Arc::ptr_eq(&known.slice, slice)) {
            return known.clone();
        }
        let known = Arc::new(KnownSlice::new(slice.clone(), last.map(|known| &**known)));
        self.0.insert(slice.meta.key(), known.clone());
        known
    }

    /// The slice is gone.
    pub(super) fn forget(&mut self, slice: &EndpointSlice) {
        self.0.remove(&slice.meta.key());
    }
}

impl KnownSlice {
    /// A version of a slice. Most endpoints were in another one, in the same order, and their addresses
    /// need not be written again.
    fn new(slice: Arc<EndpointSlice>, other: Option<&Self>) -> Self {
        let mut written = other.into_iter().flat_map(|other| {
            other.slice.endpoints.iter().map(|it| it.address).zip(&other.addresses)
        });
        let addresses = slice.endpoints.iter().map(|endpoint| {
            let known = written.find(|(address, _)| *address == endpoint.address);
            known.map_or_else(|| AddressText::new(endpoint.address), |(_, text)| text.clone())
        });
        let addresses: Vec<AddressText> = addresses.collect();
        let mut order: Vec<u32> = (0..addresses.len() as u32).collect();
        order.sort_by(|a, b| addresses[*a as usize].cmp(&addresses[*b as usize]));
        Self { addresses, order, slice }
    }
}

/// An endpoint in the order of `address:port` as text.
struct Placed<'a> {
    address: &'a AddressText,
    port: u16,
    endpoint: &'a Arc<Endpoint>,
}

impl Placed<'_> {
    #[inline]
    fn order(&self, other: &Self) -> Ordering {
        let ports = || match self.port == other.port {
            true => Ordering::Equal,
            false => self.port.to_string().cmp(&other.port.to_string()),
        };
        self.address.cmp(other.address).then_with(ports)
    }
}

/// The endpoints of a port, which is known by its name and protocol, each address once. Of two with one
/// address the later counts, but one that is being deleted never replaces another
/// (`endpointslicecache.go`).
pub(super) fn merged(
    slices: &[Arc<KnownSlice>],
    (name, protocol): (&str, Protocol),
) -> Vec<Candidate> {
    let mut all = Vec::new();
    for known in slices {
        let mut ports = known.slice.ports.iter();
        let port = ports.find(|port| port.name == name && port.protocol == protocol);
        let Some(port) = port.and_then(|port| port.port) else { continue };
        let KnownSlice { slice, addresses, order } = &**known;
        all.extend(order.iter().map(|place| {
            let place = *place as usize;
            Placed { address: &addresses[place], port, endpoint: &slice.endpoints[place] }
        }));
    }
    all.sort_by(Placed::order);
    all.dedup_by(|later, kept| {
        let same = later.order(kept).is_eq();
        if same && !later.endpoint.terminating {
            std::mem::swap(later, kept);
        }
        same
    });
    let candidate = |it: Placed<'_>| Candidate { port: it.port, endpoint: it.endpoint.clone() };
    all.into_iter().map(candidate).collect()
}

#[cfg(test)]
mod tests {
    use api::{Meta, SlicePort};

    use super::*;

    /// Of a slice that somebody wrote by hand, a port may have the name of one of the Service's and
    /// another protocol, or no number.
    #[test]
    fn a_port_is_known_by_its_name_and_protocol() {
        let endpoint = Endpoint {
            address: [192, 0, 2, 10].into(),
            ready: true,
            serving: true,
            terminating: false,
            node_name: None,
            zone: None,
            target: None,
            hostname: None,
            for_zones: Vec::new(),
            for_nodes: Vec::new(),
        };
        let port = |name: &str, protocol, port| SlicePort { name: name.into(), protocol, port };
        let slice = EndpointSlice {
            meta: Meta::new("default", "dns-1"),
            service_name: "dns".into(),
            service: None,
            ports: vec![
                port("dns", Protocol::Udp, Some(53)),
                port("metrics", Protocol::Tcp, Some(9153)),
                port("any", Protocol::Tcp, None),
            ],
            endpoints: vec![Arc::new(endpoint)],
        };
        let slices = [KnownSlices::default().share(&Arc::new(slice))];
        let cases = [
            ("dns", Protocol::Udp, vec![53]),
            ("dns", Protocol::Tcp, vec![]),
            ("metrics", Protocol::Tcp, vec![9153]),
            ("any", Protocol::Tcp, vec![]),
        ];
        for (name, protocol, expected) in cases {
            let found = merged(&slices, (name, protocol));
            let ports: Vec<u16> = found.iter().map(|candidate| candidate.port).collect();
            assert_eq!(ports, expected, "{name} {protocol:?}");
        }
    }
}
