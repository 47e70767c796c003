//! Connections on pods as balls in bins.

use stats::{Interval, chance::some_bin_empty_probability, expected_max_over_mean};

use crate::station::Station;

/// How sure the intervals are.
const CONFIDENCE: f64 = 0.9999;

/// How often each of `bins` pods was picked, in groups of so many connections one after the other.
fn groups(bins: usize, balls: usize, seconds: u64) -> Vec<Vec<f64>> {
    let station =
        Station { pods: bins, workers: 100, service: "1ms", arrivals: "constant(1000/s)", seconds };
    let served = station.serve(1);
    let mut pods: Vec<_> = served.iter().map(|request| request.pod).collect();
    pods.sort_unstable();
    pods.dedup();
    assert_eq!(pods.len(), bins);
    let counts = |group: &[crate::station::Served]| {
        let mut counts = vec![0.0; bins];
        for request in group {
            counts[pods.binary_search(&request.pod).expect("it is one of them")] += 1.0;
        }
        counts
    };
    served.chunks_exact(balls).map(counts).collect()
}

fn mean(samples: impl Iterator<Item = f64>) -> Interval {
    let samples: Vec<f64> = samples.collect();
    Interval::of(&samples, CONFIDENCE).expect("there are groups")
}

/// Why long-lived connections leave pods idle: 3 over 3, 4 over 4, 10 over 5, 20 over 10.
#[test]
fn some_pod_is_left_without_a_connection_as_often_as_a_bin_without_a_ball() {
    for (bins, balls) in [(3, 3), (4, 4), (5, 10), (10, 20)] {
        let groups = groups(bins, balls, 5 * balls as u64);
        let empty = |counts: &Vec<f64>| f64::from(u8::from(counts.contains(&0.0)));
        let empty = mean(groups.iter().map(empty));
        let expected = some_bin_empty_probability(bins, balls as u64);
        assert!(empty.half_width < 0.05, "{balls} over {bins}: {empty:?}");
        assert!(empty.contains(expected), "{balls} over {bins}: {empty:?}, {expected}");
    }
}

#[test]
fn the_fullest_pod_is_as_full_as_the_fullest_bin() {
    // Bins, balls, the exact mean of the fullest over the mean.
    let cases = [(2, 1_000, 1.025_225_018), (3, 300, 1.085_070_952), (5, 300, 1.152_262_42)];
    for (bins, balls, exact) in cases {
        let groups = groups(bins, balls, balls as u64);
        let fullest = mean(groups.iter().map(|counts| stats::max_over_mean(counts)));
        assert!(fullest.half_width < 0.01, "{balls} over {bins}: {fullest:?}");
        assert!(fullest.contains(exact), "{balls} over {bins}: {fullest:?}, {exact}");
        let formula = expected_max_over_mean(bins, balls as u64);
        assert!((formula - exact).abs() < 0.01 * exact, "{balls} over {bins}: {formula}");
    }
}
