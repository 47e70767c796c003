//! Known numbers of queues behind balancers (`lb_yardsticks.json`), each asked of a run of the simulator:
//! `cargo test --test oracles yardsticks`. With `ROLLSIM_BLESS` the verdicts go to
//! `reports/yardsticks.md`.
//!
//! The cluster is the ideal one, so that pods are stations and nothing else takes time. What was computed
//! is met within four standard errors and one in a hundred; what was simulated elsewhere has an interval of
//! its own besides. Rows that no run is about are listed with the reason.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::PathBuf};

use engine::Time;
use record::{Outcome, Record, Recorder};
use serde_json::Value;
use stats::{Interval, batch_means};

use crate::rehearsal::load;

/// Enough for a queue of utilisation 0.95 to forget where it began many times over.
const REQUESTS: f64 = 400_000.0;
const BATCHES: usize = 40;

/// A run that may be off by more than this part of what is expected says little.
const WIDE: f64 = 0.25;

/// A mean service takes so long, in milliseconds.
const SERVICE_MS: f64 = 10.0;

/// What is asked of a run.
struct Asked {
    pods: u64,
    workers: u64,
    /// Requests that may wait in a pod.
    backlog: u64,
    /// A service, as a scenario writes it.
    service: String,
    /// Requests in a mean service time, to all pods.
    load: f64,
    /// How they are balanced.
    policy: &'static str,
    /// How many balancers there are.
    senders: u64,
}

impl Asked {
    fn yaml(&self) -> String {
        let Self { pods, workers, backlog, service, load, policy, senders } = self;
        let rate = load / SERVICE_MS * 1000.0;
        let seconds = (REQUESTS / rate).ceil();
        let nodes = (pods + senders) / 100 + 1;
        format!(
            "apiVersion: rollsim.dev/v1
kind: Scenario
metadata: {{ name: yardstick }}
spec:
  duration: {seconds}s
  cluster: {{ profile: ideal, nodes: {{ count: {nodes}, cpu: '640' }} }}
  balancing: {policy}
  images:
    server: {{ start: 0s, serviceTime: {service}, concurrency: {workers}, backlog: {backlog} }}
    sender: {{ start: 0s }}
  clients:
    - name: client
      from: {{ pods: app=sender }}
      target: http://station/
      arrivals: poisson({rate}/s)
      timeout: 1000s
---
{}---
{}---
apiVersion: v1
kind: Service
metadata: {{ name: station }}
spec: {{ selector: {{ app: server }}, ports: [ {{ port: 80 }} ] }}
",
            deployment("server", *pods),
            deployment("sender", *senders)
        )
    }

    /// Runs it: the sojourns of the requests that were served, in mean service times, and the share that was
    /// turned away.
    fn run(&self) -> Seen {
        let mut seen = Seen::default();
        sim::run(sim::compile(&load(&self.yaml()), 1), &mut seen);
        // The first tenth found the pods emptier than they are on average.
        seen.sojourns.drain(..seen.sojourns.len() / 10);
        seen
    }
}

fn deployment(name: &str, replicas: u64) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{ name: {name} }}
spec:
  replicas: {replicas}
  selector: {{ matchLabels: {{ app: {name} }} }}
  template:
    metadata: {{ labels: {{ app: {name} }} }}
    spec: {{ containers: [ {{ name: {name}, image: {name}, ports: [ {{ containerPort: 80 }} ] }} ] }}
"
    )
}

/// What a run showed.
#[derive(Default)]
struct Seen {
    sojourns: Vec<f64>,
    turned_away: Vec<f64>,
}

impl Recorder for Seen {
    fn record(&mut self, now: Time, record: &Record) {
        let Record::RequestFinished(request) = record else { return };
        let served = request.outcome == Outcome::Ok;
        self.turned_away.push(f64::from(u8::from(!served)));
        if served {
            self.sojourns.push((now - request.arrived).as_secs_f64() * 1000.0 / SERVICE_MS);
        }
    }
}

/// The standard error of a mean: what a 95 % interval is 2.02 of, with 39 degrees of freedom.
fn mean_of(series: &[f64]) -> (f64, f64) {
    let interval: Interval = batch_means(series, BATCHES, 0.95).expect("there are enough");
    (interval.mean, interval.half_width / 2.02)
}

