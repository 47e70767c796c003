//! What a run's records say of its requests and its pods.

use std::collections::BTreeMap;

use api::PodId;
use engine::{Span, Time};
use metrics::{Collector, Measures};
use record::{Cause, Outcome, Record, Recorder, Request};
use scenario::{Arrivals, Scenario};

/// What was measured in a run.
pub(crate) fn measure(records: &[(Time, Record)]) -> Measures {
    let mut collector = Collector::default();
    for (time, record) in records {
        collector.record(*time, record);
    }
    collector.finish()
}

/// The requests that ended, and when.
pub(crate) fn requests(records: &[(Time, Record)]) -> impl Iterator<Item = (Time, &Request)> {
    records.iter().filter_map(|(time, record)| match record {
        Record::RequestFinished(request) => Some((*time, request)),
        _ => None,
    })
}

/// How many requests failed, by cause.
pub(crate) fn lost(records: &[(Time, Record)]) -> BTreeMap<Cause, u64> {
    let mut lost = BTreeMap::new();
    for (_, request) in requests(records) {
        if let Outcome::Failed(cause) = request.outcome {
            *lost.entry(cause).or_default() += 1;
        }
    }
    lost
}

/// How many requests failed for any of these causes.
pub(crate) fn lost_to(records: &[(Time, Record)], causes: &[Cause]) -> f64 {
    let lost = lost(records);
    causes.iter().filter_map(|cause| lost.get(cause)).sum::<u64>() as f64
}

/// Requests a second of the only client.
pub(crate) fn rate(scenario: &Scenario) -> f64 {
    match &scenario.clients[..] {
        [client] => match client.arrivals {
            Arrivals::Poisson { per_second } | Arrivals::Constant { per_second } => per_second,
            Arrivals::Steps { .. } => panic!("{} has no one rate", scenario.name),
        },
        clients => panic!("{} has {} clients", scenario.name, clients.len()),
    }
}

/// The moments of a pod's life, the first of each kind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Life {
    pub(crate) created: Option<Time>,
    pub(crate) started: Option<Time>,
    pub(crate) listened: Option<Time>,
    pub(crate) ready: Option<Time>,
    /// When the first node's rules led to it.
    pub(crate) listed: Option<Time>,
    pub(crate) deleted: Option<Time>,
    pub(crate) terminated: Option<Time>,
    pub(crate) killed: Option<Time>,
    pub(crate) exited: Option<Time>,
    pub(crate) gone: Option<Time>,
}

impl Life {
    /// Whether it is there at a moment, whatever its state.
    pub(crate) fn exists_at(&self, time: Time) -> bool {
        self.created.is_some_and(|created| created <= time) && self.gone.is_none_or(|g| time < g)
    }
}

/// The lives of all pods.
pub(crate) fn lives(records: &[(Time, Record)]) -> BTreeMap<PodId, Life> {
    let mut lives: BTreeMap<PodId, Life> = BTreeMap::new();
    for (time, record) in records {
        let mut note = |pod: &PodId, moment: fn(&mut Life) -> &mut Option<Time>| {
            moment(lives.entry(*pod).or_default()).get_or_insert(*time);
        };
        match record {
            Record::PodCreated { pod, .. } => note(pod, |life| &mut life.created),
            Record::ContainerStarted { pod, .. } => note(pod, |life| &mut life.started),
            Record::ListenerOpened { pod, .. } => note(pod, |life| &mut life.listened),
            Record::PodReady { pod } => note(pod, |life| &mut life.ready),
            Record::PodDeletionRequested { pod, .. } => note(pod, |life| &mut life.deleted),
            Record::ContainerTerminated { pod, .. } => note(pod, |life| &mut life.terminated),
            Record::ContainerKilled { pod, .. } => note(pod, |life| &mut life.killed),
            Record::ContainerExited { pod, .. } => note(pod, |life| &mut life.exited),
            Record::PodGone { pod } => note(pod, |life| &mut life.gone),
            Record::RulesProgrammed { pods, .. } => {
                for pod in pods.iter() {
                    note(pod, |life| &mut life.listed);
                }
            }
            _ => {}
        }
    }
    lives
}

/// The lives of the pods whose deletion was asked for, and of those created after the beginning.
pub(crate) fn old_and_new(records: &[(Time, Record)]) -> [Vec<Life>; 2] {
    let lives = lives(records);
    let old = lives.values().filter(|life| life.deleted.is_some());
    let new = lives.values().filter(|life| life.created > Some(sim::BEGIN));
    [old.copied().collect(), new.copied().collect()]
}

/// From one moment to another, both of which there must be.
pub(crate) fn between(from: Option<Time>, to: Option<Time>) -> Span {
    to.expect("it happened") - from.expect("it happened")
}

/// How long the only rollout took.
pub(crate) fn rollout_span(records: &[(Time, Record)]) -> Span {
    let measures = measure(records);
    let [rollout] = &measures.rollouts[..] else { panic!("{} rollouts", measures.rollouts.len()) };
    rollout.duration().expect("the rollout is complete")
}
