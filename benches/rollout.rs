//! A whole rehearsal: `scenarios/rolling-update.yaml` with more pods and more requests.
//!
//! What is measured is all that `rollsim run` does between reading the file and writing the report:
//! set the cluster up, roll out, send every request, measure. Beside it, in the same run, the std
//! heap takes events from among 2,000 pending ones, which is what a run of this size has: a yardstick
//! that says what the machine is worth at the moment.

mod hold;

use criterion::{Criterion, SamplingMode, Throughput};
use engine::{HeapQueue, Span};
use hold::Hold;
use metrics::{Collector, Measures};
use scenario::{Arrivals, Files, Found, Node, Scenario};
use std::hint::black_box;

const FILE: &str = include_str!("../scenarios/rolling-update.yaml");
const PODS: [u32; 2] = [100, 1_000];
/// Enough for the requests to outweigh the rollout, few enough for a sample.
const SAMPLE_REQUESTS: u64 = 300_000;
const WHOLE_REQUESTS: u64 = 10_000_000;
/// Workers in all pods together, so that two thirds of the pods can bear the load of a whole run
/// while the others are replaced: 83,333 requests a second that take 20 ms each.
const WORKERS: u32 = 3_200;
const PENDING: u32 = 2_000;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    criterion.bench_function("yardstick/heap", |bencher| {
        let mut hold = Hold::new(HeapQueue::new(), PENDING);
        bencher.iter(|| black_box(hold.step()));
    });
    for pods in PODS {
        let mut group = criterion.benchmark_group(format!("rollout/{pods}"));
        group.sample_size(10).sampling_mode(SamplingMode::Flat);
        let silent = scaled(pods, 0);
        group.bench_function("without requests", |bencher| bencher.iter(|| rehearse(&silent)));
        let busy = scaled(pods, SAMPLE_REQUESTS);
        group.throughput(Throughput::Elements(SAMPLE_REQUESTS));
        group.bench_function("300k requests", |bencher| bencher.iter(|| rehearse(&busy)));
        group.finish();
    }
    criterion.final_summary();
    // Criterion's filters are for its own benches; with one, the long run is not what is wanted.
    if std::env::args().skip(1).all(|argument| argument == "--bench") {
        print_whole_runs();
    }
}

/// The scenario with so many pods and about so many requests. All else stays as it is, apart from
/// nodes that hold the pods and programs that bear the load.
fn scaled(pods: u32, requests: u64) -> Scenario {
    let loaded = scenario::load(&["rolling-update.yaml".to_owned()], &OneFile, &|_| Ok(None));
    let mut scenario = loaded.scenario.expect("the file is a scenario");
    scenario.deployments[0].spec.replicas = pods as i32;
    let nodes = std::mem::take(&mut scenario.cluster.nodes);
    let count = (pods / 100).max(nodes.len() as u32);
    let large = |(number, node): (u32, &Node)| Node {
        name: format!("node-{}", number + 1).into(),
        zone: node.zone.clone(),
        cpu_millis: 1_000_000,
        memory_bytes: 1 << 42,
        max_pods: pods,
    };
    scenario.cluster.nodes = (0..count).zip(nodes.iter().cycle()).map(large).collect();
    for image in scenario.images.values_mut() {
        image.concurrency = image.concurrency.max(WORKERS / pods);
    }
    let per_second = requests as f64 / scenario.duration.as_secs_f64();
    scenario.clients[0].arrivals = Arrivals::Poisson { per_second };
    scenario
}

fn rehearse(scenario: &Scenario) -> Measures {
    let mut collector = Collector::default();
    let world = sim::compile(scenario, scenario.seed);
    sim::run(world, &mut collector);
    collector.finish()
}

/// Ten million requests, once for each number of pods: too long for a sample, and what it is about.
#[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
fn print_whole_runs() {
    for pods in PODS {
        let set_up = timed(|| rehearse(&scaled(pods, 0))).0;
        let scenario = scaled(pods, WHOLE_REQUESTS);
        let (span, measures) = timed(|| rehearse(&scenario));
        let requests = measures.requests.total();
        println!(
            "{pods} pods: {requests} requests in {span}, {:.0} ns a request; without requests {set_up}",
            span.as_nanos() as f64 / requests as f64
        );
    }
}

#[expect(clippy::disallowed_types, reason = "a bench does look at the clock")]
fn timed<T>(work: impl FnOnce() -> T) -> (Span, T) {
    let began = std::time::Instant::now();
    let result = work();
    (Span::from_secs_f64(began.elapsed().as_secs_f64()), result)
}

/// The scenario's file, from memory: where a bench is started from does not matter then.
struct OneFile;

impl Files for OneFile {
    fn look(&self, _: &str) -> std::io::Result<Found> {
        Ok(Found::File)
    }

    fn read(&self, _: &str, _: usize) -> std::io::Result<Vec<u8>> {
        Ok(FILE.as_bytes().to_vec())
    }
}
