//! Rollout skew: whom kept connections stay with when pods are replaced, or come by scaling.

use std::collections::BTreeMap;

use api::PodId;
use engine::Time;
use record::{Record, Recorder};
use scenario::Scenario;

use super::{
    cluster::{ANY, Counts, connections, deployment, scenario, station},
    effort::Effort,
    finding::{Estimate, Finding},
    row::Row,
};

/// Asks a row of runs.
pub(crate) fn ask(row: Row<'_>, effort: Effort) -> Result<Vec<Finding>, &'static str> {
    if row.input("tau").is_number() {
        return Ok(renewed(row, effort));
    }
    match row.input("pods").as_u64() {
        Some(pods) if effort == Effort::Everyday && pods > 10 => Err("only in the long runs"),
        Some(pods) => Ok(replaced(row, pods, effort)),
        None => Ok(scaled(row)),
    }
}

/// So many clients are in one run, each with connections of its own.
const CLIENTS: u64 = 20;

/// So many connections a client has to each pod on average.
fn each(pods: u64) -> u64 {
    (40 / pods).max(1)
}

/// A rolling update: connections of the new pods over the mean, in the order they were started.
fn replaced(row: Row<'_>, pods: u64, effort: Effort) -> Vec<Finding> {
    let (surge, unavailable) = (row.count("maxSurge"), row.count("maxUnavailable"));
    let scenario = rollout(pods, surge, unavailable);
    let runs = effort.of(20, (60_000 / pods).min(1_000));
    let all: Vec<Vec<f64>> = (0..runs).map(|run| new_pods(&scenario, row, pods, run)).collect();
    let known = row.known_list("expected_connections_by_start_order");
    let places: Vec<usize> = match known.len() as u64 == pods {
        true => (0..known.len()).collect(),
        // The first, that in the middle and the last.
        false => vec![0, pods as usize / 2, pods as usize - 1],
    };
    let mean = |place: usize| Estimate::of(&all.iter().map(|run| run[place]).collect::<Vec<_>>());
    let mut findings: Vec<Finding> = known
        .iter()
        .zip(places)
        .map(|(known, place)| {
            let what = format!("connections of new pod {}", place + 1);
            Finding::computed(&what, *known, mean(place))
        })
        .collect();
    let even = evenness(&all);
    findings.push(Finding::computed("Jain's index", row.known("jain_of_expected"), even));
    findings
}

/// Jain's index of the means, and its error by its slope there.
fn evenness(all: &[Vec<f64>]) -> Estimate {
    let pods = all[0].len();
    let mean = |place: usize| all.iter().map(|run| run[place]).sum::<f64>() / all.len() as f64;
    let means: Vec<f64> = (0..pods).map(mean).collect();
    let index = stats::jain(&means);
    let total: f64 = means.iter().sum();
    let squares: f64 = means.iter().map(|it| it * it).sum();
    let slope = |place: usize| 2.0 * index * (1.0 / total - means[place] / squares);
    let leans =
        |run: &Vec<f64>| run.iter().zip(0..).map(|(it, place)| it * slope(place)).sum::<f64>();
    let error = Estimate::of(&all.iter().map(leans).collect::<Vec<f64>>());
    // The squares of means have the errors of these in them.
    let variance = |place: usize| {
        let error = Estimate::of(&all.iter().map(|run| run[place]).collect::<Vec<_>>()).error;
        error * error
    };
    let extra: f64 = (0..pods).map(variance).sum();
    Estimate { mean: index * squares / (squares - extra), ..error }
}

/// A rolling update whose pods take a second to start, of clients that each replace a connection at
/// once.
fn rollout(pods: u64, surge: u64, unavailable: u64) -> Scenario {
    let kept = pods * each(pods);
    // More than one pod ever closes at a time, and all at first.
    let rate = kept.max(8 * each(pods) + 30);
    let mut spec = String::from(
        "  images: { server: { start: 1s, serviceTime: 0s, concurrency: 1000 }, \
         server2: { start: 1s, serviceTime: 0s, concurrency: 1000 } }
  timeline: [ { at: 1500ms, kubectl: set image deployment/server server=server2 } ]
  clients:",
    );
    for client in 0..CLIENTS {
        spec += &format!(
            "
    - name: c{client}
      target: http://station/
      arrivals: constant({rate}/s)
      retries: {{ attempts: 5, on: [refused, reset] }}
      connections: {{ http2: {{ min: {kept}, max: {kept} }} }}"
        );
    }
    let strategy = format!(
        "{{ type: RollingUpdate, rollingUpdate: {{ maxSurge: {surge}, maxUnavailable: {unavailable} }} }}"
    );
    let objects = [deployment("server", "server", pods, &strategy), station(80, "")];
    // Pods are replaced one after the other.
    scenario(pods as f64 * 1.0 + 4.0, pods + 1, &spec, &objects)
}

/// Connections of the new pods at the end of a run, over their mean.
fn new_pods(scenario: &Scenario, row: Row<'_>, pods: u64, run: u64) -> Vec<f64> {
    #[derive(Default)]
    struct Pods {
        started: Vec<PodId>,
        open: BTreeMap<PodId, i64>,
    }
    impl Recorder for Pods {
        fn record(&mut self, time: Time, record: &Record) {
            match record {
                Record::PodCreated { pod, .. } if time > sim::BEGIN => self.started.push(*pod),
                Record::ConnectionOpened { pod, .. } => *self.open.entry(*pod).or_default() += 1,
                Record::ConnectionClosed { pod, .. } => *self.open.entry(*pod).or_default() -= 1,
                _ => {}
            }
        }
    }
    let mut seen = Pods::default();
    sim::run(sim::compile(scenario, row.seed(run)), &mut seen);
    assert_eq!(seen.started.len() as u64, pods, "{}", row.id());
    let count = |pod: &PodId| seen.open.get(pod).copied().unwrap_or(0);
    let counts: Vec<i64> = seen.started.iter().map(count).collect();
    let all = (CLIENTS * each(pods) * pods) as i64;
    assert_eq!(counts.iter().sum::<i64>(), all, "{}: some connection is elsewhere", row.id());
    counts.iter().map(|count| *count as f64 * pods as f64 / all as f64).collect()
}

/// Pods that come by scaling, where connections are never reopened.
fn scaled(row: Row<'_>) -> Vec<Finding> {
    let (before, after) = (row.count("pods_before"), row.count("pods_after"));
    let each = 10 * before;
    // In turn, so that each of those that are there has equally many.
    let spec = format!(
        "  balancing: ipvs.rr
  images: {{ server: {{ start: 0s, serviceTime: 0s, concurrency: 1000 }} }}
  timeline: [ {{ at: 2s, kubectl: scale --replicas={after} deployment/server }} ]
  clients:
    - name: client
      target: http://station/
      arrivals: constant({each}/s)
      connections: {{ http2: {{ min: {each}, max: {each} }} }}"
    );
    let objects = [deployment("server", "server", before, ANY), station(80, "")];
    let scenario = scenario(10.0, after, &spec, &objects);
    let open = connections(&scenario, row.seed(0));
    let mut loads: Vec<f64> = open.values().map(|count| *count as f64).collect();
    let new = open.keys().filter(|(_, pod)| !first(&open, before).contains(pod)).count();
    loads.resize(after as usize, 0.0);
    vec![
        Finding::exact("share of new pods", row.known("share_of_new_pods"), new as f64),
        Finding::exact(
            "fullest over mean",
            row.known("max_over_mean"),
            stats::max_over_mean(&loads),
        ),
        Finding::exact("Jain's index", row.known("jain"), stats::jain(&loads)),
        Finding::exact("cv", row.known("cv"), stats::coefficient_of_variation(&loads)),
    ]
}

/// The pods that were created first.
fn first(open: &Counts, count: u64) -> Vec<PodId> {
    let mut pods: Vec<PodId> = open.keys().map(|(_, pod)| *pod).collect();
    pods.sort_unstable();
    pods.dedup();
    pods.truncate(count as usize);
    pods
}

/// A pod that comes by scaling, where connections are renewed now and then.
///
/// Each client renews its connection after a time of its own, at a phase that is chance. Where
/// these times follow a Gamma distribution of shape 2 and scale τ, what a connection has left at
/// any moment is exponential with mean τ: the rest of a life of length a is alike between 0 and a,
/// and the density a·e^(-a/τ)/τ² over a of that is e^(-t/τ)/τ.
fn renewed(row: Row<'_>, effort: Effort) -> Vec<Finding> {
    const CLIENTS: u64 = 1_000;
    let (before, after) = (row.count("pods_before"), row.count("pods_after"));
    let (tau, t) = (row.given("tau"), row.given("t"));
    let life = |client: u64| tau * gamma_quantile((client as f64 + 0.5) / CLIENTS as f64);
    // By then the one that lives longest has begun.
    let began = life(CLIENTS - 1).ceil() + 1.0;
    let mut spec = format!(
        "  images: {{ server: {{ start: 0s, serviceTime: 0s, concurrency: 1000 }} }}
  timeline: [ {{ at: {began}s, kubectl: scale --replicas={after} deployment/server }} ]
  clients:"
    );
    for client in 0..CLIENTS {
        let life = life(client);
        // Its next request finds the connection too old.
        spec += &format!(
            "
    - name: c{client}
      target: http://station/
      arrivals: constant({:.9}/h)
      connections: {{ http2: {{ max: 1, maxAge: {:.6}s }} }}",
            3600.0 / life,
            life * 0.999
        );
    }
    let objects = [deployment("server", "server", before, ANY), station(80, "")];
    let scenario = scenario(began + t, after, &spec, &objects);
    let share = |run| {
        let open = connections(&scenario, row.seed(run));
        assert_eq!(open.values().sum::<i64>() as u64, CLIENTS, "{}", row.id());
        let new = newest(&open, before, after);
        let on_new = |(key, count): (&(u32, PodId), &i64)| (Some(key.1) == new).then_some(*count);
        open.iter().filter_map(on_new).sum::<i64>() as f64 / CLIENTS as f64
    };
    let shares: Vec<f64> = (0..effort.of(20, 300)).map(share).collect();
    let known = row.known("new_pod_share");
    vec![Finding::computed("share of the new pod", known, Estimate::of(&shares))]
}

/// The pod that was created last, if it has a connection.
fn newest(open: &Counts, before: u64, after: u64) -> Option<PodId> {
    let pods = first(open, after);
    (pods.len() as u64 > before).then(|| pods.last().copied()).flatten()
}

/// The time that a Gamma distribution of shape 2 and scale 1 stays below with this probability.
fn gamma_quantile(probability: f64) -> f64 {
    let (mut low, mut high) = (0.0, 100.0);
    for _ in 0..100 {
        let middle: f64 = f64::midpoint(low, high);
        let below = 1.0 - (1.0 + middle) * libm::exp(-middle);
        if below < probability { low = middle } else { high = middle }
    }
    low
}
