//! Answers to probes that are used up.

use std::collections::VecDeque;

use engine::{Span, Time};

use crate::{EndpointId, Report};

/// What an endpoint said of itself when it was probed.
#[derive(Clone, Copy, Debug)]
pub struct Probe {
    /// Who.
    pub endpoint: EndpointId,
    /// The requests it has: those it said, and those it was sent since because of this.
    pub in_flight: u32,
    /// How long its requests take.
    pub latency: Span,
    /// When it answered.
    pub at: Time,
    /// How many picks may still go by it.
    pub uses: u32,
}

/// How many picks go by one probe.
#[derive(Clone, Copy, Debug)]
pub struct Reuse {
    /// Probes for each pick.
    pub probes: f64,
    /// Probes that each pick takes out of the pool.
    pub removals: f64,
    /// How much more than the pool loses it may gain.
    pub delta: f64,
}

impl Reuse {
    /// Picks by one probe, of a pool of so many, of so many endpoints: the pool is then neither
    /// empty nor full of what is old. `None` where fewer probes come than are taken out, which no
    /// reuse makes up for.
    #[must_use]
    pub fn picks(&self, pool: usize, endpoints: usize) -> Option<f64> {
        let fresh = (1.0 - pool as f64 / endpoints as f64) * self.probes - self.removals;
        (fresh > 0.0).then(|| ((1.0 + self.delta) / fresh).max(1.0))
    }
}

/// The last answers, one of each endpoint, and what is usual among them.
///
/// An endpoint is hot where it has more requests than a threshold. The best is the one of least
/// latency of those that are not hot; where all are hot, the one of fewest requests.
#[derive(Clone, Debug)]
pub struct ProbePool {
    capacity: usize,
    probes: Vec<Probe>,
    /// The requests that endpoints said they have, in the order of their answers, and sorted.
    recent: VecDeque<u32>,
    sorted: Vec<u32>,
}

/// So many answers say what is usual.
const RECENT: usize = 64;

