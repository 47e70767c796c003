//! `rollsim compare`: variants under the same seeds.

use std::fs;

use serde_json::Value;

use super::bench::{folder, rollsim, rollsim_reading, scenario, short_scenario, write};

fn short(name: &str) -> String {
    let folder = folder(name);
    write(&folder, "short.yaml", &short_scenario("  expect: [ 'success_rate < 1%' ]\n"))
}

fn compared(arguments: &[&str]) -> Value {
    let arguments = [&["compare", "-o", "json"], arguments].concat();
    serde_json::from_str(&rollsim(&arguments).ended_with(0).stdout).expect("it is JSON")
}

/// The fields of the object, each with what it is for.
#[test]
fn the_object_has_what_the_page_says() {
    let path = short("compare-object");
    let vary = "clients.shop.arrivals=poisson(50/s), poisson(100/s)";
    let result = compared(&[&path, "--vary", vary, "--seeds", "3", "--seed", "7"]);
    assert_eq!(result["schemaVersion"], 1);
    assert_eq!(result["scenario"], "short");
    assert_eq!(result["seeds"], serde_json::json!([7, 8, 9]));
    assert_eq!(result["loads"], serde_json::json!([1.0]));
    assert_eq!(result["against"], "poisson(50/s)");
    let variants = result["variants"].as_array().expect("a list");
    assert_eq!(variants.len(), 2);
    assert_eq!(variants[1]["fields"]["clients.shop.arrivals"], "poisson(100/s)");
    assert_eq!(variants[1]["fingerprints"].as_array().map(Vec::len), Some(3));
    let mean = &variants[0]["measures"]["latency_p99_ms"];
    assert!(mean["low"].as_f64() < mean["mean"].as_f64(), "{mean}");
    assert!(variants[0]["measures"].get("rollout_duration_ms").is_none(), "nothing is rolled out");
    let differences = result["differences"].as_array().expect("a list");
    let names: Vec<&str> = differences.iter().filter_map(|it| it["measure"].as_str()).collect();
    let measures = result["measures"].as_array().expect("a list");
    let measured: Vec<&str> = measures.iter().filter_map(|it| it["name"].as_str()).collect();
    assert_eq!(names, measured);
    for difference in differences {
        assert_eq!(difference["pairs"], 3);
        assert!(difference["real"].is_boolean() && difference["p_adjusted"].is_number());
    }
    assert!(result["sentences"][0].as_str().is_some_and(|text| text.contains("over 3 seeds")));
}

/// The same value spelt differently is the same variant, and differs by nothing.
#[test]
fn a_variant_compared_with_itself_differs_by_nothing() {
    let vary = "cluster.proxy.mode=iptables,\"iptables\"";
    let result = compared(&[&scenario("rolling-update"), "--vary", vary, "--seeds", "3"]);
    let variants = &result["variants"];
    assert_eq!(variants[0]["fingerprints"], variants[1]["fingerprints"]);
    let differences = result["differences"].as_array().expect("a list");
    assert!(differences.len() >= 7, "{differences:?}");
    for difference in differences {
        for field in ["mean", "low", "high"] {
            assert_eq!(difference[field].as_f64(), Some(0.0), "{difference}");
        }
        assert_eq!((&difference["p"], &difference["real"]), (&1.0.into(), &false.into()));
    }
    let sentence = result["sentences"][0].as_str().expect("a text");
    assert!(sentence.contains("does exactly what iptables does"), "{sentence}");
}

/// A run of a comparison is the run that `rollsim run` makes of the same scenario and seed.
#[test]
fn a_variant_is_run_as_the_scenario_itself() {
    let path = short("compare-run");
    let result = compared(&[&path, "--vary", "clients.shop.timeout=900ms,1s", "--seeds", "2"]);
    let alone = rollsim(&["run", &path, "-o", "json", "--no-advice"]).ended_with(99);
    let alone: Value = serde_json::from_str(&alone.stdout).expect("it is JSON");
    // Clients wait for a second unless somebody says otherwise.
    assert_eq!(result["variants"][1]["fingerprints"][0], alone["fingerprint"]);
}

