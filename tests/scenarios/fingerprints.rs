//! The committed fingerprints: a change of one is a change of what a user sees, and is explained.
//!
//! One line a scenario, `NAME  16 hexadecimal digits`, sorted. They are the same in every build,
//! so this test holds them against a debug build and a release build alike.

use std::{collections::BTreeMap, env, fs};

use record::Fingerprint;

use crate::{files, rehearsal::load};

/// Set, it has the file written anew.
const BLESS: &str = "ROLLSIM_BLESS";

fn path() -> String {
    format!("{}/fingerprints.txt", files::FOLDER)
}

fn rehearsed() -> BTreeMap<String, String> {
    let fingerprint = |name: &String| {
        let scenario = load(&files::path(name));
        let mut fingerprint = Fingerprint::default();
        sim::run(sim::compile(&scenario, scenario.seed), &mut fingerprint);
        fingerprint.text()
    };
    files::names().into_iter().map(|name| (name.clone(), fingerprint(&name))).collect()
}

fn written(fingerprints: &BTreeMap<String, String>) -> String {
    fingerprints.iter().map(|(name, fingerprint)| format!("{name}  {fingerprint}\n")).collect()
}

#[test]
fn every_scenario_has_its_committed_fingerprint() {
    let rehearsed = rehearsed();
    if env::var_os(BLESS).is_some() {
        fs::write(path(), written(&rehearsed)).expect("the file can be written");
    }
    let committed = fs::read_to_string(path()).expect("scenarios/fingerprints.txt is there");
    let lines = committed.lines().map(|line| {
        let (name, fingerprint) = line.split_once("  ").unwrap_or((line, "nothing"));
        (name.to_owned(), fingerprint.to_owned())
    });
    let committed_lines: BTreeMap<String, String> = lines.collect();
    let names = committed_lines.keys().chain(rehearsed.keys());
    let differences: Vec<String> = names
        .filter(|name| committed_lines.get(*name) != rehearsed.get(*name))
        .map(|name| {
            let of = |map: &BTreeMap<String, String>| map.get(name).cloned().unwrap_or_default();
            format!("{name}: committed [{}], now [{}]", of(&committed_lines), of(&rehearsed))
        })
        .collect();
    assert!(
        differences.is_empty(),
        "{}\nIf that is meant: {BLESS}=1 cargo test -p rollsim-tests --test scenarios",
        differences.join("\n")
    );
    assert_eq!(committed, written(&rehearsed), "the lines are sorted, and each is there once");
}
