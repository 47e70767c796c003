//! The numbers that the headlines of balancing come with, each held against runs of its scenario.

use std::collections::BTreeMap;

use api::{NodeId, PodId};
use engine::{Span, Time};
use record::Record;
use stats::Interval;

use crate::{
    balancing_headlines::varied,
    rehearsal::{Records, load, rehearse},
    seeds::{CONFIDENCE, each_seed, interval, scenario},
    traffic::{measure, requests},
};

/// The shares that pods have of the requests between two moments of the scenario, in seconds, in the
/// order in which balancers list them.
fn shares(records: &Records, (from, to): (u64, u64)) -> Vec<f64> {
    let moment = |secs| sim::BEGIN + Span::from_secs(secs);
    let mut counts: BTreeMap<PodId, f64> = BTreeMap::new();
    for (_, request) in requests(records) {
        if (moment(from)..moment(to)).contains(&request.arrived) {
            *counts.entry(request.pod.expect("each was sent to a pod")).or_default() += 1.0;
        }
    }
    let total: f64 = counts.values().sum();
    counts.into_values().map(|count| count / total).collect()
}

/// Where in that order the only pod of an image is.
fn place_of(image: &str, records: &Records) -> usize {
    let pods = records.iter().filter_map(|(_, record)| match record {
        Record::PodCreated { image, .. } => Some(image),
        _ => None,
    });
    pods.into_iter().position(|its| **its == *image).expect("there is one")
}

/// A list of pods that balancers were told of, and when.
struct Pushed {
    at: Time,
    pods: Vec<PodId>,
}

/// What was pushed: what a slice said when it had not changed for five seconds.
fn pushes(records: &Records) -> Vec<Pushed> {
    let debounce = Span::from_secs(5);
    let mut pushes: Vec<Pushed> = Vec::new();
    for (time, record) in records {
        let Record::EndpointSliceWritten { endpoints, .. } = record else { continue };
        let ready = endpoints.iter().filter(|endpoint| endpoint.ready);
        let mut pods: Vec<PodId> = ready.filter_map(|endpoint| endpoint.pod).collect();
        pods.sort_unstable();
        // One that was to be pushed later than now never was.
        pushes.pop_if(|last| last.at > *time);
        pushes.push(Pushed { at: *time + debounce, pods });
    }
    pushes.dedup_by(|later, last| later.pods == last.pods);
    pushes
}

/// The places in the list of the last pick before each push and of the first one behind it. How long
/// news takes is chance, so picks near a push are left out, and a phase that begins with one.
fn places_around_pushes(records: &Records) -> Vec<(usize, usize)> {
    let near = Span::from_millis(300);
    let pushes = pushes(records);
    let picks: Vec<(Time, PodId)> = requests(records)
        .map(|(_, request)| (request.arrived, request.pod.expect("each was sent to a pod")))
        .collect();
    let around = pushes.windows(2).filter_map(|pair| {
        let [before, after] = pair else { return None };
        let behind = picks.iter().position(|(arrived, _)| *arrived >= after.at)?;
        let ((then, last), (now, first)) = (picks.get(behind.checked_sub(1)?)?, picks.get(behind)?);
        let is_clear = *now > after.at + near && *then > before.at + near;
        let place = |list: &Pushed, pod: &PodId| list.pods.iter().position(|listed| listed == pod);
        is_clear.then_some((place(before, last)?, place(after, first)?))
    });
    around.collect()
}

/// Rare enough that the first request behind a push is known to be one.
const RARELY: (&str, &str) = ("constant(100/s)", "constant(0.3/s)");

/// The places around the pushes of a restart, run by run.
fn restarts(balancing: &str) -> Vec<Vec<(usize, usize)>> {
    let changes =
        [RARELY, ("envoy.round_robin", balancing), ("latency.max < 90ms", "latency.max < 1s")];
    let restart = varied("balancing-turns-kept", &changes);
    each_seed(&restart, 10, |seed, records| {
        let places = places_around_pushes(records);
        assert!(places.len() >= 5, "{balancing}, seed {seed}: {places:?}");
        places
    })
}

