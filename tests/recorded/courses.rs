//! `traces`, the other recordings: slower rollouts, repeats and `minReadySeconds`, and what else happens to a
//! Deployment, such as another rollout, a new size or an undo in the midst of one, or a rollout that is stuck.

use std::path::Path;

use serde_json::Value;

use crate::{
    recording,
    rehearsal::{Config, Sizes, rehearse},
    traces::{self, FOLDERS, most_pods},
};

/// A recorded run.
struct Course {
    config: Config,
    sizes: Vec<Sizes>,
    /// How many of the steps came before anything but the first change.
    begun: usize,
    /// When the last step came, in milliseconds after the first change.
    last_ms: f64,
    /// Whether less than one of the machine's processors was busy before.
    at_ease: bool,
}

/// What is not run, by a part of its name, and why.
const NOT_RUN: [(&str, &str); 7] = [
    ("delete", "a Deployment is deleted with its ReplicaSets: no size is written"),
    ("cost", "pods get a deletion cost while they run, which no step of a timeline does"),
    ("flap", "pods that are ready cease to be, which no image does"),
    ("quota", "a ResourceQuota, which is not simulated"),
    ("multislice", "150 pods become ready at once, and one step is decided"),
    ("trafficDistribution", "it is about Services, and its rollout is that of others"),
    ("N_", "nodes are drained, deleted or crash"),
];

/// So many are left, with the controllers' client limits and without.
const COURSES: usize = 49 + 59;

/// So many of them, at least, take the recorded steps from the first to the last under every seed.
const ALWAYS: usize = 67;

/// The recordings of a folder that can be rehearsed.
fn courses(folder: &str) -> impl Iterator<Item = (String, Course)> {
    let groups = ["B_", "C_", "E_", "F_", "N_", "S_"];
    let paths = groups.into_iter().flat_map(move |group| recording::named(folder, group));
    paths
        .map(|path| (recording::name(&path), path))
        .filter(|(name, _)| !NOT_RUN.iter().any(|(what, _)| name.contains(what)))
        .map(|(name, path)| (name, read(&path)))
}

fn read(path: &Path) -> Course {
    let (mut config, sizes) = traces::read(path);
    let lines = recording::lines(&path.to_owned());
    let mut actions = Vec::new();
    let mut typed = None;
    for line in lines.iter().filter(|line| line["k"] == "Action") {
        let (at, content) = (line["t"].as_f64().expect("a time"), &line["o"]);
        let command = match line["ev"].as_str() {
            Some("patch_template") => {
                let demanding = lines.iter().any(|line| !line["o"]["cpu"].is_null());
                if let (false, Some(ms)) = (actions.is_empty(), content["ready_ms"].as_i64()) {
                    config.ready_later = Some(ms.to_string());
                }
                let version = content["ver"].as_str().expect("a version");
                Some(match content["cpu"].as_str() {
                    Some(cpu) => format!("apply -f {version}-{cpu}.yaml"),
                    // What only the template before asked for is not asked for any more.
                    None if demanding => format!("apply -f {version}.yaml"),
                    None => format!("set image deployment/web app=app:{version}"),
                })
            }
            Some("scale") => {
                Some(format!("scale deployment/web --replicas={}", content["replicas"]))
            }
            Some("kubectl") => {
                let words = content["args"].as_array().expect("words").iter();
                let words: Vec<_> = words.map(|word| word.as_str().expect("a word")).collect();
                // To wait changes nothing.
                typed = Some(words.join(" ")).filter(|command| !command.contains(" status "));
                None
            }
            // A real kubectl takes 67 to 105 ms, on a machine at ease, until its change is there.
            Some("kubectl_done") => typed.take(),
            _ => None,
        };
        actions.extend(command.map(|command| (at, command)));
    }
    (_, config.change) = actions.remove(0);
    let steps = lines[lines.len() - 1]["footer"]["steps"].as_array().expect("a list");
    let at = |step: &Value| step[0].as_f64().expect("a time");
    let next = actions.first().map_or(f64::INFINITY, |(at, _)| *at);
    let begun = steps.iter().filter(|step| at(step) < next).count();
    config.later = actions;
    let at_ease = lines[0]["header"]["loadavg"][0].as_f64().is_some_and(|load| load < 1.0);
    Course { config, sizes, begun, last_ms: steps.last().map_or(0.0, at), at_ease }
}

