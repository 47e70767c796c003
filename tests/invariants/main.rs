//! What holds in every run, whatever the scenario: random ones, made from a seed.
//!
//! In a debug build the simulator checks itself after every event too. What is here is checked from
//! outside, against the record stream and the manifests, by code that shares nothing with it.

mod books;
mod fences;
mod pods;
mod random_scenario;
#[path = "../scenarios/rehearsal.rs"]
mod rehearsal;
mod requests;
mod rules;

use std::ops::Range;

use books::Books;
use random_scenario::RandomScenario;
use rehearsal::{load, rehearse};

/// Holds the runs of some random scenarios against everything; two tests share them, because two
/// processors do.
fn check(seeds: Range<u64>) {
    for seed in seeds {
        let random = RandomScenario::new(seed);
        let scenario = load(&random.yaml);
        let records = rehearse(&scenario, seed);
        let books = Books::of(&random, &records);
        let complaints: Vec<String> = [
            pods::complaints(&books, &records),
            rules::complaints(&books, &records),
            requests::complaints(&books, &records),
            fences::complaints(&random, &books, &records),
        ]
        .concat();
        assert!(
            complaints.is_empty(),
            "random scenario {seed}:\n{}\n{}",
            complaints.join("\n"),
            random.yaml
        );
    }
}

#[test]
fn whatever_the_scenario_the_books_balance() {
    check(0..150);
}

#[test]
fn whatever_the_scenario_the_books_balance_with_further_seeds() {
    check(150..300);
}

/// Random scenarios are of use only where they are different, and do what they are to do.
#[test]
fn random_scenarios_show_failures_of_many_causes_and_rollouts_of_both_kinds() {
    let mut causes = std::collections::BTreeSet::new();
    let (mut plain, mut rollouts, mut restarts) = (0, 0, 0);
    for seed in 0..100 {
        let random = RandomScenario::new(seed);
        plain += u32::from(random.plain);
        for (_, record) in rehearse(&load(&random.yaml), seed) {
            match record {
                record::Record::RequestFinished(request) => {
                    if let record::Outcome::Failed(cause) = request.outcome {
                        causes.insert(cause);
                    }
                }
                record::Record::RolloutStarted { .. } => rollouts += 1,
                record::Record::ContainerStarted { restarts: 1.., .. } => restarts += 1,
                _ => {}
            }
        }
    }
    assert!((20..80).contains(&plain), "{plain} of 100 only change templates");
    assert!(rollouts > 100 && restarts > 20, "{rollouts} rollouts, {restarts} restarts");
    assert!(causes.len() >= 7, "{causes:?}");
}
