//! A run twice, in other company, and under other seeds.

use std::{collections::BTreeSet, thread};

use engine::Time;
use record::{Fingerprint, JsonLines, Record, Recorder};
use scenario::Scenario;

use crate::{
    files,
    rehearsal::{Records, load, rehearse},
};

fn fingerprint(records: &[(Time, Record)]) -> String {
    let mut fingerprint = Fingerprint::default();
    for (time, record) in records {
        fingerprint.record(*time, record);
    }
    fingerprint.text()
}

fn lines(records: &[(Time, Record)]) -> Vec<u8> {
    let mut lines = JsonLines::new(Vec::new(), sim::BEGIN);
    for (time, record) in records {
        lines.record(*time, record);
    }
    lines.finish().expect("memory can be written to")
}

fn scenarios() -> Vec<Scenario> {
    files::names().iter().map(|name| load(&files::path(name))).collect()
}

fn run(scenario: &Scenario) -> Records {
    rehearse(scenario, scenario.seed)
}

#[test]
fn a_scenario_twice_is_the_same_record_stream_byte_for_byte() {
    for scenario in scenarios() {
        let (once, twice) = (run(&scenario), run(&scenario));
        // Not `assert_eq`, which would print both of them.
        assert!(once == twice, "{}", scenario.name);
        assert_eq!(fingerprint(&once), fingerprint(&twice), "{}", scenario.name);
        assert!(lines(&once) == lines(&twice), "{}: the NDJSON differs", scenario.name);
    }
}

#[test]
fn a_scenario_loaded_anew_is_the_same_run() {
    for scenario in scenarios() {
        let again = load(&files::path(&scenario.name));
        assert_eq!(fingerprint(&run(&scenario)), fingerprint(&run(&again)), "{}", scenario.name);
    }
}

/// Nothing is shared between runs: many at a time are as one after the other.
#[test]
fn threads_change_nothing() {
    let scenarios = scenarios();
    let alone: Vec<String> = scenarios.iter().map(|s| fingerprint(&run(s))).collect();
    let together: Vec<String> = thread::scope(|scope| {
        let runs = scenarios.iter().map(|scenario| scope.spawn(|| fingerprint(&run(scenario))));
        let runs: Vec<_> = runs.collect();
        runs.into_iter().map(|run| run.join().expect("a run does not panic")).collect()
    });
    assert_eq!(alone, together);
}

#[test]
fn every_seed_is_another_run() {
    for scenario in scenarios() {
        let seeds = 1..=20;
        let fingerprints: BTreeSet<String> =
            seeds.clone().map(|seed| fingerprint(&rehearse(&scenario, seed))).collect();
        assert_eq!(fingerprints.len(), seeds.count(), "{}", scenario.name);
    }
}

/// A fingerprint hides nothing: it differs where the streams do, also in a single word.
#[test]
fn a_change_of_one_record_is_another_fingerprint() {
    let scenario = load(&files::path("rolling-update"));
    let records = run(&scenario);
    let before = fingerprint(&records);
    let steps = (records.len() / 50).max(1);
    for place in (0..records.len()).step_by(steps) {
        let mut changed = records.clone();
        changed[place].0 += engine::Span::from_nanos(1);
        assert_ne!(fingerprint(&changed), before, "a nanosecond at {place}");
        changed.remove(place);
        assert_ne!(fingerprint(&changed), before, "without the record at {place}");
    }
}
