//! Weighted turns by deadlines.

use std::cmp::Ordering;

/// Who comes first of those with the same deadline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ties {
    /// Who waits longest: a pick sends to the end (Envoy).
    #[default]
    Waiting,
    /// Who was added first, however often it was picked since (gRPC in Go).
    Added,
    /// Nobody in particular: as a binary heap has them, the one of Go's library (Traefik).
    Heap,
}

/// An earliest-deadline-first scheduler. Each entry, the place of an endpoint, is due 1/weight
/// after it was added or picked; the first one due is picked, and its deadline becomes the present.
/// So each is picked as often as its weight says, and evenly in between.
///
/// The weight is read when an entry is added again: one that changes counts from the pick after the
/// next.
#[derive(Clone, Debug, Default)]
pub struct Edf {
    ties: Ties,
    now: f64,
    added: u64,
    /// A binary heap, exactly as Go's `container/heap` moves its elements.
    heap: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    deadline: f64,
    order: u64,
    place: u32,
}

/// More picks than that are not begun with, but the rest of a division by it.
const PICKS_MAX: u32 = u32::MAX / 10;

impl Edf {
    /// A scheduler without entries.
    #[must_use]
    pub fn new(ties: Ties) -> Self {
        Self { ties, ..Self::default() }
    }

    /// A scheduler of these weights, place by place, as it is after so many picks; those are not
    /// made one by one. Envoy's `createWithPicks`, with its ties. A place of weight 0 is left out.
    #[must_use]
    pub fn with_picks(weights: &[f64], picks: u32) -> Self {
        // Weights that are multiples of each other have deadlines that differ in the last bit only,
        // depending on how they came about; this keeps them in order.
        let weighed = |weight: &f64| *weight + 1e-13;
        let entries = || (0..).zip(weights).filter(|(_, weight)| **weight > 0.0);
        let picks = picks % PICKS_MAX;
        let sum: f64 = entries().map(|(_, weight)| weighed(weight)).sum();
        let mut scheduler = Self::new(Ties::Waiting);
        // Of nobody there are no picks to be made up for.
        let mut left = if sum > 0.0 { picks } else { 0 };
        for (place, weight) in entries() {
            let weight = weighed(weight);
            let mut own = (weight * f64::from(picks) / sum) as u32;
            if own > 0 && f64::from(own) / weight >= f64::from(picks) / sum {
                own -= 1;
            }
            scheduler.now = scheduler.now.max(f64::from(own) / weight);
            scheduler.push(f64::from(own + 1) / weight, place);
            left = left.saturating_sub(own);
        }
        for _ in 0..left {
            scheduler.pick(|place| weights[place]);
        }
        scheduler
    }

    /// Adds a place. One without weight is never due, so it is left out.
    pub fn add(&mut self, place: usize, weight: f64) {
        if weight > 0.0 {
            self.push(self.now + 1.0 / weight, place as u32);
        }
    }

    /// Takes the place that is due and adds it again, with the weight that it has now; without one
    /// it is out. `None` where there is no entry.
    #[inline]
    pub fn pick(&mut self, weight: impl FnOnce(usize) -> f64) -> Option<usize> {
        let Entry { deadline, order, place } = self.pop()?;
        self.now = deadline;
        let weight = weight(place as usize);
        if weight > 0.0 {
            let order = if self.ties == Ties::Added { order } else { self.next_order() };
            self.up(Entry { deadline: deadline + 1.0 / weight, order, place });
        }
        Some(place as usize)
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    fn push(&mut self, deadline: f64, place: u32) {
        let order = self.next_order();
        self.up(Entry { deadline, order, place });
    }

    fn next_order(&mut self) -> u64 {
        self.added += 1;
        self.added - 1
    }

    fn before(&self, a: usize, b: usize) -> bool {
        let (a, b) = (self.heap[a], self.heap[b]);
        let tie = if self.ties == Ties::Heap { Ordering::Equal } else { a.order.cmp(&b.order) };
        a.deadline.total_cmp(&b.deadline).then(tie).is_lt()
    }

    /// Puts an entry at the end and moves it up to where it belongs.
    fn up(&mut self, entry: Entry) {
        let mut child = self.heap.len();
        self.heap.push(entry);
        while child > 0 {
            let parent = (child - 1) / 2;
            if !self.before(child, parent) {
                break;
            }
            self.heap.swap(child, parent);
            child = parent;
        }
    }

    /// Takes the first entry; the last one takes its place and moves down to where it belongs.
    fn pop(&mut self) -> Option<Entry> {
        if self.heap.is_empty() {
            return None;
        }
        let first = self.heap.swap_remove(0);
        let mut parent = 0;
        loop {
            let left = 2 * parent + 1;
            let right = left + 1;
            if left >= self.heap.len() {
                break;
            }
            let right_is_first = right < self.heap.len() && self.before(right, left);
            let child = if right_is_first { right } else { left };
            if !self.before(child, parent) {
                break;
            }
            self.heap.swap(child, parent);
            parent = child;
        }
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scheduler(ties: Ties, weights: &[f64]) -> Edf {
        let mut scheduler = Edf::new(ties);
        weights.iter().enumerate().for_each(|(place, weight)| scheduler.add(place, *weight));
        scheduler
    }

    fn picks(scheduler: &mut Edf, weights: &[f64], count: usize) -> Vec<usize> {
        (0..count).filter_map(|_| scheduler.pick(|place| weights[place])).collect()
    }

    #[test]
    fn ties_go_to_who_waits_or_to_who_was_first() {
        let weights = [2.0, 1.0];
        for (ties, expected) in
            [(Ties::Waiting, [0, 1, 0, 0, 1, 0]), (Ties::Added, [0, 0, 1, 0, 0, 1])]
        {
            assert_eq!(picks(&mut scheduler(ties, &weights), &weights, 6), expected, "{ties:?}");
        }
    }

    #[test]
    fn a_weight_is_read_when_its_entry_is_added_again() {
        let mut scheduler = scheduler(Ties::Waiting, &[1.0, 1.0]);
        assert_eq!(picks(&mut scheduler, &[3.0, 1.0], 6), [0, 1, 0, 0, 0, 1]);
        assert_eq!(picks(&mut scheduler, &[0.0, 1.0], 4), [0, 1, 1, 1], "out without a weight");
    }

    proptest! {
        /// Beginning with some picks is the same as making them, where there are no ties.
        #[test]
        fn picks_to_begin_with_are_those_that_would_be_made(
            weights in prop::collection::vec(0.5_f64..50.0, 1..10),
            count in 0_u32..300,
        ) {
            let mut made = scheduler(Ties::Waiting, &weights);
            picks(&mut made, &weights, count as usize);
            let mut begun = Edf::with_picks(&weights, count);
            prop_assert_eq!(picks(&mut made, &weights, 200), picks(&mut begun, &weights, 200));
        }
    }

    #[test]
    fn without_weights_there_is_nobody() {
        // Not even after very many picks, which would take seconds one by one.
        assert!(Edf::with_picks(&[0.0, 0.0], PICKS_MAX - 1).is_empty());
        for mut scheduler in
            [Edf::with_picks(&[], 7), Edf::with_picks(&[0.0], 7), scheduler(Ties::Heap, &[0.0])]
        {
            assert!(scheduler.is_empty());
            assert_eq!(scheduler.pick(|_| 1.0), None);
        }
        assert_eq!(picks(&mut Edf::with_picks(&[0.0, 1.0], 7), &[0.0, 1.0], 2), [1, 1]);
    }
}
