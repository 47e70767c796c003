//! How even some loads are. All of these are blind to scale, and say "perfectly even" of nothing.

/// Jain's index: 1 where all loads are equal, 1/n where one has all.
#[must_use]
pub fn jain(loads: &[f64]) -> f64 {
    let sum: f64 = loads.iter().sum();
    let squares: f64 = loads.iter().map(|load| load * load).sum();
    if squares > 0.0 { sum * sum / (loads.len() as f64 * squares) } else { 1.0 }
}

/// Standard deviation over mean, of the loads as a whole population: 0 where all are equal.
#[must_use]
pub fn coefficient_of_variation(loads: &[f64]) -> f64 {
    let Some(mean) = positive_mean(loads) else { return 0.0 };
    let squares: f64 = loads.iter().map(|load| (load - mean) * (load - mean)).sum();
    (squares / loads.len() as f64).sqrt() / mean
}

/// The largest over the mean: 1 where all are equal, n where one has all.
#[must_use]
pub fn max_over_mean(loads: &[f64]) -> f64 {
    let Some(mean) = positive_mean(loads) else { return 1.0 };
    loads.iter().copied().fold(0.0, f64::max) / mean
}

/// The smallest over the largest: 1 where all are equal, 0 where one has nothing.
#[must_use]
pub fn min_over_max(loads: &[f64]) -> f64 {
    let most = loads.iter().copied().fold(0.0, f64::max);
    let least = loads.iter().copied().fold(f64::INFINITY, f64::min);
    if most > 0.0 { least / most } else { 1.0 }
}

/// Gini's coefficient: 0 where all are equal, (n - 1)/n where one has all. It is the mean
/// difference of two loads over twice their mean.
#[must_use]
pub fn gini(loads: &[f64]) -> f64 {
    let Some(mean) = positive_mean(loads) else { return 0.0 };
    let count = loads.len() as f64;
    let mut sorted = loads.to_vec();
    sorted.sort_by(f64::total_cmp);
    // Each load counts as often as it is the larger of two, less as often as it is the smaller.
    let differences =
        (0..).zip(&sorted).map(|(rank, load)| (2.0 * f64::from(rank) + 1.0 - count) * load);
    differences.sum::<f64>() / (count * count * mean)
}

fn positive_mean(loads: &[f64]) -> Option<f64> {
    let mean = loads.iter().sum::<f64>() / loads.len() as f64;
    (mean > 0.0).then_some(mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_of_known_loads() {
        // Loads, Jain's index, coefficient of variation, largest over mean, smallest over largest,
        // Gini's coefficient.
        let cases: [(&[f64], [f64; 5]); 7] = [
            (&[], [1.0, 0.0, 1.0, 1.0, 0.0]),
            (&[0.0, 0.0], [1.0, 0.0, 1.0, 1.0, 0.0]),
            (&[7.0], [1.0, 0.0, 1.0, 1.0, 0.0]),
            (&[4.0, 4.0, 4.0], [1.0, 0.0, 1.0, 1.0, 0.0]),
            (&[8.0, 0.0, 0.0, 0.0], [0.25, 1.732_050_807_568_877_2, 4.0, 0.0, 0.75]),
            (&[3.0, 1.0, 2.0], [6.0 / 7.0, (1.0_f64 / 6.0).sqrt(), 1.5, 1.0 / 3.0, 2.0 / 9.0]),
            // The expected connections of a rollout of two pods: rolling-surge1-2.
            (&[1.25, 0.75], [0.941_176_470_6, 0.25, 1.25, 0.6, 0.125]),
        ];
        let measures = [jain, coefficient_of_variation, max_over_mean, min_over_max, gini];
        for (loads, expected) in cases {
            for (measure, expected) in measures.iter().zip(expected) {
                let got = measure(loads);
                assert!((got - expected).abs() < 1e-9, "{loads:?}: {got} is not {expected}");
            }
        }
    }
}
