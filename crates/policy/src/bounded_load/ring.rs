//! A ring on which nobody has much more than its part.

use std::sync::Arc;

use engine::Time;
use twox_hash::XxHash64;

use crate::{
    Ended, Endpoint, EndpointId, Entry, Kind, Level, Parameter, PickContext, Policy, Settings,
    block::{Outstanding, Ring, Tables, proportional_ring::NumberedNames},
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "bounded_load.ring",
    summary: "consistent hash of a key, on to the next where an endpoint has its part of the load",
    level: Level::Request,
    on_change: "the ring is built anew, the same for the same endpoints; who stays keeps its count \
                of requests",
    parameters: &[
        Parameter {
            name: "c",
            summary: "How much of its equal part of all requests an endpoint may have: 1 + \
                      epsilon.",
            kind: Kind::Number { default: 1.25, min: 1.0, max: 1e6 },
        },
        Parameter {
            name: "points",
            summary: "How many points an endpoint has on the ring.",
            kind: Kind::Integer { default: 100, min: 1, max: 10_000 },
        },
    ],
    build: |settings, _| Box::new(BoundedLoadRing::new(settings)),
};

/// **What it does** A ring of points. A request goes to the endpoint of the first point at or
/// behind its key's hash that has not got its share of what is under way: *c* times the average,
/// rounded up, with the new request among them. So none is ever over its share.
///
/// **Where it is used** Research; HAProxy's `hash-balance-factor` and Envoy's `hash_balance_factor`
/// are variants of it, and Google's Pub/Sub uses it. Points and keys are hashed with xxHash64 here.
///
/// **What it needs to know** The endpoints' addresses, a key, and how many of its own requests each
/// endpoint has. Weights do not count, but for 0. A request without a key goes to a random point.
///
/// **When it goes wrong** A balancer knows its own requests only: with many balancers the bound
/// holds for each, and for all of them together if they share keys evenly. Near *c* = 1 most keys
/// are not where they belong.
///
/// **Reference** Mirrokni, Thorup and Zadimoghaddam, Consistent Hashing with Bounded Loads,
/// arXiv:1608.01350.
#[derive(Clone, Debug)]
pub struct BoundedLoadRing {
    c: f64,
    points: u64,
    ring: Arc<Ring<u64>>,
    tables: Tables,
    /// How many endpoints are on the ring.
    count: usize,
    outstanding: Outstanding,
    total: u32,
}

/// The ring of endpoints of these names, each with so many points.
#[must_use]
pub fn ring(endpoints: &[(usize, &str)], points: u64) -> Ring<u64> {
    let mut all = Vec::with_capacity(endpoints.len() * points as usize);
    for (place, name) in endpoints {
        let mut names = NumberedNames::new(name);
        all.extend((0..points).map(|number| (hash(names.of(number)), *place)));
    }
    Ring::new(all)
}

/// Where a key is on the ring.
#[must_use]
#[inline]
pub fn hash(key: &[u8]) -> u64 {
    XxHash64::oneshot(0, key)
}

/// How many requests an endpoint may have, where there are so many of all.
#[must_use]
pub fn bound(c: f64, requests: u32, endpoints: usize) -> u32 {
    (c * f64::from(requests) / endpoints as f64).ceil() as u32
}

/// The first place from a hash on that has fewer requests than it may have.
#[must_use]
pub fn first_below(ring: &Ring<u64>, hash: u64, counts: &[u32], bound: u32) -> Option<usize> {
    ring.walk(hash).find(|place| counts[*place] < bound)
}

impl BoundedLoadRing {
    /// As it is set.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self {
            c: settings.number("c"),
            points: settings.integer("points"),
            ring: Arc::default(),
            tables: settings.tables(),
            count: 0,
            outstanding: Outstanding::default(),
            total: 0,
        }
    }

    fn begin(&mut self, place: usize) {
        self.outstanding.begin(place);
        self.total += 1;
    }
}

impl Policy for BoundedLoadRing {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        self.outstanding.update(endpoints, now);
        self.total = self.outstanding.counts().iter().sum();
        let is_open = |place: &usize| endpoints[*place].weight > 0;
        self.count = (0..endpoints.len()).filter(is_open).count();
        self.ring = self.tables.of(endpoints, || {
            let names: Vec<String> = endpoints.iter().map(|it| it.address.to_string()).collect();
            let named = names.iter().enumerate().map(|(place, name)| (place, name.as_str()));
            ring(&named.filter(|(place, _)| is_open(place)).collect::<Vec<_>>(), self.points)
        });
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let hash = match context.key {
            [] => context.random.next_u64(),
            key => hash(key),
        };
        // What is left with endpoints that take nothing new can make all others look full.
        let first = self.ring.find(hash)?;
        let bound = bound(self.c, self.total + 1, self.count);
        let counts = self.outstanding.counts();
        let place = match counts[first] < bound {
            true => first,
            false => first_below(&self.ring, hash, counts, bound).unwrap_or(first),
        };
        self.begin(place);
        Some(place)
    }

    fn chosen(&mut self, place: usize, _: Time) -> bool {
        self.begin(place);
        true
    }

    fn remembers(&self) -> bool {
        true
    }

    fn listens(&self) -> bool {
        true
    }

    fn ended(&mut self, ended: &Ended) {
        if self.outstanding.end(ended).is_some() {
            self.total = self.total.saturating_sub(1);
        }
    }

    fn withdrawn(&mut self, endpoint: EndpointId, _: Time) {
        if self.outstanding.withdraw(endpoint).is_some() {
            self.total = self.total.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::{Span, Streams};

    use super::*;
    use crate::{Configured, Reply, Value};

    #[test]
    fn nobody_is_over_its_part_and_what_ends_makes_room() {
        let all = Endpoint::numbered(&[1, 1, 1, 0]);
        let mut configured = Configured::new(&ENTRY);
        assert!(configured.set("c", Value::Integer(1)).is_ok());
        let mut policy = configured.build(1);
        let mut random = Streams::new(1).named("unused");
        let mut pick = |policy: &mut Box<dyn Policy>| {
            let mut context = PickContext::new(Time::ZERO, &mut random);
            context.key = b"popular";
            policy.pick(&mut context)
        };
        assert_eq!(pick(&mut policy), None);
        policy.update(&all, Time::ZERO);
        let picks: Vec<_> = (0..9).filter_map(|_| pick(&mut policy)).collect();
        let counts = |place| picks.iter().filter(|pick| **pick == place).count();
        assert_eq!([0, 1, 2, 3].map(counts), [3, 3, 3, 0], "{picks:?}");
        let endpoint = all[picks[0]].id;
        policy.ended(&Ended {
            endpoint,
            now: Time::ZERO,
            latency: Span::ZERO,
            reply: Reply::Ok,
            report: None,
        });
        assert_eq!(pick(&mut policy), Some(picks[0]), "it has room again");
        policy.update(&all[..1], Time::ZERO);
        assert_eq!(pick(&mut policy), Some(0), "the one that stays has all");
    }
}
