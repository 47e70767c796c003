//! What every scenario of the folder has in common.

use metrics::Expectation;

use crate::{
    files,
    rehearsal::{load, rehearse},
    traffic::measure,
};

#[test]
fn every_scenario_is_named_as_its_file_says_what_it_shows_and_expects_something() {
    for name in files::names() {
        let scenario = load(&files::path(&name));
        assert_eq!(scenario.name, name);
        assert!(!scenario.description.is_empty(), "{name} has no description");
        assert!(!scenario.expect.is_empty(), "{name} expects nothing");
    }
}

#[test]
fn every_expectation_holds() {
    let mut broken = Vec::new();
    for name in files::names() {
        let scenario = load(&files::path(&name));
        let measures = measure(&rehearse(&scenario, scenario.seed));
        for expected in &scenario.expect {
            let expectation = Expectation::parse(&expected.text).expect("the reader judged it");
            let verdict = expectation.check(&measures);
            if !verdict.passed {
                broken.push(format!("{name}: {}, measured {}", verdict.text, verdict.words));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
