//! `traces`: the ReplicaSet sizes that a real controller manager wrote.

use std::path::Path;

use serde_json::Value;

use crate::{
    recording,
    rehearsal::{Config, rehearse},
};

/// A recorded run: its configuration, and the sizes of the old and the new ReplicaSet.
fn read(path: &Path) -> (Config, Vec<[i32; 2]>) {
    let lines = recording::lines(&path.to_owned());
    let (header, footer) = (&lines[0]["header"], &lines[lines.len() - 1]["footer"]);
    let size = |step: &Value, version: &str| step[1][version].as_i64().unwrap_or(0) as i32;
    let steps = footer["steps"].as_array().expect("steps are a list");
    let created = footer["actions"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|action| action[1].as_str().is_some_and(|what| what.starts_with("create")));
    let config = Config {
        created_ms_before: created.and_then(|action| action[0].as_f64()).map(|t| -t),
        ..Config::read(header, false)
    };
    let sizes = steps.iter().map(|step| [size(step, "v1"), size(step, "v2")]).collect();
    (config, sizes)
}

#[test]
fn distinct_delays_give_the_same_sequence() {
    for path in recording::named("traces", "J_") {
        let (config, recorded) = read(&path);
        for seed in 0..5 {
            let rehearsed = rehearse(&config.scenario(), seed);
            assert_eq!(rehearsed.sizes, recorded, "{}, seed {seed}", recording::name(&path));
        }
    }
}

#[test]
fn plain_runs_begin_alike_keep_their_bounds_and_end_alike() {
    for path in recording::named("traces", "A_") {
        let name = recording::name(&path);
        let (config, recorded) = read(&path);
        let rehearsed = rehearse(&config.scenario(), 1);
        let first = |sizes: &[[i32; 2]]| sizes.iter().take(3).copied().collect::<Vec<_>>();
        assert_eq!(first(&rehearsed.sizes), first(&recorded), "{name}: the first steps");
        assert_eq!(rehearsed.sizes.last(), recorded.last(), "{name}: the final state");
        let most = |sizes: &[[i32; 2]]| sizes.iter().map(|[old, new]| old + new).max();
        assert_eq!(most(&rehearsed.sizes), most(&recorded), "{name}: the most pods asked for");
        let rollout = &rehearsed.measures.rollouts[0];
        assert!(rollout.complete(), "{name}");
    }
}
