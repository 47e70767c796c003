//! Retries: how much they add to the load, and what is left to fail.

use record::{Cause, Outcome};

use super::{
    cluster::{ANY, deployment, requests, scenario, station},
    effort::Effort,
    finding::{Estimate, Finding},
    row::Row,
};

/// Of so many pods at most some refuse.
const PODS: u64 = 1_000;
/// Neighbouring requests share nothing; these give the error of a mean.
const BATCHES: u64 = 50;

/// Asks a row of a run.
pub(crate) fn ask(row: Row<'_>, effort: Effort) -> Result<Vec<Finding>, &'static str> {
    match row.input("budget").as_f64() {
        Some(budget) => Ok(within_budget(row, budget, effort)),
        None => by_chance(row, effort),
    }
}

/// A part of the pods listens at another port, so that each attempt fails with that probability: a
/// proxy chooses anew for each.
fn by_chance(row: Row<'_>, effort: Effort) -> Result<Vec<Finding>, &'static str> {
    let (failing, retries) = (row.given("attempt_failure_prob"), row.count("max_retries"));
    let whole = |pods: &u64| {
        let refusing = failing * *pods as f64;
        (refusing - refusing.round()).abs() < 1e-9
    };
    let pods = (1..=PODS).find(whole).ok_or("no part of a thousand pods fails as often")?;
    let refusing = (failing * pods as f64).round() as u64;
    let length = effort.of(1_000, 20_000);
    let count = BATCHES * length;
    let (attempts, failed) = run(row, (pods - refusing, refusing), retries, count);
    let mean = |sums: &[u64]| {
        let means: Vec<f64> = sums.iter().map(|sum| *sum as f64 / length as f64).collect();
        Estimate::of(&means)
    };
    let finally = row.known("final_failure_prob");
    let least = (finally * (1.0 - finally) / count as f64).sqrt();
    Ok(vec![
        Finding::computed("attempts", row.known("expected_attempts"), mean(&attempts)),
        Finding::computed("share that fails", finally, mean(&failed).with_error_from(least)),
    ])
}

/// Attempts and failures, in each batch of so many requests.
fn run(
    row: Row<'_>,
    (serving, refusing): (u64, u64),
    retries: u64,
    count: u64,
) -> (Vec<u64>, Vec<u64>) {
    let attempts = retries + 1;
    let spec = format!(
        "  images:
    serving: {{ start: 0s, serviceTime: 0s, concurrency: 1000, listen: [80] }}
    refusing: {{ start: 0s, serviceTime: 0s, concurrency: 1000, listen: [81] }}
  clients:
    - name: client
      target: http://station/
      arrivals: constant(100000/s)
      retries: {{ attempts: {attempts}, on: [refused] }}"
    );
    let objects = [
        deployment("serving", "server", serving, ANY),
        deployment("refusing", "server", refusing, ANY),
        station(80, ""),
    ];
    let seconds = count as f64 / 1e5 + 0.01;
    let scenario = scenario(seconds, serving + refusing, &spec, &objects);
    let mut sums = (vec![0; BATCHES as usize], vec![0; BATCHES as usize]);
    let mut seen = 0;
    requests(&scenario, row.seed(0), |_, request| {
        let batch = (request.number * BATCHES / count) as usize;
        if batch < BATCHES as usize {
            seen += 1;
            sums.0[batch] += u64::from(request.attempts);
            sums.1[batch] += u64::from(request.outcome != Outcome::Ok);
        }
    });
    assert_eq!(seen, count, "{}", row.id());
    sums
}

/// So many seconds, in which what was under way before is over, give one sample.
const PART: f64 = 5.0;

/// Nobody answers in time, everybody tries again, and a budget limits that.
///
/// Envoy's budget is a part of all that is under way, retries among it. A budget of b for each
/// request is b/(1+b) of that.
fn within_budget(row: Row<'_>, budget: f64, effort: Effort) -> Vec<Finding> {
    let percent = 100.0 * budget / (1.0 + budget);
    let spec = format!(
        "  balancing:
    envoy.random: {{}}
    layers:
      - envoy.circuit_breakers:
          max_connections: 1000000
          max_requests: 1000000
          retry_budget: true
          budget_percent: {percent:.9}
          min_retry_concurrency: 0
  images: {{ server: {{ start: 0s, serviceTime: 10s, concurrency: 1000000 }} }}
  clients:
    - name: client
      target: http://station/
      arrivals: poisson(1000/s)
      timeout: 1s
      retries: {{ attempts: 100, on: [timeout] }}"
    );
    let objects = [deployment("server", "server", 10, ANY), station(80, "")];
    let batches = effort.of(20, 200);
    let scenario = scenario(PART * f64::from(batches) + 220.0, 10, &spec, &objects);
    let mut sums = vec![(0.0, 0.0); batches as usize];
    requests(&scenario, row.seed(0), |_, request| {
        let second = (request.arrived - sim::BEGIN).as_secs_f64() - 10.0;
        if let Some(sum) = sums.get_mut((second / PART).max(0.0) as usize).filter(|_| second >= 0.0)
        {
            // The one that the budget did not allow was never sent.
            let denied = request.outcome == Outcome::Failed(Cause::RefusedNoEndpoints);
            sum.0 += f64::from(request.attempts - u32::from(denied));
            sum.1 += 1.0;
        }
    });
    let means: Vec<f64> = sums.iter().map(|(attempts, count)| attempts / count).collect();
    let (known, measured) = (row.known("max_load_multiplier"), Estimate::of(&means));
    vec![
        Finding::at_most("attempts, as a bound", known, measured),
        Finding::near("attempts, where all fail", known, 0.0, measured),
    ]
}
