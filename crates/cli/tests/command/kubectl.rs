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

/// The four names of the course: three that CoreDNS knows, and one that a rewrite rule makes resolve.
#[test]
fn the_names_of_the_course_resolve_in_a_pod_and_cost_what_their_dots_say() {
    let cases = [
        ("web-svc", "web-svc.default.svc.cluster.local", 2),
        ("web-svc.default", "web-svc.default.svc.cluster.local", 4),
        ("web-svc.default.svc.cluster.local", "web-svc.default.svc.cluster.local", 8),
        ("web-svc.default.cluster.local", "web-svc.default.cluster.local", 8),
    ];
    let service = kubectl("34s", &["get", "svc", "web-svc", "--no-headers"]).ended_with(0).stdout;
    let address = service.split_whitespace().nth(2).expect("the third column is its address");
    for (name, found, questions) in cases {
        let ran = kubectl("34s", &["exec", "deploy/web", "--", "nslookup", name]).ended_with(0);
        let expected = format!(
            "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\nName:\t{found}\nAddress: {address}\n\n"
        );
        assert_eq!(ran.stdout, expected, "{name}");
        assert!(ran.stderr.contains(&format!("{questions} questions")), "{}", ran.stderr);
        assert_eq!(ran.stderr.contains("rewrite rule"), name.ends_with("default.cluster.local"));
    }
    let missing = kubectl("34s", &["exec", "deploy/web", "--", "nslookup", "web"]).ended_with(1);
    assert!(missing.stdout.ends_with("** server can't find web: NXDOMAIN\n\n"), "{missing:?}");
    assert!(missing.stderr.ends_with("command terminated with exit code 1\n"), "{missing:?}");
}

#[test]
fn a_container_finds_the_services_in_its_environment() {
    let line = ["exec", "deploy/web", "--", "printenv", "WEB_SVC_SERVICE_PORT", "WEB_SVC_PORT"];
    let printed = kubectl("34s", &line).ended_with(0).stdout;
    assert!(printed.starts_with("80\ntcp://10.96.") && printed.ends_with(":80\n"), "{printed}");
    let all = kubectl("34s", &["exec", "deploy/web", "--", "env"]).ended_with(0).stdout;
    assert!(all.contains("\nKUBERNETES_SERVICE_HOST=10.96.0.1\n"), "{all}");
    let conf = kubectl("34s", &["exec", "deploy/web", "--", "cat", "/etc/resolv.conf"]);
    let expected = "search default.svc.cluster.local svc.cluster.local cluster.local\n\
                    nameserver 10.96.0.10\noptions ndots:5\n";
    assert_eq!(conf.ended_with(0).stdout, expected);
}

#[test]
fn a_pod_of_its_own_is_run_for_one_command_and_removed() {
    let run = ["run", "tmp", "--image=busybox", "--rm", "-it", "--restart=Never", "--"];
    let ran = kubectl("34s", &[&run[..], &["nslookup", "kubernetes"]].concat()).ended_with(0);
    assert!(ran.stdout.contains("Address: 10.96.0.1\n"), "{ran:?}");
    assert!(ran.stdout.ends_with("pod \"tmp\" deleted from default namespace\n"), "{ran:?}");
}

#[test]
fn what_cannot_be_looked_into_is_said_in_kubectls_words() {
    let cases: [(&[&str], &str); 7] = [
        (&["exec"], "error: pod, type/name or --filename must be specified"),
        (
            &["exec", "nosuch", "--", "env"],
            "Error from server (NotFound): pods \"nosuch\" not found",
        ),
        (&["exec", "deploy/web", "env"], "error: exec [POD] [COMMAND] is not supported anymore."),
        (&["exec", "deploy/web"], "error: you must specify at least one command for the container"),
        (
            &["exec", "deploy/web", "-c", "side", "--", "env"],
            "error: container side not found in pod",
        ),
        (&["run", "tmp"], "error: required flag(s) \"image\" not set"),
        (
            &["run", "tmp", "--image=x", "--rm", "--", "env"],
            "error: --rm should only be used for attached containers",
        ),
    ];
    for (line, expected) in cases {
        let ran = kubectl("34s", line).ended_with(1);
        assert!(ran.stderr.starts_with(expected), "{line:?}: {}", ran.stderr);
    }
    // Half a second into the rollout the new pod's container is still being made.
    let pods = kubectl("30500ms", &["get", "pods", "--no-headers"]).ended_with(0).stdout;
    let new = pods.lines().find(|line| line.contains("ContainerCreating")).expect("there is one");
    let name = new.split_whitespace().next().expect("its name comes first");
    let ran = kubectl("30500ms", &["exec", name, "--", "env"]).ended_with(1);
    assert!(ran.stderr.contains("container not found (\"web\")"), "{}", ran.stderr);
}
