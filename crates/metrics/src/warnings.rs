//! Reasons not to trust a number.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use engine::{Span, Time};

use crate::{
    hindrance::OfVersion,
    measures::{Measures, PodMeasures, Rollout},
    traffic::{SecondTally, mean_queued},
    words,
};

/// Below this many finished requests a success rate of 99.9% cannot be told from 100%.
const FEW_REQUESTS: u64 = 1_000;
/// Fewer unanswered requests than one in so many change no number that is shown.
const ONE_IN: u64 = 1_000;
/// A wait for a worker that grew by this factor from the first quarter of a run to the last, and
/// to at least [`LONG_WAIT`], is a queue that grows without end rather than chance.
const GROWTH: f64 = 3.0;
/// And so many times as long as in the quarter before: a queue that grows evenly is 1.4 times as long.
const STILL: f64 = 1.2;
/// A pod that was ready for so long would have got a request, had any connection been opened to it.
const LONG_READY: Span = Span::from_secs(10);
const LONG_WAIT: Span = Span::from_millis(50);

/// So many steps that were refused are told one by one.
const REFUSED_STEPS: usize = 5;

/// What warnings are made of besides the measures.
pub(crate) struct Known<'a> {
    pub(crate) seconds: &'a [SecondTally],
    /// How many pods no node had taken when the run ended.
    pub(crate) unschedulable: usize,
    /// The steps of the timeline that were refused, with what kubectl says of it.
    pub(crate) refused: &'a [(Time, Arc<str>)],
    /// The Deployments whose rollouts are held.
    pub(crate) paused: &'a BTreeSet<Arc<str>>,
    /// What kept pods of a version from being ready.
    pub(crate) hindered: BTreeMap<OfVersion, Vec<String>>,
}

/// What should be known before a number is believed, in sentences.
pub(crate) fn warnings(measures: &Measures, known: &Known<'_>) -> Vec<String> {
    let mut warnings = Vec::new();
    if measures.requests.total() == 0 {
        warnings.push("no request was sent, so nothing was measured".to_owned());
    } else {
        warnings.extend(few(measures));
        warnings.extend(in_flight(measures));
        warnings.extend(growing(known.seconds));
        warnings.extend(pending(known.unschedulable));
        warnings.extend(passed_by(measures));
    }
    warnings.extend(refused(known.refused));
    warnings.extend(unfinished(measures, known));
    warnings
}

fn few(measures: &Measures) -> Option<String> {
    let finished = measures.requests.ok + measures.requests.failed;
    (finished < FEW_REQUESTS).then(|| {
        format!(
            "only {} finished: rates and p99 say little, and a failure in a thousand cannot show",
            words::many(finished, "request")
        )
    })
}

/// A few are always under way. They matter where they are many, or where others failed just before.
fn in_flight(measures: &Measures) -> Option<String> {
    let count = measures.requests.in_flight;
    let many = count * ONE_IN >= measures.requests.total();
    let failing = measures.seconds.iter().rev().take(2).any(|second| second.failed > 0);
    (count > 0 && (many || failing)).then(|| {
        format!(
            "{} had no answer when the run ended; they count neither as ok nor as failed",
            words::many(count, "request")
        )
    })
}

fn growing(seconds: &[SecondTally]) -> Option<String> {
    let quarter = seconds.len() / 4;
    if quarter == 0 {
        return None;
    }
    let first = mean_queued(&seconds[..quarter])?;
    let last = mean_queued(&seconds[seconds.len() - quarter..])?;
    // It may have grown once, where the pods or the load changed, and be as long since.
    let before = mean_queued(&seconds[seconds.len() - 2 * quarter..seconds.len() - quarter]);
    let still = before.is_none_or(|before| last > before.mul_f64(STILL));
    let grows = last > first.mul_f64(GROWTH) && still;
    (last >= LONG_WAIT && grows).then(|| {
        format!(
            "the queue grows: the mean wait for a worker was {} in the first quarter of the run \
             and {} in the last. The pods cannot keep up, so latencies depend on how long is \
             simulated",
            words::span(first),
            words::span(last)
        )
    })
}

fn pending(unschedulable: usize) -> Option<String> {
    let verb = if unschedulable == 1 { "was" } else { "were" };
    (unschedulable > 0).then(|| {
        format!(
            "{} {verb} still waiting for a node with room when the run ended",
            words::many(unschedulable as u64, "pod")
        )
    })
}

