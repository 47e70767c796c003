//! A policy says that it reads reports if and only if its picks depend on them, and so it does within
//! layers: who does not say so gets none.

mod settings;

use engine::{Span, Streams, Time};
use rollsim_policy::{
    CATALOGUE, Configured, Ended, Endpoint, LAYERS, PickContext, Policy, Reply, Report,
};
use settings::settings;

/// What is picked in a minute, with an answer to each pick at once. The first endpoint says that it has
/// far more to do than the others.
fn picks(configured: &Configured, reports: bool) -> Vec<Option<usize>> {
    let mut policy = configured.build(1);
    let endpoints = Endpoint::numbered(&[1; 4]);
    let mut random = Streams::new(1).named("reports");
    let mut picks = Vec::new();
    policy.update(&endpoints, Time::ZERO);
    for number in 0..1200 {
        let now = Time::from_nanos(number * 50_000_000);
        let mut context = PickContext::new(now, &mut random);
        let place = policy.pick(&mut context);
        if let Some(place) = place {
            let millis = Span::from_millis;
            let (in_flight, latency, utilization, rate, errors) = match place {
                0 => (50, millis(90), 0.9, 10.0, 5.0),
                _ => (1, millis(9), 0.1, 20.0, 0.0),
            };
            let report = Report { in_flight, latency, utilization, rate, errors };
            let report = reports.then_some(report);
            let (endpoint, latency) = (endpoints[place].id, Span::from_millis(10));
            policy.ended(&Ended { endpoint, now, latency, reply: Reply::Ok, report });
        }
        picks.push(place);
    }
    picks
}

#[test]
fn who_goes_by_reports_says_so_and_nobody_else() {
    let mut readers = Vec::new();
    for entry in CATALOGUE {
        for configured in settings(entry) {
            let depends = picks(&configured, true) != picks(&configured, false);
            let reads = configured.build(1).reads_reports();
            assert_eq!(reads, depends, "{}: {configured:?}", entry.name);
            if reads && !readers.contains(&entry.name) {
                readers.push(entry.name);
            }
        }
    }
    let expected =
        ["c3.cubic", "envoy.client_side_weighted_round_robin", "grpc.weighted_round_robin"];
    assert_eq!(readers, expected);
}

#[test]
fn a_layer_says_what_its_policy_says() {
    for name in ["c3.cubic", "ipvs.lc"] {
        for layer in LAYERS {
            let mut configured = Configured::by_name(name).expect("it is listed");
            let alone = configured.build(1).reads_reports();
            configured.wrap(layer);
            let policy: Box<dyn Policy> = configured.build(1);
            assert_eq!(policy.reads_reports(), alone, "{} around {name}", layer.name);
        }
    }
}
