//! Which differences are more than chance.

use crate::normal::student_within;

/// How likely samples whose true mean is zero have a mean at least as far from zero as these, by
/// Student's t on both sides.
///
/// Samples that are all alike have no spread to judge by: 1 where they are zero, 0 where they are
/// not. One sample, or none, says nothing: 1.
#[must_use]
pub fn chance_of_mean(samples: &[f64]) -> f64 {
    let count = samples.len();
    let Some(freedom) = count.checked_sub(1).filter(|freedom| *freedom > 0) else { return 1.0 };
    if samples.iter().all(|sample| sample.to_bits() == samples[0].to_bits()) {
        return if samples[0] == 0.0 { 1.0 } else { 0.0 };
    }
    let mean = samples.iter().sum::<f64>() / count as f64;
    let squares: f64 = samples.iter().map(|sample| (sample - mean) * (sample - mean)).sum();
    let standard_error = (squares / freedom as f64 / count as f64).sqrt();
    if standard_error == 0.0 {
        return if mean == 0.0 { 1.0 } else { 0.0 };
    }
    let freedom = u32::try_from(freedom).unwrap_or(u32::MAX);
    (1.0 - student_within(mean.abs() / standard_error, freedom)).clamp(0.0, 1.0)
}

/// The same probabilities adjusted for there being so many of them, by Holm's method: those at most
/// `level` are, with a probability of 1 - `level`, all of them more than chance.
///
/// S. Holm, A simple sequentially rejective multiple test procedure, 1979. It asks nothing of how
/// they depend on each other.
#[must_use]
pub fn holm(chances: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_by(|a, b| chances[*a].total_cmp(&chances[*b]));
    let mut adjusted = vec![1.0; chances.len()];
    let mut least: f64 = 0.0;
    for (rank, place) in order.into_iter().enumerate() {
        let left = (chances.len() - rank) as f64;
        least = least.max((chances[place] * left).min(1.0));
        adjusted[place] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chance_of_known_samples() {
        // t = 2 √6 with three degrees of freedom: 1 - 2/π (atan(t/√3) + (t/√3) / (1 + t²/3)).
        let chance = chance_of_mean(&[2.0, 4.0, 4.0, 6.0]);
        assert!((chance - 0.016_276_6).abs() < 1e-6, "{chance}");
        // On the edge of its own 95% interval a mean has a chance of 5%.
        let edge = crate::Interval::of(&[2.0, 4.0, 4.0, 6.0], 0.95).expect("there are samples");
        let shifted = [2.0, 4.0, 4.0, 6.0].map(|sample| sample - edge.low());
        assert!((chance_of_mean(&shifted) - 0.05).abs() < 1e-9);
    }

    #[test]
    fn no_spread_divides_by_nothing() {
        // Samples, and the chance.
        let cases: [(&[f64], f64); 6] = [
            (&[], 1.0),
            (&[5.0], 1.0),
            (&[0.0, 0.0, 0.0], 1.0),
            (&[0.1, 0.1, 0.1], 0.0),
            (&[-2.0, 2.0], 1.0),
            (&[1e-200, 2e-200], 0.0),
        ];
        for (samples, chance) in cases {
            let got = chance_of_mean(samples);
            assert!((got - chance).abs() < 1e-9, "{samples:?}: {got}");
        }
    }

    #[test]
    fn holm_multiplies_the_smallest_by_all_and_keeps_the_order() {
        let cases: [(&[f64], &[f64]); 4] = [
            (&[], &[]),
            (&[0.03], &[0.03]),
            (&[0.01, 0.04, 0.03, 0.005], &[0.03, 0.06, 0.06, 0.02]),
            (&[0.5, 0.9, 0.0], &[1.0, 1.0, 0.0]),
        ];
        for (chances, adjusted) in cases {
            let got = holm(chances);
            assert!(got.iter().zip(adjusted).all(|(a, b)| (a - b).abs() < 1e-12), "{got:?}");
        }
    }
}
