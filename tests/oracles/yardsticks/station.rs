//! Pods as the stations of a queueing textbook, and what is asked about them.

use engine::Time;
use record::{Outcome, Request};

use super::{
    cluster::{ANY, deployment, requests, scenario, station},
    effort::Effort,
    finding::Estimate,
    row::Row,
};

/// A mean service takes so long, in milliseconds.
const SERVICE_MS: f64 = 1.0;
/// Neighbouring requests depend on each other, so that the error of a mean is that of these.
const BATCHES: usize = 40;
/// The part of the requests that found the pods emptier than they are on average.
const SKIPPED: f64 = 0.1;

/// The longest run of all.
pub(crate) const MOST_REQUESTS: f64 = 4e7;

/// The 99 % quantile of the standard normal distribution.
const NORMAL_P99: f64 = 2.326_347_874_040_841;

/// How long a service takes, in mean services, so that its squared coefficient of variation is a
/// given one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Service {
    Exponential,
    Constant,
    /// From zero to twice the mean.
    Uniform,
    /// With this squared coefficient of variation.
    LogNormal(f64),
}

impl Service {
    fn text(self) -> String {
        let mean = SERVICE_MS * 1e6;
        match self {
            Self::Exponential => format!("exp({mean}ns)"),
            Self::Constant => format!("{mean}ns"),
            Self::Uniform => format!("'uniform(0s, {}ns)'", 2.0 * mean),
            Self::LogNormal(scv) => {
                let median = mean / (1.0 + scv).sqrt();
                let sigma = libm::log(1.0 + scv).sqrt();
                let p99 = median * libm::exp(sigma * NORMAL_P99);
                format!("'lognormal({median:.0}ns, p99={p99:.0}ns)'")
            }
        }
    }

    fn scv(self) -> f64 {
        match self {
            Self::Exponential => 1.0,
            Self::Constant => 0.0,
            Self::Uniform => 1.0 / 3.0,
            Self::LogNormal(scv) => scv,
        }
    }

    /// By how much the mean of so many squared services varies, as a variance: waits are made of
    /// these.
    fn variation_of_squares(self) -> f64 {
        match self {
            Self::LogNormal(scv) => libm::pow(1.0 + scv, 4.0),
            _ => 6.0,
        }
    }
}

/// Pods, and who calls them.
#[derive(Clone, Debug)]
pub(crate) struct Station {
    pub(crate) pods: u64,
    pub(crate) workers: u64,
    /// Requests that may wait in a pod.
    pub(crate) backlog: u64,
    pub(crate) service: Service,
    /// Requests in a mean service time, to all pods.
    pub(crate) load: f64,
    /// How they are balanced.
    pub(crate) policy: String,
    /// How many balancers there are.
    pub(crate) senders: u64,
}

/// What is asked of each request. Times are in mean services.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Measure {
    /// How long it was there.
    Sojourn,
    /// How long it waited.
    Wait,
    /// Whether it waited.
    Waits,
    /// Whether it was there for longer than this.
    SojournBeyond(f64),
    /// Whether it waited for longer than this.
    WaitBeyond(f64),
    /// Whether it was turned away.
    TurnedAway,
}

impl Measure {
    fn of(self, ended: Time, request: &Request) -> Option<f64> {
        let services = |seconds: f64| seconds * 1000.0 / SERVICE_MS;
        let served = request.outcome == Outcome::Ok;
        if let Self::TurnedAway = self {
            return Some(f64::from(u8::from(!served)));
        }
        let sojourn = services((ended - request.arrived).as_secs_f64());
        let wait = services(request.queued.as_secs_f64());
        let answer = match self {
            Self::Sojourn => sojourn,
            Self::Wait => wait,
            Self::Waits => f64::from(u8::from(wait > 0.0)),
            Self::SojournBeyond(limit) => f64::from(u8::from(sojourn > limit)),
            Self::WaitBeyond(limit) => f64::from(u8::from(wait > limit)),
            Self::TurnedAway => unreachable!("it was answered above"),
        };
        served.then_some(answer)
    }
}

