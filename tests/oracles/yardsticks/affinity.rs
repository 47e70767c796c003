//! Affinity: each source stays with one pod, however much it sends.

use super::{
    cluster::{ANY, Counts, deployment, requests, scenario, station},
    effort::Effort,
    finding::{Estimate, Finding},
    row::Row,
};

/// All sources together send so many requests.
const REQUESTS: f64 = 1_000.0;

/// Asks a row of runs.
pub(crate) fn ask(row: Row<'_>, effort: Effort) -> Result<Vec<Finding>, &'static str> {
    let shares = shares(row).ok_or("nobody says what all its clients send")?;
    let pods = row.count("pods");
    let runs = effort.of(50, 2_000);
    let all = loads(row, &shares, pods, runs);
    let spread = |loads: &Vec<f64>| {
        loads.iter().map(|it| (it - 1.0) * (it - 1.0)).sum::<f64>() / pods as f64
    };
    let spread = Estimate::of(&all.iter().map(spread).collect::<Vec<_>>()).root();
    let mut findings =
        vec![Finding::computed("cv of a pod's load", row.known("cv_of_pod_load"), spread)];
    if let Some(known) = row.expected("P_some_pod_idle_upper_bound").as_f64() {
        // The bound is the mean number of idle pods.
        let idle = |loads: &Vec<f64>| loads.iter().filter(|load| **load <= 0.0).count() as f64;
        let idle = Estimate::of(&all.iter().map(idle).collect::<Vec<_>>());
        let idle = idle.with_error_from((known / runs as f64).sqrt());
        findings.push(Finding::computed("idle pods", known, idle));
    }
    if let Some(known) = row.expected("max_pod_share_at_least").as_f64() {
        let largest = |loads: &Vec<f64>| loads.iter().copied().fold(0.0, f64::max) / pods as f64;
        let least = all.iter().map(largest).fold(f64::INFINITY, f64::min);
        let least = Estimate { mean: least + 1e-9, error: 0.0, freedom: f64::INFINITY };
        findings.push(Finding::at_least("least share of the fullest pod", known, least));
    }
    Ok(findings)
}

/// What part of all requests each source sends.
fn shares(row: Row<'_>) -> Option<Vec<f64>> {
    if let Some(sources) = row.input("client_ips").as_u64() {
        return Some(vec![1.0 / sources as f64; sources as usize]);
    }
    let said = row.input("client_shares");
    if let Some(list) = said.as_array() {
        return list.iter().map(serde_json::Value::as_f64).collect();
    }
    // `[0.5, 0.01, 0.01, 0.01]... (51 clients)`: those that are not named send as much as the last.
    let (named, rest) = said.as_str()?.strip_prefix('[')?.split_once("]... (")?;
    let count = rest.strip_suffix(" clients)")?.parse().ok()?;
    let named: Result<Vec<f64>, _> = named.split(", ").map(str::parse).collect();
    let mut shares = named.ok()?;
    let last = *shares.last()?;
    shares.resize(count, last);
    ((shares.iter().sum::<f64>() - 1.0).abs() < 1e-6).then_some(shares)
}

/// The loads of the pods over their mean, in each of some runs. Each source is a client outside
/// with an address of its own, and all come in through one node, whose proxy remembers them.
fn loads(row: Row<'_>, shares: &[f64], pods: u64, runs: u64) -> Vec<Vec<f64>> {
    let mut spec = String::from(
        "  images: { server: { start: 0s, serviceTime: 0s, concurrency: 1000 } }\n  clients:",
    );
    // Each source sends at least one.
    let smallest = shares.iter().copied().fold(1.0, f64::min);
    let requests = REQUESTS.max(1.0 / smallest);
    for (source, share) in shares.iter().enumerate() {
        let rate = (share * requests).round();
        let address = format!("203.0.{}.{}", 113 + source / 250, 1 + source % 250);
        spec += &format!(
            "
    - name: c{source}
      from: {{ outside: {address} }}
      target: http://station:30080/
      arrivals: constant({rate}/s)"
        );
    }
    let service = station(80, "type: NodePort\n  sessionAffinity: ClientIP")
        .replace("targetPort: 80", "targetPort: 80, nodePort: 30080");
    let objects = [deployment("server", "server", pods, ANY), service];
    let scenario = scenario(1.0, pods, &spec, &objects);
    (0..runs).map(|run| run_loads(&scenario, row.seed(run), pods)).collect()
}

fn run_loads(scenario: &scenario::Scenario, seed: u64, pods: u64) -> Vec<f64> {
    let mut counts = Counts::new();
    requests(scenario, seed, |_, request| {
        let pod = request.pod.expect("a pod was chosen");
        *counts.entry((0, pod)).or_default() += 1;
    });
    let all = counts.values().sum::<i64>() as f64;
    let load = |count: &i64| *count as f64 * pods as f64 / all;
    let mut loads: Vec<f64> = counts.values().map(load).collect();
    loads.resize(pods as usize, 0.0);
    loads
}
