//! Envoy's consistent hash on a ring.

use std::sync::Arc;

use engine::Time;
use twox_hash::XxHash64;

use super::{
    hashing::{HASH_BALANCE_FACTOR, HOST_SELECTION_RETRY, Hashing},
    murmur2::murmur2,
};
use crate::{
    Ended, Endpoint, EndpointId, Entry, Kind, Level, Parameter, PickContext, Policy, Settings,
    block::{LARGEST_TABLE, Ring, proportional_ring::proportional_ring},
};

/// The most that Envoy allows.
const MOST: u64 = 8 << 20;

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "envoy.ring_hash",
    summary: "consistent hash of a key, on a ring of points",
    level: Level::Request,
    on_change: "the ring is built anew, the same for the same hosts: 1/n of the keys move, and \
                more than half as many between others, as the ring stays as large; counts of \
                requests stay with their hosts",
    parameters: &[
        Parameter {
            name: "minimum_ring_size",
            summary: "How many points the ring has at least. Envoy takes up to 8388608.",
            kind: Kind::Integer { default: 1024, min: 1, max: LARGEST_TABLE },
        },
        Parameter {
            name: "maximum_ring_size",
            summary: "How many points the ring has at most; none has more than 1048576 here.",
            kind: Kind::Integer { default: MOST, min: 1, max: MOST },
        },
        Parameter {
            name: "hash_function",
            summary: "What makes the points. A key is hashed with xxHash64 either way.",
            kind: Kind::Choice { of: &["XX_HASH", "MURMUR_HASH_2"] },
        },
        HASH_BALANCE_FACTOR,
        HOST_SELECTION_RETRY,
    ],
    build: |settings, _| Box::new(RingHash::new(settings)),
};

/// What makes points of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashFunction {
    /// xxHash64.
    XxHash,
    /// MurmurHash2.
    MurmurHash2,
}

impl HashFunction {
    /// The function of a setting.
    #[must_use]
    pub fn named(word: &str) -> Self {
        if word == "MURMUR_HASH_2" { Self::MurmurHash2 } else { Self::XxHash }
    }

    fn hash(self, text: &[u8]) -> u64 {
        match self {
            Self::XxHash => XxHash64::oneshot(0, text),
            Self::MurmurHash2 => murmur2(text),
        }
    }
}

/// **What it does** A ring of points in proportion to the hosts' weights; a request goes to the
/// host of the first point at or behind the hash of its key. With a balance factor, a host that has
/// more than its part of the requests is passed over for one that the key's own shuffle of all
/// hosts leads to.
///
/// **Where it is used** Envoy, `ring_hash`; Istio, `consistentHash`; Contour and Envoy Gateway, by
/// header, cookie or source address.
///
/// **What it needs to know** The hosts' addresses and weights, and a key. A request without a key
/// goes to a random point. With a balance factor, how many requests it has at each host. The ring
/// is made of the list alone: every Envoy with the same list has the same.
///
/// **When it goes wrong** With few points shares differ: the standard deviation is one part in the
/// root of the points of a host. A popular key has one host. The ring is about as large as it is
/// set, however many hosts there are: where one comes the others lose points, and keys with them.
///
/// **Reference** `RingHashLoadBalancer::Ring` in
/// `source/extensions/load_balancing_policies/ring_hash/ring_hash_lb.cc`.
#[derive(Clone, Debug)]
pub struct RingHash {
    sizes: (u64, u64),
    function: HashFunction,
    ring: Arc<Ring<u64>>,
    hashing: Hashing,
}

/// The ring of hosts of these names and weights, which add up to 1. A host without weight has no
/// points.
#[must_use]
pub fn ring(hosts: &[(&str, f64)], sizes: (u64, u64), function: HashFunction) -> Ring<u64> {
    let hosts = (0..).zip(hosts).map(|(place, (name, weight))| (place, *name, *weight));
    let hosts: Vec<_> = hosts.filter(|(_, _, weight)| *weight > 0.0).collect();
    proportional_ring(&hosts, sizes.0, sizes.1, |text| function.hash(text))
}

/// The place that a hash leads to; where that was tried, attempt 1 and those after it look at the
/// points behind.
#[must_use]
#[inline]
pub fn find(ring: &Ring<u64>, hash: u64, attempt: usize) -> Option<usize> {
    let point = ring.first_from(hash)?;
    Some(ring.place(if attempt == 0 { point } else { (point + attempt) % ring.len() }))
}

impl RingHash {
    /// As it is set.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self {
            sizes: (
                settings.integer("minimum_ring_size"),
                settings.integer("maximum_ring_size").min(LARGEST_TABLE),
            ),
            function: HashFunction::named(settings.choice("hash_function")),
            ring: Arc::default(),
            hashing: Hashing::new(settings),
        }
    }
}

impl Policy for RingHash {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        let (sizes, function) = (self.sizes, self.function);
        self.ring = self.hashing.update(endpoints, now, |hosts| ring(hosts, sizes, function));
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        self.hashing.pick(context, |hash, attempt| find(&self.ring, hash, attempt))
    }

    fn chosen(&mut self, place: usize, _: Time) -> bool {
        self.hashing.begin(place);
        true
    }

    fn remembers(&self) -> bool {
        self.hashing.listens()
    }

    fn listens(&self) -> bool {
        self.hashing.listens()
    }

    fn ended(&mut self, ended: &Ended) {
        self.hashing.ended(ended);
    }

    fn withdrawn(&mut self, endpoint: EndpointId, _: Time) {
        self.hashing.withdrawn(endpoint);
    }
}
