//! Which of the changes that might help do.

use api::Key;
use engine::Span;
use metrics::{Measures, Rollout, words};
use scenario::Scenario;

use crate::{Remedy, search};

/// So many changes are tried at most; a run takes milliseconds.
const MOST_TRIALS: usize = 12;

/// A rollout that takes longer by less than this is not said to.
const LEAST_PRICE: Span = Span::from_secs(1);
const LEAST_FACTOR: f64 = 1.1;

/// A change that saved requests.
#[derive(Clone, Debug)]
pub struct Advice {
    /// What to change.
    pub remedy: Remedy,
    /// What happened then, and what it cost: `with it, 0 failed; the rollout takes 26 s instead of
    /// 17 s`.
    pub outcome: String,
}

/// Changes that would have saved requests, for the largest causes first, each tried on top of those
/// before it. `trial` runs a changed scenario with the seed of the run that was measured and
/// measures it too, or gives `None` to try no more.
pub fn advise(
    scenario: &Scenario,
    measures: &Measures,
    trial: &mut dyn FnMut(&Scenario) -> Option<Measures>,
) -> Vec<Advice> {
    let mut advice: Vec<Advice> = Vec::new();
    let (mut best, mut reached) = (scenario.clone(), measures.clone());
    let mut tried: Vec<(Key, String)> = Vec::new();
    // What is left after a change may have other causes, so that they are looked at anew.
    while let Some(remedy) = next(&best, &reached, &tried) {
        tried.push((remedy.object.clone(), remedy.field()));
        let mut candidate = best.clone();
        remedy.apply(&mut candidate);
        let Some(measured) = trial(&candidate) else { break };
        // A change that does not help is not worth saying.
        if measured.requests.failed < reached.requests.failed {
            let outcome = outcome(advice.is_empty(), &measured, &reached);
            advice.push(Advice { remedy, outcome });
            (best, reached) = (candidate, measured);
        }
    }
    advice
}

/// A change that was not tried yet, against the largest cause that there is one for.
fn next(scenario: &Scenario, measures: &Measures, tried: &[(Key, String)]) -> Option<Remedy> {
    if tried.len() == MOST_TRIALS || measures.requests.failed == 0 {
        return None;
    }
    let causes = measures.explanations.iter();
    let mut remedies = causes.flat_map(|cause| search::remedies(scenario, measures, cause));
    remedies.find(|remedy| !tried.contains(&(remedy.object.clone(), remedy.field())))
}

fn outcome(is_first: bool, after: &Measures, before: &Measures) -> String {
    let with = if is_first { "with it" } else { "with this too" };
    let failed = match after.requests.failed {
        0 => "0 failed".to_owned(),
        left => {
            let before = words::count(before.requests.failed);
            format!("{} failed instead of {before}", words::count(left))
        }
    };
    format!("{with}, {failed}{}", price(rollouts_took(after), rollouts_took(before)))
}

/// How long all rollouts took together; `None` where there was none, or one was not complete.
fn rollouts_took(measures: &Measures) -> Option<Span> {
    let spans: Option<Vec<Span>> = measures.rollouts.iter().map(Rollout::duration).collect();
    let spans = spans.filter(|spans| !spans.is_empty())?;
    Some(spans.into_iter().fold(Span::ZERO, |sum, span| sum + span))
}

/// What a change costs: rollouts that take longer. A second or a tenth more is not worth a word.
fn price(after: Option<Span>, before: Option<Span>) -> String {
    match (after, before) {
        (Some(after), Some(before))
            if after > (before + LEAST_PRICE).max(before.mul_f64(LEAST_FACTOR)) =>
        {
            let (after, before) = (words::span(after), words::span(before));
            format!("; the rollout takes {after} instead of {before}")
        }
        (None, Some(_)) => "; but the rollout is not complete when the run ends".to_owned(),
        _ => String::new(),
    }
}
