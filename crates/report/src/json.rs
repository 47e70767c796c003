//! For programs: one JSON object, whose names and meanings are the contract.
//!
//! Fields may be added; those that are here keep their name and meaning. What has no value, such
//! as the success rate of no requests, is `null`. Durations and moments end in `_ms`, moments count
//! from the scenario's beginning.

use std::{collections::BTreeMap, sync::Arc};

use engine::Time;
use metrics::{Measures, PodMeasures, PodState, Rollout, Scaling, ServiceBalance};
use serde::Serialize;

use crate::{report::Report, verdict};

pub(crate) mod layout;
mod traffic;

use traffic::{Client, Counted, Latency, Part, Requests, Seconds, millis};

/// The version of the object's shape; it changes when a field is taken away or means another thing.
pub(crate) const SCHEMA_VERSION: u32 = 1;

/// `report` as one JSON object, indented, with a line end.
#[must_use]
pub fn json(report: &Report<'_>) -> String {
    layout::indented(&Object::of(report))
}

/// The same on one line, for a page to carry.
pub(crate) fn compact(report: &Report<'_>) -> String {
    serde_json::to_string(&Object::of(report)).expect("strings, numbers and maps of them are JSON")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    schema_version: u32,
    tool: &'a str,
    scenario: &'a str,
}

#[derive(Serialize)]
struct Object<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    description: &'a str,
    seed: u64,
    seeds: u32,
    fingerprint: &'a str,
    duration_ms: f64,
    verdict: Sentence,
    requests: Requests<'a>,
    latency_ms: Latency,
    balance: Balance<'a>,
    rollouts: Vec<RolloutRow<'a>>,
    scalings: Vec<ScalingRow<'a>>,
    during_rollout: Part<'a>,
    clients: Vec<Client<'a>>,
    expectations: Vec<Expected<'a>>,
    explanations: Vec<Reason<'a>>,
    advice: Vec<Change<'a>>,
    seconds: Seconds,
    warnings: Vec<&'a str>,
}

impl<'a> Object<'a> {
    fn of(report: &'a Report<'_>) -> Self {
        let measures = report.measures;
        Self {
            head: Head {
                schema_version: SCHEMA_VERSION,
                tool: report.tool,
                scenario: report.scenario,
            },
            description: report.description,
            seed: report.seed,
            seeds: 1,
            fingerprint: &measures.fingerprint,
            duration_ms: measures.duration.as_millis_f64(),
            verdict: Sentence {
                outcome: verdict::outcome(report).word(),
                text: verdict::sentence(report),
            },
            requests: Requests::of(measures.requests, &measures.by_cause),
            latency_ms: Latency::of(&measures.latency),
            balance: Balance::of(measures),
            rollouts: measures.rollouts.iter().map(RolloutRow::of).collect(),
            scalings: measures.scalings.iter().map(ScalingRow::of).collect(),
            during_rollout: Part::of(&measures.during_rollout),
            clients: measures.clients.iter().map(Client::of).collect(),
            expectations: report.verdicts.iter().map(Expected::of).collect(),
            explanations: measures.explanations.iter().map(Reason::of).collect(),
            advice: report.advice.iter().map(Change::of).collect(),
            seconds: Seconds::of(&measures.seconds),
            warnings: report.all_warnings().collect(),
        }
    }
}

#[derive(Serialize)]
struct Sentence {
    outcome: &'static str,
    text: String,
}

#[derive(Serialize)]
struct Balance<'a> {
    #[serde(flatten)]
    evenness: Evenness,
    services: Vec<Group<'a>>,
    pods: Vec<Pod<'a>>,
}

/// The pods behind the same Services.
#[derive(Serialize)]
struct Group<'a> {
    names: Vec<&'a str>,
    #[serde(flatten)]
    evenness: Evenness,
}

/// How evenly some pods are loaded.
#[derive(Serialize)]
struct Evenness {
    jain: Option<f64>,
    cv: Option<f64>,
    max_over_mean: Option<f64>,
    max_over_share: Option<f64>,
    chance_cv: Option<f64>,
    chance_max_over_mean: Option<f64>,
    pods_counted: usize,
}

impl Evenness {
    fn of(balance: &metrics::Balance) -> Self {
        // Over no pods, or without a request, there is no evenness, and a zero would read as the worst
        // possible one.
        let defined = |number| balance.is_measured().then_some(number);
        Self {
            jain: defined(balance.jain),
            cv: defined(balance.cv),
            max_over_mean: defined(balance.max_over_mean),
            max_over_share: defined(balance.max_over_share),
            chance_cv: defined(balance.chance_cv),
            chance_max_over_mean: defined(balance.chance_max_over_mean),
            pods_counted: balance.pods,
        }
    }
}

impl<'a> Group<'a> {
    fn of(group: &'a ServiceBalance) -> Self {
        let ServiceBalance { services, balance } = group;
        Self { names: names(services), evenness: Evenness::of(balance) }
    }
}

fn names(names: &[Arc<str>]) -> Vec<&str> {
    names.iter().map(|name| &**name).collect()
}