/// A row's question and what it expects, or why no run is about it.
enum Row {
    Sojourn(Asked, f64, f64),
    TurnedAway(Asked, f64),
    NotSimulated(&'static str),
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn whole(value: &Value) -> u64 {
    value.as_u64().expect("a whole number")
}

fn row(case: &Value) -> Row {
    let (input, expected) = (&case["input"], &case["expected"]);
    let station = |pods, workers, load| Asked {
        pods,
        workers,
        backlog: 1_000_000,
        service: format!("exp({SERVICE_MS}ms)"),
        load,
        policy: "envoy.random",
        senders: 1,
    };
    match case["policy"].as_str().expect("a name") {
        "queue_mm1" => {
            let asked = station(1, 1, number(&input["lambda"]) / number(&input["mu"]));
            let mean = number(&expected["W"]) * number(&input["mu"]);
            Row::Sojourn(asked, mean, 0.0)
        }
        "queue_mmc" => {
            let load = number(&input["lambda"]) / number(&input["mu"]);
            let mean = number(&expected["W"]) * number(&input["mu"]);
            Row::Sojourn(station(1, whole(&input["c"]), load), mean, 0.0)
        }
        "queue_mg1" => general(input, expected, station),
        "queue_rr_split" => {
            let Some(pods) = input["N"].as_u64() else {
                return Row::NotSimulated("of infinitely many servers");
            };
            let rho = number(&input["rho"]);
            let asked = station(pods, 1, rho * pods as f64);
            let asked = Asked { policy: "envoy.round_robin", ..asked };
            Row::Sojourn(asked, number(&expected["W_round_robin"]), 0.0)
        }
        "queue_finite_exact" => balanced(input, number(&expected["mean_sojourn"]), 0.0, station),
        "queue_simulated_reference" => {
            let half = number(&expected["ci95_halfwidth"]);
            balanced(input, number(&expected["mean_sojourn"]), half, station)
        }
        "queue_mm1k" => {
            let asked = station(1, 1, number(&input["lambda"]) / number(&input["mu"]));
            let backlog = whole(&input["K_including_service"]) - 1;
            Row::TurnedAway(Asked { backlog, ..asked }, number(&expected["P_block"]))
        }
        "erlang_b" => {
            let asked = station(1, whole(&input["servers"]), number(&input["offered"]));
            Row::TurnedAway(Asked { backlog: 0, ..asked }, number(&expected["blocking"]))
        }
        "queue_supermarket" => Row::NotSimulated("of infinitely many servers"),
        "balls_into_bins_d1" | "balls_into_bins_d" => {
            Row::NotSimulated("balls without time: `balls_in_bins` asks the same of a run")
        }
        "consistent_hashing" | "maglev_paper" => Row::NotSimulated("a table's property"),
        "littles_law" => Row::NotSimulated("`littles_law` asks it of runs"),
        "heterogeneity" => Row::NotSimulated("a bound, and pods of one speed"),
        "retry_amplification" => Row::NotSimulated("no program fails by chance"),
        _ => Row::NotSimulated("not asked of a run yet"),
    }
}

/// M/G/1: the services that a scenario can say by their moments.
fn general(input: &Value, expected: &Value, station: impl Fn(u64, u64, f64) -> Asked) -> Row {
    let (load, mean) = (number(&input["lambda"]), number(&input["E_S"]));
    let service = match number(&input["scv"]) {
        0.0 => format!("{SERVICE_MS}ms"),
        1.0 => format!("exp({SERVICE_MS}ms)"),
        _ => return Row::NotSimulated("a service that no scenario says by its moments"),
    };
    let asked = Asked { service, ..station(1, 1, load * mean) };
    Row::Sojourn(asked, number(&expected["W"]) / mean, 0.0)
}

/// Pods behind balancers: the policy that is meant, and how many of them there are.
fn balanced(
    input: &Value,
    mean: f64,
    half_width: f64,
    station: impl Fn(u64, u64, f64) -> Asked,
) -> Row {
    let text = input["policy"].as_str().expect("a name");
    let policy = match text {
        "random" => "envoy.random",
        "rr" => "envoy.round_robin",
        "po2" | "po2local" => "tower.p2c",
        "po2wr" => "envoy.least_request",
        "po3" => return Row::NotSimulated("no balancer compares three distinct servers"),
        "jsq" => "oracle.jsq",
        "jiq" => "oracle.jiq",
        "lclocal" => "{ envoy.least_request: { selection_method: FULL_SCAN } }",
        _ if text.starts_with("join shortest queue") => "oracle.jsq",
        _ if text.contains("DISTINCT") => "tower.p2c",
        _ if text.contains("WITH replacement") => "envoy.least_request",
        _ => return Row::NotSimulated("a policy that nobody has"),
    };
    let senders = input["lb_instances"].as_u64().unwrap_or(1);
    let (pods, rho) = (whole(&input["N"]), number(&input["rho"]));
    let asked = station(pods, 1, rho * pods as f64);
    Row::Sojourn(Asked { policy, senders, ..asked }, mean, half_width)
}

/// Whether a run met a row: what it gave, its standard error, and how far off it may be.
fn judge(row: Row) -> Result<(f64, f64, f64, f64), &'static str> {
    let (got, error, expected, half_width) = match row {
        Row::NotSimulated(reason) => return Err(reason),
        Row::Sojourn(asked, expected, half_width) => {
            let (mean, error) = mean_of(&asked.run().sojourns);
            (mean, error, expected, half_width)
        }
        Row::TurnedAway(asked, expected) => {
            let (mean, error) = mean_of(&asked.run().turned_away);
            (mean, error, expected, 0.0)
        }
    };
    let allowed = 4.0 * error + 0.01 * expected + half_width;
    Ok((got, error, expected, allowed))
}

#[expect(clippy::disallowed_methods, reason = "where data is found does not change a result")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn cases() -> Option<Vec<Value>> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance");
    let folder = variable("ROLLSIM_CONFORMANCE").unwrap_or_else(|| default.to_owned());
    let path = PathBuf::from(folder).join("vectors/lb_yardsticks.json");
    let text = fs::read_to_string(path).ok()?;
    let file: Value = serde_json::from_str(&text).expect("it is JSON");
    Some(file["cases"].as_array().expect("a list").clone())
}

