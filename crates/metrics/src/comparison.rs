//! Several variants of a scenario, each run under the same seeds, held against one of them.
//!
//! Two variants meet the same arrivals under the same seed, so what differs between them is looked
//! at seed by seed: the spread of these differences is smaller than that of the runs, which is what
//! makes them worth running as pairs. What is called real is more than chance at 95% for all
//! differences of a comparison together, by Student's t and Holm's method.
//!
//! *Left out:* other distributions than Student's. A measure that is zero under most seeds and large
//! under one has no difference that this calls real; more seeds show it.

mod measure;

use std::collections::BTreeMap;

use stats::{Interval, chance_of_mean, holm};

pub use self::measure::{Better, Measure, Unit};
use crate::{Measures, words};

/// How sure intervals are, and what is called real.
pub const CONFIDENCE: f64 = 0.95;

/// What is kept of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Its seed.
    pub seed: u64,
    /// The fingerprint of its records.
    pub fingerprint: String,
    /// What was measured; what could not be is not there.
    pub values: BTreeMap<Measure, f64>,
    /// Reasons not to trust it.
    pub warnings: Vec<String>,
}

impl Trial {
    /// What is kept of a run under a seed.
    #[must_use]
    pub fn of(seed: u64, measures: &Measures) -> Self {
        let value = |measure: Measure| Some((measure, measure.of(measures)?));
        Self {
            seed,
            fingerprint: measures.fingerprint.clone(),
            values: Measure::ALL.into_iter().filter_map(value).collect(),
            warnings: measures.warnings.clone(),
        }
    }
}

/// All runs of one variant under one load.
#[derive(Clone, Debug, PartialEq)]
pub struct Runs {
    /// The variant's place among the names of the comparison.
    pub variant: usize,
    /// What every client's rate was multiplied by.
    pub load: f64,
    /// One run a seed, in the order of the seeds.
    pub trials: Vec<Trial>,
}

/// A mean over the runs of a variant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Of what.
    pub measure: Measure,
    /// The mean, and how far from it the true one may be.
    pub interval: Interval,
    /// Whether no other variant has a better mean under this load, and not all have the same.
    pub best: bool,
}

/// How far a variant is from the one it is held against.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The variant.
    pub variant: usize,
    /// The load of both.
    pub load: f64,
    /// Of what.
    pub measure: Measure,
    /// The mean of the differences seed by seed, and how far from it the true one may be.
    pub interval: Interval,
    /// How likely it is by chance.
    pub chance: f64,
    /// The same, adjusted for the number of differences that are something under any seed.
    pub adjusted: f64,
    /// Whether it is more than chance.
    pub real: bool,
}

impl Difference {
    /// Whether there is none under any seed.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.interval.mean == 0.0 && self.interval.half_width == 0.0
    }

    /// Whether a real one is for the better.
    #[must_use]
    pub fn is_better(&self) -> bool {
        (self.interval.mean > 0.0) == (self.measure.better() == Better::Higher)
    }
}

/// What was run and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The variants' names.
    pub variants: Vec<String>,
    /// The place of the variant that the others are held against.
    pub against: usize,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// The loads, the least first.
    pub loads: Vec<f64>,
    /// All runs: by load, and for each by variant.
    pub runs: Vec<Runs>,
    /// The means of each of `runs`.
    pub estimates: Vec<Vec<Estimate>>,
    /// The differences, by load, variant and measure.
    pub differences: Vec<Difference>,
    /// Reasons not to trust a number.
    pub warnings: Vec<String>,
}

impl Comparison {
    /// Compares runs, which come by load and for each load by variant, under the same seeds each.
    ///
    /// # Panics
    /// Where a variant is missing under a load, or there are no runs.
    #[must_use]
    pub fn of(variants: Vec<String>, against: usize, runs: Vec<Runs>) -> Self {
        assert!(against < variants.len() && runs.len().is_multiple_of(variants.len()));
        let loads: Vec<f64> = runs.iter().step_by(variants.len()).map(|runs| runs.load).collect();
        let seeds = runs[0].trials.iter().map(|trial| trial.seed).collect();
        let by_load = || runs.chunks(variants.len());
        let estimates = by_load().flat_map(estimates).collect();
        let mut differences: Vec<Difference> =
            by_load().flat_map(|runs| differences(runs, against)).collect();
        // Of what is the same under every seed there is nothing that chance could bring about.
        let mut varying: Vec<&mut Difference> =
            differences.iter_mut().filter(|difference| !difference.is_nothing()).collect();
        let chances: Vec<f64> = varying.iter().map(|difference| difference.chance).collect();
        for (difference, adjusted) in varying.iter_mut().zip(holm(&chances)) {
            difference.adjusted = adjusted;
            difference.real = adjusted <= 1.0 - CONFIDENCE;
        }
        let warnings = warnings(&variants, &runs);
        Self { variants, against, seeds, loads, runs, estimates, differences, warnings }
    }

