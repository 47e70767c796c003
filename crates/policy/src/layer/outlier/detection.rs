//! Who is an outlier, and how many may be ejected.

use super::monitor::{Answers, EjectionTime};
use engine::Span;

/// By what rules endpoints are ejected.
#[derive(Clone, Debug)]
pub struct Detection {
    /// How often answers are looked through.
    pub interval: Span,
    /// How long ejections last.
    pub time: EjectionTime,
    /// An ejection lasts longer by up to this, at random.
    pub max_jitter: Span,
    /// How many may be ejected at a time.
    pub cap: Cap,
    /// Errors in a row; 0 for any number.
    pub consecutive_5xx: Rule,
    /// Errors in a row that were not the endpoint's own answers; 0 for any number.
    pub consecutive_gateway: Rule,
    /// How far from the mean is too far, in standard deviations.
    pub success_rate: Sampled,
    /// How many failures are too many, in percent.
    pub failure_percentage: Sampled,
    /// Whether as many failures as that are too many already.
    pub failure_percentage_inclusive: bool,
    /// Whether ejections end before answers are looked through (Envoy), or after (gRPC).
    pub returns_first: bool,
}

/// A limit, and how often an endpoint beyond it is ejected, in percent.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// What is too much.
    pub limit: u32,
    /// How often it counts.
    pub enforcing_percent: u32,
}

/// A limit for the answers of an interval.
#[derive(Clone, Copy, Debug)]
pub struct Sampled {
    /// What is too much.
    pub limit: f64,
    /// How often it counts, in percent.
    pub enforcing_percent: u32,
    /// How many endpoints must have had enough answers.
    pub minimum_hosts: usize,
    /// How many answers are enough.
    pub request_volume: u32,
}

/// How many endpoints may be ejected at a time.
#[derive(Clone, Copy, Debug)]
pub enum Cap {
    /// Never more than a share (Envoy).
    Below {
        /// The share.
        percent: u32,
        /// Whether one may be in any case.
        always_one: bool,
    },
    /// One more as long as the share is not reached (gRPC).
    Until {
        /// The share.
        percent: u32,
    },
}

impl Cap {
    /// Whether one more of so many may be ejected.
    #[must_use]
    pub fn allows(self, ejected: u32, hosts: u32) -> bool {
        let share = |ejected: u32| 100.0 * f64::from(ejected) / f64::from(hosts.max(1));
        match self {
            Self::Below { percent, always_one } => {
                always_one && ejected == 0 || share(ejected + 1) <= f64::from(percent.min(100))
            }
            Self::Until { percent } => share(ejected) < f64::from(percent.min(100)),
        }
    }
}

/// What success rates are measured by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, as of a whole population.
    pub deviation: f64,
    /// Who is below is an outlier.
    pub threshold: f64,
}

impl Threshold {
    /// That of these success rates.
    #[must_use]
    pub fn of(rates: &[f64], factor: f64) -> Self {
        let count = rates.len().max(1) as f64;
        let mean = rates.iter().sum::<f64>() / count;
        let squares = rates.iter().map(|rate| (rate - mean) * (rate - mean)).sum::<f64>();
        let deviation = (squares / count).sqrt();
        Self { mean, deviation, threshold: mean - factor * deviation }
    }
}

impl Detection {
    /// The places of the outliers among these answers, which those that are ejected have none of.
    pub(super) fn by_success_rate(&self, answers: &[Option<Answers>]) -> Vec<usize> {
        let Some(rates) = self.success_rate.rates(answers) else { return Vec::new() };
        let values: Vec<f64> = rates.iter().map(|(_, rate)| *rate).collect();
        let Threshold { threshold, .. } = Threshold::of(&values, self.success_rate.limit);
        rates.into_iter().filter(|(_, rate)| *rate < threshold).map(|(place, _)| place).collect()
    }

    /// The places of those that fail too often.
    pub(super) fn by_failure_percentage(&self, answers: &[Option<Answers>]) -> Vec<usize> {
        let Some(rates) = self.failure_percentage.rates(answers) else { return Vec::new() };
        let limit = self.failure_percentage.limit;
        let inclusive = self.failure_percentage_inclusive;
        let fails = |(_, rate): &(usize, f64)| {
            let failed = 100.0 - rate;
            failed > limit || inclusive && failed >= limit
        };
        rates.into_iter().filter(fails).map(|(place, _)| place).collect()
    }
}

impl Sampled {
    /// The success rates of those that had enough answers, if they are enough themselves.
    fn rates(&self, answers: &[Option<Answers>]) -> Option<Vec<(usize, f64)>> {
        let rate = |(place, answers): (usize, &Option<Answers>)| {
            Some((place, answers.as_ref()?.success_percent(self.request_volume)?))
        };
        let rates: Vec<(usize, f64)> = answers.iter().enumerate().filter_map(rate).collect();
        (!rates.is_empty() && rates.len() >= self.minimum_hosts).then_some(rates)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_few_is_nobody_in_envoy_and_one_in_grpc() {
        let envoy = Cap::Below { percent: 10, always_one: false };
        let grpc = Cap::Until { percent: 10 };
        for (ejected, hosts, in_envoy, in_grpc) in [
            (0, 3, false, true),
            (1, 3, false, false),
            (0, 10, true, true),
            (1, 10, false, false),
            (1, 11, false, true),
            (0, 0, false, true),
        ] {
            assert_eq!(envoy.allows(ejected, hosts), in_envoy, "{ejected} of {hosts}");
            assert_eq!(grpc.allows(ejected, hosts), in_grpc, "{ejected} of {hosts}");
        }
        assert!(Cap::Below { percent: 0, always_one: true }.allows(0, 3));
        assert!(!Cap::Below { percent: 0, always_one: true }.allows(1, 3));
        assert!(!Cap::Until { percent: 0 }.allows(0, 3));
    }

    #[test]
    fn of_no_rates_nobody_is_an_outlier() {
        let Threshold { mean, deviation, threshold } = Threshold::of(&[], 1.9);
        assert!(mean.abs() + deviation.abs() + threshold.abs() < 1e-12);
    }
}
