//! `e2e`: one run a configuration, with more noise than the repeats, so good for orders only.

use crate::{
    recording,
    rehearsal::{Config, rehearse},
};

/// A configuration with its recorded and its simulated losses.
struct Row {
    name: String,
    recorded: u64,
    simulated: f64,
    simulated_in_all: u64,
    pre_stop: bool,
}

fn rows() -> Vec<Row> {
    let Some(summary) = recording::json("e2e/summary.json") else { return Vec::new() };
    let runs = summary.as_object().expect("an object");
    runs.iter()
        // A rollout that is stuck for lack of quota is not a question of requests.
        .filter(|(name, _)| !name.ends_with("_stuck"))
        .map(|(name, run)| {
            let outcomes = run["outcomes"].as_object().expect("an object");
            let failed = outcomes.iter().filter(|(outcome, _)| *outcome != "ok");
            let config = Config::read(&run["params"], true);
            let scenario = config.scenario();
            let seeds = 40;
            let lost: u64 =
                (0..seeds).map(|seed| rehearse(&scenario, seed).measures.requests.failed).sum();
            Row {
                name: name.clone(),
                recorded: failed.map(|(_, count)| count.as_u64().expect("a number")).sum(),
                simulated: lost as f64 / seeds as f64,
                simulated_in_all: lost,
                pre_stop: config.pre_stop_ms > 0,
            }
        })
        .collect()
}

#[test]
fn the_order_by_loss_is_kept_and_pre_stop_loses_nothing() {
    let rows = rows();
    for row in &rows {
        println!("{:42} recorded {:4}   simulated {:6.1}", row.name, row.recorded, row.simulated);
        if row.pre_stop {
            assert_eq!(row.simulated_in_all, 0, "{}", row.name);
        }
    }
    // Two runs that differ by less than their own noise, two standard deviations of the repeats on
    // either side, have no order.
    let noise = 32.0;
    for a in &rows {
        for b in &rows {
            if a.recorded as f64 > b.recorded as f64 + noise {
                assert!(a.simulated > b.simulated, "{} loses more than {}", a.name, b.name);
            }
        }
    }
}
