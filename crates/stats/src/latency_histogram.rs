//! Latencies at a stated relative error, in little memory.

use hdrhistogram::Histogram;

/// Below this, latencies are told apart only by half of it.
const LEAST_NANOS: u64 = 1_000;
/// Longer latencies are counted as this long, except by [`LatencyHistogram::max`] and
/// [`LatencyHistogram::mean`]: two hours and a half.
const LONGEST_NANOS: u64 = 1 << 43;
/// The significant digits of a histogram that asks for nothing else.
const FINE_DIGITS: u8 = 3;
/// The significant digits of a coarse histogram.
const COARSE_DIGITS: u8 = 2;

/// Counts latencies in buckets that grow with the latency, as HdrHistogram does.
///
/// A quantile is within [`LatencyHistogram::relative_error`] of the true one, or within half a
/// microsecond where that is more; count, mean, smallest and largest are exact. An empty one holds
/// no memory, and one that is not grows with the largest latency it has seen: to 50 kB for a
/// second, or to 8 kB where it is [coarse](LatencyHistogram::coarse). It does not keep single
/// latencies, nor when they were.
///
/// ```
/// let mut latency = rollsim_stats::LatencyHistogram::default();
/// for millis in 1..=1_000 {
///     latency.record(millis * 1_000_000);
/// }
/// let p99 = latency.quantile(0.99).expect("it is not empty");
/// assert!(p99.abs_diff(990_000_000) <= 990_000);
/// assert_eq!(latency.mean(), Some(500_500_000.0));
/// assert_eq!(latency.max(), Some(1_000_000_000));
/// ```
#[derive(Clone, Debug)]
pub struct LatencyHistogram {
    /// 32 bits a bucket are enough for four thousand million latencies, and half of 64 to touch.
    buckets: Option<Box<Histogram<u32>>>,
    digits: u8,
    count: u64,
    sum_nanos: u128,
    least_nanos: u64,
    most_nanos: u64,
}

impl Default for LatencyHistogram {
    fn default() -> Self {
        Self::with_digits(FINE_DIGITS)
    }
}

impl LatencyHistogram {
    /// The relative error of the quantiles of a histogram made by `default`.
    pub const RELATIVE_ERROR: f64 = 0.001;

    /// An empty one of a seventh of the size and ten times the error: for one per pod, say, where
    /// there are thousands.
    #[must_use]
    pub fn coarse() -> Self {
        Self::with_digits(COARSE_DIGITS)
    }

    fn with_digits(digits: u8) -> Self {
        Self { buckets: None, digits, count: 0, sum_nanos: 0, least_nanos: u64::MAX, most_nanos: 0 }
    }

    /// How far a quantile can be from the true one, as a part of it.
    #[must_use]
    pub fn relative_error(&self) -> f64 {
        if self.digits == FINE_DIGITS { Self::RELATIVE_ERROR } else { 0.01 }
    }

    /// Counts one latency.
    #[inline]
    pub fn record(&mut self, nanos: u64) {
        self.count += 1;
        self.sum_nanos += u128::from(nanos);
        self.least_nanos = self.least_nanos.min(nanos);
        self.most_nanos = self.most_nanos.max(nanos);
        let digits = self.digits;
        let buckets = self.buckets.get_or_insert_with(|| empty(digits));
        buckets
            .record(nanos.min(LONGEST_NANOS))
            .expect("a histogram that resizes takes every value that fits into its range");
    }

    /// Counts all that `other` has counted. The error of the result is the larger one of the two.
    pub fn merge(&mut self, other: &Self) {
        let Some(more) = &other.buckets else { return };
        if self.buckets.is_none() {
            self.clone_from(other);
            return;
        }
        self.count += other.count;
        self.sum_nanos += other.sum_nanos;
        self.least_nanos = self.least_nanos.min(other.least_nanos);
        self.most_nanos = self.most_nanos.max(other.most_nanos);
        self.digits = self.digits.min(other.digits);
        if let Some(buckets) = &mut self.buckets {
            buckets
                .add(more.as_ref())
                .expect("a histogram that resizes takes every value that fits into its range");
        }
    }

