//! How uneven pure chance is: what a random split does before any policy can be blamed.

use crate::expected_largest_normal;

/// The coefficient of variation of the counts where `requests` fall on `pods` at random, each on
/// each with the same probability: √((k−1)/N). Infinite of no requests.
///
/// It is the root of the expected square, which a single split scatters around.
#[must_use]
pub fn random_split_cv(pods: usize, requests: u64) -> f64 {
    (pods.saturating_sub(1) as f64 / requests as f64).sqrt()
}

/// The expected count of the fullest of `bins` over the mean, where `balls` fall at random.
///
/// The counts are taken for normal, which makes the fullest one √(k/N)·E\[max of k\] above the
/// mean. With thirty balls a bin that is within a hundredth of the exact value; with few balls a
/// bin it is too small, because small counts are skewed.
#[must_use]
pub fn expected_max_over_mean(bins: usize, balls: u64) -> f64 {
    1.0 + (bins as f64 / balls as f64).sqrt() * expected_largest_normal(bins)
}

/// The probability that one given bin of `bins` stays empty when `balls` fall at random: that a
/// given pod gets none of so many long-lived connections.
#[must_use]
pub fn empty_bin_probability(bins: usize, balls: u64) -> f64 {
    libm::pow(1.0 - 1.0 / bins as f64, balls as f64)
}

/// The probability that at least one of `bins` stays empty when `balls` fall at random.
///
/// Computed ball by ball, from the number of bins in use: exact, and in time `bins` × `balls`.
#[must_use]
pub fn some_bin_empty_probability(bins: usize, balls: u64) -> f64 {
    // `used[k]` is the probability that k bins are in use.
    let mut used = vec![0.0; bins + 1];
    used[0] = 1.0;
    for _ in 0..balls {
        for in_use in (0..=bins).rev() {
            let stays = used[in_use] * in_use as f64 / bins as f64;
            let arrives = match in_use {
                0 => 0.0,
                _ => used[in_use - 1] * (bins + 1 - in_use) as f64 / bins as f64,
            };
            used[in_use] = stays + arrives;
        }
    }
    used[..bins].iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_split_varies_as_the_textbook_says() {
        let cases = [(3, 300, 0.082), (5, 1_000, 0.063), (10, 10_000, 0.030), (50, 100_000, 0.022)];
        for (pods, requests, cv) in cases {
            assert!((random_split_cv(pods, requests) - cv).abs() < 5e-4, "{pods}, {requests}");
        }
        assert!(random_split_cv(1, 10) < f64::EPSILON);
    }

    #[test]
    fn fullest_bin_is_close_to_the_exact_value() {
        // balls1-*: bins, balls, exact E[max]/mean.
        let cases = [
            (2, 1_000, 1.025_225_018),
            (3, 300, 1.085_070_952),
            (5, 1_000, 1.082_884_204),
            (5, 300, 1.152_262_42),
            (10, 300, 1.289_902_718),
        ];
        for (bins, balls, exact) in cases {
            let got = expected_max_over_mean(bins, balls);
            assert!((got - exact).abs() < 0.01 * exact, "{got} for {bins}, {balls}");
        }
        // balls1-gauss-*: the same approximation.
        let cases =
            [(2, 1.007_978_846), (3, 1.014_658_075), (10, 1.048_659_634), (100, 1.250_759_364)];
        for (bins, expected) in cases {
            let got = expected_max_over_mean(bins, 10_000);
            assert!((got - expected).abs() < 1e-8, "{got} for {bins}");
        }
    }

    #[test]
    fn some_pod_gets_no_connection_this_often() {
        // Pods, connections, the probability that some pod has none.
        let cases = [(3, 3, 0.778), (4, 4, 0.906), (5, 10, 0.477), (10, 20, 0.785), (5, 80, 0.0)];
        for (pods, connections, expected) in cases {
            let got = some_bin_empty_probability(pods, connections);
            assert!((got - expected).abs() < 5e-3, "{got} for {pods}, {connections}");
        }
        // balls1-10-3 and balls1-10-10.
        assert!((empty_bin_probability(3, 10) - 0.017_341_529_92).abs() < 1e-10);
        assert!((empty_bin_probability(10, 10) - 0.348_678_440_1).abs() < 1e-10);
    }
}
