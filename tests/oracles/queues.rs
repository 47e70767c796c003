//! Queues: how long requests wait.

use std::collections::BTreeMap;

use stats::{Interval, Queue, batch_means, md1, mm1, mmc};

use crate::station::{Served, Station};

/// How sure the intervals are.
const CONFIDENCE: f64 = 0.9999;
/// Batches of more than ten thousand requests each, in which a queue of utilisation 0.8 forgets
/// where it began a hundred times over.
const BATCHES: usize = 30;

/// A station, and what the textbook says of each of its pods. Utilisations are 0.5 and 0.8.
fn cases() -> Vec<(&'static str, Station, Queue)> {
    let station = |pods, workers, service, arrivals, seconds| Station {
        pods,
        workers,
        service,
        arrivals,
        seconds,
    };
    vec![
        ("M/M/1", station(1, 1, "exp(10ms)", "poisson(50/s)", 8_000), mm1(50.0, 100.0)),
        ("M/M/1", station(1, 1, "exp(10ms)", "poisson(80/s)", 8_000), mm1(80.0, 100.0)),
        ("M/D/1", station(1, 1, "10ms", "poisson(80/s)", 8_000), md1(80.0, 0.010)),
        ("M/M/4", station(1, 4, "exp(10ms)", "poisson(320/s)", 2_000), mmc(320.0, 100.0, 4)),
        ("M/M/8", station(1, 8, "exp(10ms)", "poisson(400/s)", 1_000), mmc(400.0, 100.0, 8)),
        // A random split leaves each pod a Poisson process of its own.
        ("4 M/M/1", station(4, 1, "exp(10ms)", "poisson(320/s)", 4_000), mm1(80.0, 100.0)),
    ]
}

/// The interval of the mean of a series, whose half width must be at most `most`.
fn mean(name: &str, series: &[f64], most: f64) -> Interval {
    let interval = batch_means(series, BATCHES, CONFIDENCE).expect("there are requests");
    assert!(interval.half_width <= most, "{name}: {interval:?} is wider than {most}");
    interval
}

fn by_pod(served: &[Served]) -> BTreeMap<api::PodId, Vec<Served>> {
    let mut pods: BTreeMap<_, Vec<Served>> = BTreeMap::new();
    for request in served {
        pods.entry(request.pod).or_default().push(*request);
    }
    pods
}

#[test]
fn every_pod_is_the_queue_of_the_textbook() {
    for (name, station, queue) in cases() {
        let pods = by_pod(&station.serve(1));
        assert_eq!(pods.len(), station.pods, "{name}");
        for (pod, served) in &pods {
            let sojourns: Vec<f64> = served.iter().map(|request| request.sojourn_secs).collect();
            // The formulas of other queues at the same utilisation are further off than an eighth.
            let sojourn = mean(name, &sojourns, queue.mean_sojourn / 8.0);
            assert!(
                sojourn.contains(queue.mean_sojourn),
                "{name}, {pod:?}: {sojourn:?}, {queue:?}"
            );

            let waits: Vec<f64> = served.iter().map(|request| request.wait_secs).collect();
            let wait = mean(name, &waits, queue.mean_sojourn / 8.0);
            assert!(wait.contains(queue.mean_wait), "{name}, {pod:?}: {wait:?}, {queue:?}");

            let delayed: Vec<f64> =
                waits.iter().map(|wait| f64::from(u8::from(*wait > 0.0))).collect();
            let delayed = mean(name, &delayed, 0.05);
            assert!(
                delayed.contains(queue.wait_probability),
                "{name}, {pod:?}: {delayed:?}, {queue:?}"
            );
        }
    }
}

/// The sojourns of M/M/1 are exponential: one in a hundred is longer than ln 100 times their mean.
#[test]
fn the_tail_of_mm1_is_exponential() {
    let (name, station, _) = cases().swap_remove(1);
    let served = station.serve(2);
    for quantile in [0.5, 0.9, 0.99] {
        let bound = stats::queueing::mm1_sojourn_quantile(80.0, 100.0, quantile);
        let longer = |request: &Served| f64::from(u8::from(request.sojourn_secs > bound));
        let beyond: Vec<f64> = served.iter().map(longer).collect();
        let beyond = mean(name, &beyond, 0.05);
        assert!(beyond.contains(1.0 - quantile), "{quantile}: {beyond:?} are beyond {bound}");
    }
}

/// One queue for all is shorter than a queue for each, for the same pods in number and speed.
#[test]
fn a_shared_queue_beats_a_random_split() {
    let cases = cases();
    let mean_of = |index: usize| {
        let (name, station, _) = cases[index];
        let sojourns: Vec<f64> = station.serve(3).iter().map(|r| r.sojourn_secs).collect();
        mean(name, &sojourns, 0.01)
    };
    let (shared, split) = (mean_of(3), mean_of(5));
    assert!(shared.high() < split.low(), "{shared:?}, {split:?}");
}
