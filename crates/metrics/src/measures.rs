//! What a run measured: numbers, with what is needed to trust them.

use std::{collections::BTreeMap, sync::Arc};

use engine::{Span, Time};
use record::Cause;
use stats::LatencyHistogram;

/// Everything measured in one run.
#[derive(Clone, Debug)]
pub struct Measures {
    /// How long was simulated, from the scenario's beginning.
    pub duration: Span,
    /// The stream's fingerprint, sixteen hexadecimal digits.
    pub fingerprint: String,
    /// All requests together.
    pub requests: Counts,
    /// All answered requests' latencies, from arrival to answer.
    pub latency: LatencyHistogram,
    /// Failed requests by cause.
    pub by_cause: BTreeMap<Cause, u64>,
    /// Per client, in the scenario's order.
    pub clients: Vec<ClientMeasures>,
    /// Per pod that was ever the target of a request or of a called Service, and per other pod of
    /// the Deployments of these (one that never started, say), in order of creation.
    pub pods: Vec<PodMeasures>,
    /// Those requests that arrived during any rollout.
    pub during_rollout: Traffic,
    /// How even the pods' load was: the least even of `balances`.
    pub balance: Balance,
    /// The same for each group of pods that stand behind the same called Services.
    pub balances: Vec<ServiceBalance>,
    /// Per rollout, in order of start.
    pub rollouts: Vec<Rollout>,
    /// The other changes of Deployments' sizes, in order of start.
    pub scalings: Vec<Scaling>,
    /// Requests by the second they arrived in.
    pub seconds: Vec<Second>,
    /// Why requests failed, the largest cause first.
    pub explanations: Vec<Explanation>,
    /// Reasons not to trust a number, among them steps of the timeline that were refused.
    pub warnings: Vec<String>,
}

/// Requests counted by how they ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counts {
    /// Answered in time.
    pub ok: u64,
    /// Failed.
    pub failed: u64,
    /// Neither when the run ended.
    pub in_flight: u64,
    /// Attempts of all of them; of one in flight only the first is known.
    pub attempts: u64,
}

impl Counts {
    /// All of them: `ok + failed + in_flight`.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.ok + self.failed + self.in_flight
    }

    /// The share of the finished ones that were answered; `None` where none finished.
    #[must_use]
    pub fn success_rate(&self) -> Option<f64> {
        let finished = self.ok + self.failed;
        (finished > 0).then(|| self.ok as f64 / finished as f64)
    }
}

/// A part of the requests: how they ended, why not well, and how long they took.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    /// How they ended.
    pub counts: Counts,
    /// The failed ones by cause.
    pub by_cause: BTreeMap<Cause, u64>,
    /// Latencies of the answered ones.
    pub latency: LatencyHistogram,
}

/// What one client measured.
#[derive(Clone, Debug)]
pub struct ClientMeasures {
    /// Its name.
    pub name: Arc<str>,
    /// Its requests.
    pub traffic: Traffic,
    /// The names it looked up.
    pub lookups: Lookups,
    /// The connections that it kept; all 0 where each request had one of its own.
    pub connections: Connections,
}

/// How often a client asked DNS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lookups {
    /// The names it looked up: one for each connection whose address it did not know.
    pub names: u64,
    /// The questions that they cost.
    pub queries: u64,
}

impl Lookups {
    /// Those of several clients.
    #[must_use]
    pub fn of<'a>(clients: impl IntoIterator<Item = &'a ClientMeasures>) -> Self {
        clients.into_iter().fold(Self::default(), |sum, ClientMeasures { lookups, .. }| Self {
            names: sum.names + lookups.names,
            queries: sum.queries + lookups.queries,
        })
    }

    /// The questions that a name cost on average; `None` where no name was looked up.
    #[must_use]
    pub fn queries_per_name(&self) -> Option<f64> {
        (self.names > 0).then(|| self.queries as f64 / self.names as f64)
    }
}

/// The connections that a client kept for later requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    /// Those that it opened.
    pub opened: u64,
    /// Those that were open when the run ended.
    pub open: u64,
    /// Of these, those to the pod that had most.
    pub most_to_a_pod: u64,
}

