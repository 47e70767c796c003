//! What to change in a manifest, tried out before it is said.
//!
//! For causes that one field would have prevented, the changed scenario is run with the same seed.
//! What that run measured is the outcome: nothing is promised that was not seen.
//!
//! | module | what |
//! |---|---|
//! | `search` | which changes might help against a cause, read off the objects |
//! | `remedy` | a change of one object: put into a scenario, and said |
//! | `change` | the changes there are: their fields, lines and effects |

mod change;
mod remedy;
mod search;

use api::Key;
use metrics::{Measures, words};
use report::Advice;
use scenario::{Scenario, Sources};
use sim::Ending;

use crate::{attendant::Attendant, rehearsal::rehearse};

/// So many runs are tried at most; they take milliseconds each.
const MOST_TRIALS: usize = 12;

/// Of a run with more events than this no other is tried: it took seconds, and they would take a
/// minute.
const MOST_EVENTS: u64 = 20_000_000;

/// Why no change was tried, if the run was too long for it and a change was called for.
pub(crate) fn too_long(measures: &Measures, ending: Ending) -> Option<String> {
    (ending.events > MOST_EVENTS && measures.requests.failed > 0).then(|| {
        format!(
            "no change was tried out, because each trial is a run, and one handles {} events: a \
             shorter scenario, or one with fewer requests, gets advice",
            words::count(ending.events)
        )
    })
}

/// Changes that would have saved requests, for the largest causes first, each tried on top of those
/// before it.
pub(crate) fn advise(
    scenario: &Scenario,
    sources: &Sources,
    seed: u64,
    measures: &Measures,
    attendant: &Attendant,
) -> Vec<Advice> {
    attendant.say("trying out changes");
    let mut advice: Vec<Advice> = Vec::new();
    let mut changed = scenario.clone();
    let mut failed = measures.requests.failed;
    let remedies =
        measures.explanations.iter().flat_map(|e| search::remedies(scenario, measures, e));
    let mut tried: Vec<(Key, String)> = Vec::new();
    for remedy in remedies {
        let field = (remedy.object.clone(), remedy.change.field());
        if tried.contains(&field) || tried.len() == MOST_TRIALS || failed == 0 {
            continue;
        }
        tried.push(field);
        let mut candidate = changed.clone();
        remedy.apply(&mut candidate);
        let (after, ending) = rehearse(&candidate, seed, attendant, None);
        if ending.interrupted {
            break;
        }
        // A change that does not help is not worth saying.
        if after.requests.failed < failed {
            let outcome = outcome(advice.is_empty(), after.requests.failed, failed);
            advice.push(remedy.advice(sources, outcome));
            (changed, failed) = (candidate, after.requests.failed);
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
