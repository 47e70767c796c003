//! What a newcomer types: flags wherever they stand, names of outside, and what kubectl refuses.

use super::bench::{Ran, folder, rollsim, scenario, short_scenario, write};

fn kubectl(scenario_name: &str, line: &[&str]) -> Ran {
    let path = scenario(scenario_name);
    rollsim(&[&["kubectl", "-s", &path, "--at", "34s"], line].concat())
}

fn ask(line: &str) -> Ran {
    kubectl("rolling-update", &line.split(' ').collect::<Vec<_>>())
}

/// What a program in a pod of its own prints.
fn run(scenario_name: &str, program: &str) -> Ran {
    let run = "run t --image=x --rm -it --".split(' ').chain(program.split(' '));
    kubectl(scenario_name, &run.collect::<Vec<_>>())
}

#[test]
fn flags_may_stand_before_the_command() {
    let plain = ask("get svc -n kube-system -o name").ended_with(0).stdout;
    assert_eq!(plain, "service/kube-dns\n");
    for line in [
        "-n kube-system get svc -o name",
        "--namespace=kube-system -o name get svc",
        "-nkube-system get -o name svc",
    ] {
        assert_eq!(ask(line).ended_with(0).stdout, plain, "{line}");
    }
    let status = ask("-n default rollout status deploy/web --watch=false").ended_with(0).stdout;
    assert!(status.starts_with("Waiting for deployment"), "{status}");
    ask("-n default --at 3s get pods").ended_with(1).says(&["it is rollsim's: put it before"]);
    ask("get pods --context=a").ended_with(1).says(&["--context is not simulated yet"]);
    ask("get pods --colour=a").ended_with(1).says(&["unknown flag: --colour"]);
}

#[test]
fn objects_are_chosen_sorted_and_taken_apart() {
    let cases = [
        ("get pods --field-selector=spec.nodeName=node-1 -o name", "pod/web-549f9fbb9b-xgkhv\n"),
        (
            "get pods --sort-by=.status.podIP -o name",
            "pod/web-549f9fbb9b-xgkhv\npod/web-549f9fbb9b-k5wcc\npod/web-db59c64c9-9j7tl\n\
             pod/web-549f9fbb9b-8ncgb\n",
        ),
        (
            "get svc web-svc -L app,a/tier",
            "NAME      TYPE        CLUSTER-IP    EXTERNAL-IP   PORT(S)   AGE     APP      TIER\n\
             web-svc   ClusterIP   10.96.1.200   <none>        80/TCP    5m34s   <none>   <none>\n",
        ),
        ("get svc web-svc -o jsonpath={.spec.ports[*].port}", "80"),
        ("get svc -o jsonpath={.items[*].metadata.name}", "kubernetes web-svc"),
        (
            "get deploy web -o jsonpath={.metadata.annotations.deployment\\.kubernetes\\.io/revision}",
            "2",
        ),
        ("get pods web-db59c64c9-9j7tl -o jsonpath={.status.hostIP}", "172.18.0.12"),
    ];
    for (line, expected) in cases {
        assert_eq!(ask(line).ended_with(0).stdout, expected, "{line}");
    }
    let both = ask("get pods web-549f9fbb9b-xgkhv --field-selector=status.phase=Running");
    both.ended_with(1).says(&["error: name cannot be provided when a selector is specified"]);
    let nosuch = ask("get pods --field-selector=spec.nosuch=1").ended_with(1).stderr;
    assert!(nosuch.ends_with(": field label not supported: spec.nosuch\n"), "{nosuch}");
}

#[test]
fn a_revision_is_shown_with_its_template() {
    let described = ask("describe deploy web").ended_with(0).stdout;
    assert!(described.contains("Annotations:            deployment.kubernetes.io/revision: 2\n"));
    let history = ask("rollout history deploy/web --revision=1").ended_with(0).stdout;
    let begin = "deployment.apps/web with revision #1\nPod Template:\n  Labels:\tapp=web\n\t\
                 pod-template-hash=549f9fbb9b\n  Containers:\n   web:\n    Image:\tweb:v1\n";
    assert!(history.starts_with(begin) && history.ends_with("<none>\n\n"), "{history}");
    let missing = ask("rollout history deploy/web --revision=7").ended_with(1).stderr;
    assert_eq!(missing, "error: unable to find the specified revision\n");
}

#[test]
fn whoever_asks_for_endpoints_is_warned_once() {
    let warning =
        "Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n";
    for line in ["get ep", "get ep web-svc kubernetes -o yaml", "get ep -o name", "describe ep"] {
        assert_eq!(ask(line).ended_with(0).stderr, warning, "{line}");
    }
    assert_eq!(ask("describe svc").ended_with(0).stderr, "");
}

#[test]
fn wrong_use_is_refused_in_kubectls_words() {
    let cases = [
        (
            "run Bad_Name --image=x --rm -it -- env",
            "The Pod \"Bad_Name\" is invalid: \n* metadata.name: Invalid value: \"Bad_Name\": a ",
        ),
        (
            "run -n prod t --image=x --rm -it -- env",
            "Error from server (NotFound): namespaces \"prod\" not found\n",
        ),
        ("get", "You must specify the type of resource to get. Use \"kubectl api-resources\""),
        ("create service", "Create a service using a specified subcommand.\n\nAliases:\n"),
        ("create svc web", "error: unknown command \"web\"\nSee 'kubectl create service -h' for"),
        ("rollout nosuch a", "error: unknown command \"nosuch a\"\nSee 'kubectl rollout -h' for"),
    ];
    for (line, expected) in cases {
        let ran = ask(line).ended_with(1);
        assert!(ran.stderr.starts_with(expected), "{line}: {}", ran.stderr);
    }
    let rollout = ask("rollout").ended_with(1).stdout;
    assert!(rollout.starts_with("Manage the rollout of one or many resources.\n"), "{rollout}");
}

