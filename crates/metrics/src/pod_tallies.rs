//! What each pod got.
//!
//! A thousand pods' tallies do not fit into the processor's caches, and a tally is spread over
//! several places of memory. So what a request adds to its pod's waits in one place, and is folded in
//! with others of the same pod: most of them fall into lines that one of them has just fetched.

use api::PodId;
use engine::{Span, Time};
use record::{Outcome, Request};

use crate::traffic::{PodTally, second_of, slot};

/// All pods' tallies, by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct PodTallies {
    tallies: Vec<PodTally>,
    /// What is still to be folded into each, in stretches of [`MOST_WAITING`].
    waiting: Vec<Share>,
    /// How much of that is there.
    lengths: Vec<u8>,
}

/// So many requests of a pod wait at most: a kilobyte.
const MOST_WAITING: usize = 64;

/// What one request adds to its pod's tally.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    pub(crate) latency: Span,
    /// The second in which it connected.
    pub(crate) second: u32,
    pub(crate) outcome: Outcome,
}

const _: () = assert!(size_of::<Share>() == 16, "four of them are a line of the cache");

impl Default for Share {
    fn default() -> Self {
        Self { latency: Span::ZERO, second: 0, outcome: Outcome::Ok }
    }
}

impl PodTallies {
    /// Counts a request of a pod.
    #[inline]
    pub(crate) fn add(&mut self, pod: PodId, request: &Request, connected: Time, latency: Span) {
        let index = pod.0 as usize;
        let second = second_of(connected) as u32;
        let length = slot(&mut self.lengths, index);
        let place = index * MOST_WAITING + usize::from(*length);
        *slot(&mut self.waiting, place) = Share { latency, second, outcome: request.outcome };
        *length += 1;
        if usize::from(*length) == MOST_WAITING {
            self.fold(index);
        }
    }

    /// Folds in everything that waits.
    pub(crate) fn settle(&mut self) {
        (0..self.lengths.len()).for_each(|index| self.fold(index));
    }

    /// A pod's tally; none of a pod without requests.
    pub(crate) fn get(&self, pod: PodId) -> Option<&PodTally> {
        debug_assert!(self.lengths.iter().all(|length| *length == 0), "it is settled");
        self.tallies.get(pod.0 as usize)
    }

    /// Takes a pod's tally out.
    pub(crate) fn take(&mut self, pod: PodId) -> PodTally {
        debug_assert!(self.lengths.iter().all(|length| *length == 0), "it is settled");
        self.tallies.get_mut(pod.0 as usize).map(std::mem::take).unwrap_or_default()
    }

    fn fold(&mut self, index: usize) {
        let length = usize::from(std::mem::take(&mut self.lengths[index]));
        let tally = slot(&mut self.tallies, index);
        tally.add(&self.waiting[index * MOST_WAITING..][..length]);
    }
}
