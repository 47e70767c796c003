//! From a hash to a server, as HAProxy has it for all its hashing algorithms.

use engine::Time;

use super::{
    servers::{Server, Servers},
    static_rr::map_of,
};
use crate::{
    Ended, Endpoint, EndpointId, Kind, Parameter, PickContext, Settings,
    block::{Outstanding, Ring, greatest_common_divisor},
};

/// So many points has a server for each unit of its weight.
const POINTS: u32 = 16;

/// So many numbers are set aside for the points of a server.
const RANGE: u32 = 256 * POINTS;

/// The setting `hash-type`'s first word.
pub(super) const HASH_TYPE: Parameter = Parameter {
    name: "hash-type",
    summary: "Whether a hash leads to a map of all servers in turn, or to the nearest point on a \
              ring.",
    kind: Kind::Choice { of: &["map-based", "consistent"] },
};

/// The setting `hash-type`'s third word.
pub(super) const AVALANCHE: Parameter = Parameter {
    name: "avalanche",
    summary: "Whether a hash is mixed once more; by default it is where the type is consistent.",
    kind: Kind::Choice { of: &["default", "on", "off"] },
};

/// The setting of that name.
pub(super) const HASH_BALANCE_FACTOR: Parameter = Parameter {
    name: "hash-balance-factor",
    summary: "How much of its part of all requests a server may have, in percent, where the type \
              is consistent; 0 for any.",
    kind: Kind::Integer { default: 0, min: 0, max: 65_535 },
};

/// What all servers may have for a request to come, and a server's part of it.
///
/// `before` is the sum of the weights of the servers before it.
#[must_use]
pub fn slots(served: u32, factor: u32, before: u32, weight: u32, total_weight: u32) -> u32 {
    let (all, total) = ((u64::from(served) + 1) * u64::from(factor), u64::from(total_weight));
    let all = all.div_ceil(100);
    let (each, rest) = (all / total, all % total);
    let share = |weight: u32| u64::from(weight) * rest / total;
    let slots = u64::from(weight) * each + share(before + weight) - share(before);
    u32::try_from(slots).unwrap_or(u32::MAX).max(1)
}

/// Mixes all bits of a word.
///
/// **Reference** `full_hash` in `include/haproxy/tools.h`, after Bob Jenkins.
#[inline]
fn avalanche(word: u32) -> u32 {
    let mut a = word;
    a = a.wrapping_add(0x7ed5_5d16).wrapping_add(a << 12);
    a = (a ^ 0xc761_c23c) ^ (a >> 19);
    a = a.wrapping_add(0x1656_67b1).wrapping_add(a << 5);
    a = a.wrapping_add(0xd3a2_646c) ^ (a << 9);
    a = a.wrapping_add(0xfd70_46c5).wrapping_add(a << 3);
    a = (a ^ 0xb55a_4f09) ^ (a >> 16);
    a.wrapping_mul(3_221_225_473)
}

/// The servers of a backend as a hash finds them.
#[derive(Clone, Debug)]
pub(super) struct Hashing {
    consistent: bool,
    avalanche: bool,
    factor: u32,
    servers: Servers,
    /// How many take anything.
    usable: usize,
    /// Places in turn, where the type is map-based, and what the weights were divided by for it.
    map: Vec<u32>,
    divisor: u32,
    ring: Ring<u32>,
    ids: Vec<EndpointId>,
    /// The weight of each place, and of those before it by number, in points.
    weights: Vec<(u32, u32)>,
    total_weight: u32,
    /// Whether it counts requests.
    counts: bool,
    outstanding: Outstanding,
    served: u32,
}

impl Hashing {
    pub(super) fn new(settings: &Settings) -> Self {
        let factor = settings.integer(HASH_BALANCE_FACTOR.name) as u32;
        let consistent = settings.choice(HASH_TYPE.name) == "consistent";
        let avalanche = match settings.choice(AVALANCHE.name) {
            "on" => true,
            "off" => false,
            _ => consistent,
        };
        Self { consistent, avalanche, counts: consistent && factor > 0, ..Self::ring(factor) }
    }

    /// A ring on which a hash is a place as it is, with counts.
    pub(super) fn ring(factor: u32) -> Self {
        Self {
            consistent: true,
            avalanche: false,
            factor,
            servers: Servers::default(),
            usable: 0,
            map: Vec::new(),
            divisor: 0,
            ring: Ring::default(),
            ids: Vec::new(),
            weights: Vec::new(),
            total_weight: 0,
            counts: true,
            outstanding: Outstanding::default(),
            served: 0,
        }
    }

