//! Latency with a long memory for the worst, times the requests that wait.

use engine::{Span, Time};

use super::{Outstanding, Score, carry};
use crate::{Ended, Endpoint, EndpointId, Reply};

/// How a latency is estimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Estimator {
    /// A new endpoint is taken to have some latency. Looking at an estimate counts as an
    /// observation of no latency at all (tower).
    Assumes(Span),
    /// The same, but nothing is known of a new endpoint: it costs nothing, so it gets a request,
    /// and as good as infinitely much from then until that is answered (Finagle).
    Probes,
    /// A new endpoint is taken to have some latency, and an answer that is an error counts as one
    /// that took very long. Looking changes nothing (Linkerd, where it is told to penalize
    /// failures).
    Penalizes {
        /// What is assumed of a new endpoint.
        assumed: Span,
        /// What an error counts as, at least.
        penalty: Span,
    },
}

/// What an endpoint costs that is being probed: 2⁶³ − 1, shifted by 16, in nanoseconds, some 39
/// hours.
const BEING_PROBED: f64 = (i64::MAX >> 16) as f64;

/// Longer than that nobody is asked to stay away.
const RETRY_AFTER_MAX: Span = Span::from_secs(300);

/// The score of an endpoint is its latency times the picks that have not ended, and one more. A
/// latency above the estimate becomes the estimate at once; one below draws it down as a moving
/// average does, whose weights fall to 1/e within `decay`. So does time alone, as if there were
/// answers that took none.
#[derive(Clone, Debug)]
pub struct PeakEwma {
    estimator: Estimator,
    /// In nanoseconds.
    decay: f64,
    outstanding: Outstanding,
    estimates: Vec<Estimate>,
}

/// A latency and when it was looked at.
#[derive(Clone, Copy, Debug)]
struct Estimate {
    nanos: f64,
    at: Time,
}

impl Estimate {
    /// The share of it that is left after a while.
    #[inline]
    fn left(self, now: Time, decay: f64) -> f64 {
        match now.since(self.at) {
            Span::ZERO => 1.0,
            elapsed => libm::exp(-nanos(elapsed) / decay),
        }
    }

    #[inline]
    fn observe(&mut self, nanos: f64, now: Time, decay: f64) {
        if nanos > self.nanos {
            self.nanos = nanos;
        } else {
            let left = self.left(now, decay);
            self.nanos = self.nanos * left + nanos * (1.0 - left);
        }
        self.at = now;
    }
}

impl PeakEwma {
    /// A score without endpoints.
    #[must_use]
    pub fn new(estimator: Estimator, decay: Span) -> Self {
        // Without any memory an estimate is gone after a nanosecond.
        let decay = nanos(decay).max(1.0);
        Self { estimator, decay, outstanding: Outstanding::default(), estimates: Vec::new() }
    }

    /// A pick ends with an error of the endpoint, which may have said when to come back.
    pub fn failed(&mut self, ended: &Ended, retry_after: Option<Span>) {
        let Estimator::Penalizes { penalty, .. } = self.estimator else { return };
        let Some(place) = self.outstanding.end(ended) else { return };
        let now = ended.now;
        let asked = retry_after.unwrap_or_default().min(RETRY_AFTER_MAX);
        let estimate = &mut self.estimates[place];
        let before = estimate.nanos * estimate.left(now, self.decay);
        *estimate = Estimate { nanos: nanos(penalty.max(asked)).max(before), at: now };
    }

    fn fresh(&self, now: Time) -> Estimate {
        let nanos = match self.estimator {
            Estimator::Probes => 0.0,
            Estimator::Assumes(rtt) | Estimator::Penalizes { assumed: rtt, .. } => nanos(rtt),
        };
        Estimate { nanos, at: now }
    }
}

fn nanos(span: Span) -> f64 {
    span.as_nanos() as f64
}

