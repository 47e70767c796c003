//! Envoy's consistent hash in a table.

use std::sync::Arc;

use engine::Time;
use twox_hash::XxHash64;

use super::hashing::{HASH_BALANCE_FACTOR, HOST_SELECTION_RETRY, Hashing};
use crate::{
    Ended, Endpoint, EndpointId, Entry, Kind, Level, Parameter, PickContext, Policy, Settings,
    block::{
        LARGEST_TABLE, Maglev,
        maglev::{Preference, prime_from},
    },
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "envoy.maglev",
    summary: "consistent hash of a key, in a table of equal shares",
    level: Level::Request,
    on_change: "the table is built anew, the same for the same hosts: 1/n of the keys move and a \
                few more; counts of requests stay with their hosts",
    parameters: &[
        Parameter {
            name: "table_size",
            summary: "How many slots the table has; where it is not prime, the next prime number. \
                      Envoy takes up to 5000011.",
            kind: Kind::Integer { default: 65_537, min: 2, max: LARGEST_TABLE },
        },
        HASH_BALANCE_FACTOR,
        HOST_SELECTION_RETRY,
    ],
    build: |settings, _| Box::new(EnvoyMaglev::new(settings)),
};

/// **What it does** A table of slots that the hosts share in proportion to their weights; a request
/// goes to the host of the slot of its key's hash. A balance factor limits a host's load as in
/// [`RingHash`](super::ring_hash::RingHash).
///
/// **Where it is used** Envoy, `maglev`; Istio, `consistentHash.maglev`.
///
/// **What it needs to know** The hosts' addresses and weights, and a key. A request without a key
/// goes to a random slot. The table is made of the list alone, in the order of the addresses.
///
/// **When it goes wrong** More hosts than a hundredth of the slots: shares differ, and more keys
/// move than need to. A popular key has one host.
///
/// **Reference** `MaglevTable` in `source/extensions/load_balancing_policies/maglev/maglev_lb.cc`.
#[derive(Clone, Debug)]
pub struct EnvoyMaglev {
    size: usize,
    table: Arc<Maglev>,
    hashing: Hashing,
}

/// The table of hosts of these names and weights, which add up to 1. A host without weight has no
/// slot.
#[must_use]
pub fn table(hosts: &[(&str, f64)], size: usize) -> Maglev {
    let hosts = (0..).zip(hosts).map(|(place, (name, weight))| (*name, place, *weight));
    let mut hosts: Vec<_> = hosts.filter(|(_, _, weight)| *weight > 0.0).collect();
    hosts.sort_by_key(|(name, place, _)| (*name, *place));
    let hash = |name: &str, seed| XxHash64::oneshot(seed, name.as_bytes());
    let preferences: Vec<Preference> = hosts
        .iter()
        .map(|(name, place, _)| Preference::hashed(*place, hash(name, 0), hash(name, 1), size))
        .collect();
    let weights: Vec<f64> = hosts.iter().map(|(_, _, weight)| *weight).collect();
    Maglev::fill(size, &preferences, turns(&weights))
}

/// In each round a host has a turn if its weight, summed up over the rounds, has come to its next
/// target; the heaviest has one in each. There has to be a weight above 0.
fn turns(weights: &[f64]) -> impl Iterator<Item = usize> {
    let most = weights.iter().copied().fold(0.0, f64::max);
    let mut targets = vec![0.0; weights.len()];
    let (mut round, mut host) = (1_u32, 0);
    std::iter::from_fn(move || {
        loop {
            if host == targets.len() {
                (round, host) = (round + 1, 0);
            }
            let this = host;
            host += 1;
            if f64::from(round) * weights[this] >= targets[this] {
                targets[this] += most;
                return Some(this);
            }
        }
    })
}

/// The place that a hash leads to; where that was tried, attempt 1 and those after it turn the hash
/// over.
#[must_use]
#[inline]
pub fn find(table: &Maglev, hash: u64, attempt: usize) -> Option<usize> {
    let turned = if attempt == 0 { 0 } else { u64::MAX - attempt as u64 + 1 };
    table.find(hash ^ turned)
}

impl EnvoyMaglev {
    /// As it is set.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self {
            size: prime_from(settings.integer("table_size") as usize),
            table: Arc::default(),
            hashing: Hashing::new(settings),
        }
    }
}

impl Policy for EnvoyMaglev {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        let size = self.size;
        self.table = self.hashing.update(endpoints, now, |hosts| table(hosts, size));
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        self.hashing.pick(context, |hash, attempt| find(&self.table, hash, attempt))
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
