//! Requests folded into counts, latencies and series.

use std::collections::BTreeMap;

use engine::{Span, Time};
use record::{Cause, Outcome, Request};
use stats::LatencyHistogram;

use crate::{
    measures::{BySecond, Counts, Second, Traffic},
    pod_tallies::Share,
};

/// Failures by [`Cause::index`].
pub(crate) type Causes = [u64; Cause::ALL.len()];

/// Part of the requests while they are being counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) counts: Counts,
    pub(crate) causes: Causes,
    pub(crate) latency: LatencyHistogram,
}

impl Tally {
    #[inline]
    pub(crate) fn add(&mut self, request: &Request, latency: Span) {
        count(&mut self.counts, request);
        match request.outcome {
            Outcome::Ok => self.latency.record(latency.as_nanos()),
            Outcome::Failed(cause) => self.causes[cause.index()] += 1,
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.counts.ok += other.counts.ok;
        self.counts.failed += other.counts.failed;
        self.counts.in_flight += other.counts.in_flight;
        self.counts.attempts += other.counts.attempts;
        for (sum, more) in self.causes.iter_mut().zip(other.causes) {
            *sum += more;
        }
        self.latency.merge(&other.latency);
    }

    pub(crate) fn into_traffic(self) -> Traffic {
        let by_cause = by_cause(&self.causes);
        Traffic { counts: self.counts, by_cause, latency: self.latency }
    }
}

/// Counts a finished request.
#[inline]
pub(crate) fn count(counts: &mut Counts, request: &Request) {
    counts.attempts += u64::from(request.attempts);
    match request.outcome {
        Outcome::Ok => counts.ok += 1,
        Outcome::Failed(_) => counts.failed += 1,
    }
}

/// The causes that occurred, by cause.
fn by_cause(causes: &Causes) -> BTreeMap<Cause, u64> {
    Cause::ALL.into_iter().zip(causes.iter().copied()).filter(|(_, count)| *count > 0).collect()
}

/// What one pod got.
#[derive(Clone, Debug)]
pub(crate) struct PodTally {
    pub(crate) requests: u64,
    pub(crate) causes: Causes,
    pub(crate) latency: LatencyHistogram,
    pub(crate) by_second: BySecond,
}

/// A pod's histogram is coarse, because there may be ten thousand of them.
impl Default for PodTally {
    fn default() -> Self {
        Self {
            requests: 0,
            causes: Causes::default(),
            latency: LatencyHistogram::coarse(),
            by_second: BySecond::default(),
        }
    }
}

impl PodTally {
    /// Counts requests.
    #[inline]
    pub(crate) fn add(&mut self, shares: &[Share]) {
        self.requests += shares.len() as u64;
        for of_second in shares.chunk_by(|left, right| left.second == right.second) {
            self.by_second.add(of_second[0].second as usize, of_second.len() as u32);
        }
        for share in shares {
            match share.outcome {
                Outcome::Ok => self.latency.record(share.latency.as_nanos()),
                Outcome::Failed(cause) => self.causes[cause.index()] += 1,
            }
        }
    }

    pub(crate) fn failed(&self) -> u64 {
        self.causes.iter().sum()
    }
}

/// The requests that arrived within one second, and how long they waited for a worker.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SecondTally {
    ok: u32,
    failed: u32,
    queued_ns: u64,
}

impl SecondTally {
    #[inline]
    pub(crate) fn add(&mut self, request: &Request) {
        self.queued_ns += request.queued.as_nanos();
        match request.outcome {
            Outcome::Ok => self.ok += 1,
            Outcome::Failed(_) => self.failed += 1,
        }
    }

    /// One request that was answered.
    #[cfg(test)]
    pub(crate) fn of_one(queued: Span) -> Self {
        Self { ok: 1, failed: 0, queued_ns: queued.as_nanos() }
    }

    pub(crate) fn second(self) -> Second {
        Second { ok: self.ok, failed: self.failed }
    }
}

/// The mean wait for a worker over some seconds.
pub(crate) fn mean_queued(seconds: &[SecondTally]) -> Option<Span> {
    let requests: u64 = seconds.iter().map(|s| u64::from(s.ok) + u64::from(s.failed)).sum();
    let queued_ns: u64 = seconds.iter().map(|s| s.queued_ns).sum();
    queued_ns.checked_div(requests).map(Span::from_nanos)
}

/// Where the failures of one cause were seen, and how long those requests had waited.
#[derive(Clone, Debug, Default)]
pub(crate) struct CauseTally {
    pub(crate) first: Time,
    pub(crate) last: Time,
    pub(crate) queued_ns: u64,
    pub(crate) queued_most: Span,
    /// How many were never sent to a pod.
    pub(crate) unsent: u64,
    seen: bool,
    /// In which seconds any of them arrived.
    seconds: Vec<bool>,
}

impl CauseTally {
    pub(crate) fn add(&mut self, request: &Request, arrived: Time) {
        self.first = if self.seen { self.first.min(arrived) } else { arrived };
        self.last = self.last.max(arrived);
        self.seen = true;
        *slot(&mut self.seconds, second_of(arrived)) = true;
        self.queued_ns += request.queued.as_nanos();
        self.queued_most = self.queued_most.max(request.queued);
        self.unsent += u64::from(request.pod.is_none());
    }

    /// Runs of seconds with such failures that seconds without lie between.
    pub(crate) fn bursts(&self) -> u64 {
        self.seconds.chunk_by(|left, right| left == right).filter(|run| run[0]).count() as u64
    }
}

/// The whole second of the scenario that a moment is in.
#[inline]
pub(crate) fn second_of(time: Time) -> usize {
    (time.as_nanos() / 1_000_000_000) as usize
}

/// The element at `index`, after making the list long enough.
#[inline]
pub(crate) fn slot<T: Default>(list: &mut Vec<T>, index: usize) -> &mut T {
    if index >= list.len() {
        list.resize_with(index + 1, T::default);
    }
    &mut list[index]
}
