//! Which of the changes that might help do.

use api::Key;
use engine::{Span, Time};
use metrics::{Measures, Rollout, words};
use record::Cause;
use scenario::{Manifest, Scenario};

use crate::{Field, Remedy, search};

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
    /// What to write, and into which manifest; without what a later change writes over it.
    pub fields: Vec<(Manifest, Field)>,
    /// What happened then, and what it cost: `with it, 0 failed; the rollout takes 26 s instead of
    /// 17 s`.
    pub outcome: String,
}

/// Runs a scenario under each of some seeds and measures it, or gives `None` to try no more.
pub type Trial<'a> = dyn FnMut(&Scenario, &[u64]) -> Option<Vec<Measures>> + 'a;

/// Changes that would have saved requests, for the largest causes first, each tried on top of those
/// before it: with the seed of the run that was measured, and then with other seeds, for in another
/// run something else may go wrong.
pub fn advise(
    scenario: &Scenario,
    measures: &Measures,
    (seed, others): (u64, &[u64]),
    trial: &mut Trial<'_>,
) -> Vec<Advice> {
    let mut search = Search {
        scenario: scenario.clone(),
        reached: measures.clone(),
        measured: seed,
        seed: None,
        before_last: None,
        tried: Vec::new(),
        advice: Vec::new(),
    };
    if search.improve(seed, trial).is_some() {
        search.look_further(others, trial);
    }
    drop_overruled(&mut search.advice);
    search.advice
}

/// A change may write what an earlier one wrote: all are written into the files as they are now, and the last
/// one counts.
fn drop_overruled(advice: &mut [Advice]) {
    for earlier in 0..advice.len() {
        let (before, after) = advice.split_at_mut(earlier + 1);
        let Some(Advice { remedy, fields, .. }) = before.last_mut() else { return };
        let same =
            |it: &&Advice| (it.remedy.kind, &it.remedy.object) == (remedy.kind, &remedy.object);
        let later: Vec<_> = after.iter().filter(same).flat_map(|it| &it.fields).collect();
        fields.retain(|(manifest, field)| {
            later.iter().all(|(other, later)| manifest != other || !field.is_same_as(later))
        });
    }
}

/// What was found so far.
struct Search {
    /// With all changes that helped.
    scenario: Scenario,
    /// What it came to in the run that is looked at.
    reached: Measures,
    /// The seed of the run that was measured.
    measured: u64,
    /// The seed of the run that is looked at, where that is another.
    seed: Option<u64>,
    /// What the run that was measured came to before the last change, where that was found in it.
    before_last: Option<Box<Measures>>,
    tried: Vec<(Key, Vec<Field>)>,
    advice: Vec<Advice>,
}

impl Search {
    /// Tries changes against what failed in the run that is looked at, and says whether any helped; `None`
    /// where no more may be tried. What is left after a change may have other causes, so that they are looked
    /// at anew.
    fn improve(&mut self, seed: u64, trial: &mut Trial<'_>) -> Option<bool> {
        let mut helped = false;
        while let Some((remedy, cause)) = self.next() {
            self.tried.push(identity(&remedy));
            let mut candidate = self.scenario.clone();
            remedy.apply(&mut candidate);
            let measured = trial(&candidate, &[seed])?.pop()?;
            if helps(&self.reached, &measured, cause) {
                self.take(remedy, &candidate, &measured, trial)?;
                (self.scenario, self.reached) = (candidate, measured);
                helped = true;
            }
        }
        Some(helped)
    }

    /// Advises a change that helped. One that goes further than the last one, as another run needs it, takes
    /// its place: what it comes to is said of the run that was measured.
    fn take(
        &mut self,
        remedy: Remedy,
        candidate: &Scenario,
        measured: &Measures,
        trial: &mut Trial<'_>,
    ) -> Option<()> {
        let fields = remedy.fields().collect();
        let same = |it: &Advice| {
            (it.remedy.kind, &it.remedy.object, it.remedy.field())
                == (remedy.kind, &remedy.object, remedy.field())
        };
        let goes_further = self.advice.last().is_some_and(same);
        let first = self.advice.len() == usize::from(goes_further);
        let outcome = match self.before_last.as_deref().filter(|_| goes_further) {
            Some(before) if self.seed.is_some() => {
                let after = trial(candidate, &[self.measured])?.pop()?;
                outcome(before, &after, (first, None))
            }
            Some(before) => outcome(before, measured, (first, None)),
            None => outcome(&self.reached, measured, (first, self.seed)),
        };
        if goes_further {
            self.advice.pop();
        } else {
            self.before_last = self.seed.is_none().then(|| Box::new(self.reached.clone()));
        }
        self.advice.push(Advice { remedy, fields, outcome });
        Some(())
    }

