//! kubectl against the simulated cluster: its tables, its errors, its exit codes.

use std::collections::BTreeSet;

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
    let line = ["rollout", "status", "deployment/web", "--watch=false"];
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
    let expected = ["NAME", "deployment.apps/web", "NAME", "service/kubernetes", "service/web-svc"];
    assert_eq!(first, expected, "{text}");
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

/// From the trigger on: the new pod is pending, is bound, starts, runs and becomes ready, and then an
/// old one ends. Everybody who looks later sees the last of these lines.
#[test]
fn what_is_watched_is_printed_as_it_changes() {
    let until = |until: &str, line: &[&str]| {
        let path = scenario("rolling-update");
        rollsim(&[&["kubectl", "-s", &path, "--at", "29s", "--until", until], line].concat())
    };
    let printed = until("37s", &["get", "pods", "-w"]).ended_with(0).stdout;
    let states = |pod: &str| -> Vec<String> {
        let own = printed.lines().filter(|line| line.starts_with(pod));
        let cells = own.map(|line| line.split_whitespace().collect::<Vec<_>>());
        let mut states: Vec<String> =
            cells.map(|cells| format!("{} {}", cells[1], cells[2])).collect();
        states.dedup();
        states
    };
    let new = ["0/1 Pending", "0/1 ContainerCreating", "0/1 Running", "1/1 Running"];
    assert_eq!(states("web-db59c64c9-9j7tl"), new, "{printed}");
    let old = ["1/1 Running", "1/1 Terminating", "0/1 Completed"];
    assert_eq!(states("web-549f9fbb9b-k5wcc"), old, "{printed}");
    assert_eq!(printed.matches("NAME").count(), 1, "{printed}");
    let later = kubectl("37s", &["get", "pods", "--no-headers"]).ended_with(0).stdout;
    for pod in later.lines().map(|line| line.split_whitespace().take(3).collect::<Vec<_>>()) {
        let state = format!("{} {}", pod[1], pod[2]);
        assert_eq!(states(pod[0]).last(), Some(&state), "{printed}\n{later}");
    }

    let only = until("37s", &["get", "pods", "-w", "--watch-only", "-l", "app=nosuch"]);
    assert_eq!(only.ended_with(0).stdout, "");
    let slices = until("2m", &["get", "endpointslices", "-w", "-o", "name"]).ended_with(0).stdout;
    assert!(slices.lines().count() > 5, "{slices}");
    let ends = until("2m", &["get", "endpoints", "web-svc", "-w"]).ended_with(0).stdout;
    assert!(ends.contains(":8080 + 1 more..."), "{ends}");
    let two = until("2m", &["get", "pods,svc", "-w"]).ended_with(1);
    assert!(two.stderr.contains("more than 1 resource was found"), "{two:?}");
    let backwards = until("20s", &["get", "pods", "-w"]).ended_with(2);
    assert!(backwards.stderr.contains("that is before --at 29s"), "{backwards:?}");
}

#[test]
fn a_rollout_is_described_in_its_middle() {
    let deployment = kubectl("34s", &["describe", "deploy", "web"]).ended_with(0).stdout;
    for line in [
        "Replicas:               3 desired | 1 updated | 4 total | 3 available | 1 unavailable\n",
        "OldReplicaSets:  web-549f9fbb9b (3/3 replicas created)\n",
        "NewReplicaSet:   web-db59c64c9 (1/1 replicas created)\n",
        "Events:          <none>\n",
    ] {
        assert!(deployment.contains(line), "{line}{deployment}");
    }
    let sets = kubectl("34s", &["describe", "rs"]).ended_with(0).stdout;
    assert!(sets.contains("Pods Status:    1 Running / 0 Waiting / 0 Succeeded / 0 Failed\n"));
    // Of several objects nobody asks for the events.
    assert!(sets.contains("\n\n\nName:") && !sets.contains("Events:"), "{sets}");
}

