//! Hashing: which pods keys lead to, and how many keys move when a pod comes or goes.
//!
//! A ring is made of the pods' addresses, so each run has pods at another port, and with them a
//! ring of its own. What keys a run has is chance as well, and taken off what the ring does.

use std::collections::BTreeMap;

use super::{
    cluster::{ANY, requests, scenario, station},
    effort::Effort,
    finding::{Estimate, Finding},
    row::Row,
};

/// So many keys that hardly a request has that of another.
const KEYS: u64 = 1_000_000_000;

/// Asks a row of runs.
pub(crate) fn ask(row: Row<'_>, effort: Effort) -> Result<Vec<Finding>, &'static str> {
    match row.input("vnodes_per_server").as_u64() {
        Some(points) => shares(row, points, effort),
        None => Ok(moved(row, effort)),
    }
}

/// The shares of the pods of a ring over their mean, as so many keys show them.
struct Shares {
    shares: Vec<f64>,
    keys: f64,
}

impl Shares {
    /// The square of their coefficient of variation.
    fn spread(&self) -> f64 {
        let squares = self.shares.iter().map(|it| (it - 1.0) * (it - 1.0)).sum::<f64>();
        squares / self.shares.len() as f64
    }

    /// What of that is the draw of keys: with shares that spread by s², n pods and m keys it is
    /// (n-1-s²)/m on average.
    fn drawn(&self) -> f64 {
        (self.shares.len() as f64 - 1.0 - self.spread()) / (self.keys - 1.0)
    }
}

/// How keys spread over the points of a ring.
fn shares(row: Row<'_>, points: u64, effort: Effort) -> Result<Vec<Finding>, &'static str> {
    let pods = row.count("servers");
    let size = pods * points;
    let ring = format!(
        "{{ envoy.ring_hash: {{ minimum_ring_size: {size}, maximum_ring_size: {size} }} }}"
    );
    let mut policies = vec![("", ring)];
    if points == 160 {
        policies.push(("ketama: ", "ketama.continuum".to_owned()));
    }
    // A draw of keys adds a tenth to the square of the spread.
    let spread = row.known("cv_of_share");
    let keys = 10.0 * pods as f64 / (spread * spread);
    let keys = keys.max(1_000.0) as u64;
    let (rings, most) = effort.of((60, 60_000), (3_000, 20_000_000));
    if effort == Effort::Everyday && keys > most / 4 {
        return Err("only in the long runs");
    }
    let rings = (most / keys).clamp(10, rings);
    let of_policy = |(name, policy): &(&str, String)| {
        let all: Vec<Shares> =
            (0..rings).map(|run| ring_shares(row, policy, (pods, keys), run)).collect();
        spread_findings(row, name, &all)
    };
    Ok(policies.iter().flat_map(of_policy).collect())
}

fn spread_findings(row: Row<'_>, name: &str, all: &[Shares]) -> Vec<Finding> {
    let estimate =
        |of: &dyn Fn(&Shares) -> f64| Estimate::of(&all.iter().map(of).collect::<Vec<_>>());
    let spread = estimate(&|it| it.spread() - it.drawn());
    // The same shares without what the draw of keys has spread them further.
    let kept = (spread.mean.max(0.0) / estimate(&Shares::spread).mean).sqrt();
    let of_ring = |share: &f64| 1.0 + (share - 1.0) * kept;
    let largest = |it: &Shares| it.shares.iter().map(of_ring).fold(0.0, f64::max);
    let shares = || all.iter().flat_map(|it| &it.shares).map(of_ring);
    let count = shares().count() as f64;
    let part = |is: &dyn Fn(f64) -> bool| {
        Estimate::share(shares().filter(|share| is(*share)).count() as f64 / count, 0.01, count)
    };
    let (low, high) = (row.known("share_p01_over_mean"), row.known("share_p99_over_mean"));
    let what = |what: &str| format!("{name}{what}");
    let largest = estimate(&largest);
    vec![
        Finding::computed(&what("largest share"), row.known("E_max_share_over_mean"), largest),
        Finding::computed(&what("cv of shares"), row.known("cv_of_share"), spread.root()),
        Finding::computed(&what("part beyond p99"), 0.01, part(&|share| share > high)),
        Finding::computed(&what("part below p01"), 0.01, part(&|share| share < low)),
    ]
}

/// The shares of one ring.
fn ring_shares(row: Row<'_>, policy: &str, (pods, keys): (u64, u64), run: u64) -> Shares {
    let spec = spec(policy, keys as f64, "");
    let scenario = scenario(1.0, pods, &spec, &at_port(pods, run));
    let mut counts = BTreeMap::new();
    requests(&scenario, row.seed(run), |_, request| {
        *counts.entry(request.pod).or_insert(0.0) += 1.0;
    });
    let mut counts: Vec<f64> = counts.into_values().collect();
    counts.resize(pods as usize, 0.0);
    let keys = counts.iter().sum::<f64>();
    Shares { shares: counts.iter().map(|count| count * pods as f64 / keys).collect(), keys }
}

fn spec(policy: &str, rate: f64, timeline: &str) -> String {
    format!(
        "  balancing: {policy}
  images: {{ server: {{ start: 0s, serviceTime: 0s, concurrency: 1000 }} }}
  clients:
    - {{ name: client, target: http://station/, keys: {KEYS}, arrivals: constant({rate}/s) }}
{timeline}"
    )
}

/// Pods that listen where those of no other run do.
fn at_port(pods: u64, run: u64) -> [String; 2] {
    let port = 1_024 + (run % 60_000) as u16;
    let deployment = super::cluster::deployment("server", "server", pods, ANY);
    let deployment = deployment.replace("containerPort: 80 ", &format!("containerPort: {port} "));
    [deployment, station(port, "")]
}

/// How many keys come to another pod when one pod more is there, or one less: two runs of the same
/// requests, one of them with the change.
fn moved(row: Row<'_>, effort: Effort) -> Vec<Finding> {
    let pods = row.count("servers");
    let mut findings = Vec::new();
    for (change, replicas) in [("add", pods + 1), ("remove", pods - 1)] {
        for (kind, policy) in [("consistent", "ketama.continuum"), ("modulo", "nginx.hash")] {
            let known = row.known(&format!("fraction_moved_on_{change}_{kind}"));
            let keys = effort.of(1_000, 20_000);
            let parts: Vec<f64> = (0..effort.of(10, 100))
                .map(|run| moved_part(row, policy, (pods, replicas), (keys, run)))
                .collect();
            let what = format!("{change}, {kind}");
            findings.push(Finding::computed(&what, known, Estimate::of(&parts)));
        }
    }
    findings
}

fn moved_part(
    row: Row<'_>,
    policy: &str,
    (before, after): (u64, u64),
    (keys, run): (u64, u64),
) -> f64 {
    let step = format!(
        "  timeline: [ {{ at: 500ms, kubectl: scale --replicas={after} deployment/server }} ]"
    );
    let way = |timeline: &str| {
        let spec = spec(policy, 2.0 * keys as f64, timeline);
        let scenario = scenario(1.0, before.max(after), &spec, &at_port(before, run));
        let mut pods = BTreeMap::new();
        requests(&scenario, row.seed(run), |_, request| {
            if request.number > keys {
                pods.insert(request.number, request.pod);
            }
        });
        pods
    };
    let [stays, changes] = ["", &*step].map(way);
    assert!(stays.len() as u64 + 2 > keys, "{}", row.id());
    let elsewhere = stays.iter().filter(|(number, pod)| changes.get(number) != Some(pod)).count();
    elsewhere as f64 / stays.len() as f64
}
