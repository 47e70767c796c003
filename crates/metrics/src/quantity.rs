//! What an expectation can be about: one table, one line a quantity.

use std::collections::BTreeMap;

use engine::Span;
use record::{Cause, Family};
use stats::LatencyHistogram;

use crate::measures::{Balance, Counts, Lookups, Measures, Rollout, Traffic};

/// Something that is measured, by the name an expectation has for it.
#[derive(Debug)]
pub(crate) struct Quantity {
    pub(crate) name: &'static str,
    pub(crate) unit: Unit,
    pub(crate) source: Source,
}

/// What a quantity is given in, and its bound with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A fraction, written as a percentage.
    Rate,
    /// Milliseconds, written as a duration.
    Time,
    /// A plain number.
    Number,
    /// A whole number.
    Count,
    /// 1 for true and 0 for false, written as words.
    Truth,
}

/// What a quantity is computed from.
#[derive(Debug)]
pub(crate) enum Source {
    /// Requests: of the whole run, of a client, or during rollouts.
    Traffic(fn(&Part<'_>) -> Option<f64>),
    /// The names that clients looked up.
    Lookups(fn(&Lookups) -> Option<f64>),
    /// The balance over pods, which is one of the whole run.
    Balance(fn(&Balance) -> f64),
    /// The rollouts of the run, of which there is at least one.
    Rollouts(fn(&[Rollout]) -> Option<f64>),
}

/// A part of the requests, or all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'a> {
    pub(crate) counts: &'a Counts,
    pub(crate) by_cause: &'a BTreeMap<Cause, u64>,
    pub(crate) latency: &'a LatencyHistogram,
}

/// Some causes of failure: one, or a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CauseFilter {
    /// `refused.listener-closed`.
    One(Cause),
    /// `refused`.
    Family(Family),
}

/// Everything that can be expected, except of single causes.
pub(crate) const QUANTITIES: &[Quantity] = &[
    traffic("success_rate", Unit::Rate, |part| part.counts.success_rate()),
    traffic("latency.mean", Unit::Time, |part| part.latency.mean().map(millis)),
    traffic("latency.p50", Unit::Time, |part| part.quantile(0.5)),
    traffic("latency.p90", Unit::Time, |part| part.quantile(0.9)),
    traffic("latency.p95", Unit::Time, |part| part.quantile(0.95)),
    traffic("latency.p99", Unit::Time, |part| part.quantile(0.99)),
    traffic("latency.p999", Unit::Time, |part| part.quantile(0.999)),
    traffic("latency.max", Unit::Time, |part| part.latency.max().map(|nanos| millis(nanos as f64))),
    traffic("requests.total", Unit::Count, |part| Some(part.counts.total() as f64)),
    traffic("requests.ok", Unit::Count, |part| Some(part.counts.ok as f64)),
    traffic("requests.failed", Unit::Count, |part| part.finished(part.counts.failed)),
    traffic("requests.in_flight", Unit::Count, |part| Some(part.counts.in_flight as f64)),
    traffic("requests.attempts", Unit::Count, |part| Some(part.counts.attempts as f64)),
    lookups("dns.queries", Unit::Count, |lookups| Some(lookups.queries as f64)),
    lookups("dns.queries_per_name", Unit::Number, Lookups::queries_per_name),
    balance("balance.jain", |balance| balance.jain),
    balance("balance.cv", |balance| balance.cv),
    balance("balance.max_over_mean", |balance| balance.max_over_mean),
    balance("balance.max_over_share", |balance| balance.max_over_share),
    rollouts("rollout.complete", Unit::Truth, |all| Some(f64::from(all.iter().all(came_through)))),
    rollouts("rollout.duration", Unit::Time, longest_rollout),
    rollouts("rollout.pods_max", Unit::Count, |all| {
        all.iter().map(|rollout| rollout.pods_max).max().map(f64::from)
    }),
    rollouts("rollout.available_min", Unit::Count, |all| {
        all.iter().map(|rollout| rollout.available_min).min().map(f64::from)
    }),
];

const fn traffic(
    name: &'static str,
    unit: Unit,
    compute: fn(&Part<'_>) -> Option<f64>,
) -> Quantity {
    Quantity { name, unit, source: Source::Traffic(compute) }
}

const fn lookups(name: &'static str, unit: Unit, compute: fn(&Lookups) -> Option<f64>) -> Quantity {
    Quantity { name, unit, source: Source::Lookups(compute) }
}

const fn balance(name: &'static str, compute: fn(&Balance) -> f64) -> Quantity {
    Quantity { name, unit: Unit::Number, source: Source::Balance(compute) }
}

const fn rollouts(
    name: &'static str,
    unit: Unit,
    compute: fn(&[Rollout]) -> Option<f64>,
) -> Quantity {
    Quantity { name, unit, source: Source::Rollouts(compute) }
}

impl<'a> Part<'a> {
    /// All requests of a run.
    pub(crate) fn all(measures: &'a Measures) -> Self {
        let Measures { requests, by_cause, latency, .. } = measures;
        Self { counts: requests, by_cause, latency }
    }

    pub(crate) fn of(traffic: &'a Traffic) -> Self {
        let Traffic { counts, by_cause, latency } = traffic;
        Self { counts, by_cause, latency }
    }

    /// The failures for some causes.
    pub(crate) fn failed(&self, causes: CauseFilter) -> Option<f64> {
        let counted = self.by_cause.iter().filter(|(cause, _)| causes.have(**cause));
        self.finished(counted.map(|(_, count)| count).sum())
    }

    /// A count that says nothing where no request finished: nothing failing is then no success.
    pub(crate) fn finished(&self, count: u64) -> Option<f64> {
        (self.counts.ok + self.counts.failed > 0).then_some(count as f64)
    }

    pub(crate) fn quantile(&self, quantile: f64) -> Option<f64> {
        self.latency.quantile(quantile).map(|nanos| millis(nanos as f64))
    }
}

impl CauseFilter {
    /// Reads `family.detail` or `family`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let one = Cause::ALL.into_iter().find(|cause| cause.name() == name).map(Self::One);
        let families = Cause::ALL.into_iter().map(Cause::family);
        one.or_else(|| families.into_iter().find(|it| it.name() == name).map(Self::Family))
    }

    /// The names of all causes and families.
    pub(crate) fn names() -> Vec<&'static str> {
        let mut families: Vec<&str> = Cause::ALL.map(|cause| cause.family().name()).to_vec();
        families.dedup();
        Cause::ALL.into_iter().map(Cause::name).chain(families).collect()
    }

    fn have(self, cause: Cause) -> bool {
        match self {
            Self::One(one) => one == cause,
            Self::Family(family) => family == cause.family(),
        }
    }
}

/// Whether it was complete, or overtaken by a later one that stands for it.
fn came_through(rollout: &Rollout) -> bool {
    rollout.complete() || rollout.superseded.is_some()
}

/// The longest of the rollouts that were not overtaken; none where one of them was not complete.
pub(crate) fn longest_rollout(rollouts: &[Rollout]) -> Option<f64> {
    if !rollouts.iter().all(came_through) {
        return None;
    }
    rollouts.iter().filter_map(Rollout::duration).max().map(Span::as_millis_f64)
}

pub(crate) fn millis(nanos: f64) -> f64 {
    nanos / 1e6
}