#[test]
fn envoy_goes_on_where_it_was_in_the_list() {
    for (last, first) in restarts("envoy.round_robin").concat() {
        assert_eq!(first, (last + 1) % 10);
    }
}

#[test]
fn envoy_with_weights_begins_at_the_same_place_each_time() {
    // New weights make the layer begin anew as well, so they are worked out with each list alone.
    let by_deadlines = "{ envoy.round_robin: {}, layers: [ \
        { envoy.slow_start: { slow_start_window: 10s, step: 1h } } ] }";
    for places in restarts(by_deadlines) {
        assert!(places.iter().all(|(_, first)| *first == places[0].1), "{places:?}");
    }
}

#[test]
fn grpc_and_ingress_nginx_begin_anywhere() {
    for balancing in ["grpc.round_robin", "ingress-nginx.round_robin"] {
        let places = restarts(balancing).concat();
        let mut firsts = [0; 10];
        places.iter().for_each(|(_, first)| firsts[*first] += 1);
        // Of fifty and more, five standard deviations about a tenth.
        let (count, went_on) =
            (places.len() as f64, places.iter().filter(|it| it.1 == (it.0 + 1) % 10));
        let far = 5.0 * (count * 0.09).sqrt();
        assert!((went_on.count() as f64 - count / 10.0).abs() < far, "{balancing}: {places:?}");
        assert!(firsts.iter().all(|times| (f64::from(*times) - count / 10.0).abs() < far));
    }
}

/// The share of the pod that hangs, and in how many sixteenths the others have the rest, the pod behind it
/// in the list first. Where it is not chosen while anybody waits for it, it is once in five seconds, when
/// the one that waited has given up: for one in 500 requests.
#[test]
fn two_draws_that_are_the_same_are_sixteenths() {
    let tried_again = 1.0 / 500.0;
    for (name, hung, others) in [
        ("balancing-two-choices-collide", 1.0 / 16.0, [5.0, 5.0, 5.0]),
        ("balancing-two-choices-distinct", tried_again, [6.0, 5.0, 5.0]),
    ] {
        let runs = each_seed(&scenario(name), 20, |_, records| {
            // Those that come later may still hang at the end.
            let mut shares = shares(records, (0, 110));
            shares.rotate_left(place_of("hung:v1", records));
            shares
        });
        let all: f64 = others.iter().sum();
        let rest = others.iter().map(|sixteenths| (1.0 - hung) * sixteenths / all);
        for (place, expected) in std::iter::once(hung).chain(rest).enumerate() {
            let shares: Vec<f64> = runs.iter().map(|shares| shares[place]).collect();
            let share = interval(&shares, 0.01);
            // The pod that is tried once in five seconds has the same share in each run.
            let off = (share.mean - expected).abs();
            assert!(off < share.half_width + 1e-9, "{name}, {place}: {share:?}, not {expected}");
        }
    }
}

/// What more than a hundred clients of a pod makes of them: the rest are at the second pod in the end.
#[test]
fn whoever_was_forgotten_has_moved() {
    for (clients, moved) in [("100", 0.0), ("125", 25.0), ("150", 50.0), ("200", 100.0)] {
        let changes = [("replicas: 150", &*format!("replicas: {clients}"))];
        let affinity = varied("balancing-affinity-forgets", &changes);
        let clients: f64 = clients.parse().expect("it is a number");
        let runs = each_seed(&affinity, 10, |_, records| {
            let settled = shares(records, (80, 120));
            settled.get(1).copied().unwrap_or(0.0)
        });
        let share = Interval::of(&runs, CONFIDENCE).expect("there are runs");
        assert!(share.half_width < 0.02, "{share:?}");
        assert!(share.contains(moved / clients), "{clients} clients: {share:?}");
    }
}