    /// Whether every run of a variant under a load was the same, record by record, as that of the
    /// one it is held against.
    #[must_use]
    pub fn is_the_same(&self, variant: usize, load: f64) -> bool {
        let prints = |variant: usize| {
            let of =
                |runs: &&Runs| runs.variant == variant && runs.load.to_bits() == load.to_bits();
            let runs = self.runs.iter().find(of);
            runs.map(|runs| runs.trials.iter().map(|trial| &trial.fingerprint).collect::<Vec<_>>())
        };
        prints(variant) == prints(self.against)
    }

    /// The measures that any run has a value of.
    #[must_use]
    pub fn measures(&self) -> Vec<Measure> {
        let measured = |measure: &Measure| {
            self.estimates.iter().flatten().any(|estimate| estimate.measure == *measure)
        };
        Measure::ALL.into_iter().filter(measured).collect()
    }
}

/// The means of all variants under one load.
fn estimates(runs: &[Runs]) -> Vec<Vec<Estimate>> {
    let estimate = |runs: &Runs, measure: Measure| {
        let values: Vec<f64> =
            runs.trials.iter().filter_map(|it| it.values.get(&measure).copied()).collect();
        let interval = Interval::of(&values, CONFIDENCE)?.within(measure.bounds());
        Some(Estimate { measure, interval, best: false })
    };
    let all = |runs: &Runs| {
        Measure::ALL.into_iter().filter_map(|it| estimate(runs, it)).collect::<Vec<_>>()
    };
    let mut estimates: Vec<Vec<Estimate>> = runs.iter().map(all).collect();
    for measure in Measure::ALL {
        mark_best(&mut estimates, measure);
    }
    estimates
}

fn mark_best(estimates: &mut [Vec<Estimate>], measure: Measure) {
    let sign = if measure.better() == Better::Higher { 1.0 } else { -1.0 };
    let of = |list: &Vec<Estimate>| {
        list.iter().find(|it| it.measure == measure).map(|it| it.interval.mean * sign)
    };
    let means: Vec<f64> = estimates.iter().filter_map(of).collect();
    let best = means.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let worst = means.iter().copied().fold(f64::INFINITY, f64::min);
    for estimate in estimates.iter_mut().flatten().filter(|it| it.measure == measure) {
        estimate.best = worst < best && estimate.interval.mean * sign >= best;
    }
}

/// What the variants under one load differ by from the one they are held against, seed by seed.
fn differences(runs: &[Runs], against: usize) -> Vec<Difference> {
    let base = &runs[against];
    let mut differences = Vec::new();
    for other in runs.iter().filter(|runs| runs.variant != base.variant) {
        for measure in Measure::ALL {
            let pairs = other.trials.iter().zip(&base.trials);
            let pairs: Vec<f64> = pairs
                .filter_map(|(a, b)| Some(a.values.get(&measure)? - b.values.get(&measure)?))
                .collect();
            let Some(interval) = Interval::of(&pairs, CONFIDENCE) else { continue };
            let chance = chance_of_mean(&pairs);
            let (variant, load) = (other.variant, other.load);
            let (adjusted, real) = (chance, false);
            differences.push(Difference {
                variant,
                load,
                measure,
                interval,
                chance,
                adjusted,
                real,
            });
        }
    }
    differences
}

