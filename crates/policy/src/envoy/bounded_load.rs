//! A limit of load around Envoy's hashing policies.

use engine::Time;
use rand_mt::Mt;

use crate::{Ended, Endpoint, EndpointId, block::Outstanding};

/// A host may have so many requests: its part of all, `factor` percent of it, and one at least.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// What all hosts together may have.
    pub total_slots: u32,
    /// What the host may have.
    pub slots: u32,
}

impl Limit {
    /// The limit of a host of this weight where so many requests are under way, and another one
    /// comes.
    #[must_use]
    #[inline]
    pub fn of(factor: u32, all: u32, weight: f64) -> Self {
        let total = ((u64::from(all) + 1) * u64::from(factor)).div_ceil(100);
        let slots = (total as f64 * weight).ceil() as u32;
        Self { total_slots: total as u32, slots: slots.max(1) }
    }

    /// How much of its limit a host with so many requests has; it is overloaded above 1.
    #[must_use]
    #[inline]
    pub fn overload(self, active: u32) -> f64 {
        f64::from(active) / f64::from(self.slots)
    }
}

/// **What it does** Where the host of a hash has more than its limit, the hosts are gone through in
/// an order that depends on the hash alone; the first within its limit is taken, else the least
/// overloaded one.
///
/// **Reference** `BoundedLoadHashingLoadBalancer` in
/// `source/extensions/load_balancing_policies/common/thread_aware_lb_impl.cc`.
#[derive(Clone, Debug, Default)]
pub struct BoundedLoad {
    /// In percent; 0 for no limit.
    factor: u32,
    active: Outstanding,
    all: u32,
    /// The weight of each place; it adds up to 1.
    weights: Vec<f64>,
    /// The places that take part, and room to shuffle them.
    hosts: Vec<u32>,
    order: Vec<u32>,
}

impl BoundedLoad {
    /// A limit of this factor, in percent; 0 for none.
    #[must_use]
    pub fn new(factor: u32) -> Self {
        Self { factor, ..Self::default() }
    }

    /// Whether there is a limit at all.
    #[must_use]
    #[inline]
    pub fn is_on(&self) -> bool {
        self.factor > 0
    }

    /// Takes in a new list with its weights.
    pub fn update(&mut self, endpoints: &[Endpoint], weights: &[f64], now: Time) {
        if !self.is_on() {
            return;
        }
        self.active.update(endpoints, now);
        self.all = self.active.counts().iter().sum();
        self.weights = weights.to_vec();
        self.hosts = (0..).zip(weights).filter(|it| *it.1 > 0.0).map(|it| it.0).collect();
    }

    /// The place that is taken where a hash leads to this one.
    #[inline]
    pub fn choose(&mut self, hash: u64, place: usize) -> usize {
        if !self.is_on() {
            return place;
        }
        let Self { factor, active, all, weights, hosts, order } = self;
        let overload = |place: usize| {
            Limit::of(*factor, *all, weights[place]).overload(active.counts()[place])
        };
        choose(hash, place, hosts, order, overload)
    }

    /// A pick begins.
    #[inline]
    pub fn begin(&mut self, place: usize) {
        if self.is_on() {
            self.active.begin(place);
            self.all += 1;
        }
    }

    /// A pick ended.
    pub fn ended(&mut self, ended: &Ended) {
        if self.active.end(ended).is_some() {
            self.all = self.all.saturating_sub(1);
        }
    }

    /// The last pick of an endpoint is withdrawn.
    pub fn withdrawn(&mut self, endpoint: EndpointId) {
        if self.active.withdraw(endpoint).is_some() {
            self.all = self.all.saturating_sub(1);
        }
    }
}

/// The host that is taken where a hash leads to `first`, by how overloaded each is.
pub fn choose(
    hash: u64,
    first: usize,
    hosts: &[u32],
    order: &mut Vec<u32>,
    overload: impl Fn(usize) -> f64,
) -> usize {
    let mut least = (overload(first), first);
    if least.0 <= 1.0 {
        return first;
    }
    order.clear();
    order.extend_from_slice(hosts);
    let mut shuffle = Shuffle::new(hash);
    for step in 0..order.len() {
        let place = shuffle.next(order, step) as usize;
        if place == first {
            continue;
        }
        let load = overload(place);
        if load <= 1.0 {
            return place;
        }
        if load < least.0 {
            least = (load, place);
        }
    }
    least.1
}

/// A shuffle that depends on a hash alone, done step by step.
#[derive(Debug)]
pub struct Shuffle(Mt);

impl Shuffle {
    /// The shuffle of a hash: its lower 32 bits count.
    #[must_use]
    pub fn new(hash: u64) -> Self {
        Self(Mt::new(hash as u32))
    }

    /// Brings one of those that are left to place `step`, and gives it back.
    pub fn next<T: Copy>(&mut self, order: &mut [T], step: usize) -> T {
        let other = self.below((order.len() - step) as u64);
        order.swap(step, step + other as usize);
        order[step]
    }

    /// A number below `n`, each as likely as another.
    fn below(&mut self, n: u64) -> u64 {
        let each = (1 << 32) / n;
        loop {
            let number = u64::from(self.0.next_u32()) / each;
            if number < n {
                return number;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_part_of_all_and_never_none() {
        let limit = |factor, all, weight| Limit::of(factor, all, weight).slots;
        assert_eq!(limit(125, 99, 0.2), 25);
        assert_eq!(limit(100, 0, 0.2), 1);
        assert_eq!(limit(1, 2, 0.2), 1);
        assert_eq!(limit(100, 3, 0.0), 1, "even of no weight");
        assert_eq!(limit(u32::MAX, u32::MAX, 1.0), u32::MAX, "it does not wrap");
    }

    #[test]
    fn nobody_has_more_than_its_part_and_counts_follow_who_stays() {
        let all = Endpoint::numbered(&[1; 3]);
        let mut load = BoundedLoad::new(100);
        load.update(&all, &[1.0 / 3.0; 3], Time::ZERO);
        let pick = |load: &mut BoundedLoad| {
            let place = load.choose(7, 1);
            load.begin(place);
            place
        };
        let picks: Vec<_> = (0..9).map(|_| pick(&mut load)).collect();
        assert_eq!(picks[..2], [1, 1], "its whole part is no overload");
        // A host is passed over once it has more than its third, so it has one more at most.
        let counts = load.active.counts();
        assert!(counts.iter().all(|count| *count <= 4), "{counts:?}");
        let stay = counts[1..].to_vec();
        load.update(&all[1..], &[0.5; 2], Time::ZERO);
        assert_eq!(load.active.counts(), stay);
        assert_eq!(load.all, stay.iter().sum());
    }
}