/// A node that has not sent yet has no connections to compare, so the draws alone decide: by (w+1)/(W+1)
/// for the first pod, with weights of 1.
#[test]
fn the_first_of_n_pods_is_drawn_for_two_in_n_plus_one() {
    for pods in [2, 3, 5] {
        // Where nodes hear of all pods at once, they have the same list.
        let replicas = format!("replicas: {pods}");
        let changes = [("profile: small", "profile: ideal"), ("replicas: 3", &*replicas)];
        let draws = varied("balancing-first-of-two-draws", &changes);
        let runs = each_seed(&draws, 20, |_, records| {
            let mut first_of_node: BTreeMap<NodeId, PodId> = BTreeMap::new();
            for (_, request) in requests(records) {
                let pod = request.pod.expect("each was sent to a pod");
                first_of_node.entry(request.node).or_insert(pod);
            }
            let mut counts: BTreeMap<PodId, u32> = BTreeMap::new();
            first_of_node.values().for_each(|pod| *counts.entry(*pod).or_default() += 1);
            let most = counts.into_values().max().expect("there are requests");
            f64::from(most) / first_of_node.len() as f64
        });
        let (share, expected) = (interval(&runs, 0.03), 2.0 / f64::from(pods + 1));
        assert!(share.contains(expected), "{pods} pods: {share:?}, not {expected}");
    }
}

/// A tenth and more of a weight is hardly less than a whole one where weights count once; where they
/// count in every round, the new pod has its weight of the whole.
#[test]
fn a_weight_that_counts_once_counts_for_nothing() {
    // It is listed before 16 s, and weighs a tenth for a tenth of two minutes.
    for (hash_function, expected) in [("Maglev }", 0.25), ("MaglevV2 }", 0.1 / 3.1)] {
        let tables = varied(
            "balancing-weights-once",
            &[("Maglev }", hash_function), ("duration: 70s", "duration: 25s")],
        );
        let runs = each_seed(&tables, 20, |_, records| shares(records, (16, 23))[3]);
        let share = interval(&runs, 0.02);
        assert!(share.contains(expected), "{hash_function}: {share:?}, not {expected}");
    }
}

/// While a pod warms up, a slow one gets half as much again and more as with two choices.
#[test]
fn turns_send_more_to_a_slow_pod_than_two_choices() {
    let name = "balancing-least-request-warming-up";
    let to_slow = |scenario: &_| {
        each_seed(scenario, 10, |_, records| {
            shares(records, (70, 130))[place_of("slow:v1", records)]
        })
    };
    let turns = to_slow(&scenario(name));
    let choices = to_slow(&varied(name, &[("60s }", "60s, min_weight_percent: 100 }")]));
    for (turns, choices) in turns.iter().zip(&choices) {
        assert!(*turns > 1.4 * choices, "{turns} and {choices}");
    }
}

/// What HAProxy does by default is to draw two.
#[test]
fn haproxy_draws_two() {
    let name = "balancing-haproxy-default";
    let with = |draws: u32| {
        let balancing = format!("{{ haproxy.random: {{ draws: {draws} }} }}");
        let varied = varied(name, &[("haproxy.random", &*balancing)]);
        shares(&rehearse(&varied, 1), (0, 60))
    };
    let by_default = shares(&rehearse(&scenario(name), 1), (0, 60));
    assert_eq!(by_default, with(2));
    assert_ne!(by_default, with(1));
}

/// Three pods, nine tenths busy: the sojourn with two choices, in service times. Both policies meet the
/// same requests, so the difference is known better than either.
#[test]
fn three_pods_are_faster_where_both_choices_differ() {
    const DISTINCT: f64 = 4.27408;
    const REPLACED: f64 = 4.61790;
    let run = |balancing: &str| -> Vec<f64> {
        let station = load(&busy_station(balancing));
        each_seed(&station, 24, |_, records| {
            measure(records).latency.mean().expect("answers") / 1e7
        })
    };
    let [distinct, replaced] = ["traefik.p2c", "envoy.least_request"].map(run);
    let gaps: Vec<f64> = distinct.iter().zip(&replaced).map(|(a, b)| b - a).collect();
    let gap = interval(&gaps, 0.05);
    assert!(gap.contains(REPLACED - DISTINCT), "{gap:?}");
    for (sojourns, exact) in [(distinct, DISTINCT), (replaced, REPLACED)] {
        let sojourn = interval(&sojourns, 0.3);
        assert!(sojourn.contains(exact), "{sojourn:?}, not {exact}");
    }
}