/// Pods that were there for long and got nothing, because those who call keep connections to others.
fn passed_by(measures: &Measures) -> Option<String> {
    let keepers = measures.clients.iter().filter(|client| client.connections.open > 0);
    let names: Vec<&str> = keepers.map(|client| &*client.name).collect();
    let idle =
        |pod: &&PodMeasures| pod.requests == 0 && pod.ready >= LONG_READY && pod.gone.is_none();
    let count = measures.pods.iter().filter(idle).count() as u64;
    (!names.is_empty() && count > 0).then(|| {
        let keeps = if names.len() == 1 { "keeps" } else { "keep" };
        format!(
            "{} got no request though ready to the end: {} {keeps} connections, which stay with the pods \
             that they were opened to. With a `maxAge` they are opened anew, to those that the policy chooses \
             then",
            words::many(count, "pod"),
            words::names(&names, "client")
        )
    })
}

/// Whoever wrote a step counts on it, and nothing else shows that it, or a part of it, changed nothing.
fn refused(steps: &[(Time, Arc<str>)]) -> impl Iterator<Item = String> {
    let told = steps.iter().take(REFUSED_STEPS).map(|(time, text)| {
        let seconds = words::decimal(time.as_secs_f64(), 3);
        format!("refused at {seconds} s: {text}")
    });
    let more = steps.len().saturating_sub(REFUSED_STEPS) as u64;
    let verb = if more == 1 { "was" } else { "were" };
    let others = (more > 0).then(|| format!("and {} more {verb} refused", words::count(more)));
    told.chain(others)
}

fn unfinished(measures: &Measures, known: &Known<'_>) -> impl Iterator<Item = String> {
    measures.rollouts.iter().filter_map(|rollout| {
        let key = (Arc::clone(&rollout.deployment), Arc::clone(&rollout.to));
        let paused = known.paused.contains(&rollout.deployment);
        let paused = paused.then(|| "it is paused, and goes on once it is resumed".to_owned());
        let hindered = known.hindered.get(&key).into_iter().flatten().cloned();
        unfinished_rollout(rollout, &paused.into_iter().chain(hindered).collect::<Vec<_>>())
    })
}

/// `reasons` are what kept its new pods back, as far as that is known.
fn unfinished_rollout(rollout: &Rollout, reasons: &[String]) -> Option<String> {
    let Rollout { deployment, from, to, .. } = rollout;
    if rollout.superseded.is_some() && !rollout.complete() {
        return Some(format!(
            "the rollout of {deployment} from {from} to {to} was overtaken by the next one"
        ));
    }
    if rollout.deleted.is_some() && !rollout.complete() {
        return Some(format!(
            "the rollout of {deployment} from {from} to {to} was not complete when the Deployment was deleted"
        ));
    }
    let deadline =
        if rollout.deadline_exceeded { " and exceeded its progress deadline" } else { "" };
    let reasons: String = reasons.iter().map(|reason| format!("{reason}; ")).collect();
    (!rollout.complete()).then(|| {
        format!(
            "the rollout of {deployment} from {from} to {to} was not complete when the run \
             ended{deadline}: {reasons}what it does later is not counted"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds in which one request each waited for so many milliseconds; none came in those without.
    fn seconds(waits: &[Option<u64>]) -> Vec<SecondTally> {
        let second = |wait: &Option<u64>| match wait {
            Some(millis) => SecondTally::of_one(Span::from_millis(*millis)),
            None => SecondTally::default(),
        };
        waits.iter().map(second).collect()
    }

    #[test]
    fn a_queue_grows_where_it_does_so_to_the_end() {
        let grows = |waits: &[Option<u64>]| growing(&seconds(waits)).is_some();
        let linear: Vec<Option<u64>> = (0..40).map(|second| Some(second * 10)).collect();
        assert!(grows(&linear));
        let once: Vec<Option<u64>> =
            (0..40).map(|second| Some(if second < 15 { 5 } else { 200 })).collect();
        assert!(!grows(&once), "it is as long since the fifteenth second");
        let mut gap = linear;
        gap[20..30].fill(None);
        assert!(grows(&gap), "nothing is known of the quarter before");
        assert!(!grows(&[Some(5); 40]) && !grows(&[None; 40]) && !grows(&[]));
    }
}