    /// How many latencies it has counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether it has counted none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The mean in nanoseconds, exactly; `None` of nothing.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum_nanos as f64 / self.count as f64)
    }

    /// The largest in nanoseconds, exactly; `None` of nothing.
    #[must_use]
    pub fn max(&self) -> Option<u64> {
        (self.count > 0).then_some(self.most_nanos)
    }

    /// The smallest in nanoseconds, exactly; `None` of nothing.
    #[must_use]
    pub fn min(&self) -> Option<u64> {
        (self.count > 0).then_some(self.least_nanos)
    }

    /// The latency in nanoseconds that the share `quantile` of them does not exceed: 0.99 for p99.
    /// `None` of nothing.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> Option<u64> {
        let buckets = self.buckets.as_ref()?;
        Some(self.value(buckets, buckets.value_at_quantile(quantile)))
    }

    /// The cumulative distribution: latencies in nanoseconds that occurred, ascending, each with
    /// the share of all that does not exceed it. The last share is 1. Empty of nothing.
    pub fn cumulative(&self) -> impl Iterator<Item = (u64, f64)> {
        let total = self.count as f64;
        let buckets = self.buckets.iter();
        buckets.flat_map(|buckets| buckets.iter_recorded().map(move |it| (buckets, it))).scan(
            0_u64,
            move |so_far, (buckets, bucket)| {
                *so_far += u64::from(bucket.count_at_value());
                let value = self.value(buckets, bucket.value_iterated_to());
                Some((value, *so_far as f64 / total))
            },
        )
    }

    /// What a bucket stands for: its middle, unless no latency was that small or that large.
    fn value(&self, buckets: &Histogram<u32>, in_bucket: u64) -> u64 {
        buckets.median_equivalent(in_bucket).clamp(self.least_nanos, self.most_nanos)
    }
}

fn empty(digits: u8) -> Box<Histogram<u32>> {
    let mut buckets = Histogram::new_with_bounds(LEAST_NANOS, 2 * LEAST_NANOS, digits)
        .expect("the bounds are in order and the digits at most five");
    buckets.auto(true);
    Box::new(buckets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(latencies: &[u64]) -> LatencyHistogram {
        let mut histogram = LatencyHistogram::default();
        latencies.iter().for_each(|nanos| histogram.record(*nanos));
        histogram
    }

    #[test]
    fn nothing_has_no_quantiles() {
        let empty = LatencyHistogram::default();
        assert_eq!((empty.count(), empty.mean(), empty.max()), (0, None, None));
        assert_eq!((empty.quantile(0.5), empty.cumulative().count()), (None, 0));
        let mut merged = of(&[5]);
        merged.merge(&empty);
        assert_eq!((merged.count(), merged.quantile(0.5)), (1, Some(5)));
    }

    #[test]
    fn one_latency_is_every_quantile_exactly() {
        let one = of(&[20_000_001; 9]);
        for quantile in [0.0, 0.5, 0.99, 1.0] {
            assert_eq!(one.quantile(quantile), Some(20_000_001));
        }
        assert_eq!(one.cumulative().collect::<Vec<_>>(), [(20_000_001, 1.0)]);
    }

    #[test]
    fn what_is_too_long_is_counted_as_the_longest() {
        let long = of(&[1, u64::MAX]);
        assert_eq!(long.max(), Some(u64::MAX));
        assert_eq!(long.quantile(0.5), Some(256));
        assert!(long.quantile(1.0).expect("two are counted") >= LONGEST_NANOS);
    }

    #[test]
    fn a_second_costs_as_little_as_is_said() {
        let bytes = |mut histogram: LatencyHistogram| {
            histogram.record(1_000_000_000);
            4 * histogram.buckets.expect("it is not empty").distinct_values()
        };
        assert!(bytes(LatencyHistogram::default()) <= 50_000);
        assert!(bytes(LatencyHistogram::coarse()) <= 8_000);
    }

    /// The quantile of a sorted list as the histogram means it.
    fn exact(sorted: &[u64], quantile: f64) -> u64 {
        let rank = (quantile * sorted.len() as f64).ceil() as usize;
        sorted[rank.max(1) - 1]
    }

    proptest! {
        #[test]
        fn quantiles_are_within_the_stated_error(
            mut latencies in prop::collection::vec(1_u64..8_000_000_000_000, 1..300),
            quantile in 0.0..=1.0_f64,
            coarse: bool,
        ) {
            let mut histogram =
                if coarse { LatencyHistogram::coarse() } else { LatencyHistogram::default() };
            latencies.iter().for_each(|nanos| histogram.record(*nanos));
            latencies.sort_unstable();
            let (exact, got) =
                (exact(&latencies, quantile), histogram.quantile(quantile).expect("not empty"));
            let bound = (exact as f64 * histogram.relative_error()).max(LEAST_NANOS as f64 / 2.0);
            prop_assert!(exact.abs_diff(got) as f64 <= bound, "{got} for {exact}");
        }

        #[test]
        fn merging_is_counting_both(
            left in prop::collection::vec(1_u64..100_000_000_000, 0..50),
            right in prop::collection::vec(1_u64..10_000_000, 0..50),
        ) {
            let mut merged = of(&left);
            merged.merge(&of(&right));
            let both = of(&[left, right].concat());
            prop_assert_eq!(merged.count(), both.count());
            prop_assert_eq!(merged.mean(), both.mean());
            prop_assert_eq!((merged.min(), merged.max()), (both.min(), both.max()));
            let pairs = |histogram: &LatencyHistogram| histogram.cumulative().collect::<Vec<_>>();
            prop_assert_eq!(pairs(&merged), pairs(&both));
        }
    }
}
