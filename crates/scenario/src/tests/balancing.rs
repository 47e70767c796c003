//! Policies as they are written.

use policy::{Configured, Level, Value};

use super::{
    check, load_text,
    scenarios::{QUIET, with_scenario},
    shown,
};

#[test]
fn words_that_are_booleans_to_yaml_are_words() {
    for (written, meant) in [("on", "on"), ("'on'", "on"), ("off", "off"), ("default", "default")] {
        let loaded = load_text(&with_scenario(&format!(
            "\
balancing: {{ haproxy.uri: {{ hash-type: consistent, avalanche: {written} }} }}
clients:
  - {{ name: shop, target: http://web-svc/, arrivals: poisson(1/s) }}
"
        )));
        let mut expected = Configured::by_name("haproxy.uri").expect("it is listed");
        for (name, value) in [("hash-type", "consistent"), ("avalanche", meant)] {
            expected.set(name, Value::Choice(value)).expect("it can be set");
        }
        let scenario = loaded.scenario.expect("it is a scenario");
        assert_eq!(scenario.clients[0].balancing, Some(expected.into()), "{written}");
    }
}

/// A name alone is one of every project that has it, however that project spells it.
#[test]
fn a_name_without_its_project_is_looked_for_in_all() {
    check(&[
        (
            "balancing: least_request",
            &[
                "app.yaml:5:14",
                "there is no policy `least_request`",
                "did you mean `envoy.least_request` or `grpc.least_request`?",
            ],
        ),
        (
            "balancing: { least_requst: {} }",
            &["app.yaml:5:16", "did you mean `envoy.least_request` or `grpc.least_request`?"],
        ),
        (
            "balancing: ROUND_ROBIN",
            &[
                "`envoy.round_robin`, `grpc.round_robin`, `haproxy.roundrobin`, `ingress-nginx.round_robin` or `nginx.round_robin`?",
            ],
        ),
        (
            "balancing: maglev",
            &["`cilium.maglev`, `envoy.maglev`, `gcp.maglev` or `katran.maglev`?"],
        ),
        ("balancing: p2c", &["did you mean `finagle.p2c`, `tower.p2c` or `traefik.p2c`?"]),
        ("balancing: leastconn", &["did you mean `haproxy.leastconn` or `nginx.least_conn`?"]),
        (
            "balancing: random",
            &[
                "`cilium.random`, `envoy.random`, `haproxy.random`, `kube-proxy.random` or `nginx.random`?",
            ],
        ),
        ("balancing: evnoy.least_request", &["did you mean `envoy.least_request`?"]),
        ("balancing: istio.ring_hash", &["did you mean `envoy.ring_hash` or `grpc.ring_hash`?"]),
        ("balancing: metallb.layer_two_by_arp", &["`metallb` has `metallb.bgp`, `metallb.l2`"]),
        ("balancing: metallb", &["`metallb` has `metallb.bgp`, `metallb.l2`"]),
        (
            "balancing: { envoy.random: {}, layers: [ outlier_detection ] }",
            &["did you mean `envoy.outlier_detection` or `grpc.outlier_detection`?"],
        ),
    ]);
}

/// Where nothing is near, the whole catalogue is for a command to show.
#[test]
fn what_no_policy_is_near_to_is_led_to_the_catalogue() {
    check(&[
        ("balancing: zzz", &["there is no policy `zzz`", "`rollsim explain balancing` lists all"]),
        (
            "balancing: { envoy.random: {}, layers: [ zzz ] }",
            &["there is no layer `zzz`", "there are the layers `envoy.zone_aware`, "],
        ),
    ]);
}

#[test]
fn a_layer_is_told_from_a_policy() {
    check(&[
        (
            "balancing: envoy.slow_start",
            &[
                "app.yaml:5:14",
                "spec.balancing: `envoy.slow_start` is a layer, which goes around a policy",
                "write `{ envoy.least_request: {}, layers: [ envoy.slow_start ] }`",
            ],
        ),
        (
            "balancing: { envoy.random: {}, layers: [ { envoy.round_robin: {} } ] }",
            &[
                "app.yaml:5:44",
                "spec.balancing.layers[0]: `envoy.round_robin` is a policy, not a layer",
                "write it in place of the policy: `{ envoy.round_robin: {}, layers: [ … ] }`",
            ],
        ),
    ]);
}

/// The range is that of the page about policies, and of an enumeration the word that was meant is named.
#[test]
fn a_setting_says_what_it_may_be() {
    let least_request =
        |setting: &str| format!("balancing: {{ envoy.least_request: {{ {setting} }} }}");
    let cases: [(&str, &[&str]); 5] = [
        ("choice_count: 1", &["choice_count: a whole number from 2 is wanted", "are compared"]),
        ("choice_count: 5000000000", &["a whole number from 2 to 4294967295 is wanted"]),
        (
            "selection_method: full_scan",
            &["one of N_CHOICES, FULL_SCAN is wanted", "did you mean `FULL_SCAN`?"],
        ),
        ("selection_method: N_CHOCES", &["did you mean `N_CHOICES`?"]),
        ("selection_method: best", &["Whether to compare a few that are drawn, or all."]),
    ];
    for (setting, words) in cases {
        check(&[(&least_request(setting), words)]);
    }
}

/// A second one would set the first anew, and go around nothing.
#[test]
fn a_layer_is_there_once() {
    let layers = |two: &str| format!("balancing: {{ envoy.random: {{}}, layers: [ {two} ] }}");
    check(&[
        (
            &layers("{ envoy.slow_start: { step: 2s } }, { envoy.slow_start: { step: 3s } }"),
            &[
                "app.yaml:5:82",
                "spec.balancing.layers[1]: layer `envoy.slow_start` is there twice",
                "first here",
                "again",
                "leave one of the two out",
            ],
        ),
        (
            &layers("envoy.priority, envoy.slow_start, envoy.priority"),
            &["app.yaml:5:78", "spec.balancing.layers[2]: layer `envoy.priority` is there twice"],
        ),
    ]);
}

/// Envoy: `ring hash: minimum_ring_size (1000) > maximum_ring_size (100)`.
#[test]
fn settings_go_together() {
    let outlier = |settings: &str| {
        format!(
            "balancing: {{ envoy.random: {{}}, layers: [ {{ envoy.outlier_detection: {{ {settings} }} }} ] }}"
        )
    };
    check(&[
        (
            "balancing: { envoy.ring_hash: { minimum_ring_size: 1000, maximum_ring_size: 100 } }",
            &[
                "app.yaml:5:54",
                "minimum_ring_size: 1000 is more than `maximum_ring_size`, which is 100",
                "which is less",
                "lower `minimum_ring_size`, or raise `maximum_ring_size`",
            ],
        ),
        (
            "balancing: { envoy.ring_hash: { maximum_ring_size: 100 } }",
            &["maximum_ring_size: 100 is less than `minimum_ring_size`, which is 1024"],
        ),
        (
            "balancing: { grpc.ring_hash: { min_ring_size: 4000, max_ring_size: 2000 } }",
            &["min_ring_size: 4000 is more than `max_ring_size`, which is 2000"],
        ),
        (
            &outlier("base_ejection_time: 1m, max_ejection_time: 30s"),
            &["base_ejection_time: 1m is more than `max_ejection_time`, which is 30s"],
        ),
    ]);
    // One that is not stated is as long as the other at least.
    let same = "balancing: { envoy.ring_hash: { minimum_ring_size: 100, maximum_ring_size: 100 } }";
    for (right, keys) in [(outlier("base_ejection_time: 10m"), ""), (same.into(), "keys: 9, ")] {
        let quiet = QUIET.replace("name: shop,", &format!("name: shop, {keys}"));
        assert_eq!(shown(&load_text(&with_scenario(&format!("{right}\n{quiet}")))), "");
    }
}

/// A policy chooses where it sits, and there somebody's requests have to come by.
#[test]
fn a_policy_that_no_client_meets_is_said() {
    const OWN: &str = "clients: [ { name: shop, target: http://web-svc/, arrivals: poisson(1/s), balancing: envoy.random } ]";
    let front = ["warning[RS0216]", "no client comes by a load balancer", "`from: outside`"];
    check(&[
        ("balancing: aws.nlb", &[&front[..], &["app.yaml:5:14"]].concat()),
        ("balancing: { metallb.l2: {} }", &front),
        ("cluster: { loadBalancer: { balancing: aws.nlb } }", &front),
        (
            "cluster: { ingress: { balancing: nginx.random } }",
            &["warning[RS0216]", "app.yaml:5:36", "no client comes by an Ingress"],
        ),
        (
            "balancing: aws.nlb\ncluster: { loadBalancer: { balancing: metallb.l2 } }",
            &["`spec.cluster.loadBalancer.balancing` overrules it", "this one counts"],
        ),
    ]);
    for (policy, words) in [
        ("ipvs.rr", "no client's connections pass the proxy of a node"),
        ("envoy.maglev", "no client takes it"),
    ] {
        let text = format!("balancing: {policy}\nimages: {{ web:v1: {{}} }}\n{OWN}\n");
        let said = shown(&load_text(&with_scenario(&text)));
        assert!(said.contains(words) && said.contains("RS0216"), "{policy}:\n{said}");
    }
    let balancer = |fields: &str| {
        let outside = QUIET.replace("name: shop,", "name: shop, from: outside,");
        with_scenario(&format!("{fields}\n{outside}"))
            .replace("type: NodePort", "type: LoadBalancer")
    };
    for met in [
        with_scenario(&format!("balancing: ipvs.rr\n{QUIET}")),
        with_scenario(&format!("balancing: envoy.random\n{QUIET}")),
        balancer("balancing: aws.nlb"),
        balancer("balancing: ipvs.rr"),
        balancer("cluster: { loadBalancer: { balancing: metallb.l2 } }"),
    ] {
        assert_eq!(shown(&load_text(&met)), "", "{met}");
    }
}

/// Beside a sender a pod is chosen for each request, unless it is to be for each connection; elsewhere
/// there is no choice.
#[test]
fn a_balancer_beside_a_sender_chooses_for_requests_or_for_connections() {
    let kept = |balancing: &str| {
        let client = "name: shop, target: http://web-svc/, arrivals: poisson(1/s)";
        with_scenario(&format!(
            "balancing: {balancing}\nimages: {{ web:v1: {{}} }}\n\
             clients: [ {{ {client}, connections: http2 }} ]\n"
        ))
    };
    let level = |balancing: &str| {
        let loaded = load_text(&kept(balancing));
        let said = shown(&loaded);
        let scenario = loaded.scenario.expect("it is a scenario");
        (scenario.clients[0].balancing.as_ref().map(|beside| beside.level), said)
    };
    let (asked, said) = level("envoy.random");
    assert_eq!(asked, Some(Level::Request));
    for words in [
        "RS0216",
        "spec.clients[0].connections: they end at the balancer beside",
        "level: connection",
    ] {
        assert!(said.contains(words), "{said}");
    }
    let quiet = |level| (level, String::new());
    assert_eq!(level("{ envoy.random: {}, level: connection }"), quiet(Some(Level::Connection)));
    assert_eq!(level("{ ipvs.rr: {}, level: connection }"), quiet(None));
    check(&[
        (
            "balancing: { ipvs.rr: {}, level: request }",
            &["RS0104", "`ipvs.rr` sees connections, not requests"],
        ),
        (
            "balancing: { envoy.random: {}, level: conection }",
            &["unknown choice `conection`", "did you mean `connection`?"],
        ),
        (
            "cluster: { ingress: { balancing: { envoy.random: {}, level: connection } } }",
            &["an Ingress controller chooses for each request", "leave `level` out"],
        ),
    ]);
}

/// What is said of a scenario of such fields, with more of its only client.
fn said_of(fields: &str, client: &str) -> String {
    let client = format!("name: shop, target: http://web-svc/, arrivals: poisson(1/s){client}");
    let clients = format!("images: {{ web:v1: {{}} }}\nclients: [ {{ {client} }} ]");
    shown(&load_text(&with_scenario(&format!("{fields}\n{clients}\n"))))
}

/// What is set and changes nothing: where another setting would have to be otherwise, or nobody looks at it.
#[test]
fn a_setting_that_counts_for_nothing_is_said() {
    let layers = |layer: &str| format!("balancing: {{ envoy.random: {{}}, layers: [ {layer} ] }}");
    for (fields, words) in [
        (
            "balancing: { linkerd.ewma: { penalty: 1s } }",
            "penalty: it counts only with `penalize_failures: true`",
        ),
        (
            "balancing: { linkerd.ewma: { penalty: 1s, penalize_failures: false } }",
            "which is something else",
        ),
        (
            "balancing: { envoy.least_request: { choice_count: 3, selection_method: FULL_SCAN } }",
            "choice_count: it counts only with `selection_method: N_CHOICES`",
        ),
        (
            "balancing: { haproxy.source: { hash-balance-factor: 150 } }",
            "write `hash-type: consistent` beside it",
        ),
        (
            &layers("{ envoy.circuit_breakers: { budget_percent: 10 } }"),
            "budget_percent: it counts only with `retry_budget: true`",
        ),
        (
            &layers("{ envoy.circuit_breakers: { retry_budget: true, max_retries: 1 } }"),
            "max_retries: it counts only with `retry_budget: false`",
        ),
        (&layers("envoy.slow_start"), "sets weights, by which `envoy.random` does not go"),
        ("balancing: haproxy.uri", "have none: all have the same hash"),
        ("balancing: envoy.maglev", "have none: it chooses by chance"),
        ("balancing: { nginx.hash: {} }", "have none: it chooses in turn"),
        (
            "balancing: ipvs.rr\ncluster: { proxy: { mode: ipvs, scheduler: lc } }",
            "spec.cluster.proxy.scheduler: no client meets this policy: `spec.balancing` overrules it",
        ),
        (
            "balancing: envoy.random\ncluster: { proxy: { mode: ipvs, scheduler: lc } }",
            "spec.cluster.proxy.scheduler: no client's connections pass the proxy of a node",
        ),
        (
            "balancing: ipvs.rr\ncluster: { mesh: { debounce: 5s } }",
            "spec.cluster.mesh: no client has a balancer beside its senders",
        ),
    ] {
        let said = said_of(fields, "");
        assert!(said.contains(words) && said.contains("warning[RS0216]"), "{fields}:\n{said}");
        assert_eq!(said.matches("RS0216").count(), 1, "{fields}:\n{said}");
    }
    for (fields, client) in [
        ("balancing: haproxy.uri", ", keys: 100"),
        ("balancing: { linkerd.ewma: { penalty: 1s, penalize_failures: true } }", ""),
        ("balancing: { envoy.least_request: { choice_count: 3 } }", ""),
        (&layers("envoy.slow_start, envoy.locality_weighted"), ""),
        ("balancing: { envoy.round_robin: {}, layers: [ envoy.slow_start ] }", ""),
    ] {
        assert_eq!(said_of(fields, client), "", "{fields}");
    }
}

#[test]
fn keys_that_nobody_hashes_are_said() {
    for (fields, words) in [
        ("balancing: envoy.random", "keys: `envoy.random` does not look at them"),
        (
            "balancing: { envoy.maglev: {}, level: connection }",
            "keys: who chooses for connections sees no keys of requests",
        ),
        ("balancing: ipvs.rr", "keys: who chooses for connections sees no keys of requests"),
    ] {
        let said = said_of(fields, ", keys: 100");
        assert!(said.contains(words) && said.contains("warning[RS0216]"), "{fields}:\n{said}");
    }
}
