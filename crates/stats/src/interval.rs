//! A mean, and how far from it the true one may be.

use crate::normal::student_quantile;

/// The mean of some independent samples with its confidence interval, by Student's t.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The mean of the samples.
    pub mean: f64,
    /// How far the true mean is from it at most, with the confidence asked for. Infinite of one
    /// sample, which says nothing about its own error.
    pub half_width: f64,
    /// How many samples.
    pub samples: usize,
    /// What the true mean cannot be less or more than, whatever the samples are; infinite where that is
    /// not known.
    pub bounds: (f64, f64),
}

impl Interval {
    /// The interval of `samples` with a `confidence` such as 0.95; `None` of no samples.
    #[must_use]
    pub fn of(samples: &[f64], confidence: f64) -> Option<Self> {
        let count = samples.len();
        if count == 0 {
            return None;
        }
        let mean = samples.iter().sum::<f64>() / count as f64;
        let squares: f64 = samples.iter().map(|sample| (sample - mean) * (sample - mean)).sum();
        let freedom = count - 1;
        let half_width = match freedom {
            0 => f64::INFINITY,
            _ => {
                let standard_error = (squares / freedom as f64 / count as f64).sqrt();
                let freedom = u32::try_from(freedom).unwrap_or(u32::MAX);
                student_quantile(confidence, freedom) * standard_error
            }
        };
        let bounds = (f64::NEG_INFINITY, f64::INFINITY);
        Some(Self { mean, half_width, samples: count, bounds })
    }

    /// The same of something that cannot be less than `least` or more than `most`, as a share is between
    /// none and all.
    #[must_use]
    pub fn within(self, (least, most): (f64, f64)) -> Self {
        Self { bounds: (least, most), ..self }
    }

    /// Its lower end.
    #[must_use]
    pub fn low(&self) -> f64 {
        (self.mean - self.half_width).max(self.bounds.0)
    }

    /// Its upper end.
    #[must_use]
    pub fn high(&self) -> f64 {
        (self.mean + self.half_width).min(self.bounds.1)
    }

    /// Whether `value` is in it, ends included.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        (self.low()..=self.high()).contains(&value)
    }

    /// The half width over the mean: how wide it is for what it says. Infinite where the mean is
    /// zero and the width is not.
    #[must_use]
    pub fn relative_half_width(&self) -> f64 {
        if self.half_width > 0.0 { self.half_width / self.mean.abs() } else { 0.0 }
    }
}

/// The interval of the mean of one long series whose neighbours depend on each other, such as the
/// latencies of one run: cut into `batches` equally long pieces, whose means hardly do.
///
/// What is left over at the end is dropped. `None` where there is not one sample a batch.
#[must_use]
pub fn batch_means(series: &[f64], batches: usize, confidence: f64) -> Option<Interval> {
    let length = series.len().checked_div(batches)?;
    if length == 0 {
        return None;
    }
    let mean = |batch: &[f64]| batch.iter().sum::<f64>() / length as f64;
    let means: Vec<f64> = series.chunks_exact(length).take(batches).map(mean).collect();
    Interval::of(&means, confidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_of_known_samples() {
        let interval = Interval::of(&[2.0, 4.0, 4.0, 6.0], 0.95).expect("there are samples");
        // s² = 8/3, s/√4 = 0.8165, t₃ = 3.1824.
        assert!((interval.mean - 4.0).abs() < 1e-12);
        assert!((interval.half_width - 2.598_4).abs() < 1e-3, "{interval:?}");
        assert!(interval.contains(1.5) && !interval.contains(1.3));
        assert!((interval.relative_half_width() - 0.649_6).abs() < 1e-3);
    }

    #[test]
    fn an_interval_ends_where_the_mean_cannot_be() {
        let share = Interval::of(&[0.9, 1.0, 1.0], 0.95).expect("there are samples");
        assert!(share.high() > 1.0 && share.low() < 0.9);
        let share = share.within((0.0, 1.0));
        assert!((share.high() - 1.0).abs() < f64::EPSILON && share.low() < 0.9, "{share:?}");
    }

    #[test]
    fn too_few_samples_promise_nothing() {
        assert_eq!(Interval::of(&[], 0.95), None);
        let one = Interval::of(&[3.0], 0.95).expect("there is a sample");
        assert!(one.half_width.is_infinite() && one.contains(1e9));
        let same = Interval::of(&[3.0, 3.0], 0.95).expect("there are samples");
        assert!(same.half_width.abs() < f64::EPSILON && same.relative_half_width() < 1e-9);
    }

    #[test]
    fn batches_are_equal_and_the_rest_is_dropped() {
        let series = [1.0, 3.0, 5.0, 7.0, 100.0];
        let interval = batch_means(&series, 2, 0.95).expect("two batches of two");
        assert_eq!((interval.mean, interval.samples), (4.0, 2));
        assert_eq!(batch_means(&series, 6, 0.95), None);
        assert_eq!(batch_means(&series, 0, 0.95), None);
    }

    /// Of many intervals at 90%, about nine in ten hold the true mean.
    #[test]
    fn intervals_hold_what_they_promise() {
        let mut state = 1_u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let holds = |_: &usize| {
            let samples: Vec<f64> = (0..10).map(|_| uniform()).collect();
            Interval::of(&samples, 0.9).expect("ten samples").contains(0.5)
        };
        let held = (0..2_000).filter(holds).count();
        assert!((1_750..=1_850).contains(&held), "{held} of 2000");
    }
}
