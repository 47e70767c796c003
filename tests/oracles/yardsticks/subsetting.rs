//! Subsetting: each client keeps connections to a few pods only.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    cluster::{ANY, deployment, requests, scenario, station},
    effort::Effort,
    finding::{Estimate, Finding},
    row::Row,
};

/// Asks a row of runs.
pub(crate) fn ask(row: Row<'_>, effort: Effort) -> Result<Vec<Finding>, &'static str> {
    let (clients, pods) = (row.count("clients"), row.count("servers"));
    let runs = effort.of(60, 1_000);
    let size = (clients, pods, row.count("subset"));
    let all = connections(row, RANDOM, size, runs);
    // Nothing is left to chance there.
    let dealt = &connections(row, DETERMINISTIC, size, 1)[0];
    let [least, most] = [f64::min, f64::max].map(|of| dealt.iter().copied().reduce(of));
    let spread = most.zip(least).map_or(f64::NAN, |(most, least)| most - least);
    let spread = Estimate { mean: spread, error: 0.0, freedom: f64::INFINITY };
    let mean = row.known("mean_conns_per_server");
    let trials = (runs * pods) as f64;
    let variance =
        |run: &Vec<f64>| run.iter().map(|it| (it - mean) * (it - mean)).sum::<f64>() / pods as f64;
    let sd = Estimate::of(&all.iter().map(variance).collect::<Vec<_>>()).root();
    let of_all = all.iter().flatten().sum::<f64>() / trials;
    let part = |is: &dyn Fn(f64) -> bool, expected: f64| {
        let count = all.iter().flatten().filter(|it| is(**it)).count() as f64;
        Estimate::share(count / trials, expected, trials)
    };
    let (low, high) = (row.known("p01"), row.known("p99"));
    let unused = row.known("P_server_unused");
    Ok(vec![
        Finding::computed("sd of a pod's connections", row.known("sd"), sd),
        Finding::computed("cv of a pod's connections", row.known("cv"), sd.times(1.0 / mean)),
        Finding::exact("connections of a pod", mean, of_all),
        Finding::at_least("part up to p01", 0.01, part(&|it| it <= low, 0.01)),
        Finding::at_most("part below p01", 0.01, part(&|it| it < low, 0.01)),
        Finding::at_least("part up to p99", 0.99, part(&|it| it <= high, 0.99)),
        Finding::at_most("part below p99", 0.99, part(&|it| it < high, 0.99)),
        Finding::computed("part without any", unused, part(&|it| it < 0.5, unused)),
        Finding::at_most("spread, dealt out in rounds", 1.0, spread),
    ])
}

/// How clients come to their subsets.
const RANDOM: &str = "grpc.random_subsetting";
const DETERMINISTIC: &str = "grpc.deterministic_subsetting";

/// How many clients use each pod, in each of some runs.
fn connections(
    row: Row<'_>,
    layer: &str,
    (clients, pods, subset): (u64, u64, u64),
    runs: u64,
) -> Vec<Vec<f64>> {
    let mut spec = format!(
        "  balancing:
    grpc.round_robin: {{}}
    layers: [ {{ {layer}: {{ subset_size: {subset} }} }} ]
  images: {{ server: {{ start: 0s, serviceTime: 0s, concurrency: 1000 }} }}
  clients:"
    );
    for client in 0..clients {
        // One to each pod that it knows.
        spec += &format!(
            "
    - {{ name: c{client}, target: http://station/, arrivals: constant({subset}/s) }}"
        );
    }
    let objects = [deployment("server", "server", pods, ANY), station(80, "")];
    let scenario = scenario(1.0, pods, &spec, &objects);
    let run = |run| {
        let mut users: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        requests(&scenario, row.seed(run), |_, request| {
            let pod = request.pod.expect("a pod was chosen");
            users.entry(pod).or_default().insert(request.client);
        });
        let mut used: Vec<f64> = users.into_values().map(|users| users.len() as f64).collect();
        used.resize(pods as usize, 0.0);
        used
    };
    (0..runs).map(run).collect()
}
