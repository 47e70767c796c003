//! How even chance is: S19.

use std::collections::BTreeMap;

use stats::{expected_max_over_mean, max_over_mean, random_split_cv};

use crate::{
    seeds::{each_seed, interval, scenario},
    traffic::{lost, measure, requests},
};

const PODS: usize = 10;

/// E\[cv²\] = (k−1)/N holds exactly for each number of requests, so what is averaged is the quotient
/// of the two, which is one.
#[test]
fn short_connections_are_as_uneven_as_a_random_split() {
    let runs = each_seed(&scenario("random-balance"), 1_000, |seed, records| {
        assert!(lost(records).is_empty(), "seed {seed}");
        let mut counts: BTreeMap<_, u64> = BTreeMap::new();
        for (_, request) in requests(records) {
            *counts.entry(request.pod.expect("each was served")).or_default() += 1;
        }
        let mut loads: Vec<f64> = counts.values().map(|count| *count as f64).collect();
        loads.resize(PODS, 0.0);
        let total = counts.values().sum();
        let cv = stats::coefficient_of_variation(&loads) / random_split_cv(PODS, total);
        (cv * cv, max_over_mean(&loads), expected_max_over_mean(PODS, total))
    });
    let squares: Vec<f64> = runs.iter().map(|run| run.0).collect();
    let square = interval(&squares, 0.1);
    assert!(square.contains(1.0), "{square:?} times the square of the formula");

    let largest: Vec<f64> = runs.iter().map(|run| run.1).collect();
    let largest = interval(&largest, 0.01);
    // The formula takes counts for normal, which at a hundred balls a bin is a hundredth off at most.
    let formula = runs[0].2;
    assert!((formula - 1.155).abs() < 0.01, "{formula}: the published value is 1.155");
    assert!((largest.mean - formula).abs() < 0.01 * formula + largest.half_width, "{largest:?}");
}

/// What is measured for the user is what the records say: the pods are all ready all the time.
#[test]
fn the_measured_evenness_is_that_of_the_counts() {
    each_seed(&scenario("random-balance"), 20, |seed, records| {
        let measures = measure(records);
        let loads: Vec<f64> = measures.pods.iter().map(|pod| pod.requests as f64).collect();
        assert_eq!(loads.len(), PODS, "seed {seed}");
        let cv = stats::coefficient_of_variation(&loads);
        assert!((measures.balance.cv - cv).abs() < 1e-9, "seed {seed}: {:?}", measures.balance);
        let largest = max_over_mean(&loads);
        assert!((measures.balance.max_over_mean - largest).abs() < 1e-9, "seed {seed}");
    });
}
