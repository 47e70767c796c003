//! `-o json`: the contract, field by field.

use serde_json::Value;

use super::bench::{rollsim, scenario};

fn run(name: &str) -> Value {
    let ran = rollsim(&["run", &scenario(name), "-o", "json", "--no-advice"]).ended_with(0);
    serde_json::from_str(&ran.stdout).expect("it is JSON")
}

/// A field, by the names on the way to it; `0` is the first of a list.
fn field<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |value, name| match value {
        Value::Array(list) => &list[name.parse::<usize>().expect("a place in a list")],
        Value::Object(fields) => {
            fields.get(name).unwrap_or_else(|| panic!("there is no `{name}` of `{path}`"))
        }
        other => panic!("`{path}`: {other} has no fields"),
    })
}

/// Whether a value is of a type.
type IsRight = fn(&Value) -> bool;

/// Fields and the type of each.
const FIELDS: [(&str, IsRight); 58] = [
    ("schemaVersion", Value::is_u64),
    ("tool", Value::is_string),
    ("scenario", Value::is_string),
    ("seed", Value::is_u64),
    ("seeds", Value::is_u64),
    ("fingerprint", Value::is_string),
    ("requests.total", Value::is_u64),
    ("requests.ok", Value::is_u64),
    ("requests.failed", Value::is_u64),
    ("requests.in_flight", Value::is_u64),
    ("requests.success_rate", Value::is_f64),
    ("requests.attempts", Value::is_u64),
    ("requests.by_cause", Value::is_object),
    ("latency_ms.mean", Value::is_f64),
    ("latency_ms.p50", Value::is_f64),
    ("latency_ms.p90", Value::is_f64),
    ("latency_ms.p95", Value::is_f64),
    ("latency_ms.p99", Value::is_f64),
    ("latency_ms.p999", Value::is_f64),
    ("latency_ms.max", Value::is_f64),
    ("balance.jain", Value::is_f64),
    ("balance.cv", Value::is_f64),
    ("balance.max_over_mean", Value::is_f64),
    ("balance.max_over_share", Value::is_f64),
    ("balance.pods", Value::is_array),
    ("balance.pods.0.name", Value::is_string),
    ("balance.pods.0.version", Value::is_string),
    ("balance.pods.0.node", Value::is_string),
    ("balance.pods.0.requests", Value::is_u64),
    ("balance.pods.0.failed", Value::is_u64),
    ("balance.pods.0.ready_ms", Value::is_number),
    ("rollouts", Value::is_array),
    ("rollouts.0.deployment", Value::is_string),
    ("rollouts.0.from", Value::is_string),
    ("rollouts.0.to", Value::is_string),
    ("rollouts.0.start_ms", Value::is_number),
    ("rollouts.0.end_ms", Value::is_number),
    ("rollouts.0.complete", Value::is_boolean),
    ("rollouts.0.steps", Value::is_array),
    ("rollouts.0.steps.0.t_ms", Value::is_number),
    ("rollouts.0.steps.0.replica_sets", Value::is_object),
    ("rollouts.0.steps.0.replica_sets.web:v1", Value::is_u64),
    ("rollouts.0.steps.0.replica_sets.web:v2", Value::is_u64),
    ("rollouts.0.pods_max", Value::is_u64),
    ("rollouts.0.available_min", Value::is_u64),
    ("rollouts.0.requests_failed", Value::is_u64),
    ("clients", Value::is_array),
    ("clients.0.name", Value::is_string),
    ("clients.0.total", Value::is_u64),
    ("clients.0.ok", Value::is_u64),
    ("clients.0.success_rate", Value::is_f64),
    ("expectations", Value::is_array),
    ("expectations.0.text", Value::is_string),
    ("expectations.0.measured", Value::is_number),
    ("expectations.0.passed", Value::is_boolean),
    ("warnings", Value::is_array),
    ("requests.by_cause.timeout.unreachable", Value::is_u64),
    ("requests.by_cause.refused.listener-closed", Value::is_u64),
];

#[test]
fn every_field_of_the_contract_is_there_and_of_its_type() {
    let result = run("rolling-update");
    for (path, is_right) in FIELDS {
        let value = match path.strip_prefix("requests.by_cause.") {
            // The names of causes have dots themselves.
            Some(cause) => &result["requests"]["by_cause"][cause],
            None => field(&result, path),
        };
        assert!(is_right(value), "`{path}` is {value}");
    }
    assert_eq!(result["schemaVersion"], 1);
    assert_eq!(result["tool"], concat!("rollsim ", env!("CARGO_PKG_VERSION")));
    assert_eq!(result["scenario"], "rolling-update");
    let fingerprint = result["fingerprint"].as_str().expect("a text");
    let is_digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    assert!(fingerprint.len() == 16 && fingerprint.chars().all(is_digit), "{fingerprint}");
}

#[test]
fn the_numbers_agree_with_each_other() {
    for name in ["rolling-update", "selector-typo", "single-replica-unavailable", "ideal"] {
        let result = run(name);
        let number = |path: &str| field(&result, path).as_u64().expect("a whole number");
        let (ok, failed) = (number("requests.ok"), number("requests.failed"));
        let total = ok + failed + number("requests.in_flight");
        assert_eq!(number("requests.total"), total, "{name}");

        let causes = field(&result, "requests.by_cause").as_object().expect("an object");
        let by_cause: u64 = causes.values().filter_map(Value::as_u64).sum();
        assert_eq!(by_cause, failed, "{name}: every failure has a cause");

        let rate = field(&result, "requests.success_rate").as_f64().expect("a number");
        assert!((rate - ok as f64 / (ok + failed) as f64).abs() < 1e-9, "{name}: {rate}");

        let clients = field(&result, "clients").as_array().expect("a list");
        let of_clients: u64 = clients.iter().filter_map(|client| client["total"].as_u64()).sum();
        assert_eq!(of_clients, total, "{name}: every request has a client");

        let pods = field(&result, "balance.pods").as_array().expect("a list");
        let of_pods: u64 = pods.iter().filter_map(|pod| pod["requests"].as_u64()).sum();
        assert!(of_pods <= ok + failed, "{name}: {of_pods} were delivered");
    }
}

#[test]
fn latencies_are_in_order_and_null_where_nothing_was_answered() {
    let result = run("rolling-update");
    let quantiles = ["p50", "p90", "p95", "p99", "p999", "max"]
        .map(|name| result["latency_ms"][name].as_f64().expect("requests were answered"));
    assert!(quantiles.is_sorted(), "{quantiles:?}");
    let nothing = run("selector-typo");
    assert!(nothing["latency_ms"]["p99"].is_null(), "{}", nothing["latency_ms"]);
    assert!(nothing["balance"]["jain"].is_null(), "{}", nothing["balance"]);
    assert_eq!(nothing["requests"]["success_rate"], 0.0);
    assert_eq!(nothing["rollouts"], serde_json::json!([]));
}
