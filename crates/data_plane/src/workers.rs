//! When the workers of a program are free.

use std::{cmp::Reverse, collections::BinaryHeap};

use engine::Time;

/// The workers that have something to do, and until when.
///
/// As long as there are workers enough, nobody asks which of them is free next. So departures are only
/// noted, and all that have passed are forgotten in one go when all workers look busy. Those are forgotten,
/// too, when they may be three quarters of all: what is noted stays short, and so near at hand. Where nearly
/// all workers are busy there would be little to forget, and departures are kept in order.
#[derive(Debug, Default)]
pub(crate) struct Workers {
    /// Departures in no order, some of which may have passed.
    noted: Vec<Time>,
    /// Those that were put in order, the earliest first.
    ordered: BinaryHeap<Reverse<Time>>,
    /// With fewer than so many departures there is a worker that is free, and nothing to forget.
    limit: usize,
    /// How many times in a row the first of those in order had passed.
    passed: usize,
}

/// So few are never too many: some lines of the cache.
const FEW: usize = 32;

impl Workers {
    /// When the first of `most` workers is free, `None` where one of them is free now.
    #[inline]
    pub(crate) fn free_at(&mut self, now: Time, most: usize) -> Option<Time> {
        if self.len() < self.limit { None } else { self.look_closer(now, most) }
    }

    /// The worker that [`free_at`](Self::free_at) was about has something to do until `departure`.
    #[inline]
    pub(crate) fn occupy(&mut self, departure: Time) {
        if self.len() < self.limit {
            self.noted.push(departure);
        } else {
            self.replace_first(departure);
        }
    }

    // On its own, as `look_closer` is, so that the usual way saves no registers for it.
    #[inline(never)]
    fn replace_first(&mut self, departure: Time) {
        let mut first = self.ordered.peek_mut().expect("some are in order where all look busy");
        *first = Reverse(departure);
    }

    /// When each worker that is busy will be free.
    pub(crate) fn busy(&self, now: Time) -> impl Iterator<Item = Time> {
        let ordered = self.ordered.iter().map(|departure| departure.0);
        self.noted.iter().copied().chain(ordered).filter(move |departure| *departure > now)
    }

    fn len(&self) -> usize {
        self.noted.len() + self.ordered.len()
    }

    #[inline(never)]
    fn look_closer(&mut self, now: Time, most: usize) -> Option<Time> {
        let passed = self.ordered.peek().is_some_and(|first| first.0 <= now);
        // One round of all workers pays for having put them in order.
        if passed && self.len() >= most && self.passed < most {
            self.passed += 1;
            return None;
        }
        self.passed = 0;
        if passed {
            self.noted.extend(self.ordered.drain().map(|departure| departure.0));
        }
        forget_past(&mut self.noted, now);
        // With fewer, a worker is mostly free, and departures would go through the heap for nothing.
        if self.len() > most * 7 / 8 {
            self.ordered.extend(self.noted.drain(..).map(Reverse));
        }
        self.limit = most.min(FEW.max(4 * self.len()));
        self.ordered.peek().filter(|_| self.len() >= most).map(|first| first.0)
    }
}

/// Drops the times that have passed. It moves each time whether it stays or not: which of them stay is by
/// chance, and a branch on it would be mistaken every other time.
fn forget_past(times: &mut Vec<Time>, now: Time) {
    let mut kept = 0;
    for place in 0..times.len() {
        let time = times[place];
        times[kept] = time;
        kept += usize::from(time > now);
    }
    times.truncate(kept);
}

#[cfg(test)]
mod tests {
    use engine::Span;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Beside it a list of all workers that is looked through each time.
        #[test]
        fn a_worker_is_free_when_one_of_all_is(
            most in prop_oneof![1_usize..6, 30_usize..200],
            jobs in prop::collection::vec((0_u64..4, 0_u64..3, 0_u64..60, 0_u8..4), 1..500),
        ) {
            let mut workers = Workers::default();
            let mut all = vec![Time::ZERO; most];
            let mut now = Time::ZERO;
            for (gap, handshake, service, turned_away) in jobs {
                now = Time::from_nanos(now.as_nanos() + gap);
                let first = all.iter_mut().min().expect("there is one at least");
                let free_at = workers.free_at(now, most);
                prop_assert_eq!(free_at, (*first > now).then_some(*first));
                let ready = now + Span::from_nanos(handshake);
                let start = free_at.map_or(ready, |free_at| free_at.max(ready));
                if start > ready && turned_away == 0 {
                    continue;
                }
                let departure = Time::from_nanos(start.as_nanos() + service);
                workers.occupy(departure);
                *first = departure;
                let mut busy: Vec<Time> = workers.busy(now).collect();
                let mut expected: Vec<Time> = all.iter().copied().filter(|it| *it > now).collect();
                busy.sort_unstable();
                expected.sort_unstable();
                prop_assert_eq!(busy, expected);
            }
        }
    }
}
