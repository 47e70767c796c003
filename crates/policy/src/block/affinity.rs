//! Which source was at which endpoint, as one balancer remembers.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use engine::{Span, Time};

/// What one balancer remembers of who was where. `E` is what names an endpoint, `S` what names a source.
///
/// Each endpoint has a list of sources. A connection goes to the first endpoint whose list has its
/// source, and puts itself at the end of it: the time-out slides. What the lists say is kept by
/// source here, since each connection asks for its own.
#[derive(Clone, Debug)]
pub struct Affinity<E, S = IpAddr> {
    timeout: Span,
    /// How many sources an endpoint's list holds.
    capacity: Option<usize>,
    /// The endpoints that each source was at, mostly one.
    sources: BTreeMap<S, Vec<Visit<E>>>,
    /// Numbers visits, so that of two at the same moment one is the older.
    visits: u64,
}

/// When a source was last at an endpoint.
#[derive(Clone, Copy, Debug)]
struct Visit<E> {
    endpoint: E,
    seen: Time,
    number: u64,
}

impl<E: Ord + Copy, S: Ord + Copy> Affinity<E, S> {
    /// Nothing remembered.
    #[must_use]
    pub fn new(timeout: Span, capacity: Option<usize>) -> Self {
        Self { timeout, capacity, sources: BTreeMap::new(), visits: 0 }
    }

    /// How long a source is remembered after its last connection.
    #[must_use]
    pub fn timeout(&self) -> Span {
        self.timeout
    }

    /// Takes in a new list of endpoints: one that is gone takes its memory with it.
    pub fn update(&mut self, endpoints: &[E]) {
        let listed: BTreeSet<E> = endpoints.iter().copied().collect();
        self.sources.retain(|_, visits| {
            visits.retain(|visit| listed.contains(&visit.endpoint));
            !visits.is_empty()
        });
    }

    /// The place of the endpoint that a source belongs to.
    #[must_use]
    pub fn find(&self, endpoints: &[E], source: S, now: Time) -> Option<usize> {
        self.find_by(|endpoint| endpoints.iter().position(|it| *it == endpoint), source, now)
    }

    /// The same where somebody knows the places.
    #[must_use]
    pub fn find_by(
        &self,
        place: impl Fn(E) -> Option<usize>,
        source: S,
        now: Time,
    ) -> Option<usize> {
        let visits = self.sources.get(&source)?.iter();
        let lasting = visits.filter(|visit| now <= visit.seen + self.timeout);
        lasting.filter_map(|visit| place(visit.endpoint)).min()
    }

    /// Notes that a connection went to an endpoint. A full list forgets who was there longest ago.
    pub fn remember(&mut self, endpoint: E, source: S, now: Time) {
        self.visits += 1;
        let visit = Visit { endpoint, seen: now, number: self.visits };
        let known = self.sources.entry(source).or_default();
        if let Some(before) = known.iter_mut().find(|visit| visit.endpoint == endpoint) {
            *before = visit;
            return;
        }
        known.push(visit);
        if let Some(capacity) = self.capacity {
            self.keep_most(capacity, endpoint);
        }
    }

    /// Forgets the source that was longest ago at an endpoint with more of them than it may have.
    fn keep_most(&mut self, capacity: usize, endpoint: E) {
        let at_endpoint = |(source, visits): (&S, &Vec<Visit<E>>)| {
            let visit = visits.iter().find(|visit| visit.endpoint == endpoint)?;
            Some((visit.number, *source))
        };
        let there = || self.sources.iter().filter_map(at_endpoint);
        if there().count() <= capacity {
            return;
        }
        let Some((_, oldest)) = there().min() else { return };
        let Some(visits) = self.sources.get_mut(&oldest) else { return };
        visits.retain(|visit| visit.endpoint != endpoint);
        if visits.is_empty() {
            self.sources.remove(&oldest);
        }
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