impl Score for PeakEwma {
    type Load = f64;

    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        let before = self.outstanding.update(endpoints, now);
        self.estimates = carry(&before, &self.estimates, |_| self.fresh(now));
    }

    #[inline]
    fn places(&self) -> usize {
        self.outstanding.len()
    }

    #[inline]
    fn of(&mut self, place: usize, now: Time) -> f64 {
        let pending = f64::from(self.outstanding.counts()[place]);
        let estimate = &mut self.estimates[place];
        if let Estimator::Penalizes { .. } = self.estimator {
            return estimate.nanos * estimate.left(now, self.decay) * (pending + 1.0);
        }
        estimate.observe(0.0, now, self.decay);
        let unknown = self.estimator == Estimator::Probes && estimate.nanos <= 0.0;
        if unknown && pending > 0.0 {
            BEING_PROBED + pending
        } else {
            estimate.nanos * (pending + 1.0)
        }
    }

    #[inline]
    fn begin(&mut self, place: usize) {
        self.outstanding.begin(place);
    }

    fn end(&mut self, ended: &Ended) {
        let &Ended { now, latency, reply, .. } = ended;
        let penalizes = matches!(self.estimator, Estimator::Penalizes { .. });
        if penalizes && reply == Reply::ServerError {
            return self.failed(ended, None);
        }
        let Some(place) = self.outstanding.end(ended) else { return };
        let (estimate, latency) = (&mut self.estimates[place], nanos(latency));
        // Where looking leaves no trace, a new peak is one above what is left of the old.
        if penalizes && latency > estimate.nanos * estimate.left(now, self.decay) {
            *estimate = Estimate { nanos: latency, at: now };
        } else {
            estimate.observe(latency, now, self.decay);
        }
    }

    fn withdraw(&mut self, endpoint: EndpointId) {
        self.outstanding.withdraw(endpoint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A score that is one latency, in whole milliseconds.
    fn millis(score: f64) -> u64 {
        (score / 1e6).round() as u64
    }

    fn score(estimator: Estimator, endpoints: &[Endpoint]) -> PeakEwma {
        let mut score = PeakEwma::new(estimator, Span::from_secs(10));
        score.update(endpoints, Time::ZERO);
        score
    }

    fn end(score: &mut PeakEwma, endpoint: EndpointId, (at, took): (u64, u64), reply: Reply) {
        let (now, latency) = (Time::from_millis(at), Span::from_millis(took));
        score.end(&Ended { endpoint, now, latency, reply, report: None });
    }

    #[test]
    fn who_stays_keeps_its_estimate_and_who_comes_back_is_new() {
        let all = Endpoint::numbered(&[1; 3]);
        let mut score = score(Estimator::Assumes(Span::from_millis(30)), &all[..2]);
        score.begin(1);
        end(&mut score, all[1].id, (50, 50), Reply::Ok);
        score.begin(1);
        let now = Time::from_millis(50);
        score.update(&[all[2], all[1]], now);
        let mut of = |place| millis(score.of(place, now));
        assert_eq!([of(0), of(1)], [30, 100]);
        end(&mut score, all[0].id, (50, 9000), Reply::Ok);
        score.update(&[all[2]], now);
        score.update(&all, now);
        let of = [0, 1, 2].map(|place| millis(score.of(place, now)));
        assert_eq!(of, [30; 3], "and nothing is pending");
    }

    #[test]
    fn an_endpoint_without_a_history_is_tried_once() {
        let all = Endpoint::numbered(&[1; 2]);
        let mut score = score(Estimator::Probes, &all);
        assert!(score.of(0, Time::ZERO) <= 0.0);
        score.begin(0);
        assert!(score.of(0, Time::ZERO) > 1e14, "the answer is awaited");
        end(&mut score, all[0].id, (5, 5), Reply::Failed);
        assert_eq!(millis(score.of(0, Time::from_millis(5))), 5);
    }

    #[test]
    fn an_error_is_a_long_latency_where_that_is_asked_for() {
        let all = Endpoint::numbered(&[1; 2]);
        let (assumed, penalty) = (Span::from_millis(30), Span::from_secs(5));
        for (estimator, reply, expected) in [
            (Estimator::Assumes(assumed), Reply::ServerError, 30),
            (Estimator::Penalizes { assumed, penalty }, Reply::ServerError, 5000),
            (Estimator::Penalizes { assumed, penalty }, Reply::Failed, 30),
            (Estimator::Penalizes { assumed, penalty }, Reply::Ok, 30),
        ] {
            let mut score = score(estimator, &all);
            score.begin(0);
            end(&mut score, all[0].id, (1, 1), reply);
            let got = millis(score.of(0, Time::from_millis(1)));
            assert_eq!(got, expected, "{estimator:?} {reply:?}");
        }
    }
}
