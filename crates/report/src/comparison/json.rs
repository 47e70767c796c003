//! A comparison for programs: one JSON object, whose names and meanings are the contract.

use std::collections::BTreeMap;

use metrics::{
    Difference, Estimate, Measure,
    comparison::{Better, CONFIDENCE, Runs, Trial},
};
use serde::Serialize;
use stats::Interval;

use super::{ComparisonReport, sentence::sentences};
use crate::json::{SCHEMA_VERSION, layout};

/// `report` as one JSON object, indented, with a line end.
#[must_use]
pub fn json(report: &ComparisonReport<'_>) -> String {
    layout::indented(&Object::of(report))
}

#[derive(Serialize)]
struct Object<'a> {
    #[serde(rename = "schemaVersion")]
    schema_version: u32,
    tool: &'a str,
    scenario: &'a str,
    description: &'a str,
    seeds: &'a [u64],
    loads: &'a [f64],
    against: &'a str,
    confidence: f64,
    measures: Vec<Named>,
    variants: Vec<Variant<'a>>,
    differences: Vec<Row<'a>>,
    sentences: Vec<String>,
    warnings: Vec<&'a str>,
}

impl<'a> Object<'a> {
    fn of(report: &'a ComparisonReport<'_>) -> Self {
        let comparison = report.comparison;
        let names = &comparison.variants;
        let runs = comparison.runs.iter().zip(&comparison.estimates);
        Self {
            schema_version: SCHEMA_VERSION,
            tool: report.tool,
            scenario: report.scenario,
            description: report.description,
            seeds: &comparison.seeds,
            loads: &comparison.loads,
            against: &names[comparison.against],
            confidence: CONFIDENCE,
            measures: comparison.measures().into_iter().map(Named::of).collect(),
            variants: runs.map(|(runs, means)| Variant::of(report, runs, means)).collect(),
            differences: comparison.differences.iter().map(|it| Row::of(names, it)).collect(),
            sentences: sentences(comparison),
            warnings: report.all_warnings().collect(),
        }
    }
}

#[derive(Serialize)]
struct Named {
    name: &'static str,
    better: &'static str,
}

impl Named {
    fn of(measure: Measure) -> Self {
        let better = match measure.better() {
            Better::Higher => "higher",
            Better::Lower => "lower",
        };
        Self { name: measure.name(), better }
    }
}

/// A variant under a load.
#[derive(Serialize)]
struct Variant<'a> {
    name: &'a str,
    load: f64,
    fields: BTreeMap<&'a str, &'a str>,
    fingerprints: Vec<&'a str>,
    measures: BTreeMap<&'static str, Mean>,
}

impl<'a> Variant<'a> {
    fn of(report: &'a ComparisonReport<'_>, runs: &'a Runs, means: &'a [Estimate]) -> Self {
        let settings = report.settings.get(runs.variant).into_iter().flatten();
        let mean =
            |estimate: &Estimate| (estimate.measure.name(), Mean::of(estimate, &runs.trials));
        Self {
            name: &report.comparison.variants[runs.variant],
            load: runs.load,
            fields: settings.map(|(field, value)| (field.as_str(), value.as_str())).collect(),
            fingerprints: runs.trials.iter().map(|trial| trial.fingerprint.as_str()).collect(),
            measures: means.iter().map(mean).collect(),
        }
    }
}

#[derive(Serialize)]
struct Mean {
    #[serde(flatten)]
    interval: Bounds,
    best: bool,
    values: Vec<Option<f64>>,
}

impl Mean {
    fn of(estimate: &Estimate, trials: &[Trial]) -> Self {
        let value = |trial: &Trial| trial.values.get(&estimate.measure).copied();
        Self {
            interval: Bounds::of(estimate.interval),
            best: estimate.best,
            values: trials.iter().map(value).collect(),
        }
    }
}

/// A mean with its interval; the ends are `null` where one sample has none.
#[derive(Serialize)]
struct Bounds {
    mean: f64,
    low: Option<f64>,
    high: Option<f64>,
}

impl Bounds {
    fn of(interval: Interval) -> Self {
        let finite = |number: f64| number.is_finite().then_some(number);
        Self { mean: interval.mean, low: finite(interval.low()), high: finite(interval.high()) }
    }
}

#[derive(Serialize)]
struct Row<'a> {
    variant: &'a str,
    load: f64,
    measure: &'static str,
    #[serde(flatten)]
    interval: Bounds,
    pairs: usize,
    p: f64,
    p_adjusted: f64,
    real: bool,
}

impl<'a> Row<'a> {
    fn of(names: &'a [String], difference: &Difference) -> Self {
        Self {
            variant: &names[difference.variant],
            load: difference.load,
            measure: difference.measure.name(),
            interval: Bounds::of(difference.interval),
            pairs: difference.interval.samples,
            p: difference.chance,
            p_adjusted: difference.adjusted,
            real: difference.real,
        }
    }
}