/// What the runs warn of, once for each variant and load, and measures that not every run has.
fn warnings(variants: &[String], runs: &[Runs]) -> Vec<String> {
    let several_loads = runs.len() > variants.len();
    let mut warnings = Vec::new();
    for runs in runs {
        let mut of = variants[runs.variant].clone();
        if several_loads {
            of += &format!(" at {} times the load", words::decimal(runs.load, 3));
        }
        // The runs of one variant warn of the same, with numbers that differ a little.
        if let Some(trial) = runs.trials.iter().find(|trial| !trial.warnings.is_empty()) {
            let warned = runs.trials.iter().filter(|trial| !trial.warnings.is_empty()).count();
            let all = runs.trials.len();
            let warn =
                |text| format!("{of}, seed {} ({warned} of {all} runs warn): {text}", trial.seed);
            warnings.extend(trial.warnings.iter().map(warn));
        }
        for measure in Measure::ALL {
            let has = |trial: &&Trial| trial.values.contains_key(&measure);
            let (some, all) = (runs.trials.iter().filter(has).count(), runs.trials.len());
            if some > 0 && some < all {
                let name = measure.words();
                warnings
                    .push(format!("{of}: only {some} of {all} runs have a value for the {name}"));
            }
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn trial(seed: u64, values: &[(Measure, f64)]) -> Trial {
        let (fingerprint, values) = (format!("{seed:016x}"), values.iter().copied().collect());
        Trial { seed, fingerprint, values, warnings: Vec::new() }
    }

    fn runs(variant: usize, p99: &[f64], failed: &[f64]) -> Runs {
        let values = p99.iter().zip(failed);
        let values = values
            .map(|(p99, failed)| vec![(Measure::LatencyP99, *p99), (Measure::Failed, *failed)]);
        let trials = (1..).zip(values).map(|(seed, values)| trial(seed, &values));
        Runs { variant, load: 1.0, trials: trials.collect() }
    }

    fn named(count: usize) -> Vec<String> {
        ["a", "b", "c"][..count].iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn pairs_show_what_the_spread_of_the_runs_hides() {
        let base = runs(0, &[100.0, 200.0, 300.0, 400.0], &[1.0, 2.0, 3.0, 4.0]);
        let other = runs(1, &[98.0, 197.9, 298.1, 398.0], &[2.0, 1.0, 4.0, 3.0]);
        let comparison = Comparison::of(named(2), 0, vec![base, other]);
        let [failed, p99] = comparison.differences.as_slice() else { panic!("two differences") };
        assert_eq!((failed.measure, p99.measure), (Measure::Failed, Measure::LatencyP99));
        assert!(p99.real && p99.is_better() && (p99.interval.mean + 2.0).abs() < 1e-9, "{p99:?}");
        assert!(!failed.real && failed.chance > 0.99, "{failed:?}");
        // The intervals of the variants themselves overlap widely.
        let [base, other] = comparison.estimates.as_slice() else { panic!("two variants") };
        assert!(base[1].interval.low() < other[1].interval.high());
        assert!(other[1].best && !base[1].best && !other[0].best && !base[0].best);
    }

    /// Of twenty differences by chance one has a chance below 5%, and is not called real.
    #[test]
    fn many_comparisons_are_not_many_findings() {
        let base = runs(0, &[0.0; 5], &[0.0; 5]);
        let alone = runs(1, &[1.0, 2.0, 3.0, 1.0, -0.6], &[0.0; 5]);
        let one = Comparison::of(named(2), 0, vec![base.clone(), alone.clone()]);
        let p99 = &one.differences[1];
        assert!(p99.chance > 0.05 && !p99.real, "{p99:?}");
        let alone = runs(1, &[1.0, 2.0, 3.0, 1.0, 0.2], &[0.0; 5]);
        let third = runs(2, &[0.5, -0.5, 0.3, -0.2, 0.1], &[0.0; 5]);
        let three = Comparison::of(named(3), 0, vec![base.clone(), alone.clone(), third]);
        let p99 = &three.differences[1];
        assert!(p99.chance < 0.05 && p99.adjusted > 0.05 && !p99.real, "{p99:?}");
        // Of one that is the same under every seed chance can make nothing.
        let third = Runs { variant: 2, ..base.clone() };
        let three = Comparison::of(named(3), 0, vec![base, alone, third]);
        let p99 = &three.differences[1];
        assert!(p99.adjusted <= p99.chance && p99.real, "{p99:?}");
    }

    #[test]
    fn what_not_every_run_has_is_compared_where_both_have_it_and_warned_of() {
        let base = runs(0, &[1.0, 2.0, 3.0], &[0.0; 3]);
        let mut other = runs(1, &[2.0, 3.0, 4.0], &[0.0; 3]);
        other.trials[1].values.remove(&Measure::LatencyP99);
        let comparison = Comparison::of(named(2), 0, vec![base, other]);
        let p99 = &comparison.differences[1];
        // All differences are 1: no spread to divide by.
        assert_eq!((p99.interval.samples, p99.chance, p99.real), (2, 0.0, true), "{p99:?}");
        assert_eq!(comparison.warnings, ["b: only 2 of 3 runs have a value for the p99 latency"]);
    }

    proptest! {
        #[test]
        fn a_variant_differs_from_itself_by_nothing(
            values in prop::collection::vec((0.0..1e6_f64, 0.0..1e3_f64), 2..12),
        ) {
            let (p99, failed): (Vec<f64>, Vec<f64>) = values.into_iter().unzip();
            let both = vec![runs(0, &p99, &failed), runs(1, &p99, &failed)];
            let comparison = Comparison::of(named(2), 0, both);
            prop_assert!(comparison.is_the_same(1, 1.0));
            for difference in &comparison.differences {
                let Interval { mean, half_width, .. } = difference.interval;
                prop_assert_eq!((mean, half_width), (0.0, 0.0));
                prop_assert_eq!((difference.chance, difference.real), (1.0, false));
            }
            prop_assert!(comparison.estimates.iter().flatten().all(|estimate| !estimate.best));
        }
    }
}