    pub(super) fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        let servers = self.servers.update(endpoints);
        self.usable = servers.len();
        self.ids = endpoints.iter().map(|endpoint| endpoint.id).collect();
        if self.consistent {
            self.update_ring(&servers);
        } else {
            self.update_map(&servers);
        }
        if self.counts {
            self.outstanding.update(endpoints, now);
            self.served = self.outstanding.counts().iter().sum();
        }
    }

    fn update_map(&mut self, servers: &[Server]) {
        let weights = || servers.iter().map(|server| server.weight);
        self.divisor = weights().fold(self.divisor, greatest_common_divisor);
        let reduced: Vec<i64> = weights().map(|it| i64::from(it / self.divisor.max(1))).collect();
        let turns = map_of(&reduced).into_iter();
        self.map = turns.map(|server| servers[server].place as u32).collect();
    }

    fn update_ring(&mut self, servers: &[Server]) {
        let mut points = Vec::new();
        self.weights = vec![(0, 0); self.ids.len()];
        self.total_weight = 0;
        for Server { number, weight, place } in servers.iter().copied() {
            let own = POINTS * weight;
            let first = number.wrapping_mul(RANGE);
            let point = |number: u32| (avalanche(first.wrapping_add(number)), place);
            points.extend((0..own).map(point));
            self.weights[place] = (own, self.total_weight);
            self.total_weight += own;
        }
        self.ring = Ring::new(points);
    }

    /// The place that a hash leads to. An only server is not hashed for.
    #[inline]
    pub(super) fn pick(
        &mut self,
        context: &PickContext<'_>,
        hash: impl FnOnce() -> u32,
    ) -> Option<usize> {
        let mut hashed = if self.usable > 1 { hash() } else { 0 };
        if self.avalanche && self.usable > 1 {
            hashed = avalanche(hashed);
        }
        if !self.consistent {
            let turn = hashed.checked_rem(self.map.len() as u32)?;
            return Some(self.map[turn as usize] as usize);
        }
        let place = self.find(context, hashed)?;
        if self.counts {
            self.begin(place);
        }
        Some(place)
    }

    /// The place on the ring that a hash leads to.
    #[inline]
    pub(super) fn find(&self, context: &PickContext<'_>, hash: u32) -> Option<usize> {
        let point = self.nearest(hash)?;
        match context.tried.last() {
            None if self.factor == 0 => Some(self.ring.place(point)),
            avoid => Some(self.next_below(point, avoid.copied())),
        }
    }

    /// The places that some hash or other leads to.
    pub(super) fn found(&self, context: &PickContext<'_>) -> impl Iterator<Item = usize> {
        let avoid = context.tried.last();
        (0..self.ids.len()).filter(move |place| {
            let has_points = self.weights[*place].0 > 0;
            has_points && avoid != Some(&self.ids[*place]) && !self.is_full(*place)
        })
    }

    /// A request begins.
    #[inline]
    pub(super) fn begin(&mut self, place: usize) {
        self.outstanding.begin(place);
        self.served += 1;
    }

    /// A request begins that was not hashed for.
    pub(super) fn chosen(&mut self, place: usize) {
        if self.counts {
            self.begin(place);
        }
    }

    /// How many requests a server on the ring has, and its weight.
    #[inline]
    pub(super) fn load(&self, place: usize) -> (u32, u32) {
        (self.outstanding.counts()[place], self.weights[place].0)
    }

    /// The point that is nearest to a hash, on either side.
    #[inline]
    fn nearest(&self, hash: u32) -> Option<usize> {
        let next = self.ring.first_from(hash)?;
        let before = next.checked_sub(1).unwrap_or(self.ring.len() - 1);
        let back = hash.wrapping_sub(self.ring.hash(before));
        let ahead = self.ring.hash(next).wrapping_sub(hash);
        Some(if back <= ahead { before } else { next })
    }

    /// The place of the first point from this one on that is not the server to avoid, and has fewer
    /// requests than it may have. Where there is none, it is what the search has come to when it
    /// begins again.
    #[inline]
    fn next_below(&self, point: usize, avoid: Option<EndpointId>) -> usize {
        let is_out = |place: usize| avoid == Some(self.ids[place]) || self.is_full(place);
        let mut places = (point..self.ring.len()).chain(0..self.ring.len());
        let below = places.find(|point| !is_out(self.ring.place(*point)));
        self.ring.place(below.unwrap_or(self.ring.len() - 1))
    }

    #[inline]
    fn is_full(&self, place: usize) -> bool {
        let (weight, before) = self.weights[place];
        let slots = || slots(self.served, self.factor, before, weight, self.total_weight);
        self.factor > 0 && self.outstanding.counts()[place] >= slots()
    }

    /// Whether it counts requests.
    pub(super) fn listens(&self) -> bool {
        self.counts
    }

    pub(super) fn ended(&mut self, ended: &Ended) {
        if self.outstanding.end(ended).is_some() {
            self.served = self.served.saturating_sub(1);
        }
    }

    pub(super) fn withdrawn(&mut self, endpoint: EndpointId) {
        if self.outstanding.withdraw(endpoint).is_some() {
            self.served = self.served.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_add_up_to_what_all_may_have() {
        let all = |served| -> Vec<u32> {
            (0..5).map(|server| slots(served, 110, server * 16, 16, 80)).collect()
        };
        assert_eq!(all(24), [5, 6, 5, 6, 6]);
        assert_eq!(all(0), [1; 5], "and nobody has none");
    }
}