#[test]
fn an_address_has_a_name_and_a_name_outside_has_none() {
    let found = run("rolling-update", "nslookup 10.96.1.200").ended_with(0);
    let line = "200.1.96.10.in-addr.arpa\tname = web-svc.default.svc.cluster.local.\n\n";
    assert_eq!(found.stdout, format!("{line}pod \"t\" deleted from default namespace\n"));
    let missing = run("rolling-update", "nslookup 8.8.8.8").ended_with(1);
    assert!(missing.stdout.starts_with("** server can't find 8.8.8.8.in-addr.arpa: NXDOMAIN\n"));
    let nothing = "nothing outside the cluster is simulated\n";
    for (program, code) in [("nslookup google.com", 1), ("curl http://google.com", 6)] {
        let ran = run("rolling-update", program).ended_with(code);
        assert!(ran.stderr.contains(nothing), "{program}: {}", ran.stderr);
    }
    let typo = run("rolling-update", "nslookup wbe-svc").ended_with(1).stderr;
    assert!(!typo.contains(nothing), "{typo}");
}

#[test]
fn a_container_has_its_own_name_in_its_hosts() {
    let own = ask("exec web-db59c64c9-9j7tl -- cat /etc/hosts").ended_with(0).stdout;
    assert!(own.starts_with("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n"), "{own}");
    assert!(own.ends_with("fe00::2\tip6-allrouters\n10.128.4.3\tweb-db59c64c9-9j7tl\n"), "{own}");
    // A pod of its own has the next address of the first node.
    let new = run("rolling-update", "cat /etc/hosts").ended_with(0).stdout;
    assert!(new.contains("\n10.128.0.3\tt\n"), "{new}");
}

/// The node's rules hold pods to the ranges as well: what is dropped has no answer.
#[test]
fn source_ranges_are_shown_and_hold_for_pods() {
    let ask = |at: &str, line: &[&str]| {
        let path = scenario("source-ranges");
        rollsim(&[&["kubectl", "-s", &path, "--at", at], line].concat())
    };
    let yaml = ask("20s", &["get", "svc", "web-svc", "-o", "yaml"]).ended_with(0).stdout;
    assert!(yaml.contains("\n  loadBalancerSourceRanges:\n  - 203.0.113.0/24\n"), "{yaml}");
    let described = ask("20s", &["describe", "svc", "web-svc"]).ended_with(0).stdout;
    assert!(described.contains("\nLoadBalancer Source Ranges:  203.0.113.0/24\n"), "{described}");
    let path = "jsonpath={.status.loadBalancer.ingress[0].ip}";
    let address = ask("20s", &["get", "svc", "web-svc", "-o", path]).ended_with(0).stdout;
    let curl = ["run", "t", "--image=x", "--rm", "-it", "--", "curl", "-m", "2", &address];
    let why =
        "loadBalancerSourceRanges of web-svc let 203.0.113.0/24 in, and the pod's address is 10";
    ask("20s", &curl).ended_with(28).says(&["timed out after 2000 milliseconds", why]);
    let inside = ["run", "t", "--image=x", "--rm", "-it", "--", "curl", "http://web-svc"];
    ask("20s", &inside).ended_with(0);
    // A range that holds the pods as well lets them in.
    let folder = folder("source-ranges-for-pods");
    let service = "---
apiVersion: v1
kind: Service
metadata: { name: open }
spec:
  type: LoadBalancer
  loadBalancerSourceRanges: [ 10.128.0.0/16, 203.0.113.0/24 ]
  selector: { app: web }
  ports: [ { port: 80 } ]
";
    let path = write(&folder, "app.yaml", &(short_scenario("") + service));
    let line = ["kubectl", "-s", &path, "--at", "5s"];
    let ip = "jsonpath={.status.loadBalancer.ingress[0].ip}";
    let address = rollsim(&[&line[..], &["get", "svc", "open", "-o", ip]].concat()).stdout;
    let curl = ["exec", "deploy/web", "--", "curl", "-m", "2", &address];
    let ran = rollsim(&[&line[..], &curl].concat());
    assert!(!ran.stderr.contains("loadBalancerSourceRanges"), "{ran:?}");
}

#[test]
fn objects_have_what_an_api_server_gives_them() {
    let json = |line: &str| -> serde_json::Value {
        let printed = ask(&format!("get {line} -o json")).ended_with(0).stdout;
        serde_json::from_str(&printed).expect("it is JSON")
    };
    let (service, endpoints) = (json("svc web-svc"), json("ep web-svc"));
    let pod = json("pod web-549f9fbb9b-xgkhv");
    for object in [&service, &endpoints, &pod] {
        let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
        let lengths: Vec<usize> = uid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{uid}");
    }
    assert_ne!(service["metadata"]["uid"], endpoints["metadata"]["uid"]);
    for object in [&service, &endpoints, &json("node node-1")] {
        assert!(object["metadata"].get("generation").is_none(), "{object}");
    }
    let set = json("rs web-549f9fbb9b");
    assert_eq!(pod["metadata"]["ownerReferences"][0]["uid"], set["metadata"]["uid"]);
    let address = serde_json::json!({
        "ip": pod["status"]["podIP"], "nodeName": "node-1",
        "targetRef": {
            "kind": "Pod", "name": "web-549f9fbb9b-xgkhv", "namespace": "default",
            "uid": pod["metadata"]["uid"],
        },
    });
    assert_eq!(endpoints["subsets"][0]["addresses"][0], address);
    assert_eq!(endpoints["subsets"][0]["notReadyAddresses"][0]["ip"], "10.128.4.3");
}
