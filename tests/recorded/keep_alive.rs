//! `e2e_keepalive`: twenty connections that a client keeps and uses in turn, through rollouts and while a
//! Deployment is scaled. Few runs were recorded, so each has to be one that might have been rehearsed.

use serde_json::Value;

use crate::{
    recording,
    rehearsal::{Config, Rehearsed, rehearse},
};

const SEEDS: u64 = 400;

/// So many connections were kept.
const CONNECTIONS: i64 = 20;

/// The runs of a configuration that were recorded, and as many rehearsals as there are seeds.
fn runs(configuration: &str) -> Option<(Vec<Value>, Vec<Rehearsed>)> {
    let summary = recording::json("e2e_keepalive/summary.json")?;
    let runs = summary.as_object().expect("an object").values();
    let runs: Vec<Value> = runs.filter(|run| run["config"] == configuration).cloned().collect();
    let config = Config {
        connections: CONNECTIONS,
        // They were counted 5 s after the rollout, which is done 5 s after the change.
        seconds_after: 11,
        ..Config::read(&runs[0]["params"], true)
    };
    let scenario = config.scenario();
    Some((runs, (0..SEEDS).map(|seed| rehearse(&scenario, seed)).collect()))
}

/// The bounds that all but one in a hundred of these lie within, at either side.
fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let beyond = values.len() / 100;
    (values[beyond], values[values.len() - 1 - beyond])
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

/// Each recorded value is one that a rehearsal might have. Gives back both, to be printed.
fn both(
    what: &str,
    recorded: &[f64],
    rehearsed: impl Fn(&Rehearsed) -> f64,
    all: &[Rehearsed],
) -> String {
    let (least, most) = bounds(all.iter().map(&rehearsed));
    for value in recorded {
        assert!((least..=most).contains(value), "{what}: {value} does not come up");
    }
    let mean = mean(all.iter().map(&rehearsed));
    format!("{what}: recorded {recorded:?}, simulated {mean:.1} ({least} to {most})")
}

#[test]
fn as_many_requests_are_lost_and_as_many_connections_are_with_each_pod() {
    for configuration in ["ka_n4_s1u0_exit", "ka_n4_def25_exit"] {
        let Some((recorded, rehearsed)) = runs(configuration) else { return };
        let failed: Vec<f64> =
            recorded.iter().map(|run| run["failed"].as_f64().expect("a number")).collect();
        let lost = |run: &Rehearsed| run.measures.requests.failed as f64;
        println!("{}", both(&format!("{configuration}, failed"), &failed, lost, &rehearsed));
        for place in 0..4 {
            let kept: Vec<f64> = recorded.iter().map(|run| connections(run, place)).collect();
            let ours = |run: &Rehearsed| f64::from(run.connections_of_new[place]);
            let what = format!("{configuration}, connections to new pod {}", place + 1);
            println!("{}", both(&what, &kept, ours, &rehearsed));
        }
    }
}

/// The connections to the pod that became ready in that place.
fn connections(run: &Value, place: usize) -> f64 {
    let pod = run["pods_ready_order"][place].as_str().expect("a name");
    run["conns_5s_after_done"][pod].as_f64().expect("a number")
}

#[test]
fn pods_that_come_by_scaling_get_no_connection_that_is_kept() {
    let Some((recorded, rehearsed)) = runs("ka_scale4to8") else { return };
    for run in &recorded {
        assert!((0..4).all(|place| connections(run, place) < 0.5) && run["failed"] == 0);
    }
    for run in &rehearsed {
        assert_eq!(run.connections_of_new, [0; 4]);
        assert_eq!(run.measures.requests.failed, 0);
    }
}
