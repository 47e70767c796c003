//! Changed scenarios, run to see whether a change helps.

use std::thread;

use advice::{Advice, Field};
use metrics::{Measures, words};
use scenario::{EditAction, Scenario, Sources};
use sim::Ending;

use crate::{attendant::Attendant, rehearsal::rehearse};

/// Of a run with more events than this no other is tried: it took seconds, and they would take a
/// minute.
const MOST_EVENTS: u64 = 20_000_000;

/// Under so many other seeds a change is looked at: enough to see most of what another run loses, and
/// few enough for a small scenario to be over in a twentieth of a second.
const OTHER_SEEDS: u64 = 2;

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
    let mut trial = |candidate: &Scenario, seeds: &[u64]| side_by_side(candidate, seeds, attendant);
    let others: Vec<u64> = (1..=OTHER_SEEDS).map(|step| seed.wrapping_add(step)).collect();
    let advice = advice::advise(scenario, measures, (seed, &others), &mut trial);
    advice.into_iter().map(|advice| placed(advice, sources)).collect()
}

/// Runs a scenario under several seeds at once; which is done first changes nothing.
fn side_by_side(
    scenario: &Scenario,
    seeds: &[u64],
    attendant: &Attendant,
) -> Option<Vec<Measures>> {
    thread::scope(|scope| {
        let run = |seed: u64| scope.spawn(move || rehearse(scenario, seed, attendant, None));
        let runs: Vec<_> = seeds.iter().copied().map(run).collect();
        let ended = runs.into_iter().map(|run| run.join().expect("a run does not fail"));
        ended.map(|(measured, ending)| (!ending.interrupted).then_some(measured)).collect()
    })
}

fn placed(advice: Advice, sources: &Sources) -> report::Advice {
    let Advice { remedy, fields, outcome } = advice;
    let field = remedy.field();
    let object = (remedy.kind, &remedy.object);
    let located = sources.locate(object, remedy.manifest(), &field);
    let place = located.map(|located| format!("{}:{}", located.place.file, located.place.line));
    let mut edits: Vec<report::Edit> = Vec::new();
    for (manifest, Field { parent, yaml, replaces }) in fields {
        let edit = match sources.edit(object, manifest, &parent, &yaml, replaces) {
            Some(edit) => report::Edit { place: Some(where_to(&edit)), lines: edit.lines },
            None => report::Edit { place: None, lines: yaml },
        };
        // A file that is there from the start may be applied again.
        if !edits.contains(&edit) {
            edits.push(edit);
        }
    }
    let (summary, note) = (remedy.summary(), remedy.note().map(str::to_owned));
    report::Advice { summary, place, field, edits, outcome, note, verified: true }
}

/// The file and what is to be done in it: `app.yaml, add below line 50`.
fn where_to(edit: &scenario::Edit) -> String {
    let action = match edit.action {
        EditAction::AddBelow(line) => format!("add below line {line}"),
        EditAction::Replace(first, last) if first == last => format!("change line {first} to"),
        EditAction::Replace(first, last) => format!("change lines {first} to {last} to"),
        EditAction::PutInto(line) => format!("put between the braces of line {line}"),
        EditAction::ChangeWithin(line) => format!("change between the braces of line {line} to"),
    };
    format!("{}, {action}", edit.file)
}