impl Station {
    /// One pod with one worker and an exponential service, and no end of room.
    pub(crate) fn with(pods: u64, workers: u64, load: f64) -> Self {
        Self {
            pods,
            workers,
            backlog: 1_000_000,
            service: Service::Exponential,
            load,
            policy: "envoy.random".to_owned(),
            senders: 1,
        }
    }

    fn spec(&self, rate: f64) -> String {
        let Self { workers, backlog, policy, .. } = self;
        let service = self.service.text();
        format!(
            "  balancing: {policy}
  images:
    server: {{ start: 0s, serviceTime: {service}, concurrency: {workers}, backlog: {backlog} }}
    sender: {{ start: 0s }}
  clients:
    - name: client
      from: {{ pods: app=sender }}
      target: http://station/
      arrivals: poisson({rate}/s)
      timeout: 10000s"
        )
    }

    /// How many requests it takes until means are as near as wanted: they vary as 4/(1-ρ)² where
    /// services are exponential, and what was before is forgotten in so many requests to each pod.
    /// None where that is more than may be.
    ///
    /// In long runs something that is `rare`, as one request in a hundred is that takes longest, is to
    /// be seen about as well as the mean: one in five counts as often enough.
    pub(crate) fn requests(&self, effort: Effort, rare: f64) -> Option<u64> {
        let busy = self.load / (self.pods * self.workers) as f64;
        let idle = if self.backlog < 1_000 { 0.2 } else { 1.0 - busy };
        let (part, most) = effort.of((0.04, 1e6), (0.015, MOST_REQUESTS));
        let varies = 2.0 * (1.0 + self.service.scv()) / (idle * idle);
        let needed = (varies + self.service.variation_of_squares()) / (part * part);
        // A pod whose requests are chosen by its queue is soon back where it is most of the time.
        let by_queue = !["envoy.random", "envoy.round_robin"].contains(&&*self.policy);
        let long = if by_queue { idle } else { idle * idle };
        // So each of the parts that the error is made of is ten times as long.
        let forgets = 10.0 * BATCHES as f64 * self.pods as f64;
        let forgets = forgets * 2.0 * (1.0 + self.service.scv()) / long;
        let least: f64 = effort.of(1e5, 4e5);
        let rarity = effort.of(1.0, (0.2 / rare).max(1.0));
        let wanted = needed.max(forgets).max(least) * rarity;
        match effort {
            // A cluster of many pods takes long by itself.
            Effort::Everyday if wanted > most || self.pods > 200 => None,
            _ => Some(wanted.min(most) as u64),
        }
    }

    /// Runs so many requests of it, of which none is left out that takes long: what the measures are on
    /// average.
    pub(crate) fn ask(&self, row: Row<'_>, wanted: u64, measures: &[Measure]) -> Vec<Estimate> {
        let rate = self.load / SERVICE_MS * 1000.0;
        // The last requests have time to be done.
        let more = 1.0 + 6.0 / (wanted as f64).sqrt();
        let seconds = wanted as f64 / rate * more + 3.0 * SERVICE_MS;
        let objects = [
            deployment("server", "server", self.pods, ANY),
            deployment("sender", "sender", self.senders, ANY),
            station(80, ""),
        ];
        let scenario = scenario(seconds, self.pods + self.senders, &self.spec(rate), &objects);

        let skipped = (wanted as f64 * SKIPPED) as u64;
        let length = (wanted - skipped) / BATCHES as u64;
        let mut sums = vec![[(0.0, 0_u64); BATCHES]; measures.len()];
        let mut finished = 0;
        requests(&scenario, row.seed(0), |now, request| {
            let Some(number) = request.number.checked_sub(skipped) else { return };
            let batch = (number / length) as usize;
            if batch >= BATCHES {
                return;
            }
            finished += 1;
            for (measure, sums) in measures.iter().zip(&mut sums) {
                if let Some(value) = measure.of(now, request) {
                    sums[batch].0 += value;
                    sums[batch].1 += 1;
                }
            }
        });
        assert_eq!(finished, length * BATCHES as u64, "{self:?}: some request had no end");
        let mean = |(sum, count): &(f64, u64)| sum / *count as f64;
        sums.iter().map(|sums| Estimate::of(&sums.iter().map(mean).collect::<Vec<_>>())).collect()
    }
}
