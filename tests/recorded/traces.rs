//! `traces`: the ReplicaSet sizes that a real controller manager wrote.

use std::path::Path;

use serde_json::Value;

use crate::{
    recording,
    rehearsal::{Config, rehearse},
};

/// A recorded run: its configuration, and the sizes of the old and the new ReplicaSet.
pub(crate) fn read(path: &Path) -> (Config, Vec<[i32; 2]>) {
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
        high_qps: path.parent().is_some_and(|folder| folder.ends_with("traces_high_qps")),
        ..Config::read(header, false)
    };
    let sizes = steps.iter().map(|step| [size(step, "v1"), size(step, "v2")]).collect();
    (config, sizes)
}

/// The folders that hold recordings of the same runs.
const FOLDERS: [&str; 3] = ["traces", "traces_quiet", "traces_high_qps"];

/// How many of the first `most` steps every recording of this run shares. Where two recordings of
/// one configuration part, how the machine was loaded decided, and neither is the rule.
fn steps_shared(name: &str, sizes: &[[i32; 2]], most: usize) -> usize {
    FOLDERS
        .iter()
        .flat_map(|folder| recording::named(folder, name))
        .filter(|path| recording::name(path) == name)
        .map(|path| read(&path).1)
        .map(|other| other.iter().zip(sizes).take_while(|(a, b)| a == b).count())
        .fold(most, usize::min)
}

/// Ten pods stay within the controllers' client limits, so nothing but the delays decides. Without
/// limits two pods that become available some 50 ms apart count in one step now and then, under three
/// seeds in a hundred here and in none of the four recordings.
#[test]
fn distinct_delays_give_the_same_sequence() {
    const SEEDS: u64 = 20;
    for (folder, alike_at_least) in [("traces", SEEDS), ("traces_high_qps", SEEDS * 19 / 20)] {
        let paths = recording::named(folder, "");
        for path in paths.into_iter().filter(|path| recording::name(path).contains("J_n10")) {
            let ((config, recorded), name) = (read(&path), recording::name(&path));
            let scenario = config.scenario();
            let alike = (0..SEEDS).filter(|seed| rehearse(&scenario, *seed).sizes == recorded);
            let alike = alike.count() as u64;
            println!("{folder}/{name:20} the recorded sequence in {alike} of {SEEDS} runs");
            assert!(alike >= alike_at_least, "{folder}/{name}: in {alike} of {SEEDS} runs");
        }
    }
}

/// With 25 pods every call waits for a token of the client limit, and which of two calls gets the
/// next one decides whether two pods count in one step or in two: the recordings with and without
/// the limit part after thirteen steps.
///
/// Where the ReplicaSet controller waits for its tokens, each of its calls that the recording shows lies on
/// a grid of 50 ms: pods created and deleted, statuses, events about pods. From 0.6 to 0.97 s the rehearsal
/// makes the same ten calls in the same order, but for one pair that changes places. There a third pod is
/// ready 15 ms after the ReplicaSet was to grow, and here before, which decides what the next call is.
///
/// From 1.33 s on the tokens are not the rollout's alone, so no rollout by itself takes the recorded steps.
/// Of the twenty slots from 0.72 s on four show no call. A status that met a conflict and the read after it
/// account for two: the next status to be stored is one generation behind. Nobody in this rollout has a call
/// for the other two, at 1.47 and 1.62 s: one worker a ReplicaSet and the events wait for one token each.
/// More revisions are missing there than its objects have, 17 in a row at 1.33 s and 34 at 4.3 s; an earlier
/// run's namespace may be being removed. The nine steps before are to be the recorded ones; later only the
/// bounds and the end.
#[test]
fn many_pods_begin_alike_and_end_alike() {
    const ALONE_MS: f64 = 1333.0;
    for path in recording::named("traces", "J_n25") {
        let (config, recorded) = read(&path);
        let footer = &recording::lines(&path).pop().expect("a footer")["footer"];
        let times = footer["steps"].as_array().into_iter().flatten();
        let alone = times.filter(|step| step[0].as_f64() < Some(ALONE_MS)).count();
        assert_eq!(alone, 9, "steps before anything else went on");
        for seed in 0..20 {
            let rehearsed = rehearse(&config.scenario(), seed);
            assert_eq!(rehearsed.sizes[..alone], recorded[..alone], "seed {seed}");
            assert_eq!(rehearsed.sizes.last(), recorded.last(), "seed {seed}");
            assert_eq!(most_pods(&rehearsed.sizes), most_pods(&recorded), "seed {seed}");
        }
    }
}

fn most_pods(sizes: &[[i32; 2]]) -> Option<i32> {
    sizes.iter().map(|[old, new]| old + new).max()
}

/// A run under another seed is another run of the same machine: where two pods become available
/// within a few milliseconds of each other, now and then they count in one step. Three runs in four
/// have to take the recorded steps.
#[test]
fn plain_runs_begin_alike_keep_their_bounds_and_end_alike() {
    const SEEDS: u64 = 40;
    for path in recording::named("traces", "A_") {
        let name = recording::name(&path);
        let (config, recorded) = read(&path);
        let shared = steps_shared(&name, &recorded, 3);
        let scenario = config.scenario();
        let mut alike = 0;
        for seed in 0..SEEDS {
            let rehearsed = rehearse(&scenario, seed);
            let sizes = &rehearsed.sizes;
            alike += u64::from(sizes.get(..shared) == Some(&recorded[..shared]));
            assert_eq!(sizes.last(), recorded.last(), "{name}, seed {seed}: the final state");
            assert_eq!(most_pods(sizes), most_pods(&recorded), "{name}: the most pods asked for");
            assert!(rehearsed.measures.rollouts[0].complete(), "{name}, seed {seed}");
        }
        println!("{name:24} {shared} steps shared by all recordings, in {alike} of {SEEDS} runs");
        assert!(alike * 4 >= SEEDS * 3, "{name}: the first steps");
    }
}
