//! `sessionAffinity: ClientIP`: which source was at which endpoint of a port, as one node remembers.
//!
//! Each endpoint has a list of sources. A connection goes to the first endpoint whose list has its
//! source, and puts itself at the end of it: the time-out slides.
//!
//! *Left out:* IPVS's persistence templates, which outlive the removal of an endpoint.

use std::{collections::BTreeMap, net::IpAddr};

use engine::{Span, Time};

/// What a node remembers for a port. `E` is what names an endpoint, `S` what names a source.
#[derive(Clone, Debug)]
pub struct Affinity<E, S = IpAddr> {
    timeout: Span,
    /// How many sources an endpoint's list holds, see
    /// [`Mode::affinity_capacity`](super::mode::Mode::affinity_capacity).
    capacity: Option<usize>,
    lists: BTreeMap<E, Sources<S>>,
    /// Numbers visits, so that of two at the same moment one is the older.
    visits: u64,
}

/// When each source was last at an endpoint.
type Sources<S> = BTreeMap<S, (Time, u64)>;

impl<E: Ord + Copy, S: Ord + Copy> Affinity<E, S> {
    /// Nothing remembered.
    #[must_use]
    pub fn new(timeout: Span, capacity: Option<usize>) -> Self {
        Self { timeout, capacity, lists: BTreeMap::new(), visits: 0 }
    }

    /// How long a source is remembered after its last connection.
    #[must_use]
    pub fn timeout(&self) -> Span {
        self.timeout
    }

    /// Takes in a new list of endpoints: one that is gone takes its memory with it.
    pub fn update(&mut self, endpoints: &[E]) {
        self.lists.retain(|endpoint, _| endpoints.contains(endpoint));
    }

    /// The place of the endpoint that a source belongs to.
    #[must_use]
    pub fn find(&self, endpoints: &[E], source: S, now: Time) -> Option<usize> {
        endpoints.iter().position(|endpoint| {
            let seen = self.lists.get(endpoint).and_then(|sources| sources.get(&source));
            seen.is_some_and(|(seen, _)| now <= *seen + self.timeout)
        })
    }

    /// Notes that a connection went to an endpoint. A full list forgets who was there longest ago.
    pub fn remember(&mut self, endpoint: E, source: S, now: Time) {
        self.visits += 1;
        let sources = self.lists.entry(endpoint).or_default();
        let full = self.capacity.is_some_and(|capacity| sources.len() >= capacity);
        if full && !sources.contains_key(&source) {
            let oldest = sources.iter().min_by_key(|(_, visit)| **visit).map(|(source, _)| *source);
            oldest.map(|oldest| sources.remove(&oldest));
        }
        sources.insert(source, (now, self.visits));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_out_slides_and_a_full_list_forgets_the_oldest() {
        let client = |number: u8| IpAddr::from([10, 0, 0, number]);
        let at = Time::from_secs;
        let mut affinity = Affinity::new(Span::from_secs(10), Some(2));
        affinity.remember('a', client(1), at(0));
        affinity.remember('a', client(1), at(10));
        assert_eq!(affinity.find(&['b', 'a'], client(1), at(20)), Some(1));
        assert_eq!(affinity.find(&['b', 'a'], client(1), at(21)), None);
        affinity.remember('a', client(2), at(11));
        affinity.remember('a', client(3), at(12));
        assert_eq!(affinity.find(&['a'], client(1), at(12)), None);
        assert_eq!(affinity.find(&['a'], client(2), at(12)), Some(0));
        affinity.update(&['b']);
        assert_eq!(affinity.find(&['a'], client(2), at(12)), None);
    }
}
