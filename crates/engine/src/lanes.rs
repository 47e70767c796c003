//! Lanes: events that come in the order they were scheduled in, kept first in, first out.
//!
//! Whatever takes a constant time, a packet's way for instance, ends in the order in which it began.
//! Such events need no sorting. A lane is a hint and no promise: an event that does not come last in
//! its lane goes to the queue, so the order of all events is the same with lanes and without.

use std::{array, collections::VecDeque};

use crate::{Order, queue::Entry};

/// A lane's number. Only a few are kept; the same ones stand for higher numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lane(pub u8);

/// A few, because each event taken out of one compares the heads of all.
const LANES: usize = 4;

/// All lanes.
pub(crate) struct Lanes<E> {
    lanes: [VecDeque<Entry<E>>; LANES],
    /// The order of each lane's first event, [`Order::MAX`] of an empty one.
    heads: [Order; LANES],
    /// The lane with the lowest head.
    first: usize,
}

impl<E> Lanes<E> {
    pub(crate) fn new() -> Self {
        Self { lanes: array::from_fn(|_| VecDeque::new()), heads: [Order::MAX; LANES], first: 0 }
    }

    /// Adds an event behind all others of its lane, and gives it back where it does not belong
    /// there.
    #[inline(always)]
    pub(crate) fn push(&mut self, lane: Lane, order: Order, event: E) -> Result<(), E> {
        let lane = usize::from(lane.0) % LANES;
        match self.lanes[lane].back() {
            Some(last) if last.order > order => return Err(event),
            Some(_) => {}
            None => {
                self.heads[lane] = order;
                if order < self.heads[self.first] {
                    self.first = lane;
                }
            }
        }
        self.lanes[lane].push_back(Entry { order, event });
        Ok(())
    }

    /// The order of the earliest event, [`Order::MAX`] where there is none.
    #[inline]
    pub(crate) fn peek(&self) -> Order {
        self.heads[self.first]
    }

    /// Takes the earliest event out.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<(Order, E)> {
        let lane = &mut self.lanes[self.first];
        let Entry { order, event } = lane.pop_front()?;
        self.heads[self.first] = lane.front().map_or(Order::MAX, |next| next.order);
        self.first = lowest(&self.heads);
        Some((order, event))
    }
}

/// Where the lowest of these is. Two pairs are compared side by side, then the lower ones of both: one after
/// the other, each comparison would wait for the one before.
#[inline]
fn lowest(heads: &[Order; LANES]) -> usize {
    let lower = |left: (Order, usize), right: (Order, usize)| {
        if right.0 < left.0 { right } else { left }
    };
    let [a, b, c, d] = *heads;
    lower(lower((a, 0), (b, 1)), lower((c, 2), (d, 3))).1
}
