//! Heterogeneity: pods of two speeds of which each gets an equal part.

use std::collections::BTreeSet;

use api::PodId;
use engine::Time;
use record::{Record, Recorder};

use super::{
    cluster::{ANY, deployment, scenario, station},
    effort::Effort,
    finding::{Estimate, Finding},
    row::Row,
};

/// A mean service of a fast pod takes so long.
const SERVICE_MS: f64 = 1.0;
/// So many parts of a run give the error of a mean.
const BATCHES: usize = 40;

/// Asks a row of runs.
pub(crate) fn ask(row: Row<'_>, effort: Effort) -> Result<Vec<Finding>, &'static str> {
    let (pods, slow) = (row.count("pods"), row.count("slow_pods"));
    let (speed, fast) = (row.given("slow_speed"), row.given("fast_speed"));
    if (fast - 1.0).abs() > 1e-9 {
        return Err("fast pods of another speed than 1");
    }
    let rate = row.known("max_stable_rate_round_robin_or_random");
    // So many services of the slow pods.
    let services = effort.of(4e4, 4e5) / (slow as f64 * speed);
    let ask = |run, load| run_for(row, run, (pods - slow, slow, speed), (load, services));

    // More than any pod can do shows what each of them can.
    let flooded = run_for(row, 0, (pods - slow, slow, speed), (1.5 * pods as f64, services / 10.0));
    let stable = flooded.served_by_slow.times(pods as f64 / slow as f64);
    let capacity = row.known("total_capacity");
    let part = row.known("fraction_of_capacity_usable_by_equal_split");

    // Short of that rate a slow pod is a queue that it keeps up with. Beyond it by a tenth, who is
    // served at some time has been there for an eleventh of it.
    let (below, above) = (ask(1, 0.9 * rate), ask(2, 1.1 * rate));
    let grown = services * 0.55 / 11.0;
    Ok(vec![
        Finding::computed("rate that slow pods keep up with", rate, stable),
        Finding::computed("capacity", capacity, flooded.served),
        Finding::computed("part of the capacity", part, stable.times(1.0 / capacity)),
        Finding::computed("sojourn in slow pods at 0.9 of that rate", 10.0 / speed, below.sojourn),
        Finding::at_least("half of the sojourn at 1.1 of it", grown / 2.0, above.sojourn),
    ])
}

/// What a run showed, in the service times of a fast pod.
struct Shown {
    /// Requests served in a service time.
    served: Estimate,
    /// Those of them by slow pods.
    served_by_slow: Estimate,
    /// How long they were in these.
    sojourn: Estimate,
}

/// Counts what pods do, in each part of a run.
struct Counter {
    slow: BTreeSet<PodId>,
    /// How long a part takes, and how long the first is that does not count.
    part: f64,
    skipped: f64,
    served: [f64; BATCHES],
    served_by_slow: [f64; BATCHES],
    sojourns: [f64; BATCHES],
}

impl Recorder for Counter {
    fn record(&mut self, now: Time, record: &Record) {
        match record {
            Record::PodCreated { pod, image, .. } if &**image == "slow" => {
                self.slow.insert(*pod);
            }
            Record::RequestFinished(request) => {
                let since = (now - sim::BEGIN).as_secs_f64() - self.skipped;
                let part = (since / self.part) as usize;
                if since < 0.0 || part >= BATCHES {
                    return;
                }
                self.served[part] += 1.0;
                if request.pod.is_some_and(|pod| self.slow.contains(&pod)) {
                    self.served_by_slow[part] += 1.0;
                    self.sojourns[part] += (now - request.arrived).as_secs_f64();
                }
            }
            _ => {}
        }
    }
}

/// Pods of both speeds that get so many requests in a service time of a fast one, for so many of
/// these.
fn run_for(
    row: Row<'_>,
    run: u64,
    (fast, slow, speed): (u64, u64, f64),
    (load, services): (f64, f64),
) -> Shown {
    let (rate, second) = (load / SERVICE_MS * 1000.0, 1000.0 / SERVICE_MS);
    let (seconds, slowly) = (services / second, SERVICE_MS / speed);
    let spec = format!(
        "  balancing: envoy.random
  images:
    fast: {{ start: 0s, serviceTime: exp({SERVICE_MS}ms), concurrency: 1, backlog: 1000000 }}
    slow: {{ start: 0s, serviceTime: exp({slowly:.6}ms), concurrency: 1, backlog: 1000000 }}
  clients:
    - {{ name: client, target: http://station/, arrivals: poisson({rate}/s), timeout: 100000s }}"
    );
    let objects = [
        deployment("fast", "server", fast, ANY),
        deployment("slow", "server", slow, ANY),
        station(80, ""),
    ];
    let scenario = scenario(seconds, fast + slow, &spec, &objects);
    let skipped = seconds / 10.0;
    let zero = [0.0; BATCHES];
    let mut counter = Counter {
        slow: BTreeSet::new(),
        part: (seconds - skipped) / BATCHES as f64,
        skipped,
        served: zero,
        served_by_slow: zero,
        sojourns: zero,
    };
    sim::run(sim::compile(&scenario, row.seed(run)), &mut counter);
    let Counter { part, served, served_by_slow, sojourns, .. } = counter;
    let sojourns: Vec<f64> =
        sojourns.iter().zip(served_by_slow).map(|(sum, count)| sum / count * second).collect();
    Shown {
        served: Estimate::of(&served).times(1.0 / (part * second)),
        served_by_slow: Estimate::of(&served_by_slow).times(1.0 / (part * second)),
        sojourn: Estimate::of(&sojourns),
    }
}
