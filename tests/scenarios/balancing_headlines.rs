//! The headlines of balancing: what a scenario claims holds under many seeds, and does not hold where
//! the claim is false, with another policy or another setting.

use std::fs;

use metrics::Expectation;
use scenario::Scenario;

use crate::{
    files,
    rehearsal::{load, rehearse},
    seeds::scenario,
    traffic::measure,
};

/// A scenario, the seeds that it is asked under, and changes that make its claim a false one: what is
/// written in the file, and what is put in its place.
type Case = (&'static str, &'static [u64], &'static [(&'static str, &'static str)]);

const SEEDS: &[u64] = &[1, 2, 3, 4, 5];

/// Envoy's `round_robin` where weights differ.
const BY_DEADLINES: &str =
    "{ envoy.round_robin: {}, layers: [ { envoy.slow_start: { slow_start_window: 10s } } ] }";

const HALF_EJECTED: &str = "[ { envoy.outlier_detection: { max_ejection_percent: 50 } } ]";

/// The fourteen of `scenarios/README.md`, in their order. The first two are about chance, and hold under
/// most seeds.
const CASES: &[Case] = &[
    ("balancing-hundred-connections", &[1], &[("  cluster:", "  balancing: ipvs.rr\n  cluster:")]),
    ("kept-connections-rollout", &[2], &[("min: 40, max: 40", "min: 40, max: 40, maxAge: 1s")]),
    ("kept-connections-scale", SEEDS, &[("min: 8, max: 8", "min: 8, max: 8, maxAge: 1s")]),
    ("balancing-least-connections-herd", SEEDS, &[("ipvs.lc", "ipvs.rr")]),
    (
        "balancing-turns-begin-anew",
        SEEDS,
        &[("grpc.round_robin", "envoy.round_robin"), ("grpc.round_robin", "haproxy.roundrobin")],
    ),
    (
        "balancing-turns-kept",
        SEEDS,
        &[
            ("balancing: envoy.round_robin", "balancing: grpc.round_robin"),
            ("balancing: envoy.round_robin", "balancing: ingress-nginx.round_robin"),
            ("envoy.round_robin", BY_DEADLINES),
        ],
    ),
    ("balancing-least-request-warming-up", SEEDS, &[("60s }", "60s, min_weight_percent: 100 }")]),
    ("balancing-outliers-by-default", SEEDS, &[("[ envoy.outlier_detection ]", HALF_EJECTED)]),
    ("balancing-outliers-ejected", SEEDS, &[("percent: 50", "percent: 10")]),
    (
        "balancing-affinity-forgets",
        SEEDS,
        &[("mode: iptables", "mode: nftables"), ("replicas: 150", "replicas: 100")],
    ),
    ("balancing-one-hint-missing", SEEDS, &[("b, \"\"", "b, c")]),
    ("balancing-behind-one-address", SEEDS, &[("balancing: ipvs.dh", "balancing: ipvs.rr")]),
    ("balancing-two-choices-collide", SEEDS, &[("envoy.least_request", "traefik.p2c")]),
    (
        "balancing-two-choices-distinct",
        SEEDS,
        &[("traefik.p2c", "envoy.least_request"), ("traefik.p2c", "grpc.least_request")],
    ),
    ("balancing-weights-once", SEEDS, &[("Maglev }", "MaglevV2 }")]),
    ("balancing-first-of-two-draws", SEEDS, &[("ipvs.twos", "kube-proxy.random")]),
    ("balancing-haproxy-default", SEEDS, &[("haproxy.random", "haproxy.roundrobin")]),
    ("balancing-nearest-point", SEEDS, &[("consistent", "map-based")]),
];

/// A scenario of the folder in which something is written otherwise.
pub(crate) fn varied(name: &str, changes: &[(&str, &str)]) -> Scenario {
    let mut text = fs::read_to_string(files::path(name)).expect("the file is there");
    for (from, to) in changes {
        // Its head says in words what is changed below.
        let spec = text.find("\nspec:").expect("a scenario has one");
        let (head, body) = text.split_at(spec);
        assert!(body.contains(from), "{name} has no {from}");
        text = format!("{head}{}", body.replace(from, to));
    }
    load(&text)
}

/// The expectations that do not hold under a seed.
fn broken(scenario: &Scenario, seed: u64) -> Vec<String> {
    let measures = measure(&rehearse(scenario, seed));
    let verdict = |text: &str| Expectation::parse(text).expect("it was judged").check(&measures);
    let verdicts = scenario.expect.iter().map(|expected| verdict(&expected.text));
    let broken = verdicts.filter(|verdict| !verdict.passed);
    broken.map(|verdict| format!("{}, measured {}", verdict.text, verdict.words)).collect()
}

#[test]
fn each_headline_holds_under_its_seeds_and_its_opposite_under_none() {
    for (name, seeds, opposites) in CASES {
        let claim = scenario(name);
        for seed in *seeds {
            assert_eq!(broken(&claim, *seed), [""; 0], "{name}, seed {seed}");
        }
        for opposite in *opposites {
            let opposed = varied(name, &[*opposite]);
            for seed in SEEDS {
                let said = opposite.1;
                assert!(
                    !broken(&opposed, *seed).is_empty(),
                    "{name}, seed {seed}: also with {said}"
                );
            }
        }
    }
}
