//! gRPC's consistent hash on a ring.

use std::sync::Arc;

use engine::Time;
use twox_hash::XxHash64;

use crate::{
    Endpoint, EndpointId, Entry, Kind, Level, Parameter, PickContext, Policy, Settings,
    block::{Ring, Tables, proportional_ring::proportional_ring},
};

/// A client makes no larger ring, whatever it is told.
const MOST: u64 = 4096;

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "grpc.ring_hash",
    summary: "consistent hash of a header, on the client's ring",
    level: Level::Request,
    on_change: "the ring is built anew, the same for the same endpoints: 1/n of the keys move, and \
                more than half as many between others, as the ring stays as large",
    parameters: &[
        Parameter {
            name: "min_ring_size",
            summary: "How many points the ring has at least.",
            kind: Kind::Integer { default: 1024, min: 1, max: MOST },
        },
        Parameter {
            name: "max_ring_size",
            summary: "How many points the ring has at most.",
            kind: Kind::Integer { default: MOST, min: 1, max: MOST },
        },
    ],
    build: |settings, _| Box::new(GrpcRingHash::new(settings)),
};

/// **What it does** Envoy's ring of points, with the endpoints in the order of their addresses. A
/// call goes to the endpoint of the first point at or behind the hash of its header; where that
/// could not be connected to, to the next one on the ring.
///
/// **Where it is used** gRPC clients that are configured by xDS, or with `ring_hash_experimental`
/// and a request's header (proposals A42 and A76).
///
/// **What it needs to know** The endpoints' addresses and weights, and the header. A call without
/// it goes to a random point. What was tried for a call already is taken for what cannot be
/// connected to.
///
/// **When it goes wrong** As [`RingHash`](crate::envoy::ring_hash::RingHash), with fewer points.
/// Each client connects to what its own calls lead to.
///
/// **Reference** `newRing` in `balancer/ringhash/ring.go`, `Pick` in `balancer/ringhash/picker.go`
/// of grpc-go.
#[derive(Clone, Debug)]
pub struct GrpcRingHash {
    sizes: (u64, u64),
    ring: Arc<Ring<u64>>,
    tables: Tables,
    ids: Vec<EndpointId>,
}

/// The ring of endpoints of these names and weights. An endpoint without weight has no points.
#[must_use]
pub fn ring(endpoints: &[(&str, u32)], (least, most): (u64, u64)) -> Ring<u64> {
    let sum: u64 = endpoints.iter().map(|(_, weight)| u64::from(*weight)).sum();
    let endpoints = (0..).zip(endpoints).filter(|(_, (_, weight))| *weight > 0);
    let share = |weight: u32| f64::from(weight) / sum as f64;
    let mut hosts: Vec<_> =
        endpoints.map(|(place, (name, weight))| (place, *name, share(*weight))).collect();
    hosts.sort_by_key(|(place, name, _)| (*name, *place));
    proportional_ring(&hosts, least, most, hash)
}

/// Where a header's value is on the ring.
#[must_use]
#[inline]
pub fn hash(value: &[u8]) -> u64 {
    XxHash64::oneshot(0, value)
}

impl GrpcRingHash {
    /// As it is set.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self {
            sizes: (settings.integer("min_ring_size"), settings.integer("max_ring_size")),
            ring: Arc::default(),
            tables: settings.tables(),
            ids: Vec::new(),
        }
    }
}

impl Policy for GrpcRingHash {
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        self.ring = self.tables.of(endpoints, || {
            let names: Vec<String> = endpoints.iter().map(|it| it.address.to_string()).collect();
            let weights = endpoints.iter().map(|endpoint| endpoint.weight);
            let named: Vec<_> = names.iter().map(String::as_str).zip(weights).collect();
            ring(&named, self.sizes)
        });
        self.ids = endpoints.iter().map(|endpoint| endpoint.id).collect();
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let hash = match context.key {
            [] => context.random.next_u64(),
            value => hash(value),
        };
        let first = self.ring.find(hash)?;
        if context.tried.is_empty() {
            return Some(first);
        }
        let untried = |place: &usize| !context.tried.contains(&self.ids[*place]);
        Some(self.ring.walk(hash).find(untried).unwrap_or(first))
    }
}

#[cfg(test)]
mod tests {
    use engine::Streams;

    use super::*;
    use crate::Configured;

    #[test]
    fn what_cannot_be_connected_to_is_passed_over_around_the_ring() {
        let all = Endpoint::numbered(&[1; 4]);
        let mut policy = Configured::new(&ENTRY).build(1);
        policy.update(&all, Time::ZERO);
        let mut random = Streams::new(1).named("unused");
        let mut pick = |tried: &[EndpointId]| {
            let mut context = PickContext::new(Time::ZERO, &mut random);
            (context.key, context.tried) = (b"somebody", tried);
            policy.pick(&mut context).expect("there are endpoints")
        };
        let first = pick(&[]);
        let mut tried = Vec::new();
        for _ in 0..4 {
            let next = pick(&tried);
            assert!(!tried.contains(&all[next].id));
            tried.push(all[next].id);
        }
        assert_eq!(pick(&tried), first, "where all fail, the first fails the call");
    }
}