#[test]
fn runs_meet_the_yardsticks() {
    let Some(cases) = cases() else {
        println!("skipped: there are no yardsticks");
        return;
    };
    let mut table = String::from(HEAD);
    let (mut wrong, mut left) = (Vec::new(), BTreeMap::<(&str, &str), u32>::new());
    for case in &cases {
        let id = case["id"].as_str().expect("a name");
        match judge(row(case)) {
            Ok((got, error, expected, allowed)) => {
                let met = (got - expected).abs() <= allowed;
                let verdict = match met {
                    false => "**not met**",
                    true if allowed > WIDE * expected => "met, but the run says little",
                    true => "met",
                };
                let line = format!(
                    "| {id} | {expected:.5} | {got:.5} | {error:.5} | {allowed:.5} | {verdict} |"
                );
                writeln!(table, "{line}").expect("a text takes text");
                wrong.extend((!met).then_some(line));
            }
            Err(reason) => {
                let family = case["policy"].as_str().expect("a name");
                *left.entry((family, reason)).or_default() += 1;
            }
        }
    }
    table.push_str("\nRows that no run is about:\n\n| family | rows | reason |\n|---|---|---|\n");
    for ((family, reason), rows) in left {
        writeln!(table, "| {family} | {rows} | {reason} |").expect("a text takes text");
    }
    println!("{table}");
    if variable("ROLLSIM_BLESS").is_some() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../reports/yardsticks.md");
        fs::write(page, &table).expect("the report is written");
    }
    assert!(wrong.is_empty(), "{} rows are not met:\n{}", wrong.len(), wrong.join("\n"));
}

const HEAD: &str = "# Yardsticks

Known means of queues behind balancers, in mean service times, and shares that are turned away; each beside a run of the
simulator with 400,000 requests. A row is met within four standard errors of the run and one in a hundred, and, where it
was simulated elsewhere, the half width of its interval besides. Made by `ROLLSIM_BLESS=1 cargo test --test oracles yardsticks`.

| row | expected | measured | standard error | allowed | verdict |
|---|---|---|---|---|---|
";