/// Every line of a simulated pod's description; what has no line is not known. The manifest's probe
/// asks for a path.
#[test]
fn a_pod_is_described_with_what_is_known_of_it() {
    let described =
        kubectl("34s", &["describe", "pod", "web-db59c64c9-9j7tl"]).ended_with(0).stdout;
    let expected = "\
Name:         web-db59c64c9-9j7tl
Namespace:    default
Node:         node-2/172.18.0.12
Labels:       app=web
              pod-template-hash=db59c64c9
Annotations:  <none>
Status:       Running
IP:           10.128.4.3
IPs:
  IP:           10.128.4.3
Controlled By:  ReplicaSet/web-db59c64c9
Containers:
  web:
    Image:          web:v2
    Port:           8080/TCP (http)
    Host Port:      0/TCP (http)
    State:          Running
      Started:      Thu, 01 Jan 1970 00:05:31 +0000
    Ready:          False
    Restart Count:  0
    Requests:
      cpu:      250m
      memory:   128Mi
    Readiness:  http-get http://:http/healthz delay=0s timeout=1s period=2s #success=1 #failure=3
Conditions:
  Type           Status
  PodScheduled   True\u{20}
  Ready          False\u{20}
Node-Selectors:  <none>
Events:          <none>
";
    assert_eq!(described, expected);
}

#[test]
fn what_is_described_may_be_named_in_several_ways() {
    let describe = |line: &[&str]| kubectl("34s", &[&["describe"], line].concat());
    let names = |text: &str| -> Vec<String> {
        let names = text.lines().filter_map(|line| line.strip_prefix("Name:"));
        names.map(|name| name.trim().to_owned()).collect()
    };
    let both = describe(&["pod/web-549f9fbb9b-8ncgb", "svc/web-svc"]).ended_with(0).stdout;
    assert_eq!(names(&both), ["web-549f9fbb9b-8ncgb", "web-svc"], "{both}");
    let kinds = describe(&["deploy,svc"]).ended_with(0).stdout;
    assert_eq!(names(&kinds), ["web", "kubernetes", "web-svc"], "{kinds}");
    // Each text and an empty line.
    let begun = describe(&["pods", "web-549f9fbb9b"]).ended_with(0).stdout;
    assert_eq!(names(&begun).len(), 3, "{begun}");
    assert!(begun.ends_with("\n\n") && begun.contains("\n\nName:"), "{begun}");
    assert!(!begun.contains("\n\n\nName:"), "{begun}");
    let missing = describe(&["pods", "nosuch"]).ended_with(1).stderr;
    assert_eq!(missing, "Error from server (NotFound): pods \"nosuch\" not found\n");
    let nothing = describe(&["svc", "-A", "-l", "a=b"]).ended_with(0).stderr;
    assert_eq!(nothing, "No resources found\n");
}

#[test]
fn a_rollout_is_waited_for() {
    let waits =
        |line: &[&str]| kubectl("31s", &[&["rollout", "status", "deploy/web"], line].concat());
    let done = waits(&[]).ended_with(0).stdout;
    assert!(done.ends_with("\ndeployment \"web\" successfully rolled out\n"), "{done}");
    assert!(done.lines().count() > 4, "{done}");
    assert_eq!(waits(&["--watch=false"]).ended_with(0).stdout.lines().count(), 1);
    let short = waits(&["--timeout=3s"]).ended_with(1);
    assert_eq!(short.stderr, "error: timed out waiting for the condition\n");
    let path = scenario("rolling-update");
    let line = ["kubectl", "-s", &path, "--at", "31s", "--until", "33s", "rollout", "status"];
    let ends = rollsim(&[&line[..], &["deploy/web", "--timeout=3s"]].concat()).ended_with(1);
    assert!(ends.stderr.starts_with("error: the simulated time ends before"), "{ends:?}");
    let wrong = waits(&["--timeout=soon"]).ended_with(1);
    assert!(wrong.stderr.contains("time: invalid duration \"soon\""), "{wrong:?}");
}

