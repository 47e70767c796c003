//! What can be given to it: files, folders, standard input; and how it points at mistakes.

use std::fs;

use super::bench::{MANIFESTS, folder, rollsim, rollsim_reading, scenario, short_scenario, write};

#[test]
fn a_mistake_is_shown_with_its_file_its_place_a_caret_and_help() {
    let folder = folder("mistakes");
    let path = write(&folder, "mistake.yaml", &short_scenario("  sede: 3\n"));
    // The eighth line, the third column.
    let place = format!("{path}:8:3");
    rollsim(&["run", &path]).ended_with(2).says(&["error[RS", &place, "sede: 3", "^^^^", "help"]);
}

#[test]
fn all_mistakes_are_shown_at_once() {
    let folder = folder("all-mistakes");
    let lines = "  sede: 3\n  timeline: [ { at: 1s, kubectl: rollout restart deployment/wbe } ]\n";
    let text = short_scenario(lines).replace("replicas: 2", "replicas: -2");
    let path = write(&folder, "mistakes.yaml", &text);
    let ran = rollsim(&["run", &path]).ended_with(2);
    let ran = ran.says(&["sede", "did you mean `web`", "replicas", "3 errors"]);
    assert!(ran.stdout.is_empty(), "{}", ran.stdout);
}

#[test]
fn a_folder_of_plain_manifests_is_rehearsed_with_a_default_scenario() {
    let folder = folder("manifests");
    let (deployment, service) = MANIFESTS.split_once("---\n").expect("two documents");
    write(&folder, "deployment.yaml", deployment);
    write(&folder, "service.yaml", service);
    write(&folder, "readme.md", "# not a manifest");
    let ran = rollsim(&["run", folder.to_str().unwrap(), "-o", "json"]).ended_with(0);
    let result: serde_json::Value = serde_json::from_str(&ran.stdout).expect("it is JSON");
    assert_eq!(result["scenario"], "manifests");
    assert_eq!(result["rollouts"][0]["deployment"], "default/web");
    assert_eq!(result["rollouts"][0]["complete"], true);
    assert!(result["requests"]["total"].as_u64() > Some(1000), "{}", result["requests"]);
    assert_eq!(result["expectations"], serde_json::json!([]));
}

#[test]
fn standard_input_is_a_file_called_dash() {
    let text = fs::read(scenario("ideal")).expect("it is there");
    let piped = rollsim_reading(&["run", "-", "-o", "json"], &text).ended_with(0);
    let named = rollsim(&["run", &scenario("ideal"), "-o", "json"]).ended_with(0);
    assert_eq!(piped.stdout, named.stdout);
    let broken = rollsim_reading(&["run", "-"], short_scenario("  sede: 3\n").as_bytes());
    broken.ended_with(2).says(&["<stdin>:8:3"]);
}

#[test]
fn a_file_that_is_missing_is_named() {
    for path in ["no-such-file.yaml", "no/such/folder"] {
        rollsim(&["run", path]).ended_with(2).says(&["cannot read", path, "help"]);
    }
}

#[test]
fn the_seed_of_the_command_line_is_used_instead_of_the_scenarios() {
    let path = scenario("random-balance");
    let run = |arguments: &[&str]| {
        let arguments = [&["run", &path, "-o", "json"], arguments].concat();
        let ran = rollsim(&arguments);
        assert!([0, 99].contains(&ran.code), "{}", ran.stderr);
        serde_json::from_str::<serde_json::Value>(&ran.stdout).expect("it is JSON")
    };
    let (own, same, other) = (run(&[]), run(&["--seed", "1"]), run(&["--seed", "2"]));
    assert_eq!((&own["seed"], &other["seed"]), (&1.into(), &2.into()));
    assert_eq!(own, same);
    assert_ne!(own["fingerprint"], other["fingerprint"]);
    let most = run(&["--seed", &u64::MAX.to_string()]);
    assert_eq!(most["seed"].as_u64(), Some(u64::MAX));
}

#[test]
fn warnings_are_told_and_do_not_keep_it_from_running() {
    let text = MANIFESTS.replace("  replicas: 2", "  replicas: 3\n  replicas: 2");
    let ran = rollsim_reading(&["run", "-", "-o", "json"], text.as_bytes()).ended_with(0);
    let result: serde_json::Value = serde_json::from_str(&ran.stdout).expect("it is JSON");
    let warnings = result["warnings"].to_string();
    assert!(warnings.contains("replicas"), "{warnings}");
    ran.says(&["warning[RS", "replicas"]);
    rollsim_reading(&["check", "-"], text.as_bytes()).ended_with(0);
}
