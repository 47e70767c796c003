//! What variants are compared by.

use crate::{
    Measures,
    quantity::{Part, longest_rollout, millis},
};

/// One number of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// The share of the finished requests that were answered, a fraction.
    SuccessRate,
    /// How many requests failed.
    Failed,
    /// The mean latency of the answered requests, in milliseconds.
    LatencyMean,
    /// Their median.
    LatencyP50,
    /// Their 99th percentile.
    LatencyP99,
    /// The most that a pod had of its even share, of the least even group of pods.
    MaxOverShare,
    /// How long the longest rollout took, in milliseconds; none where one was not complete.
    RolloutDuration,
}

/// What a measure is given in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A fraction.
    Rate,
    /// Requests.
    Count,
    /// Milliseconds, of less than seconds mostly.
    Latency,
    /// Milliseconds, of seconds and minutes.
    Duration,
    /// A plain number.
    Ratio,
}

/// Which of two is the better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The higher.
    Higher,
    /// The lower.
    Lower,
}

impl Measure {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 7] = [
        Self::SuccessRate,
        Self::Failed,
        Self::LatencyMean,
        Self::LatencyP50,
        Self::LatencyP99,
        Self::MaxOverShare,
        Self::RolloutDuration,
    ];

    /// Its name for programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SuccessRate => "success_rate",
            Self::Failed => "failed",
            Self::LatencyMean => "latency_mean_ms",
            Self::LatencyP50 => "latency_p50_ms",
            Self::LatencyP99 => "latency_p99_ms",
            Self::MaxOverShare => "max_over_share",
            Self::RolloutDuration => "rollout_duration_ms",
        }
    }

    /// Its name in a sentence.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::SuccessRate => "success rate",
            Self::Failed => "failed requests",
            Self::LatencyMean => "mean latency",
            Self::LatencyP50 => "median latency",
            Self::LatencyP99 => "p99 latency",
            Self::MaxOverShare => "max/share of the load",
            Self::RolloutDuration => "rollout duration",
        }
    }

    /// What it is given in.
    #[must_use]
    pub fn unit(self) -> Unit {
        match self {
            Self::SuccessRate => Unit::Rate,
            Self::Failed => Unit::Count,
            Self::LatencyMean | Self::LatencyP50 | Self::LatencyP99 => Unit::Latency,
            Self::MaxOverShare => Unit::Ratio,
            Self::RolloutDuration => Unit::Duration,
        }
    }

    /// The least and the most that it can be.
    #[must_use]
    pub fn bounds(self) -> (f64, f64) {
        match self.unit() {
            Unit::Rate => (0.0, 1.0),
            Unit::Count | Unit::Latency | Unit::Duration => (0.0, f64::INFINITY),
            // Nobody has more than the even share where all have that.
            Unit::Ratio => (1.0, f64::INFINITY),
        }
    }

    /// Which of two is the better one.
    #[must_use]
    pub fn better(self) -> Better {
        if self == Self::SuccessRate { Better::Higher } else { Better::Lower }
    }

    /// What it was in a run; `None` where it could not be measured.
    #[must_use]
    pub fn of(self, measures: &Measures) -> Option<f64> {
        let all = Part::all(measures);
        match self {
            Self::SuccessRate => measures.requests.success_rate(),
            Self::Failed => all.finished(measures.requests.failed),
            Self::LatencyMean => measures.latency.mean().map(millis),
            Self::LatencyP50 => all.quantile(0.5),
            Self::LatencyP99 => all.quantile(0.99),
            Self::MaxOverShare => {
                let balance = measures.balance;
                // Where no request came there is nothing to share.
                (balance.max_over_share > 0.0).then_some(balance.max_over_share)
            }
            Self::RolloutDuration => longest_rollout(&measures.rollouts),
        }
    }
}
