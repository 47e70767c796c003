//! `e2e_churn`: an unrelated Service changes all the time, so a rollout meets each proxy at a
//! random phase of its one-second period.

use crate::{
    recording,
    rehearsal::{Config, rehearse},
};

/// The run that lost 175 met the worst phase and lost 2.4 standard deviations more than that costs on
/// average; together that is one run in some thousands.
const SEEDS: u64 = 6000;

#[test]
fn a_random_phase_covers_the_recorded_range() {
    let Some(summary) = recording::json("e2e_churn/summary.json") else { return };
    let runs: Vec<_> = summary["runs"].as_object().expect("an object").values().collect();
    let recorded: Vec<u64> =
        runs.iter().map(|run| run["failed"].as_u64().expect("a number")).collect();
    let scenario = Config::read(&runs[0]["params"], true).scenario();
    let mut lost: Vec<u64> =
        (0..SEEDS).map(|seed| rehearse(&scenario, seed).measures.requests.failed).collect();
    lost.sort_unstable();
    println!("recorded {recorded:?}; simulated {} to {}", lost[0], lost[lost.len() - 1]);
    let (least, most) = (recorded.iter().min(), recorded.iter().max());
    assert!(lost[0] <= *least.expect("some runs"), "no run was as lucky as the luckiest");
    assert!(
        lost[lost.len() - 1] >= *most.expect("some runs"),
        "no run was as unlucky as the unluckiest"
    );
}