    /// Looks at runs with other seeds, and goes on with the one that lost the most as long as that
    /// leads to another change. The last change says what they came to.
    fn look_further(&mut self, others: &[u64], trial: &mut Trial<'_>) {
        while !self.advice.is_empty() {
            let Some(runs) = trial(&self.scenario, others) else { return };
            let counts: Vec<u64> = runs.iter().map(|run| run.requests.failed).collect();
            let runs = others.iter().copied().zip(runs).rev();
            let Some((seed, worst)) = runs.max_by_key(|(_, run)| run.requests.failed) else {
                return;
            };
            (self.seed, self.reached) = (Some(seed), worst);
            let Some(helped) = self.improve(seed, trial) else { return };
            if !helped {
                if let Some(last) = self.advice.last_mut() {
                    last.outcome.push_str(&elsewhere(&counts));
                }
                return;
            }
        }
    }

    /// A change that was not tried yet, against the largest cause that there is one for.
    fn next(&self) -> Option<(Remedy, Cause)> {
        if self.tried.len() == MOST_TRIALS || self.reached.requests.failed == 0 {
            return None;
        }
        let causes = self.reached.explanations.iter();
        let mut remedies = causes.flat_map(|explanation| {
            let remedies = search::remedies(&self.scenario, &self.reached, explanation);
            remedies.into_iter().map(|remedy| (remedy, explanation.cause))
        });
        remedies.find(|(remedy, _)| !self.tried.contains(&identity(remedy)))
    }
}

/// Whether a change is worth saying: it saves a twentieth of all that failed, or half of what failed for its
/// cause. Of less, other draws may take back what it saved.
fn helps(before: &Measures, after: &Measures, cause: Cause) -> bool {
    let of_cause = |measures: &Measures| measures.by_cause.get(&cause).copied().unwrap_or(0);
    let (all, left) = (before.requests.failed, after.requests.failed);
    left * 20 <= all * 19 || (left < all && of_cause(after) * 2 <= of_cause(before))
}

/// What tells a change from others.
fn identity(remedy: &Remedy) -> (Key, Vec<Field>) {
    (remedy.object.clone(), remedy.fields().map(|(_, field)| field).collect())
}

/// What came of a change, in words: of the first one, or of one on top of others, in the run that was
/// measured or in that of another seed.
fn outcome(before: &Measures, after: &Measures, (first, seed): (bool, Option<u64>)) -> String {
    let with = if first { "with it" } else { "with this too" };
    let lost = words::count(before.requests.failed);
    let failed = match (after.requests.failed, seed) {
        (0, None) => "0 failed".to_owned(),
        (left, None) => format!("{} failed instead of {lost}", words::count(left)),
        (left, Some(seed)) => {
            format!("{} failed instead of {lost} under seed {seed}", words::count(left))
        }
    };
    let price = price(rollouts_took(after), rollouts_took(before));
    format!("{with}, {failed}{price}")
}

/// How many requests failed under other seeds.
fn elsewhere(counts: &[u64]) -> String {
    let (Some(least), Some(most)) = (counts.iter().min(), counts.iter().max()) else {
        return String::new();
    };
    let seeds = words::many(counts.len() as u64, "other seed");
    match (least, most) {
        (0, 0) => format!("; 0 under {seeds}, too"),
        _ if least == most => format!("; {} under {seeds}", words::count(*most)),
        _ => format!("; {} to {} under {seeds}", words::count(*least), words::count(*most)),
    }
}

/// For how long a rollout was under way; `None` where there was none, or one was not complete.
fn rollouts_took(measures: &Measures) -> Option<Span> {
    let stretch = |rollout: &Rollout| Some((rollout.start, rollout.start + rollout.duration()?));
    let stretches: Option<Vec<(Time, Time)>> = measures.rollouts.iter().map(stretch).collect();
    let mut stretches = stretches.filter(|stretches| !stretches.is_empty())?;
    stretches.sort_unstable();
    let (mut took, mut until) = (Span::ZERO, Time::ZERO);
    for (start, end) in stretches {
        // Those that go on side by side count once.
        took += end.max(until).since(start.max(until));
        until = until.max(end);
    }
    Some(took)
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
