//! A policy that knows only some of a list.

use engine::Time;

use crate::{Ended, Endpoint, EndpointId, PickContext, Policy, Report};

/// Stands for a place whose endpoint the policy was not told of.
const NOWHERE: u32 = u32::MAX;

/// A policy that is told of a part of a list, of endpoints that may look other than they are, and
/// the places of that part in the list. Whoever asks it speaks of places in the list.
#[derive(Clone, Debug, Default)]
pub struct Part<P> {
    policy: P,
    /// What the policy was told.
    told: Vec<Endpoint>,
    /// What it was told the time before.
    before: Vec<Endpoint>,
    /// The place in the list of each of those.
    outer: Vec<u32>,
    /// The place among those of each of the list.
    inner: Vec<u32>,
}

impl<P: Policy> Part<P> {
    /// A policy that was told of nothing yet.
    pub fn new(policy: P) -> Self {
        let (told, before) = (Vec::new(), Vec::new());
        Self { policy, told, before, outer: Vec::new(), inner: Vec::new() }
    }

    /// Tells the policy of some places of a list of that length, and what it is to take the
    /// endpoint in each for.
    pub fn tell(
        &mut self,
        length: usize,
        part: impl IntoIterator<Item = (usize, Endpoint)>,
        now: Time,
    ) {
        self.note(length, part);
        self.policy.update(&self.told, now);
    }

    /// The same, but the policy hears nothing where that is what it was told before.
    pub fn tell_change(
        &mut self,
        length: usize,
        part: impl IntoIterator<Item = (usize, Endpoint)>,
        now: Time,
    ) {
        if self.is_news(length, part) {
            self.policy.update(&self.told, now);
        }
    }

    /// The same, of a part that is the one before but for weights.
    pub fn tell_weights(
        &mut self,
        length: usize,
        part: impl IntoIterator<Item = (usize, Endpoint)>,
        now: Time,
    ) {
        if self.is_news(length, part) {
            self.policy.reweighed(&self.told, now);
        }
    }

    /// Notes a part, and whether it is another than before.
    fn is_news(
        &mut self,
        length: usize,
        part: impl IntoIterator<Item = (usize, Endpoint)>,
    ) -> bool {
        self.note(length, part);
        self.told != self.before
    }

    fn note(&mut self, length: usize, part: impl IntoIterator<Item = (usize, Endpoint)>) {
        std::mem::swap(&mut self.told, &mut self.before);
        self.told.clear();
        self.outer.clear();
        self.inner.clear();
        self.inner.resize(length, NOWHERE);
        for (inner, (outer, endpoint)) in (0..).zip(part) {
            self.inner[outer] = inner;
            self.outer.push(outer as u32);
            self.told.push(endpoint);
        }
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &P {
        &self.policy
    }

    /// How many endpoints the policy knows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.told.len()
    }

    /// Whether it knows none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }
}

/// As the policy itself, but for the places.
impl<P: Policy> Policy for Part<P> {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        self.tell(endpoints.len(), endpoints.iter().copied().enumerate(), now);
    }

    #[inline]
    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let place = self.policy.pick(context)?;
        Some(self.outer[place] as usize)
    }

    fn chosen(&mut self, place: usize, now: Time) -> bool {
        let inner = self.inner.get(place).copied().filter(|inner| *inner != NOWHERE);
        inner.is_some_and(|inner| self.policy.chosen(inner as usize, now))
    }

    fn remembers(&self) -> bool {
        self.policy.remembers()
    }

    fn listens(&self) -> bool {
        self.policy.listens()
    }

    fn reads_reports(&self) -> bool {
        self.policy.reads_reports()
    }

    fn established(&mut self, endpoint: EndpointId, now: Time) {
        self.policy.established(endpoint, now);
    }

    fn ended(&mut self, ended: &Ended) {
        self.policy.ended(ended);
    }

    fn withdrawn(&mut self, endpoint: EndpointId, now: Time) {
        self.policy.withdrawn(endpoint, now);
    }

    fn probes(&mut self, context: &mut PickContext<'_>, places: &mut Vec<usize>) {
        let before = places.len();
        self.policy.probes(context, places);
        for place in &mut places[before..] {
            *place = self.outer[*place] as usize;
        }
    }

    fn reported(&mut self, endpoint: EndpointId, now: Time, report: &Report) {
        self.policy.reported(endpoint, now, report);
    }
}

#[cfg(test)]
mod tests {
    use engine::Streams;

    use super::*;

    /// Picks its first endpoint and counts what it hears.
    #[derive(Default)]
    struct First {
        endpoints: usize,
        updates: u32,
        chosen: Vec<usize>,
    }

    impl Policy for First {
        fn update(&mut self, endpoints: &[Endpoint], _: Time) {
            self.endpoints = endpoints.len();
            self.updates += 1;
        }

        fn pick(&mut self, _: &mut PickContext<'_>) -> Option<usize> {
            (self.endpoints > 0).then_some(0)
        }

        fn chosen(&mut self, place: usize, _: Time) -> bool {
            self.chosen.push(place);
            true
        }

        fn probes(&mut self, _: &mut PickContext<'_>, places: &mut Vec<usize>) {
            places.extend(0..self.endpoints);
        }
    }

    #[test]
    fn places_are_those_of_the_list() {
        let all = Endpoint::numbered(&[1; 4]);
        let mut random = Streams::new(1).named("unused");
        let mut context = PickContext::new(Time::ZERO, &mut random);
        let mut part = Part::new(First::default());
        part.tell(4, [(3, all[3]), (1, all[1])], Time::ZERO);
        assert_eq!(part.pick(&mut context), Some(3));
        let mut places = vec![7];
        part.probes(&mut context, &mut places);
        assert_eq!(places, [7, 3, 1]);
        assert!(part.chosen(1, Time::ZERO) && !part.chosen(0, Time::ZERO));
        assert!(!part.chosen(9, Time::ZERO));
        assert_eq!(part.policy.chosen, [1], "its own place");
    }

    #[test]
    fn a_change_is_told_and_the_same_is_not() {
        let all = Endpoint::numbered(&[1; 4]);
        let mut part = Part::new(First::default());
        for (told, updates) in [
            (&all[..2], 1),
            (&all[..2], 1),
            (&all[..3], 2),
            (&all[1..3], 3),
            (&all[1..2], 4),
            (&[], 5),
            (&[], 5),
        ] {
            part.tell_change(4, told.iter().map(|it| (it.id.0 as usize, *it)), Time::ZERO);
            assert_eq!((part.policy.updates, part.len()), (updates, told.len()));
            assert_eq!(part.policy.endpoints, told.len());
        }
    }
}
