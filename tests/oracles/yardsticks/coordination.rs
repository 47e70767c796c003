//! Coordination: many clients that each take pods in turn, and know nothing of each other.

use super::{
    cluster::{ANY, Counts, deployment, requests, scenario, station},
    effort::Effort,
    finding::{Estimate, Finding},
    row::Row,
};

/// Asks a row of runs.
pub(crate) fn ask(row: Row<'_>, effort: Effort) -> Result<Vec<Finding>, &'static str> {
    let (clients, pods) = (row.count("clients_m"), row.count("pods_k"));
    let each = row.count("requests_each");
    let runs = effort.of(20, 1_000);
    let mean = (clients * each) as f64 / pods as f64;
    let loads = |policy: &str| loads(row, policy, (clients, each, pods), runs);
    let variance = |loads: &Vec<f64>| {
        loads.iter().map(|load| (load - mean) * (load - mean)).sum::<f64>() / pods as f64
    };
    let deviation =
        |all: &[Vec<f64>]| Estimate::of(&all.iter().map(variance).collect::<Vec<_>>()).root();
    let in_turn = deviation(&loads("envoy.round_robin"));
    let by_chance = deviation(&loads("kube-proxy.random")).times(1.0 / mean);
    // NGINX's turns begin with the first server.
    let together = loads("nginx.round_robin");
    let fullest = together.iter().flatten().copied().fold(0.0, f64::max);
    Ok(vec![
        Finding::computed("sd of a pod", row.known("sd_per_pod_random_start"), in_turn),
        Finding::computed("cv of a pod", row.known("cv_random_start"), in_turn.times(1.0 / mean)),
        Finding::computed(
            "cv of a pod, by chance",
            row.known("cv_random_policy_same_requests"),
            by_chance,
        ),
        Finding::exact(
            "fullest over mean, all from the first",
            row.known("max_over_mean_if_all_start_at_0"),
            fullest / mean,
        ),
    ])
}

/// The requests of each pod, in each of some runs.
fn loads(
    row: Row<'_>,
    policy: &str,
    (clients, each, pods): (u64, u64, u64),
    runs: u64,
) -> Vec<Vec<f64>> {
    let mut spec = format!(
        "  balancing: {policy}
  images: {{ server: {{ start: 0s, serviceTime: 0s, concurrency: 1000 }} }}
  clients:"
    );
    for client in 0..clients {
        spec += &format!(
            "
    - {{ name: c{client}, target: http://station/, arrivals: constant({each}/s) }}"
        );
    }
    let objects = [deployment("server", "server", pods, ANY), station(80, "")];
    let scenario = scenario(1.0, pods, &spec, &objects);
    let run = |run| {
        let mut counts = Counts::new();
        requests(&scenario, row.seed(run), |_, request| {
            let pod = request.pod.expect("a pod was chosen");
            *counts.entry((0, pod)).or_default() += 1;
        });
        assert_eq!(counts.values().sum::<i64>() as u64, clients * each, "{}", row.id());
        let mut loads: Vec<f64> = counts.into_values().map(|count| count as f64).collect();
        loads.resize(pods as usize, 0.0);
        loads
    };
    (0..runs).map(run).collect()
}
