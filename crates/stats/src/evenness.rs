//! How even some loads are. All three are blind to scale, and say "perfectly even" of nothing.

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

fn positive_mean(loads: &[f64]) -> Option<f64> {
    let mean = loads.iter().sum::<f64>() / loads.len() as f64;
    (mean > 0.0).then_some(mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_measures_of_known_loads() {
        // Loads, Jain's index, coefficient of variation, largest over mean.
        let cases: [(&[f64], f64, f64, f64); 6] = [
            (&[], 1.0, 0.0, 1.0),
            (&[0.0, 0.0], 1.0, 0.0, 1.0),
            (&[7.0], 1.0, 0.0, 1.0),
            (&[4.0, 4.0, 4.0], 1.0, 0.0, 1.0),
            (&[8.0, 0.0, 0.0, 0.0], 0.25, 1.732_050_807_568_877_2, 4.0),
            // The expected connections of a rollout of two pods: rolling-surge1-2.
            (&[1.25, 0.75], 0.941_176_470_6, 0.25, 1.25),
        ];
        for (loads, expected_jain, expected_cv, expected_max) in cases {
            assert!((jain(loads) - expected_jain).abs() < 1e-9, "jain of {loads:?}");
            assert!((coefficient_of_variation(loads) - expected_cv).abs() < 1e-9, "cv {loads:?}");
            assert!((max_over_mean(loads) - expected_max).abs() < 1e-9, "max of {loads:?}");
        }
    }
}
