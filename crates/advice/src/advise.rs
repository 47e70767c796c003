//! Which of the changes that might help do.

use api::Key;
use metrics::{Measures, words};
use scenario::Scenario;

use crate::{Remedy, search};

/// So many changes are tried at most; a run takes milliseconds.
const MOST_TRIALS: usize = 12;

/// A change that saved requests.
#[derive(Clone, Debug)]
pub struct Advice {
    /// What to change.
    pub remedy: Remedy,
    /// What happened then: `with it, 0 failed`.
    pub outcome: String,
}

/// Changes that would have saved requests, for the largest causes first, each tried on top of those
/// before it. `trial` runs a changed scenario with the seed of the run that was measured and says
/// how many requests failed, or `None` to try no more.
pub fn advise(
    scenario: &Scenario,
    measures: &Measures,
    trial: &mut dyn FnMut(&Scenario) -> Option<u64>,
) -> Vec<Advice> {
    let mut advice: Vec<Advice> = Vec::new();
    let mut changed = scenario.clone();
    let mut failed = measures.requests.failed;
    let remedies =
        measures.explanations.iter().flat_map(|e| search::remedies(scenario, measures, e));
    let mut tried: Vec<(Key, String)> = Vec::new();
    for remedy in remedies {
        let field = (remedy.object.clone(), remedy.field());
        if tried.contains(&field) || tried.len() == MOST_TRIALS || failed == 0 {
            continue;
        }
        tried.push(field);
        let mut candidate = changed.clone();
        remedy.apply(&mut candidate);
        let Some(after) = trial(&candidate) else { break };
        // A change that does not help is not worth saying.
        if after < failed {
            let outcome = outcome(advice.is_empty(), after, failed);
            advice.push(Advice { remedy, outcome });
            (changed, failed) = (candidate, after);
        }
    }
    advice
}

fn outcome(is_first: bool, left: u64, before: u64) -> String {
    let with = if is_first { "with it" } else { "with this too" };
    match left {
        0 => format!("{with}, 0 failed"),
        _ => format!("{with}, {} failed instead of {}", words::count(left), words::count(before)),
    }
}
