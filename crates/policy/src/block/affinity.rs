//! Which source was at which endpoint, as one balancer remembers.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use engine::{Span, Time};

/// What one balancer remembers of who was where. `E` is what names an endpoint, `S` what names a
/// source.
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
    /// Each endpoint's list by the numbers of visits, where it has a capacity.
    lists: BTreeMap<(E, u64), S>,
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
        Self { timeout, capacity, sources: BTreeMap::new(), lists: BTreeMap::new(), visits: 0 }
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
        self.lists.retain(|(endpoint, _), _| listed.contains(endpoint));
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
        let before = known.iter_mut().find(|visit| visit.endpoint == endpoint);
        let before = before.map(|before| std::mem::replace(before, visit));
        if before.is_none() {
            known.push(visit);
        }
        let Some(capacity) = self.capacity else { return };
        self.lists.insert((endpoint, visit.number), source);
        match before {
            Some(before) => drop(self.lists.remove(&(endpoint, before.number))),
            None => self.keep_most(capacity, endpoint),
        }
    }

    /// Forgets the source that was longest ago at an endpoint with more of them than it may have.
    fn keep_most(&mut self, capacity: usize, endpoint: E) {
        let mut list = self.lists.range((endpoint, 0)..=(endpoint, u64::MAX));
        let Some((oldest, source)) = list.next().map(|(key, source)| (*key, *source)) else {
            return;
        };
        if list.count() < capacity {
            return;
        }
        self.lists.remove(&oldest);
        let Some(visits) = self.sources.get_mut(&source) else { return };
        visits.retain(|visit| visit.endpoint != endpoint);
        if visits.is_empty() {
            self.sources.remove(&source);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The kernel's lists as they are: one for each endpoint, who came last at the end.
    #[derive(Default)]
    struct Lists([Vec<(u8, u64)>; 3]);

    impl Lists {
        fn find(&self, listed: &[usize], source: u8, secs: u64) -> Option<usize> {
            let lasts = |(who, seen): &(u8, u64)| *who == source && secs <= seen + 10;
            listed.iter().position(|endpoint| self.0[*endpoint].iter().any(lasts))
        }

        fn remember(&mut self, endpoint: usize, source: u8, secs: u64, capacity: usize) {
            let list = &mut self.0[endpoint];
            list.retain(|(who, _)| *who != source);
            list.push((source, secs));
            list.drain(..list.len().saturating_sub(capacity));
        }
    }

    proptest! {
        /// What is kept by source says the same as lists of endpoints.
        #[test]
        fn lists_of_endpoints_say_the_same(
            steps in prop::collection::vec((0_u8..6, 0_u64..5, 0_usize..3, 0_u8..20), 1..200),
            capacity in 1_usize..5,
        ) {
            let mut affinity = Affinity::new(Span::from_secs(10), Some(capacity));
            let mut lists = Lists::default();
            let (mut listed, mut secs) = (vec![0, 1, 2], 0);
            for (source, wait, chance, change) in steps {
                secs += wait;
                if change == 0 {
                    // One endpoint goes or comes.
                    match listed.iter().position(|endpoint| *endpoint == chance) {
                        Some(place) => drop(listed.remove(place)),
                        None => listed.push(chance),
                    }
                    affinity.update(&listed);
                    let gone = (0..3).filter(|endpoint| !listed.contains(endpoint));
                    gone.for_each(|endpoint| lists.0[endpoint].clear());
                }
                let now = Time::from_secs(secs);
                let found = affinity.find(&listed, source, now);
                prop_assert_eq!(found, lists.find(&listed, source, secs));
                let Some(place) = found.or((!listed.is_empty()).then_some(0)) else { continue };
                let moved = if found.is_none() { chance } else { 0 };
                let endpoint = listed[(place + moved) % listed.len()];
                affinity.remember(endpoint, source, now);
                lists.remember(endpoint, source, secs, capacity);
            }
        }
    }

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
