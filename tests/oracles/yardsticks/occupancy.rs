//! Occupancy: connections over pods as balls in bins.
//!
//! Clients open connections that they keep, and a node's proxy chooses a pod for each at random.
//! Where the best of a few bins gets the ball, each client's own balancer chooses by what it has
//! under way, and nothing is done while balls are thrown.

use std::collections::BTreeMap;

use scenario::Scenario;

use super::{
    cluster::{ANY, Counts, connections, deployment, requests, scenario, station},
    effort::Effort,
    finding::{Estimate, Finding},
    row::Row,
};

/// So many connections a client keeps at most; more balls are those of several clients together.
const EACH: u64 = 100;
/// So many clients are in one run.
const CLIENTS: u64 = 500;

/// Asks a row of runs.
pub(crate) fn ask(row: Row<'_>, effort: Effort) -> Result<Vec<Finding>, &'static str> {
    match row.input("d").as_u64() {
        _ if effort == Effort::Everyday && balls_or_bins(row) > 1_000 => {
            Err("only in the long runs")
        }
        None => Ok(at_random(row, effort)),
        Some(_) if row.input("n").is_string() => match effort {
            Effort::Everyday => Err("only in the long runs"),
            Effort::Long => of_many_bins(row, effort),
        },
        Some(2) => Ok(best_of_two(row, effort)),
        Some(_) => Err("no balancer compares three distinct pods"),
    }
}

/// How many balls and bins there are together.
fn balls_or_bins(row: Row<'_>) -> u64 {
    ["balls_m", "bins_n"].iter().filter_map(|name| row.input(name).as_u64()).sum()
}

/// How full each bin is, for each time that all balls were thrown.
type Throws = Vec<Vec<f64>>;

/// Each ball in any bin.
fn at_random(row: Row<'_>, effort: Effort) -> Vec<Finding> {
    let (balls, bins) = (row.count("balls_m"), row.count("bins_n"));
    let wanted = effort.of(400_u64.min(30_000 / balls), 6_000.min(3_000_000 / balls)).max(20);
    let throws = throw_connections(row, balls, bins, wanted);
    let count = throws.len() as f64;
    let mean = balls as f64 / bins as f64;
    let fullest: Vec<f64> = throws.iter().map(|bins| largest(bins)).collect();
    let mut findings = Vec::new();
    if let Some(known) = row.expected("E_max").as_f64() {
        findings.push(Finding::computed("fullest", known, Estimate::of(&fullest)));
    }
    if let Some(known) = row.expected("E_max_over_mean_gaussian_approx").as_f64() {
        let slack = row.0["tolerance"].as_f64().unwrap_or(0.0) * known;
        let fullest = Estimate::of(&fullest).times(1.0 / mean);
        findings.push(Finding::near("fullest over mean", known, slack, fullest));
    }
    if let Some(p99) = row.expected("max_p99").as_f64() {
        let within = |limit: f64| fullest.iter().filter(|it| **it <= limit).count() as f64 / count;
        let share = |limit: f64| Estimate::share(within(limit), 0.99, count);
        let what = format!("share of throws with at most {p99}");
        findings.push(Finding::at_least(&what, 0.99, share(p99)));
        let what = format!("share of throws with at most {}", p99 - 1.0);
        findings.push(Finding::at_most(&what, 0.99, share(p99 - 1.0)));
    }
    let square = |x: &f64| (x / mean - 1.0) * (x / mean - 1.0);
    let spread = |bins: &Vec<f64>| bins.iter().map(square).sum::<f64>() / bins.len() as f64;
    let spread = Estimate::of(&throws.iter().map(spread).collect::<Vec<_>>());
    findings.push(Finding::computed("cv of a bin", row.known("cv_of_one_bin"), spread.root()));
    if let Some(known) = row.expected("E_empty_bins").as_f64() {
        let empty = |bins: &Vec<f64>| bins.iter().filter(|count| **count < 0.5).count() as f64;
        let empty = Estimate::of(&throws.iter().map(empty).collect::<Vec<_>>());
        let empty = empty.with_error_from((known / count).sqrt());
        findings.push(Finding::computed("empty bins", known, empty));
    }
    findings
}

/// Connections that clients open and keep.
fn throw_connections(row: Row<'_>, balls: u64, bins: u64, wanted: u64) -> Throws {
    // Those of a throw have equally many.
    let group =
        (balls.div_ceil(EACH)..=balls).find(|group| balls.is_multiple_of(*group)).unwrap_or(balls);
    let (each, clients) = (balls / group, (CLIENTS / group).max(1) * group);
    let clients = clients.min(wanted * group);
    let mut spec = String::from(
        "  images: { server: { start: 0s, serviceTime: 0s, concurrency: 1000 } }\n  clients:",
    );
    for client in 0..clients {
        let rate = 2 * each;
        spec += &format!(
            "
    - name: c{client}
      target: http://station/
      arrivals: constant({rate}/s)
      connections: {{ http2: {{ min: {each}, max: {each} }} }}"
        );
    }
    let objects = [deployment("server", "server", bins, ANY), station(80, "")];
    let scenario = scenario(1.0, bins, &spec, &objects);
    let runs = wanted.div_ceil(clients / group);
    (0..runs)
        .flat_map(|run| {
            let opened = connections(&scenario, row.seed(run));
            assert_eq!(opened.values().sum::<i64>() as u64, clients * each, "{}", row.id());
            throws(&opened, (clients / group, group), bins)
        })
        .collect()
}

/// What so many groups of clients have, each of so many.
fn throws(counts: &Counts, (groups, group): (u64, u64), bins: u64) -> Throws {
    let mut throws = vec![BTreeMap::new(); groups as usize];
    let first = counts.keys().map(|(client, _)| *client).min().unwrap_or(0);
    for ((client, pod), count) in counts {
        let throw: &mut BTreeMap<_, f64> = &mut throws[((client - first) as u64 / group) as usize];
        *throw.entry(*pod).or_default() += *count as f64;
    }
    let filled = throws.iter().map(|throw| {
        let mut filled: Vec<f64> = throw.values().copied().collect();
        filled.resize(bins as usize, 0.0);
        filled
    });
    filled.collect()
}

/// Each ball in the less full of two bins.
fn best_of_two(row: Row<'_>, effort: Effort) -> Vec<Finding> {
    let (balls, bins) = (row.count("balls_m"), row.count("bins_n"));
    let wanted = effort.of(300_u64.min(30_000 / balls), 10_000.min(2_000_000 / balls));
    let throws = throw_requests(row, "tower.p2c", (balls, bins), wanted);
    let fullest: Vec<f64> = throws.iter().map(|bins| largest(bins)).collect();
    let (known, half_width) = (row.known("E_max"), row.known("ci95"));
    vec![Finding::simulated("fullest", known, half_width, Estimate::of(&fullest))]
}

/// Requests of which none ends before all are there, each sender's balancer counting its own.
fn throw_requests(row: Row<'_>, policy: &str, (balls, bins): (u64, u64), wanted: u64) -> Throws {
    let together = (100_000 / balls).clamp(1, wanted.min(CLIENTS));
    let scenario = thrown(policy, (balls, bins), together);
    let runs = wanted.div_ceil(together);
    (0..runs)
        .flat_map(|run| {
            let mut counts = Counts::new();
            requests(&scenario, row.seed(run), |_, request| {
                // Those after the last ball are none.
                if request.number >= balls {
                    return;
                }
                let pod = request.pod.expect("a pod was chosen");
                *counts.entry((request.client.0, pod)).or_default() += 1;
            });
            assert_eq!(counts.values().sum::<i64>() as u64, together * balls, "{}", row.id());
            throws(&counts, (together, 1), bins)
        })
        .collect()
}

fn thrown(policy: &str, (balls, bins): (u64, u64), clients: u64) -> Scenario {
    let mut spec = format!(
        "  balancing: {policy}
  images: {{ server: {{ start: 0s, serviceTime: 1050ms, concurrency: 1000000 }} }}
  clients:"
    );
    for client in 0..clients {
        spec += &format!(
            "
    - name: c{client}
      target: http://station/
      arrivals: constant({balls}/s)
      timeout: 100s"
        );
    }
    let objects = [deployment("server", "server", bins, ANY), station(80, "")];
    scenario(2.2, bins, &spec, &objects)
}

/// Of so many bins each part is as large as in infinitely many.
const MANY: u64 = 1_000;

/// How many bins have so many balls at least, where there are very many of both.
fn of_many_bins(row: Row<'_>, effort: Effort) -> Result<Vec<Finding>, &'static str> {
    let policy = match row.count("d") {
        1 => "envoy.random",
        2 => "tower.p2c",
        _ => "{ envoy.least_request: { choice_count: 3 } }",
    };
    let balls = row.count("balls_per_bin") * MANY;
    let throws = throw_requests(row, policy, (balls, MANY), effort.of(20, 400));
    let known = row.known_list("s_k");
    let bins = (MANY as usize * throws.len()) as f64;
    let findings =
        (1..).zip(&known[1..]).filter(|(_, known)| **known * bins > 4.0).map(|(least, known)| {
            let full = |bins: &Vec<f64>| {
                bins.iter().filter(|count| **count > f64::from(least) - 0.5).count() as f64
                    / MANY as f64
            };
            let share = Estimate::of(&throws.iter().map(full).collect::<Vec<_>>());
            let share = share.with_error_from((known / bins).sqrt());
            let what = format!("share of bins with {least} or more");
            Finding::near(&what, *known, 3.0 * known / MANY as f64, share)
        });
    Ok(findings.collect())
}

fn largest(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}