impl ProbePool {
    /// An empty pool for so many probes.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity,
            probes: Vec::with_capacity(capacity + 1),
            recent: VecDeque::with_capacity(RECENT),
            sorted: Vec::with_capacity(RECENT),
        }
    }

    /// The probes, the oldest first.
    #[must_use]
    pub fn probes(&self) -> &[Probe] {
        &self.probes
    }

    /// Takes in an answer, in place of an older one of the same endpoint. Of too many the oldest
    /// goes.
    pub fn insert(&mut self, endpoint: EndpointId, now: Time, report: &Report, uses: u32) {
        let &Report { in_flight, latency, .. } = report;
        self.remember(in_flight);
        self.forget(endpoint);
        self.probes.push(Probe { endpoint, in_flight, latency, at: now, uses });
        if self.probes.len() > self.capacity {
            self.probes.remove(0);
        }
    }

    fn remember(&mut self, in_flight: u32) {
        if self.recent.len() == RECENT
            && let Some(oldest) = self.recent.pop_front()
        {
            self.sorted.remove(self.sorted.partition_point(|it| *it < oldest));
        }
        self.recent.push_back(in_flight);
        self.sorted.insert(self.sorted.partition_point(|it| *it < in_flight), in_flight);
    }

    /// How many requests this share of the last answers had at most. `None` for all of them, or
    /// where there were no answers: then nobody is hot.
    #[must_use]
    pub fn threshold(&self, share: f64) -> Option<u32> {
        let last = self.sorted.len().checked_sub(1)?;
        (share < 1.0).then(|| self.sorted[(last as f64 * share) as usize])
    }

    /// Drops what an endpoint said.
    pub fn forget(&mut self, endpoint: EndpointId) {
        self.probes.retain(|probe| probe.endpoint != endpoint);
    }

    /// Drops what is older than that, and what is not wanted.
    pub fn keep(&mut self, now: Time, age: Span, wanted: impl Fn(EndpointId) -> bool) {
        self.probes.retain(|probe| now.since(probe.at) <= age && wanted(probe.endpoint));
    }

    /// Where the best probe is in the pool: of equal ones the oldest.
    #[must_use]
    pub fn best(&self, threshold: Option<u32>) -> Option<usize> {
        let places = || 0..self.probes.len();
        let cold = places().filter(|place| !self.is_hot(*place, threshold));
        let cold = cold.min_by_key(|place| {
            let probe = &self.probes[*place];
            (probe.latency, probe.in_flight)
        });
        cold.or_else(|| {
            places().min_by_key(|place| {
                let probe = &self.probes[*place];
                (probe.in_flight, probe.latency)
            })
        })
    }

    /// Where the worst probe is: the hot one of most requests, else the one of most latency. Of
    /// equal ones the oldest.
    #[must_use]
    pub fn worst(&self, threshold: Option<u32>) -> Option<usize> {
        // `max_by_key` takes the last of equal ones.
        let places = || (0..self.probes.len()).rev();
        let hot = places().filter(|place| self.is_hot(*place, threshold));
        let hot = hot.max_by_key(|place| {
            let probe = &self.probes[*place];
            (probe.in_flight, probe.latency)
        });
        hot.or_else(|| places().max_by_key(|place| self.probes[*place].latency))
    }

    fn is_hot(&self, place: usize, threshold: Option<u32>) -> bool {
        threshold.is_some_and(|threshold| self.probes[place].in_flight > threshold)
    }

    /// Goes by a probe: its endpoint has one request more. Gives back who that is.
    pub fn take(&mut self, place: usize) -> EndpointId {
        let probe = &mut self.probes[place];
        probe.in_flight += 1;
        probe.uses = probe.uses.saturating_sub(1);
        let Probe { endpoint, uses, .. } = *probe;
        if uses == 0 {
            self.probes.remove(place);
        }
        endpoint
    }

    /// Drops a probe, if there is one.
    pub fn remove(&mut self, place: Option<usize>) {
        if let Some(place) = place.filter(|place| *place < self.probes.len()) {
            self.probes.remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who, when, requests, latency in milliseconds.
    fn pool(capacity: usize, probes: &[(u32, u64, u32, u64)]) -> ProbePool {
        let mut pool = ProbePool::new(capacity);
        for (endpoint, at, in_flight, latency) in probes.iter().copied() {
            let latency = Span::from_millis(latency);
            let report = Report { in_flight, latency, ..Report::default() };
            pool.insert(EndpointId(endpoint), Time::from_millis(at), &report, 2);
        }
        pool
    }

    fn endpoints(pool: &ProbePool) -> Vec<u32> {
        pool.probes().iter().map(|probe| probe.endpoint.0).collect()
    }

    #[test]
    fn one_answer_of_each_stays_and_the_oldest_goes() {
        let mut pool = pool(2, &[(0, 1, 1, 1), (0, 2, 1, 1), (1, 3, 1, 1), (2, 4, 1, 1)]);
        assert_eq!(endpoints(&pool), [1, 2]);
        pool.keep(Time::from_millis(1004), Span::from_secs(1), |_| true);
        assert_eq!(endpoints(&pool), [2]);
        pool.keep(Time::from_millis(1004), Span::from_secs(1), |_| false);
        assert_eq!((pool.best(None), pool.worst(None)), (None, None));
        pool.remove(pool.worst(None));
    }

    #[test]
    fn a_probe_is_used_up() {
        let mut pool = pool(16, &[(4, 0, 1, 9), (5, 0, 1, 10)]);
        assert_eq!(pool.best(Some(1)), Some(0));
        assert_eq!(pool.take(0), EndpointId(4));
        assert_eq!(pool.best(Some(1)), Some(1), "the other one is hot by what it was sent");
        assert_eq!((pool.take(0), endpoints(&pool)), (EndpointId(4), vec![5]));
    }

    #[test]
    fn what_is_usual_is_a_quantile_of_the_last_answers() {
        let requests: Vec<(u32, u64, u32, u64)> = (0..100).map(|it| (it, 0, 99 - it, 1)).collect();
        let pool = pool(3, &requests);
        assert_eq!(pool.threshold(0.0), Some(0));
        assert_eq!(pool.threshold(0.5), Some(31), "the half of those below 64");
        assert_eq!(pool.threshold(1.0), None);
        assert_eq!(ProbePool::new(3).threshold(0.5), None);
    }
}
