//! kubectl against the simulated cluster: its tables, its errors, its exit codes.

use super::bench::{rollsim, scenario};

fn kubectl(at: &str, line: &[&str]) -> super::bench::Ran {
    let path = scenario("rolling-update");
    rollsim(&[&["kubectl", "-s", &path, "--at", at], line].concat())
}

/// Half a second into the rollout one new pod is being created; before it there was none.
#[test]
fn pods_are_as_they_are_at_that_moment() {
    let before = kubectl("29s", &["get", "pods"]).ended_with(0).stdout;
    assert_eq!(before.lines().count(), 4, "{before}");
    assert!(before.starts_with("NAME                   READY   STATUS    RESTARTS   AGE\n"));
    let during = kubectl("30500ms", &["get", "pods", "--no-headers"]).ended_with(0).stdout;
    let creating = during.lines().filter(|line| line.contains("0/1   ContainerCreating   0"));
    assert_eq!((creating.count(), during.lines().count()), (1, 4), "{during}");
}

#[test]
fn a_rollout_says_what_it_waits_for_and_when_it_is_done() {
    let line = ["rollout", "status", "deployment/web"];
    let waits = kubectl("31s", &line).ended_with(0).stdout;
    let expected = "Waiting for deployment \"web\" rollout to finish: 1 out of 3 new replicas have \
                    been updated...\n";
    assert_eq!(waits, expected);
    let done = kubectl("119s", &line).ended_with(0).stdout;
    assert_eq!(done, "deployment \"web\" successfully rolled out\n");
    let history = kubectl("119s", &["rollout", "history", "deploy", "web"]).ended_with(0).stdout;
    let table = "REVISION  CHANGE-CAUSE\n1         <none>\n2         <none>\n";
    assert_eq!(history, format!("deployment.apps/web \n{table}\n"));
}

#[test]
fn several_kinds_are_several_tables_with_the_kind_before_the_name() {
    let text = kubectl("10s", &["get", "deploy,svc"]).ended_with(0).stdout;
    let first: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(first, ["NAME", "deployment.apps/web", "NAME", "service/web-svc"], "{text}");
}

#[test]
fn objects_come_as_yaml_and_as_json() {
    let yaml = kubectl("10s", &["get", "service", "web-svc", "-o", "yaml"]).ended_with(0).stdout;
    assert!(yaml.starts_with("apiVersion: v1\nkind: Service\nmetadata:\n"), "{yaml}");
    let json = kubectl("10s", &["get", "pods", "-o", "json"]).ended_with(0).stdout;
    let list: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(list["kind"], "List");
    assert_eq!(list["items"].as_array().map(Vec::len), Some(3));
}

#[test]
fn mistakes_are_kubectls_and_a_moment_past_the_end_is_ours() {
    let missing = kubectl("10s", &["get", "svc", "nosuch"]).ended_with(1);
    assert_eq!(missing.stderr, "Error from server (NotFound): services \"nosuch\" not found\n");
    let late = kubectl("3h", &["get", "pods"]).ended_with(2);
    assert!(late.stderr.contains("the scenario ends after 2m"), "{}", late.stderr);
}