/// What a run was told until the second thing happened.
fn beginning(config: &Config) -> Config {
    Config {
        created_ms_before: None,
        high_qps: false,
        run_before: None,
        later: Vec::new(),
        ready_later: None,
        ..config.clone()
    }
}

/// How many steps nothing but the rollout decides: those that all recordings of this run share, with client
/// limits and without, and all recordings that began alike. Where two of them part, two pods became available
/// within some milliseconds, or a call waited for a token of the limit, and neither is the rule.
fn decided(name: &str, course: &Course, all: &[(String, Course)]) -> usize {
    let alike = all.iter().filter(|(_, it)| beginning(&it.config) == beginning(&course.config));
    let shared = traces::steps_shared(name, &course.sizes, course.sizes.len());
    alike.fold(shared, |shared, (_, other)| {
        let begun = course.begun.min(other.begun);
        let pairs = course.sizes[..begun].iter().zip(&other.sizes[..begun]);
        match pairs.take_while(|(a, b)| a == b).count() {
            same if same < begun => shared.min(same),
            _ => shared,
        }
    })
}

/// Every run ends with the recorded sizes and never asks for more pods. Steps that are decided to the last are
/// as recorded in three runs of four, in nearly all recordings in every run, and on a machine at ease the
/// last write comes when it came there. Of the others one run in four takes the decided ones: there are two
/// recordings of most, which may agree by chance. Of five only three steps are decided, all before the second
/// thing happens.
///
/// A time of whole seconds decides when a pod with `minReadySeconds` is available: up to a second earlier
/// or later, as the change falls into one.
#[test]
fn other_courses_take_the_recorded_steps_and_end_alike() {
    const SEEDS: u64 = 20;
    let all: Vec<_> = FOLDERS.into_iter().flat_map(courses).collect();
    if all.is_empty() {
        return;
    }
    assert_eq!(all.len(), COURSES, "the recordings that are run");
    let mut always = 0;
    for (name, course) in &all {
        let Course { config, sizes: recorded, .. } = course;
        let decided = decided(name, course, &all);
        let (scenario, mut alike, mut same) = (config.scenario(), 0, 0);
        let limits = if config.high_qps { " unlimited" } else { "" };
        let mut last_ms = Vec::new();
        for seed in 0..SEEDS {
            let rehearsed = rehearse(&scenario, seed);
            let sizes = &rehearsed.sizes;
            assert_eq!(sizes.last(), recorded.last(), "{name}, seed {seed}: the end");
            assert_eq!(most_pods(sizes), most_pods(recorded), "{name}, seed {seed}: the most");
            alike += u64::from(sizes.get(..decided) == Some(&recorded[..decided]));
            same += u64::from(sizes == recorded);
            last_ms.push(rehearsed.last_ms);
        }
        last_ms.sort_by(f64::total_cmp);
        let median = last_ms[last_ms.len() / 2];
        println!(
            "{name:36}{limits} {decided:2} of {:2} steps decided, in {alike} of {SEEDS} runs, all \
             in {same}; the last at {median:.0} ms, recorded {:.0}",
            recorded.len(),
            course.last_ms,
        );
        let whole = decided == recorded.len();
        let least = if whole { SEEDS * 3 / 4 } else { SEEDS / 4 };
        assert!(alike >= least, "{name}: in {alike} of {SEEDS} runs");
        if whole && course.at_ease {
            let by_seconds = if config.min_ready_seconds > 0 { 1_000.0 } else { 0.0 };
            let most = by_seconds + (0.02 * course.last_ms).max(50.0);
            let off = (median - course.last_ms).abs();
            assert!(off <= most, "{name}: the last step {off:.0} ms off");
        }
        always += usize::from(same == SEEDS);
    }
    println!("{always} take the recorded steps under every seed");
    assert!(always >= ALWAYS, "{always} take the recorded steps under every seed");
}
