//! What a balancer knows of load by itself: its own picks that have not ended.

use engine::Time;

use super::{Divisor, Places, carry};
use crate::{Ended, Endpoint, EndpointId};

/// How many picks of each endpoint have not ended, by its place in the present list. An endpoint
/// that leaves is forgotten; if it comes back it begins at 0, and what was picked before is not
/// counted when it ends.
#[derive(Clone, Debug, Default)]
pub struct Outstanding {
    places: Places,
    counts: Vec<u32>,
    length: Divisor,
    /// When the endpoint in each place came, the last time.
    since: Vec<Time>,
    /// How many picks of an endpoint have not ended from before it left, by its identity.
    stray: Vec<u32>,
}

impl Outstanding {
    /// Takes in a new list: who stays keeps its count. Gives back where each was before, as
    /// [`Places::update`] does.
    pub fn update(&mut self, endpoints: &[Endpoint], now: Time) -> Vec<Option<usize>> {
        let counted = (0..self.counts.len()).filter(|place| self.counts[*place] > 0);
        let open: Vec<_> = counted.map(|it| (self.places.id(it), self.counts[it])).collect();
        let before = self.places.update(endpoints);
        for (id, count) in open {
            if self.places.of(id).is_none() {
                self.lose(id, count);
            }
        }
        self.counts = carry(&before, &self.counts, |_| 0);
        self.length = Divisor::new(self.counts.len() as u64);
        self.since = carry(&before, &self.since, |_| now);
        before
    }

    /// Takes in a new list, and begins anew: who stays begins at 0 too.
    pub fn restart(&mut self, endpoints: &[Endpoint], now: Time) {
        self.update(&[], now);
        self.update(endpoints, now);
    }

    fn lose(&mut self, id: EndpointId, count: u32) {
        let id = id.0 as usize;
        self.stray.resize(self.stray.len().max(id + 1), 0);
        self.stray[id] += count;
    }

    /// The counts, place by place.
    #[must_use]
    #[inline]
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// How many places there are.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The place that a number leads to, modulo how many there are; 0 where there are none.
    #[must_use]
    #[inline]
    pub fn remainder(&self, number: u64) -> usize {
        self.length.remainder(number).unwrap_or(0) as usize
    }

    /// The place of an endpoint.
    #[must_use]
    #[inline]
    pub fn place(&self, id: EndpointId) -> Option<usize> {
        self.places.of(id)
    }

    /// A pick begins.
    #[inline]
    pub fn begin(&mut self, place: usize) {
        self.counts[place] += 1;
    }

    /// A pick ends. Gives back the place, if the endpoint has been in the list since the pick.
    #[inline]
    pub fn end(&mut self, ended: &Ended) -> Option<usize> {
        let id = ended.endpoint;
        let place = self.places.of(id);
        let came = place.map(|place| self.since[place]);
        let stray = self.stray.get_mut(id.0 as usize).filter(|stray| **stray > 0);
        if let Some(stray) = stray
            && came.is_none_or(|came| ended.begun() <= came)
        {
            *stray -= 1;
            return None;
        }
        let place = place?;
        self.counts[place] = self.counts[place].saturating_sub(1);
        Some(place)
    }

    /// The last pick of an endpoint is withdrawn. Gives back the place, if the endpoint has been in
    /// the list since.
    pub fn withdraw(&mut self, id: EndpointId) -> Option<usize> {
        let place = self.places.of(id).filter(|place| self.counts[*place] > 0);
        match (place, self.stray.get_mut(id.0 as usize)) {
            (Some(place), _) => self.counts[place] -= 1,
            (None, Some(stray)) => *stray = stray.saturating_sub(1),
            (None, None) => {}
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use engine::Span;

    use super::*;
    use crate::Reply;

    fn ended(endpoint: EndpointId, begun: u64, now: u64) -> Ended {
        let (now, latency) = (Time::from_secs(now), Span::from_secs(now - begun));
        Ended { endpoint, now, latency, reply: Reply::Ok, report: None }
    }

    #[test]
    fn who_stays_keeps_its_count_wherever_it_moves() {
        let all = Endpoint::numbered(&[1; 4]);
        let mut outstanding = Outstanding::default();
        outstanding.update(&all[..3], Time::ZERO);
        outstanding.begin(2);
        outstanding.begin(2);
        outstanding.begin(0);
        outstanding.update(&[all[3], all[2], all[1]], Time::from_secs(2));
        assert_eq!(outstanding.counts(), [0, 2, 0]);
        assert_eq!(outstanding.end(&ended(all[2].id, 1, 3)), Some(1));
        assert_eq!(outstanding.end(&ended(all[0].id, 1, 3)), None, "it left");
        outstanding.update(&[all[0], all[2]], Time::from_secs(4));
        assert_eq!(outstanding.counts(), [0, 1]);
    }

    #[test]
    fn who_comes_back_is_not_credited_with_what_was_before() {
        let all = Endpoint::numbered(&[1; 2]);
        let mut outstanding = Outstanding::default();
        outstanding.update(&all, Time::ZERO);
        (0..3).for_each(|_| outstanding.begin(1));
        outstanding.update(&all[..1], Time::from_secs(2));
        assert_eq!(outstanding.end(&ended(all[1].id, 1, 3)), None, "it is away");
        outstanding.update(&[all[1], all[0]], Time::from_secs(4));
        (0..2).for_each(|_| outstanding.begin(0));
        assert_eq!(outstanding.end(&ended(all[1].id, 1, 6)), None, "picked before it left");
        assert_eq!(outstanding.counts(), [2, 0]);
        assert_eq!(outstanding.end(&ended(all[1].id, 5, 6)), Some(0), "picked since");
        assert_eq!(outstanding.end(&ended(all[1].id, 1, 7)), None, "the last of before");
        assert_eq!(outstanding.counts(), [1, 0]);
        outstanding.restart(&all, Time::from_secs(8));
        assert_eq!(outstanding.counts(), [0, 0]);
        outstanding.begin(1);
        assert_eq!(outstanding.end(&ended(all[1].id, 5, 9)), None, "a restart forgets all");
        assert_eq!(outstanding.end(&ended(all[1].id, 8, 9)), Some(1));
    }

    #[test]
    fn what_is_withdrawn_is_the_last_pick() {
        let all = Endpoint::numbered(&[1; 2]);
        let mut outstanding = Outstanding::default();
        outstanding.update(&all, Time::ZERO);
        (0..2).for_each(|_| outstanding.begin(1));
        outstanding.update(&all[..1], Time::from_secs(2));
        outstanding.update(&all, Time::from_secs(2));
        outstanding.begin(1);
        assert_eq!(outstanding.withdraw(all[1].id), Some(1), "picked since it came back");
        assert_eq!(outstanding.withdraw(all[1].id), None, "picked before it left");
        outstanding.begin(1);
        assert_eq!(outstanding.end(&ended(all[1].id, 1, 3)), None, "the other one of before");
        assert_eq!(outstanding.counts(), [0, 1]);
        assert_eq!(outstanding.withdraw(EndpointId(7)), None, "nobody knows it");
    }
}