/// Three stations of one worker each, and services of 10 ms on average.
fn busy_station(balancing: &str) -> String {
    format!(
        "apiVersion: rollsim.dev/v1
kind: Scenario
metadata: {{ name: station }}
spec:
  duration: 300s
  cluster: {{ profile: ideal }}
  balancing: {balancing}
  images:
    station: {{ start: 0s, serviceTime: exp(10ms), concurrency: 1, backlog: 100000 }}
  clients:
    - {{ name: client, from: {{ node: node-1 }}, target: http://station/, arrivals: poisson(270/s), timeout: 1h }}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{ name: station }}
spec:
  replicas: 3
  selector: {{ matchLabels: {{ app: station }} }}
  template:
    metadata: {{ labels: {{ app: station }} }}
    spec: {{ containers: [ {{ name: station, image: station, ports: [ {{ containerPort: 80 }} ] }} ] }}
---
apiVersion: v1
kind: Service
metadata: {{ name: station }}
spec: {{ selector: {{ app: station }}, ports: [ {{ port: 80 }} ] }}
"
    )
}

/// HAProxy's ring, made anew from its description: sixteen points a server, at the mixed bits of 4096
/// times its number and on.
fn ring(servers: u32) -> Vec<(u32, u32)> {
    let mixed = |word: u32| {
        let a = word.wrapping_add(0x7ed5_5d16).wrapping_add(word << 12);
        let a = (a ^ 0xc761_c23c) ^ (a >> 19);
        let a = a.wrapping_add(0x1656_67b1).wrapping_add(a << 5);
        let a = a.wrapping_add(0xd3a2_646c) ^ (a << 9);
        let a = a.wrapping_add(0xfd70_46c5).wrapping_add(a << 3);
        let a = (a ^ 0xb55a_4f09) ^ (a >> 16);
        a.wrapping_mul(3_221_225_473)
    };
    let points = |server: u32| (0..16).map(move |point| (mixed(server * 4096 + point), server));
    let mut ring: Vec<(u32, u32)> = (1..=servers).flat_map(points).collect();
    ring.sort_unstable();
    ring
}

/// The parts that the servers have of all hashes, by the nearest point and by the next one.
fn parts(servers: u32) -> [Vec<f64>; 2] {
    let ring = ring(servers);
    let mut parts = [vec![0.0; servers as usize], vec![0.0; servers as usize]];
    let behind = ring.iter().cycle().skip(1);
    for ((from, before), (to, after)) in ring.iter().zip(behind) {
        let arc = f64::from(to.wrapping_sub(*from)) / 4_294_967_296.0;
        let [before, after] = [before, after].map(|server| *server as usize - 1);
        parts[0][before] += arc / 2.0;
        parts[0][after] += arc / 2.0;
        parts[1][after] += arc;
    }
    parts
}

/// By the address of a thousand clients, and by the path of many requests of one.
#[test]
fn haproxy_takes_the_nearest_point_and_not_the_next() {
    let many_paths = [
        ("replicas: 1000", "replicas: 1"),
        ("haproxy.source", "haproxy.uri"),
        ("arrivals: poisson", "keys: 1000000\n      arrivals: poisson"),
    ];
    let name = "balancing-nearest-point";
    let [nearest, next] = parts(3);
    for (scenario, hashed) in [(scenario(name), 1000.0), (varied(name, &many_paths), 30_000.0)] {
        let shares = shares(&rehearse(&scenario, 1), (0, 60));
        // Four standard deviations of a share of so many hashes.
        let far = |part: f64| 4.0 * (part * (1.0 - part) / hashed).sqrt();
        let is = |parts: &[f64]| {
            shares.iter().zip(parts).all(|(it, part)| (it - part).abs() < far(*part))
        };
        assert!(is(&nearest), "{shares:?}, not {nearest:?}");
        assert!(!is(&next), "{shares:?}");
    }
}
