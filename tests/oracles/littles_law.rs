//! Little's law, L = λ·W, in a run that is anything but stationary: it asks for nothing but that
//! every request that came also went.

use engine::{Span, Time};
use record::Record;

use crate::rehearsal::{load, rehearse};

const ROLLING_UPDATE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/rolling-update.yaml");
/// Looks a second: one every ten milliseconds.
const LOOKS: u64 = 100;

/// Arrival and end of every request.
fn stays(records: &[(Time, Record)]) -> Vec<(Time, Time)> {
    let stay = |(time, record): &(Time, Record)| match record {
        Record::RequestFinished(request) => Some((request.arrived, *time)),
        _ => None,
    };
    records.iter().filter_map(stay).collect()
}

/// How many requests were in the system at each moment of a grid, by counting arrivals and ends.
fn looks(stays: &[(Time, Time)], seconds: u64) -> Vec<u64> {
    let mut arrivals: Vec<Time> = stays.iter().map(|(arrived, _)| *arrived).collect();
    let mut ends: Vec<Time> = stays.iter().map(|(_, ended)| *ended).collect();
    arrivals.sort_unstable();
    ends.sort_unstable();
    let by = |times: &[Time], now: Time| times.partition_point(|time| *time <= now) as u64;
    (0..seconds * LOOKS)
        .map(|look| {
            let now = sim::BEGIN + Span::from_millis(look * 1_000 / LOOKS);
            by(&arrivals, now) - by(&ends, now)
        })
        .collect()
}

#[test]
fn the_mean_number_in_the_system_is_rate_times_mean_time_also_during_a_rollout() {
    let scenario = load(ROLLING_UPDATE);
    let stays = stays(&rehearse(&scenario, scenario.seed));
    // The last seconds have requests that were not done when the run ended.
    let seconds = 110;
    let end = sim::BEGIN + Span::from_secs(seconds);
    let looks = looks(&stays, seconds);
    let mean_number = looks.iter().sum::<u64>() as f64 / looks.len() as f64;

    let came: Vec<f64> = stays
        .iter()
        .filter(|(arrived, _)| *arrived < end)
        .map(|(arrived, ended)| (*ended - *arrived).as_secs_f64())
        .collect();
    let rate = came.len() as f64 / seconds as f64;
    let mean_time = came.iter().sum::<f64>() / came.len() as f64;

    // A look each hundredth of a second sees a stay with a standard deviation of half of that at
    // most; and those who are there at the end have up to the client's timeout before them.
    let looking = 0.5 / LOOKS as f64 * (came.len() as f64).sqrt() / seconds as f64;
    let there = looks.last().copied().unwrap_or_default() as f64;
    let left = there * scenario.clients[0].timeout.as_secs_f64() / seconds as f64;
    let difference = mean_number - rate * mean_time;
    assert!(
        difference.abs() < 4.0 * looking + left,
        "{mean_number} in the system, {rate}/s for {mean_time} s each"
    );
    assert!(4.0 * looking + left < 0.05 * mean_number, "{looking} and {left} of {mean_number}");
    assert!(mean_number > 4.0, "{mean_number}: 200/s for 20 ms are four, and a rollout adds to it");
}