/// Who answers at a name, a port and an address, from a pod of its own and from one of the Deployment.
#[test]
fn curl_reaches_who_a_connection_reaches() {
    let run = ["run", "tmp", "--image=curl", "--rm", "-it", "--restart=Never", "--", "curl"];
    let curl = |at: &str, words: &[&str]| kubectl(at, &[&run[..], words].concat());
    let ran = curl("25s", &["http://web-svc"]).ended_with(0);
    assert!(ran.stdout.starts_with("web-549f9fbb9b-"), "{ran:?}");
    assert_eq!(ran.stdout.lines().count(), 2, "{ran:?}");
    let all = (25..60).map(|second| curl(&format!("{second}s"), &["web-svc"]));
    let answers: BTreeSet<String> =
        all.filter_map(|ran| ran.stdout.lines().next().map(str::to_owned)).collect();
    let of = |hash: &str| answers.iter().filter(|pod| pod.contains(hash)).count();
    assert!(of("549f9fbb9b") > 1 && of("db59c64c9") > 1, "{answers:?}");

    let wrong = curl("25s", &["web-svc:8080"]).ended_with(7);
    assert!(wrong.stderr.contains("no rule for port 8080 of web-svc, which listens on 80"));
    let pods = kubectl("25s", &["get", "pods", "-o", "wide", "--no-headers"]).ended_with(0).stdout;
    let row: Vec<&str> = pods.split_whitespace().take(6).collect();
    let (name, address) = (row[0], row[5]);
    let direct = ["exec", name, "--", "curl", "-sS"];
    let listens = kubectl("25s", &[&direct[..], &[&format!("{address}:8080")]].concat());
    assert_eq!(listens.ended_with(0).stdout, format!("{name}\n"));
    let closed = kubectl("25s", &[&direct[..], &[address]].concat()).ended_with(7);
    assert!(closed.stderr.contains(&format!("nobody listens in {name} at port 80")), "{closed:?}");
    let nowhere = curl("25s", &["-m", "2", "10.1.1.1"]).ended_with(28);
    assert!(nowhere.stderr.contains("timed out after 2000 milliseconds"), "{nowhere:?}");
}

#[test]
fn a_service_is_created_as_yaml() {
    let line = ["create", "service", "nodeport", "web", "--tcp=8081:http", "--tcp", "90"];
    let dry = ["--node-port=30200", "--dry-run=client", "-o", "yaml"];
    let printed = kubectl("0s", &[&line[..], &dry].concat()).ended_with(0).stdout;
    let expected = "apiVersion: v1\nkind: Service\nmetadata:\n  labels:\n    app: web\n  name: web\nspec:\n  \
                    ports:\n  - name: 8081-http\n    nodePort: 30200\n    port: 8081\n    protocol: TCP\n    \
                    targetPort: http\n  - name: \"90\"\n    nodePort: 30200\n    port: 90\n    protocol: TCP\n    \
                    targetPort: 90\n  selector:\n    app: web\n  type: NodePort\nstatus:\n  loadBalancer: {}\n";
    assert_eq!(printed, expected);
    let cases: [(&[&str], &str); 7] = [
        (&["clusterip"], "error: exactly one NAME is required, got 0\nSee 'kubectl create service"),
        (&["clusterip", "a", "--tcp=80:a_b"], "error: must contain only alpha-numeric"),
        (&["clusterip", "a", "--tcp=80:70000"], "error: must be between 1 and 65535, inclusive"),
        (
            &["clusterip", "a", "--tcp=70000"],
            "error: strconv.ParseUint: parsing \"70000\": value out",
        ),
        (&["externalname", "a"], "error: required flag(s) \"external-name\" not set"),
        (&["clusterip", "a", "--node-port=1"], "error: unknown flag: --node-port"),
        (&["headless", "a"], "error: unknown command \"headless a\"\nSee 'kubectl create service"),
    ];
    for (words, text) in cases {
        let refused = kubectl("0s", &[&["create", "service"], words].concat()).ended_with(1);
        assert!(refused.stderr.starts_with(text), "{words:?}: {}", refused.stderr);
    }
    for line in [
        &["externalname", "a", "--external-name=b.c"][..],
        &["clusterip", "a", "--clusterip=None"],
        &["loadbalancer", "a", "--tcp=80"],
    ] {
        let line = [&["create", "service"], line, &["--dry-run=client"]].concat();
        assert_eq!(kubectl("0s", &line).ended_with(0).stdout, "service/a created (dry run)\n");
    }
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
