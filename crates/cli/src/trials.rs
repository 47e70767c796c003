//! Changed scenarios, run to see whether a change helps.

use advice::Advice;
use metrics::{Measures, words};
use scenario::{Scenario, Sources};
use sim::Ending;

use crate::{attendant::Attendant, rehearsal::rehearse};

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

/// Changes that would have saved requests, with their places in the files.
pub(crate) fn advise(
    scenario: &Scenario,
    sources: &Sources,
    seed: u64,
    measures: &Measures,
    attendant: &Attendant,
) -> Vec<report::Advice> {
    attendant.say("trying out changes");
    let mut trial = |candidate: &Scenario| {
        let (after, ending) = rehearse(candidate, seed, attendant, None);
        (!ending.interrupted).then_some(after.requests.failed)
    };
    let advice = advice::advise(scenario, measures, &mut trial);
    advice.into_iter().map(|advice| placed(advice, sources)).collect()
}

fn placed(advice: Advice, sources: &Sources) -> report::Advice {
    let Advice { remedy, outcome } = advice;
    let field = remedy.field();
    let located = sources.locate(remedy.kind, &remedy.object, &field);
    let place = located.map(|located| format!("{}:{}", located.place.file, located.place.line));
    report::Advice {
        summary: remedy.summary(),
        place,
        field,
        snippet: remedy.snippet(),
        outcome,
        verified: true,
    }
}
