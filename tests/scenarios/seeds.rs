//! One fact, many seeds.

use engine::Span;
use scenario::Scenario;
use stats::Interval;

use crate::{
    files,
    rehearsal::{Records, load, rehearse},
};

/// How sure an interval is. The seeds are fixed, but every change of the model deals them anew: at
/// 99 % one of these tests would fail by bad luck at every fourth change, at this level hardly ever.
pub(crate) const CONFIDENCE: f64 = 0.9999;

/// A scenario of the folder.
pub(crate) fn scenario(name: &str) -> Scenario {
    load(&files::path(name))
}

/// A scenario of the folder that ends after so many seconds: nothing happens in the rest of it, and
/// many seeds are over sooner.
pub(crate) fn cut(name: &str, seconds: u64) -> Scenario {
    let mut scenario = scenario(name);
    assert!(scenario.duration > Span::from_secs(seconds), "{name} is shorter");
    scenario.duration = Span::from_secs(seconds);
    scenario
}

/// Looks at the runs of a scenario under the seeds 1 to `seeds`.
pub(crate) fn each_seed<T>(
    scenario: &Scenario,
    seeds: u64,
    look: impl Fn(u64, &Records) -> T,
) -> Vec<T> {
    (1..=seeds).map(|seed| look(seed, &rehearse(scenario, seed))).collect()
}

/// The interval of the mean of some samples, which must be narrow enough to say something: its half
/// width is at most `most`.
pub(crate) fn interval(samples: &[f64], most: f64) -> Interval {
    let interval = Interval::of(samples, CONFIDENCE).expect("there are samples");
    assert!(interval.half_width <= most, "{interval:?} is too wide: take more seeds");
    interval
}
