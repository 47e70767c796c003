//! What a balancer knows of load by itself: its own picks that have not ended.

use super::{Places, carry};
use crate::{Endpoint, EndpointId};

/// How many picks of each endpoint have not ended, by its place in the present list. An endpoint that
/// leaves is forgotten; if it comes back it begins at 0.
#[derive(Clone, Debug, Default)]
pub struct Outstanding {
    places: Places,
    counts: Vec<u32>,
}

impl Outstanding {
    /// Takes in a new list: who stays keeps its count. Gives back where each was before, as
    /// [`Places::update`] does.
    pub fn update(&mut self, endpoints: &[Endpoint]) -> Vec<Option<usize>> {
        let before = self.places.update(endpoints);
        self.counts = carry(&before, &self.counts, |_| 0);
        before
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

    /// A pick ends. Gives back the place, if the endpoint is still in the list; of one that came back
    /// in the meantime nothing is counted that was begun before.
    #[inline]
    pub fn end(&mut self, id: EndpointId) -> Option<usize> {
        let place = self.places.of(id)?;
        self.counts[place] = self.counts[place].saturating_sub(1);
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_stays_keeps_its_count_wherever_it_moves() {
        let all = Endpoint::numbered(&[1; 4]);
        let mut outstanding = Outstanding::default();
        outstanding.update(&all[..3]);
        outstanding.begin(2);
        outstanding.begin(2);
        outstanding.begin(0);
        outstanding.update(&[all[3], all[2], all[1]]);
        assert_eq!(outstanding.counts(), [0, 2, 0]);
        assert_eq!(outstanding.end(all[2].id), Some(1));
        assert_eq!(outstanding.end(all[0].id), None, "it left");
        outstanding.update(&[all[0], all[2]]);
        assert_eq!(outstanding.counts(), [0, 1]);
    }
}