#[test]
fn more_load_is_a_real_difference_and_is_drawn() {
    let path = short("compare-load");
    let plots = folder("compare-plots");
    let vary = "images[\"web:v1\"].concurrency=1,8";
    let ran = rollsim(&[
        "compare",
        &path,
        "--vary",
        vary,
        "--seeds",
        "4",
        "--load",
        "1.5,0.5",
        "--against",
        "8",
        "--plots",
        plots.to_str().expect("a text"),
    ])
    .ended_with(0);
    let (less, more) = ("AT 0.5 TIMES THE LOAD", "AT 1.5 TIMES THE LOAD");
    assert!(ran.stdout.find(less) < ran.stdout.find(more), "{}", ran.stdout);
    assert!(ran.stdout.contains("At 1.5 times the load, 1 has"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("DIFFERENCES FROM 8") && ran.stdout.contains("worse"),
        "{}",
        ran.stdout
    );
    for name in ["compare-latency", "compare-balance"] {
        for ending in ["svg", "png"] {
            let path = plots.join(format!("{name}.{ending}"));
            assert!(fs::metadata(&path).is_ok_and(|it| it.len() > 1_000), "{}", path.display());
        }
    }
}

#[test]
fn standard_input_is_read_once_for_all_variants() {
    let text = short_scenario("");
    let vary = "clients.shop.timeout=500ms,1s";
    let arguments = ["compare", "-", "--vary", vary, "--seeds", "2"];
    let ran = rollsim_reading(&arguments, text.as_bytes()).ended_with(0);
    assert!(ran.stdout.starts_with("short   2 variants   seeds 1 to 2"), "{}", ran.stdout);
}

#[test]
fn bad_usage_is_answered_with_what_was_meant() {
    let path = short("compare-usage");
    // Arguments behind the path, and what is said.
    let cases: [(&[&str], &[&str]); 12] = [
        (&[], &["--vary"]),
        (&["--vary", "clients.shop.timeout"], &["--vary:1:1", "no field with values"]),
        (&["--vary", "clients.shop.timeout="], &["is given no value"]),
        (&["--vary", "clients.shop.timeout=1s"], &["nothing to compare `1s` with", "RS0220"]),
        (&["--vary", "clients.shop.timeout=1s,1s"], &["`1s` is there twice"]),
        (&["--vary", "clients.shop.timeot=1s,2s"], &["RS0101", "--vary:1:1", "`timeout`?"]),
        (&["--vary", "clients.shop.timeout=1s,2x"], &["--vary:1:26", "RS0104"]),
        (
            &["--vary", "duration=5s,9s", "--against", "5"],
            &["no variant is called `5`", "there are the variants `5s`, `9s`"],
        ),
        (&["--vary", "duration=5s,9s", "--seeds", "1"], &["1 is not in 2..=10000"]),
        (&["--vary", "duration=5s,9s", "--load", "0"], &["a factor is a number from 0.001"]),
        (&["--vary", "duration=5s,9s", "--load", "1,1.0"], &["the load 1 is there twice"]),
        (&["--vary", "seed=1,2"], &["`seed` cannot vary"]),
    ];
    for (arguments, words) in cases {
        let arguments = [&["compare", &path], arguments].concat();
        let ran = rollsim(&arguments).ended_with(2).says(words);
        assert!(ran.stdout.is_empty(), "{arguments:?}: {}", ran.stdout);
    }
    rollsim(&["compare", "no-such.yaml", "--vary", "duration=1s,2s"]).ended_with(2);
}

/// A difference in latency is not all the policy's where connections differ with it.
#[test]
fn it_is_said_where_connections_differ_with_the_policy() {
    let path = short("compare-connections");
    let said = |vary: &[&str]| {
        let result = compared(&[&[&*path, "--seeds", "2"], vary].concat());
        let all = result["warnings"].as_array().expect("a list").clone();
        let of =
            |it: &Value| it.as_str().is_some_and(|text| text.contains("keep their connections"));
        all.into_iter().find(of).map(|it| it.as_str().expect("a text").to_owned())
    };
    let expected = "with envoy.random the balancers beside the senders of shop keep their connections to \
                    pods, and with kube-proxy.random each request opens one: part of a difference in \
                    latency is that";
    let both = ["--vary", "balancing=kube-proxy.random,envoy.random"];
    assert_eq!(said(&both).as_deref(), Some(expected));
    assert_eq!(said(&["--vary", "balancing=envoy.least_request,envoy.random"]), None);
    let kept = ["--vary", "clients.shop.connections=perRequest,keepAlive"];
    assert_eq!(said(&kept), None, "that is what is varied");
}
