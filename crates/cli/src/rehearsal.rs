//! One run: a scenario in, measures out.

use metrics::{Collector, Measures};
use record::{Recorder, Tee};
use scenario::Scenario;
use sim::Ending;

use crate::attendant::Attendant;

/// Runs a scenario under a seed and measures it; `listener` hears the record too.
pub(crate) fn rehearse(
    scenario: &Scenario,
    seed: u64,
    attendant: &Attendant,
    listener: Option<&mut dyn Recorder>,
) -> (Measures, Ending) {
    let world = sim::compile(scenario, seed);
    let mut collector = Collector::default();
    let mut look = |progress| attendant.look(progress);
    let ending = match listener {
        Some(listener) => {
            let mut both = Tee(collector, listener);
            let ending = sim::run_attended(world, &mut both, &mut look);
            collector = both.0;
            ending
        }
        None => sim::run_attended(world, &mut collector, &mut look),
    };
    (collector.finish(), ending)
}
