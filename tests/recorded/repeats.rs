//! `e2e_repeats`: each configuration recorded eight times, alone on an idle cluster, so that the
//! distribution of lost requests is known.

use stats::Interval;

use crate::{
    recording,
    rehearsal::{Config, rehearse},
};

const SEEDS: u64 = 200;

/// The parts of a rollout of two steps: what fails at its start, after the first pods became ready
/// and after the second ones, in milliseconds after the change of the template.
const PARTS_MS: [(f64, f64); 2] = [(1100.0, 2300.0), (2300.0, 3600.0)];

/// First and last failure within a part.
fn edges(failures_ms: &[f64], (from, to): (f64, f64)) -> Option<(f64, f64)> {
    let within: Vec<f64> = failures_ms.iter().copied().filter(|t| (from..to).contains(t)).collect();
    Some((*within.first()?, *within.last()?))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn deviation(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (squares / (values.len() - 1) as f64).sqrt()
}

#[test]
fn as_many_requests_are_lost_as_in_the_recordings() {
    let Some(summary) = recording::json("e2e_repeats/summary.json") else { return };
    let aggregate = summary["aggregate"].as_object().expect("it is an object");
    for (name, recorded) in aggregate {
        let runs: Vec<_> = summary["runs"]
            .as_object()
            .expect("it is an object")
            .values()
            .filter(|run| run["config"] == **name)
            .collect();
        let scenario = Config::read(&runs[0]["params"], true).scenario();
        let rehearsed: Vec<_> = (0..SEEDS).map(|seed| rehearse(&scenario, seed)).collect();
        let lost: Vec<f64> =
            rehearsed.iter().map(|run| run.measures.requests.failed as f64).collect();
        let simulated = Interval::of(&lost, 0.95).expect("200 samples");
        let samples: Vec<f64> = recorded["failed"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|n| n.as_f64().expect("a number"))
            .collect();
        let real = Interval::of(&samples, 0.95).expect("8 samples");
        let (spread, real_spread) = (deviation(&lost), deviation(&samples));
        println!(
            "{name:22} recorded {:6.1} ± {:4.1} [{:.1}, {:.1}]   simulated {:6.1} ± {:4.1}",
            real.mean,
            real_spread,
            real.low(),
            real.high(),
            simulated.mean,
            spread
        );
        let near = (simulated.mean - real.mean).abs() <= 0.1 * real.mean;
        assert!(near || real.contains(simulated.mean), "{name}: the mean is off");
        assert!(
            (real_spread / 2.0..=real_spread * 2.0).contains(&spread),
            "{name}: the spread is off"
        );
        for part in PARTS_MS {
            let of_runs: Vec<(f64, f64)> =
                runs.iter().filter_map(|run| recorded_edges(&run["run"], part)).collect();
            let ours: Vec<(f64, f64)> =
                rehearsed.iter().filter_map(|run| edges(&run.failures_ms, part)).collect();
            for edge in [|e: &(f64, f64)| e.0, |e: &(f64, f64)| e.1] {
                let (real, ours) = (
                    median(of_runs.iter().map(edge).collect()),
                    median(ours.iter().map(edge).collect()),
                );
                println!("{:22} an edge at {real:7.1} ms, simulated {ours:7.1} ms", "");
                assert!((real - ours).abs() < 60.0, "{name}: a window's edge is off");
            }
        }
    }
}

/// The edges as the requests of a recorded run have them.
fn recorded_edges(run: &serde_json::Value, part: (f64, f64)) -> Option<(f64, f64)> {
    let name = run.as_str()?;
    let path = recording::folder()?.join(format!("e2e_repeats/{name}.requests.jsonl.gz"));
    let mut failures: Vec<f64> = recording::lines(&path)
        .iter()
        .filter(|line| line["outcome"].as_str().is_some_and(|outcome| outcome != "ok"))
        .filter_map(|line| line["t"].as_f64())
        .collect();
    failures.sort_by(f64::total_cmp);
    edges(&failures, part)
}
