//! `traces`: the ReplicaSet sizes that a real controller manager wrote.

use std::{
    array,
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use serde_json::Value;

use crate::{
    recording,
    rehearsal::{Config, RunBefore, Sizes, rehearse},
};

/// A recorded run: its configuration, and the sizes of its ReplicaSets.
pub(crate) fn read(path: &Path) -> (Config, Vec<Sizes>) {
    let lines = recording::lines(&path.to_owned());
    let (header, footer) = (&lines[0]["header"], &lines[lines.len() - 1]["footer"]);
    // Where the same image is rolled out again, its second ReplicaSet is called v1#2.
    let size = |step: &Value, version: usize| {
        let number = version + 1;
        let names = [format!("v{number}"), format!("v1#{number}")];
        names.iter().find_map(|name| step[1][name].as_i64()).unwrap_or(0) as i32
    };
    let steps = footer["steps"].as_array().expect("steps are a list");
    let created = footer["actions"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|action| action[1].as_str().is_some_and(|what| what.starts_with("create")));
    let config = Config {
        created_ms_before: created.and_then(|action| action[0].as_f64()).map(|t| -t),
        run_before: run_before(path),
        high_qps: path.parent().is_some_and(|folder| folder.ends_with("traces_high_qps")),
        ..Config::read(header, false)
    };
    let sizes = steps.iter().map(|step| array::from_fn(|version| size(step, version))).collect();
    (config, sizes)
}

/// How few revisions lie between the end of a run and the beginning of the next, where nothing else was
/// recorded in between.
const FEW_REVISIONS: u64 = 20;

/// The run of the same folder that was over just before.
fn run_before(path: &Path) -> Option<RunBefore> {
    static RUNS: LazyLock<Vec<Run>> = LazyLock::new(|| {
        let paths = FOLDERS.iter().flat_map(|folder| recording::named(folder, ""));
        paths.filter_map(|path| Run::read(&path)).collect()
    });
    let here = RUNS.iter().find(|run| run.path == path)?;
    let near = |run: &&Run| {
        run.path.parent() == path.parent()
            && run.last < here.first
            && here.first - run.last <= FEW_REVISIONS
    };
    RUNS.iter().find(near).map(|run| run.ended.clone())
}

/// A recorded run among others.
struct Run {
    path: PathBuf,
    /// The revisions of its first and last write.
    first: u64,
    last: u64,
    /// What was there at its end.
    ended: RunBefore,
}

impl Run {
    fn read(path: &Path) -> Option<Self> {
        let lines = recording::lines(&path.to_owned());
        let revision =
            |line: &Value| (line["ev"] != "LIST").then(|| line["o"]["rv"].as_u64()).flatten();
        let revisions = || lines.iter().filter_map(revision);
        let steps = lines[lines.len() - 1]["footer"]["steps"].as_array()?;
        let sizes = steps.last().and_then(|step| step[1].as_object());
        let replicas = sizes.map_or(0, |sizes| sizes.values().filter_map(Value::as_i64).sum());
        let term_ms = Config::read(&lines[0]["header"], false).term_ms;
        let ended = RunBefore { replicas, term_ms };
        let (first, last) = (revisions().min()?, revisions().max()?);
        Some(Self { path: path.to_owned(), first, last, ended })
    }
}

/// The folders that hold recordings of the same runs.
pub(crate) const FOLDERS: [&str; 3] = ["traces", "traces_quiet", "traces_high_qps"];

/// How many of the first `most` steps every recording of this run shares. Where two recordings of
/// one configuration part, how the machine was loaded decided, and neither is the rule.
pub(crate) fn steps_shared(name: &str, sizes: &[Sizes], most: usize) -> usize {
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

/// With 25 pods every call waits for a token of the client limit, and who gets the next one decides whether
/// two pods count in one step or in two: the recordings with and without the limit part after thirteen steps.
///
/// In this recording a third pod is ready 15 ms after the ReplicaSet was to grow, at 0.95 s, and mostly
/// before that here, which decides what the tenth step is. The nine before are to be the recorded
/// ones; later only the bounds and the end.
#[test]
fn many_pods_begin_alike_and_end_alike() {
    const ALIKE: usize = 9;
    for path in recording::named("traces", "J_n25") {
        let (config, recorded) = read(&path);
        for seed in 0..20 {
            let rehearsed = rehearse(&config.scenario(), seed);
            assert_eq!(rehearsed.sizes[..ALIKE], recorded[..ALIKE], "seed {seed}");
            assert_eq!(rehearsed.sizes.last(), recorded.last(), "seed {seed}");
            assert_eq!(most_pods(&rehearsed.sizes), most_pods(&recorded), "seed {seed}");
        }
    }
}

/// Those milliseconds are the recording's own calls: in the burst of its first 0.2 s an event about a pod
/// follows the one before after 16 ms, and after ten here and in the recordings of ten pods that the profile
/// is taken from. Where the control plane takes half as long again for everything, the recorded sequence, all
/// 21 steps of it, is the one that comes most often. Nothing but the length of calls is told here, and the
/// end of the run before, as in all recordings of that folder.
#[test]
fn with_calls_as_slow_as_the_recorded_ones_the_recorded_sequence_is_the_likeliest() {
    const SEEDS: u64 = 200;
    for path in recording::named("traces", "J_n25") {
        let (config, recorded) = read(&path);
        let scenario = Config { slow: true, ..config }.scenario();
        let mut taken: BTreeMap<Vec<Sizes>, u64> = BTreeMap::new();
        for seed in 0..SEEDS {
            *taken.entry(rehearse(&scenario, seed).sizes).or_default() += 1;
        }
        let alike = taken.remove(&recorded).unwrap_or(0);
        let next = taken.into_values().max().unwrap_or(0);
        println!("all steps as recorded in {alike} of {SEEDS} runs, the next sequence in {next}");
        assert!(alike > 2 * next, "in {alike} runs, another one in {next}");
        assert!(alike * 10 >= SEEDS * 3, "in {alike} of {SEEDS} runs");
    }
}

pub(crate) fn most_pods(sizes: &[Sizes]) -> Option<i32> {
    sizes.iter().map(|sizes| sizes.iter().sum()).max()
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