/// What one pod lived through and carried.
#[derive(Clone, Debug, Default)]
pub struct PodMeasures {
    /// Its name.
    pub name: Arc<str>,
    /// Image of its main container.
    pub version: Arc<str>,
    /// Its node, once bound.
    pub node: Option<Arc<str>>,
    /// Its Deployment, `namespace/name`.
    pub deployment: Option<Arc<str>>,
    /// The Services that clients call and that ever listed it, `namespace/name`.
    pub services: Vec<Arc<str>>,
    /// Requests whose last attempt went to it.
    pub requests: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// Latencies of the answered ones.
    pub latency: LatencyHistogram,
    /// How long it could be picked: the time in which at least one node's rules, a sidecar or the load
    /// balancer, whoever chooses for a client, listed it for a Service that the client calls. Where none
    /// ever did and requests came nevertheless (by its address, say), the time in which it was ready.
    pub ready: Span,
    /// The stretches of that time.
    pub pickable: Vec<(Time, Time)>,
    /// Stretches of its life, in order and without gaps, for drawing.
    pub life: Vec<(Time, PodState)>,
    /// When the object was gone.
    pub gone: Option<Time>,
    /// Requests delivered to it, by second.
    pub by_second: BySecond,
}

/// Counts by second from the first second that has one, so that they grow with a pod's life and
/// not with the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BySecond {
    first: usize,
    counts: Vec<u32>,
}

impl BySecond {
    /// Counts so many more.
    #[inline]
    pub fn add(&mut self, second: usize, more: u32) {
        if self.counts.is_empty() {
            self.first = second;
        }
        // Requests are counted when they end, so one of an earlier second may come later.
        if second < self.first {
            let earlier = std::iter::repeat_n(0, self.first - second);
            self.counts.splice(..0, earlier);
            self.first = second;
        }
        let place = second - self.first;
        if place >= self.counts.len() {
            self.counts.resize(place + 1, 0);
        }
        self.counts[place] += more;
    }

    /// The seconds from the first to the last that has any, with how many it has.
    pub fn iter(&self) -> impl Iterator<Item = (usize, u32)> {
        (self.first..).zip(self.counts.iter().copied())
    }

    /// How many in a second.
    #[must_use]
    pub fn at(&self, second: usize) -> u32 {
        let place = second.checked_sub(self.first);
        place.and_then(|place| self.counts.get(place)).copied().unwrap_or(0)
    }
}

impl FromIterator<u32> for BySecond {
    /// The counts of the seconds from zero on.
    fn from_iter<I: IntoIterator<Item = u32>>(counts: I) -> Self {
        Self { first: 0, counts: counts.into_iter().collect() }
    }
}

/// A stretch in the life of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodState {
    /// Stored, not yet started.
    Pending,
    /// Started, not yet ready.
    Starting,
    /// Ready.
    Ready,
    /// Was ready, is not now.
    Unready,
    /// Deletion was asked for; its program still listens.
    Terminating,
    /// Its program listens no more.
    Closed,
}

/// How even the load of the called pods was, per ready time. Pods that could be picked for less
/// than a second are left out: a handful of requests over so short a time says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Balance {
    /// Jain's index of requests per ready second: 1 for even, 1/n for all on one.
    pub jain: f64,
    /// Coefficient of variation of the same.
    pub cv: f64,
    /// Largest over mean of the same.
    pub max_over_mean: f64,
    /// The most that a pod had of its even share, which is what it gets if every request goes to any of
    /// the pods that can be picked just then. Where all could be picked all the time it is the largest
    /// over the mean; it stays comparable where the number of pods changes. Not a number where no pod with a share had a
    /// request.
    pub max_over_share: f64,
    /// The coefficient of variation that pure chance would give: had each request gone to any of the
    /// pods that could be picked just then. Who could be picked while few shared the load has more of
    /// it per ready time, whatever the policy, so that this is part of it. Not a number where requests came
    /// only while no pod could be picked.
    pub chance_cv: f64,
    /// What of it comes of pods that could be picked at different times: the coefficient of variation
    /// if each had exactly what chance gives it on average.
    pub times_cv: f64,
    /// The largest over mean that pure chance would give, by the same reckoning.
    pub chance_max_over_mean: f64,
    /// How many pods this is over.
    pub pods: usize,
}

