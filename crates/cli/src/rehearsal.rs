//! One run: a scenario in, measures out.

use metrics::{Collector, Measures};
use record::{Recorder, Tee};
use scenario::Scenario;
use sim::Ending;

/// Runs a scenario under a seed and measures it; `listener` hears the record too.
pub(crate) fn rehearse(
    scenario: &Scenario,
    seed: u64,
    listener: Option<&mut dyn Recorder>,
) -> (Measures, Ending) {
    let world = sim::compile(scenario, seed);
    let mut collector = Collector::default();
    let ending = match listener {
        Some(listener) => {
            let mut both = Tee(collector, listener);
            let ending = sim::run(world, &mut both);
            collector = both.0;
            ending
        }
        None => sim::run(world, &mut collector),
    };
    (collector.finish(), ending)
}
