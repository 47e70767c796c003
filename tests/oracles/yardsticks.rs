//! Known numbers of balancing (`lb_yardsticks.json`), each asked of runs of the simulator: `cargo
//! test --test oracles yardsticks`. With `ROLLSIM_BLESS` the runs are longer, and the verdicts go
//! to `reports/yardsticks.md`; with `--release` and `-- --nocapture` that takes the least time, and one
//! sees how far they are.
//!
//! The cluster is the ideal one, so that pods are stations and nothing else takes time. What was
//! computed is met within four standard errors and one in a hundred; what was simulated elsewhere
//! has an interval of its own, and is met within four standard errors of both. Each row has seeds
//! of its own, made of its name, and all rows together must be as far off as chance has them. Rows
//! that no run is about are listed with the reason.

mod affinity;
mod chance;
mod cluster;
mod coordination;
mod effort;
mod finding;
mod hashing;
mod heterogeneity;
mod little;
mod occupancy;
mod page;
mod published;
mod queueing;
mod retries;
mod rollout_skew;
mod row;
mod station;
mod subsetting;

use std::{
    fs,
    num::NonZero,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use serde_json::Value;

use chance::Together;
use effort::Effort;
use finding::Finding;
use page::Answer;
use row::Row;

/// Asks a row of runs: what they gave, or why no run is about it.
fn ask(row: Row<'_>, effort: Effort) -> Result<Vec<Finding>, &'static str> {
    match row.family() {
        "balls_into_bins_d1" | "balls_into_bins_d" => occupancy::ask(row, effort),
        "c3_paper" | "maglev_paper" | "prequal_paper" => published::ask(row, effort),
        "connection_rolling" => rollout_skew::ask(row, effort),
        "consistent_hashing" => hashing::ask(row, effort),
        "heterogeneity" => heterogeneity::ask(row, effort),
        "littles_law" => little::ask(row, effort),
        "retry_amplification" => retries::ask(row, effort),
        "rr_uncoordinated" => coordination::ask(row, effort),
        "session_affinity" => affinity::ask(row, effort),
        "subsetting" => subsetting::ask(row, effort),
        family if family.starts_with("queue_") || family == "erlang_b" => {
            queueing::ask(row, effort)
        }
        _ => Err("a family that nobody asked about before"),
    }
}

#[expect(clippy::disallowed_methods, reason = "where data is found does not change a result")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Asks a row, and says how many seconds that took.
#[expect(clippy::disallowed_types, reason = "how long it takes does not change a result")]
fn ask_and_time(row: Row<'_>, effort: Effort) -> (Result<Vec<Finding>, &'static str>, f64) {
    let began = std::time::Instant::now();
    let answer = ask(row, effort);
    (answer, began.elapsed().as_secs_f64())
}

fn cases() -> Option<Vec<Value>> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance");
    let folder = variable("ROLLSIM_CONFORMANCE").unwrap_or_else(|| default.to_owned());
    let path = PathBuf::from(folder).join("vectors/lb_yardsticks.json");
    let text = fs::read_to_string(path).ok()?;
    let file: Value = serde_json::from_str(&text).expect("it is JSON");
    Some(file["cases"].as_array().expect("a list").clone())
}

/// Asks all rows, on all processors; each has its own runs, so that it does not matter which is
/// first.
#[expect(clippy::print_stdout, reason = "whoever waits for long runs sees how far they are")]
fn ask_all<'a>(rows: &[Row<'a>], effort: Effort) -> Vec<Answer<'a>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut answers = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(row) = rows.get(place) else { return answers };
            let says = effort == Effort::Long;
            if says {
                println!("{} of {}: {}", place + 1, rows.len(), row.id());
            }
            let (answer, seconds) = ask_and_time(*row, effort);
            if says {
                println!("{} took {seconds:.1} s", row.id());
            }
            answers.push((place, (*row, answer)));
        }
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let mut answers: Vec<(usize, Answer<'a>)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("it ends")).collect()
    });
    answers.sort_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

#[test]
fn runs_meet_the_yardsticks() {
    let Some(cases) = cases() else {
        println!("skipped: there are no yardsticks");
        return;
    };
    let blesses = variable("ROLLSIM_BLESS").is_some();
    let only = variable("ROLLSIM_YARDSTICK").unwrap_or_default();
    let mut rows: Vec<Row<'_>> = cases.iter().map(Row).collect();
    rows.retain(|row| row.id().contains(&only));
    rows.sort_by_key(|row| row.family());
    let effort = if blesses { Effort::Long } else { Effort::Everyday };
    let answers = ask_all(&rows, effort);

    let findings = || answers.iter().filter_map(|(row, it)| Some((row, it.as_ref().ok()?)));
    let first = |findings: &Vec<Finding>| findings.iter().find_map(Finding::deviation);
    let deviations: Vec<(f64, f64)> = findings().filter_map(|(_, all)| first(all)).collect();
    let together = Together::of(&deviations);
    let page = page::page(&answers, &together);
    println!("{page}");
    if blesses && only.is_empty() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../reports/yardsticks.md");
        fs::write(path, &page).expect("the report is written");
    }
    let wrong: Vec<String> = findings()
        .flat_map(|(row, all)| all.iter().map(move |finding| (row, finding)))
        .filter(|(_, finding)| !finding.is_met())
        .map(|(row, finding)| page::line(row.id(), finding))
        .collect();
    assert!(wrong.is_empty(), "{} numbers are not met:\n{}", wrong.len(), wrong.join("\n"));
    assert!(together.is_chance(), "{together:?}");
}
