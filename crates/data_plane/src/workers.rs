//! When the workers of a program are free.

use std::{cmp::Reverse, collections::BinaryHeap};

use engine::Time;

/// The workers that have something to do, and until when.
///
/// As long as there are workers enough, nobody asks which of them is free next. So departures are only
/// noted, and put in order when nearly all workers are busy; mostly it is enough to forget the
/// departures that have passed. Those are forgotten, too, when they may be three quarters of all: what is
/// noted stays short, and so near at hand.
#[derive(Debug, Default)]
pub(crate) struct Workers {
    /// Departures in no order, some of which may have passed.
    noted: Vec<Time>,
    /// Those that were put in order, the earliest first.
    ordered: BinaryHeap<Reverse<Time>>,
    /// With so many it is time to forget.
    enough: usize,
}

/// So few are never too many: some lines of the cache.
const FEW: usize = 32;

impl Workers {
    /// When the first of `most` workers is free, `None` where one of them is free now.
    #[inline]
    pub(crate) fn free_at(&mut self, now: Time, most: usize) -> Option<Time> {
        if self.len() < most.min(self.enough) {
            return None;
        }
        self.look_closer(now, most)
    }

    /// A worker has something to do until `departure`: one that is free, or the one that will be free
    /// [at](Self::free_at) the time that was given back.
    #[inline]
    pub(crate) fn occupy(&mut self, departure: Time, free_at: Option<Time>) {
        match free_at {
            None => self.noted.push(departure),
            Some(free_at) => {
                let mut first =
                    self.ordered.peek_mut().expect("all are busy, so they are in order");
                debug_assert_eq!(first.0, free_at);
                *first = Reverse(departure);
            }
        }
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
        forget_past(&mut self.noted, now);
        while self.ordered.peek().is_some_and(|first| first.0 <= now) {
            self.ordered.pop();
        }
        self.enough = FEW.max(4 * self.len());
        // Where nearly all are busy there is little to forget, and to look for that would take long.
        if self.len() > most / 4 * 3 {
            self.ordered.extend(self.noted.drain(..).map(Reverse));
        }
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
                workers.occupy(departure, free_at);
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