impl<'a> Balance<'a> {
    fn of(measures: &'a Measures) -> Self {
        Self {
            evenness: Evenness::of(&measures.balance),
            services: measures.balances.iter().map(Group::of).collect(),
            pods: measures.pods.iter().map(Pod::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct Pod<'a> {
    name: &'a str,
    version: &'a str,
    node: Option<&'a str>,
    deployment: Option<&'a str>,
    called: bool,
    services: Vec<&'a str>,
    requests: u64,
    failed: u64,
    ready_ms: f64,
    p99_ms: Option<f64>,
    life: Vec<(f64, &'static str)>,
    gone_ms: Option<f64>,
}

impl<'a> Pod<'a> {
    fn of(pod: &'a PodMeasures) -> Self {
        let stretch = |(from, state): &(Time, PodState)| (from.as_millis_f64(), state_name(*state));
        Self {
            name: &pod.name,
            version: &pod.version,
            node: pod.node.as_deref(),
            deployment: pod.deployment.as_deref(),
            called: !pod.services.is_empty(),
            services: names(&pod.services),
            requests: pod.requests,
            failed: pod.failed,
            ready_ms: pod.ready.as_millis_f64(),
            p99_ms: pod.latency.quantile(0.99).map(millis),
            life: pod.life.iter().map(stretch).collect(),
            gone_ms: pod.gone.map(Time::as_millis_f64),
        }
    }
}

/// The word for a stretch of a pod's life.
pub(crate) fn state_name(state: PodState) -> &'static str {
    match state {
        PodState::Pending => "pending",
        PodState::Starting => "starting",
        PodState::Ready => "ready",
        PodState::Unready => "unready",
        PodState::Terminating => "terminating",
        PodState::Closed => "closed",
    }
}

#[derive(Serialize)]
struct ScalingRow<'a> {
    deployment: &'a str,
    from: Option<i32>,
    to: i32,
    start_ms: f64,
    end_ms: Option<f64>,
    superseded: bool,
}

impl<'a> ScalingRow<'a> {
    fn of(scaling: &'a Scaling) -> Self {
        Self {
            deployment: &scaling.deployment,
            from: scaling.from,
            to: scaling.to,
            start_ms: scaling.start.as_millis_f64(),
            end_ms: scaling.end.map(Time::as_millis_f64),
            superseded: scaling.superseded,
        }
    }
}

#[derive(Serialize)]
struct RolloutRow<'a> {
    deployment: &'a str,
    from: &'a str,
    to: &'a str,
    start_ms: f64,
    end_ms: Option<f64>,
    settled_ms: Option<f64>,
    complete: bool,
    superseded: bool,
    deleted_ms: Option<f64>,
    deadline_exceeded: bool,
    steps: Vec<Step<'a>>,
    pods_max: u32,
    available_min: u32,
    requests_failed: u64,
    requests: Counted,
}

#[derive(Serialize)]
struct Step<'a> {
    t_ms: f64,
    replica_sets: &'a BTreeMap<String, i32>,
}

impl<'a> RolloutRow<'a> {
    fn of(rollout: &'a Rollout) -> Self {
        let step = |(at, replica_sets): &'a (Time, BTreeMap<String, i32>)| Step {
            t_ms: at.as_millis_f64(),
            replica_sets,
        };
        Self {
            deployment: &rollout.deployment,
            from: &rollout.from,
            to: &rollout.to,
            start_ms: rollout.start.as_millis_f64(),
            end_ms: rollout.end.map(Time::as_millis_f64),
            settled_ms: rollout.settled.map(Time::as_millis_f64),
            complete: rollout.complete(),
            superseded: rollout.superseded.is_some(),
            deleted_ms: rollout.deleted.map(Time::as_millis_f64),
            deadline_exceeded: rollout.deadline_exceeded,
            steps: rollout.steps.iter().map(step).collect(),
            pods_max: rollout.pods_max,
            available_min: rollout.available_min,
            requests_failed: rollout.requests.failed,
            requests: Counted::of(rollout.requests),
        }
    }
}

#[derive(Serialize)]
struct Expected<'a> {
    text: &'a str,
    measured: Option<f64>,
    passed: bool,
}

impl<'a> Expected<'a> {
    fn of(verdict: &'a metrics::Verdict) -> Self {
        Self { text: &verdict.text, measured: verdict.measured, passed: verdict.passed }
    }
}

#[derive(Serialize)]
struct Reason<'a> {
    cause: &'a str,
    count: u64,
    from_ms: f64,
    to_ms: f64,
    text: &'a str,
    deployment: Option<&'a str>,
    gap_ms: Option<(f64, f64)>,
}

impl<'a> Reason<'a> {
    fn of(explanation: &'a metrics::Explanation) -> Self {
        let (from, to) = explanation.window;
        Self {
            cause: explanation.cause.name(),
            count: explanation.count,
            from_ms: from.as_millis_f64(),
            to_ms: to.as_millis_f64(),
            text: &explanation.text,
            deployment: explanation.deployment.as_deref(),
            gap_ms: explanation
                .gap
                .map(|(least, most)| (least.as_millis_f64(), most.as_millis_f64())),
        }
    }
}

#[derive(Serialize)]
struct Edit<'a> {
    place: Option<&'a str>,
    lines: &'a str,
}

impl<'a> Edit<'a> {
    fn of(edit: &'a crate::report::Edit) -> Self {
        Self { place: edit.place.as_deref(), lines: &edit.lines }
    }
}

#[derive(Serialize)]
struct Change<'a> {
    summary: &'a str,
    place: Option<&'a str>,
    field: &'a str,
    snippet: String,
    edits: Vec<Edit<'a>>,
    outcome: &'a str,
    note: Option<&'a str>,
    verified: bool,
}

impl<'a> Change<'a> {
    fn of(advice: &'a crate::report::Advice) -> Self {
        Self {
            summary: &advice.summary,
            place: advice.place.as_deref(),
            field: &advice.field,
            snippet: advice.lines(),
            edits: advice.edits.iter().map(Edit::of).collect(),
            outcome: &advice.outcome,
            note: advice.note.as_deref(),
            verified: advice.verified,
        }
    }
}
