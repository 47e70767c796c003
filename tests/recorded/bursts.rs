//! How long bursts of calls take: a call waits for those that came to the API server before it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{
    recording,
    rehearsal::{Config, rehearse},
    traces,
};

/// When the pods of a recording were created, ReplicaSet by ReplicaSet, in milliseconds, and how many
/// each was to have at first.
fn created(path: &Path) -> Vec<(Vec<f64>, usize)> {
    let mut lines = recording::lines(&path.to_owned());
    let revision = |line: &Value| line["o"]["rv"].as_i64();
    lines.retain(|line| line["ev"] == "ADDED" && revision(line).is_some());
    // Times of different kinds of objects can be off by some milliseconds, their order cannot.
    lines.sort_by_key(revision);
    let mut sets = BTreeMap::<&str, (Vec<f64>, usize)>::new();
    for line in &lines {
        let object = &line["o"];
        let text = |field: &str| object[field].as_str().unwrap_or_default();
        if line["k"] == "ReplicaSet" {
            let wanted = object["replicas"].as_u64().unwrap_or(0) as usize;
            sets.entry(text("name")).or_default().1 = wanted;
        } else if line["k"] == "Pod" {
            let time = line["t"].as_f64().expect("a time");
            sets.entry(text("rs")).or_default().0.push(time);
        }
    }
    sets.into_values().collect()
}

/// Reads the batches off a ReplicaSet's first sync, which creates the pods that it was to have at first
/// in batches that double: how long after the first pod of a batch the next batch began.
fn batches(created: &[f64], wanted_at_first: usize, gaps: &mut BTreeMap<usize, Vec<f64>>) {
    let created = &created[..created.len().min(wanted_at_first)];
    let (mut first, mut size) = (0, 1);
    while let Some(next) = created.get(first + size) {
        gaps.entry(size).or_default().push(next - created[first]);
        (first, size) = (first + size, size * 2);
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// So many batches make a median.
const A_FEW: usize = 5;

/// Recordings made at a load below one.
fn quiet() -> Vec<PathBuf> {
    let mut paths = recording::named("traces_quiet", "");
    paths.extend(recording::named("traces", "J_"));
    paths.extend(recording::named("traces", "B_"));
    paths.retain(|path| {
        let header = &recording::lines(path)[0]["header"];
        header["loadavg"][0].as_f64().is_some_and(|load| load < 1.0)
    });
    paths
}

/// What the next batch waits for grows with the size of this one, in the recordings and here. The
/// numbers of either are coarse: a watch's events come in bundles. Of a batch of eight there is one,
/// which is shown and holds nothing.
#[test]
fn the_next_batch_comes_the_later_the_larger_this_one_is() {
    let (mut recorded, mut rehearsed) = (BTreeMap::new(), BTreeMap::new());
    for path in quiet() {
        for (times, wanted) in created(&path) {
            batches(&times, wanted, &mut recorded);
        }
        let (config, _) = traces::read(&path);
        let scenario = config.scenario();
        for seed in 0..5 {
            let rehearsal = rehearse(&scenario, seed);
            let at_first = [config.replicas as usize, rehearsal.sizes[0][1] as usize];
            for (times, wanted) in rehearsal.created_ms.iter().zip(at_first) {
                batches(times, wanted, &mut rehearsed);
            }
        }
    }
    for (size, gaps) in &mut recorded {
        let others = rehearsed.get_mut(size).expect("the same batches");
        let (count, there, here) = (gaps.len(), median(gaps), median(others));
        println!(
            "after a batch of {size}: recorded {there:5.1} ms ({count} batches), rehearsed {here:5.1}"
        );
        if count >= A_FEW {
            let alike = (0.8..1.25).contains(&(here / there));
            assert!(alike, "after a batch of {size}: {here} and {there}");
        }
    }
}

/// 149 pods at once. With the default limits a controller waits for its tokens. Without them it waits
/// for the API server, and here for half as long as in the recording. That was made on a busy machine
/// (a load of 3.5), which may be why; no quiet one has such a burst.
#[test]
fn a_hundred_and_fifty_pods_take_their_time() {
    for (folder, high_qps, as_long) in
        [("traces", false, 0.95..1.05), ("traces_high_qps", true, 0.45..1.05)]
    {
        for path in recording::named(folder, "C_scale_1to150") {
            let span = |times: &[f64]| times[times.len() - 1] - times[0];
            let recorded = created(&path).into_iter().flat_map(|(times, _)| times);
            let after: Vec<f64> = recorded.filter(|time| *time > 0.0).collect();
            let header = &recording::lines(&path)[0]["header"];
            let change = format!("scale deployment/web --replicas={}", header["to"]);
            let config = Config { change, high_qps, ..Config::read(header, false) };
            let created_ms = rehearse(&config.scenario(), 1).created_ms.concat();
            let here: Vec<f64> = created_ms.into_iter().filter(|time| *time > 0.0).collect();
            let (there, here) = (span(&after), span(&here));
            println!("{folder}: recorded {there:.0} ms, rehearsed {here:.0}");
            assert!(as_long.contains(&(here / there)), "{folder}: {here} and {there}");
        }
    }
}