impl Balance {
    /// Whether any request came to the pods: otherwise there is nothing to be even.
    #[must_use]
    pub fn is_measured(&self) -> bool {
        self.max_over_mean > 0.0
    }
}

/// How even the load of the pods was that stand behind the same Services.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceBalance {
    /// The Services, `namespace/name`.
    pub services: Vec<Arc<str>>,
    /// Of their pods.
    pub balance: Balance,
}

/// A change of the size of one Deployment that was no part of a rollout: `kubectl scale`, or `kubectl apply`
/// of one that was not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scaling {
    /// `namespace/name`.
    pub deployment: Arc<str>,
    /// How many pods it was to have before; `None` where it was created.
    pub from: Option<i32>,
    /// And from then on.
    pub to: i32,
    /// When that was written to its ReplicaSet.
    pub start: Time,
    /// When its status said that so many were there and available; `None` where the run ended before.
    pub end: Option<Time>,
    /// Whether another size, a rollout or the Deployment's end came before that.
    pub superseded: bool,
}

impl Scaling {
    /// How long it took, where it came to an end.
    #[must_use]
    pub fn duration(&self) -> Option<Span> {
        self.end.map(|end| end.since(self.start))
    }
}

/// One rollout of one Deployment.
#[derive(Clone, Debug)]
pub struct Rollout {
    /// `namespace/name`.
    pub deployment: Arc<str>,
    /// Image before.
    pub from: Arc<str>,
    /// Image after.
    pub to: Arc<str>,
    /// When the template changed.
    pub start: Time,
    /// When its controller took it for complete.
    pub end: Option<Time>,
    /// When, besides, every pod it replaced was gone and no proxy, sidecar or load balancer listed one any
    /// more.
    pub settled: Option<Time>,
    /// When the next rollout of the Deployment began, where that was before this one had settled; it ends
    /// everything that is counted here.
    pub superseded: Option<Time>,
    /// When the Deployment was deleted, where that was before this had settled; it ends what is counted here.
    pub deleted: Option<Time>,
    /// Whether the progress deadline passed.
    pub deadline_exceeded: bool,
    /// Every write of a ReplicaSet's size, as `(time, sizes by version)`.
    pub steps: Vec<(Time, BTreeMap<String, i32>)>,
    /// The most pods that were not being deleted, at any moment of it.
    pub pods_max: u32,
    /// The fewest ready pods that were not being deleted, at any moment of it.
    pub available_min: u32,
    /// Requests to the Services of its pods that arrived between start and settled (or superseded, its
    /// Deployment's deletion, or the run's end); those unanswered when the run ended are not known by their
    /// arrival and are not here.
    pub requests: Counts,
}

impl Rollout {
    /// When it was over: settled, overtaken, its Deployment deleted, or at least complete; `None` where it
    /// goes on when the run ends.
    #[must_use]
    pub fn over(&self) -> Option<Time> {
        self.settled.or(self.superseded).or(self.deleted).or(self.end)
    }

    /// Whether its controller took it for complete.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.end.is_some()
    }

    /// From the change of the template to completion.
    #[must_use]
    pub fn duration(&self) -> Option<Span> {
        self.end.map(|end| end.since(self.start))
    }
}

/// The requests that arrived within one second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Second {
    /// Answered in time.
    pub ok: u32,
    /// Failed.
    pub failed: u32,
}

/// Why requests failed, for one cause.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The cause.
    pub cause: Cause,
    /// How many requests.
    pub count: u64,
    /// When the first and the last of them arrived.
    pub window: (Time, Time),
    /// In a sentence or two, with the gap that made them.
    pub text: String,
    /// The Deployment whose pods they were sent to, where it is one.
    pub deployment: Option<Arc<str>>,
    /// The gap between what the proxies listed and what was true, smallest and largest.
    pub gap: Option<(Span, Span)>,
}
