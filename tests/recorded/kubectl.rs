//! `kubectl/`: what a real kubectl said to wrong use.

use std::sync::Arc;

use api::{
    IntOrString, Meta, Protocol, Service, ServiceId, ServicePort, ServiceSpec, service::ServiceType,
};
use jiff::Timestamp;
use kubectl::{
    Object,
    command::{
        Cluster,
        describe::{
            self, describe_deployment, describe_pod, describe_replica_set, describe_service,
            pod_template,
        },
        execute,
    },
    printers::{Options, printer},
    table::Columns,
    wire::to_json,
};
use serde_json::Value;

use crate::{kubectl_yaml, recording};

/// How a table is printed where nobody asks for more; ages are not compared.
const OPTIONS: Options = Options { now: Timestamp::UNIX_EPOCH, wide: false };

/// How an API server's own object is described where it stands alone, and where it does not.
const ALONE: describe::Options =
    describe::Options { now: Timestamp::UNIX_EPOCH, events: true, complete: true };
const AMONG_OTHERS: describe::Options = describe::Options { events: false, ..ALONE };

/// A cluster without objects: what is refused is refused for the words alone.
struct Empty;

impl Cluster for Empty {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn objects(&self, _: &str) -> Vec<Value> {
        Vec::new()
    }
}

/// A command line and what it printed.
struct Block {
    line: String,
    stdout: String,
    stderr: String,
    code: u8,
}

/// The blocks `$ kubectl …`, `--- stdout`, `--- stderr`, `--- rc=1` of a recording.
fn blocks(text: &str) -> Vec<Block> {
    let parts = text.split("\n$ kubectl ").skip(1);
    let block = |part: &str| -> Option<Block> {
        let (line, rest) = part.split_once('\n')?;
        let (_, rest) = rest.split_once("--- stdout\n")?;
        let (stdout, rest) = rest.split_once("--- stderr\n")?;
        let (stderr, rest) = rest.split_once("--- rc=")?;
        let code = rest.lines().next()?.trim().parse().ok()?;
        let (line, stdout, stderr) = (line.to_owned(), stdout.to_owned(), stderr.to_owned());
        Some(Block { line, stdout, stderr, code })
    };
    parts.filter_map(block).collect()
}

/// The words of a line as a shell makes them of it: quotes hold a word together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().expect("there is one").push(c),
        }
    }
    words
}

/// What is left out: flags that are unknown here, and are said to be.
const LEFT_OUT: [&str; 5] =
    ["--context", "--kubeconfig", "--request-timeout", "--server", "--timeout"];

#[test]
fn wrong_use_is_answered_in_kubectls_words() {
    let Some(text) = recording::text("kubectl/errors.txt") else { return };
    let mut seen = 0;
    for block in blocks(&text) {
        let ours = ["get", "rollout status", "rollout history"];
        let known = ours.iter().any(|command| block.line.starts_with(command));
        let left_out = LEFT_OUT.iter().any(|flag| block.line.contains(flag));
        // What printed something found an object, and those of the recording are not here.
        if !known || left_out || !block.stdout.is_empty() || block.line.contains("web") {
            continue;
        }
        let printed = execute(&words(&block.line), &Empty);
        assert_eq!(printed.stderr, block.stderr, "kubectl {}", block.line);
        assert_eq!((printed.stdout.as_str(), printed.code), ("", block.code), "{}", block.line);
        seen += 1;
    }
    println!("{seen} wrong command lines are answered as kubectl answers them");
    assert!(seen >= 8, "only {seen} lines were compared");
}

/// A cluster with the Deployment of the recordings.
struct App;

impl Cluster for App {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn objects(&self, kind: &str) -> Vec<Value> {
        let app = serde_json::json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": { "name": "app", "namespace": "default", "labels": { "app": "app" } },
            "spec": {
                "selector": { "matchLabels": { "app": "app" } },
                "template": { "spec": { "containers": [{ "name": "app", "ports": [
                    { "containerPort": 3000, "name": "http", "protocol": "TCP" },
                    { "containerPort": 9090, "name": "metrics", "protocol": "TCP" },
                ] }] } },
            },
        });
        if kind == "Deployment" { vec![app] } else { Vec::new() }
    }
}

#[test]
fn exposing_a_deployment_makes_the_service_that_kubectl_makes() {
    let Some(text) = recording::text("kubectl/expose.txt") else { return };
    let mut seen = 0;
    for part in format!("\n{text}").split("\n$ kubectl ").skip(1) {
        let (line, rest) = part.split_once('\n').expect("a command has an output");
        if !line.starts_with("expose deployment app") || !line.contains("--dry-run=client") {
            continue;
        }
        let (stdout, _) = rest.split_once("[rc=0]").expect("it went well");
        let printed = execute(&words(line), &App);
        assert_eq!(printed.stdout, stdout, "kubectl {line}");
        seen += 1;
    }
    println!("{seen} Services are made as kubectl makes them");
    assert!(seen >= 5, "only {seen} commands were compared");
}

/// Of `create service`, what kubectl refuses before it asks the API server; what that one says of a
/// Service is in `validation.rs`.
#[test]
fn services_that_kubectl_cannot_make_are_refused_in_its_words() {
    let Some(text) = recording::text("kubectl/apply_delete.txt") else { return };
    let mut seen = 0;
    for part in format!("\n{text}").split("\n$ kubectl ").skip(1) {
        let (line, rest) = part.split_once('\n').expect("a command has an output");
        let failed = rest.starts_with("error: ") && !rest.starts_with("error: failed to create");
        if !line.starts_with("create service") || !failed {
            continue;
        }
        let (stderr, _) = rest.split_once("[rc=1]").expect("it went wrong");
        let printed = execute(&words(line), &Empty);
        assert_eq!((&*printed.stderr, printed.code), (stderr, 1), "kubectl {line}");
        seen += 1;
    }
    assert_eq!(seen, 2, "the recording has two such lines");
}

/// The lines of `get -w` as a real kubectl set them, taken apart into cells and set again: those that
/// came before the rollout together, the others one by one.
#[test]
fn what_is_watched_stands_in_columns_that_only_grow() {
    let Some(text) = recording::text("kubectl/rollout_def25_streams.txt") else { return };
    let mut lines_seen = 0;
    for part in text.split("\n$ kubectl get ").skip(1) {
        let (command, rest) = part.split_once('\n').expect("a command has an output");
        let (rest, _) = rest.split_once("[rc=").expect("it ends");
        let lines = rest.lines().filter_map(|line| line.strip_prefix('[')?.split_once("] "));
        let lines: Vec<(i64, &str)> = lines
            .map(|(millis, line)| (millis.trim().parse().expect("milliseconds"), line))
            .filter(|(_, line)| !line.starts_with("Warning:"))
            .collect();
        let before = lines.iter().take_while(|(millis, _)| *millis < 0).count();
        let (initial, later) = lines.split_at(before);
        let mut columns = Columns::default();
        for printed in std::iter::once(initial).chain(later.chunks(1)) {
            let rows: Vec<Vec<String>> = printed.iter().map(|(_, line)| cells(line)).collect();
            let expected: String = printed.iter().map(|(_, line)| format!("{line}\n")).collect();
            assert_eq!(columns.lines(&rows), expected, "kubectl get {command}");
            lines_seen += printed.len();
        }
    }
    println!("{lines_seen} watched lines are set as kubectl sets them");
    assert!(lines_seen > 100, "only {lines_seen} lines were compared");
}

/// What is parted by more than a space.
fn cells(line: &str) -> Vec<String> {
    line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
}

/// Every Service of the recordings is described there and printed as YAML.
#[test]
fn services_are_described_as_kubectl_describes_them() {
    let Some(text) = recording::text("kubectl/get_service.txt") else { return };
    let output = |line: &str| -> Option<&str> {
        let (_, rest) = text.split_once(&format!("$ kubectl {line}\n"))?;
        rest.split_once("\n[rc=").map(|(output, _)| output)
    };
    let described =
        text.lines().filter_map(|line| line.strip_prefix("$ kubectl describe service "));
    let mut seen = 0;
    for name in described {
        let expected = output(&format!("describe service {name}")).expect("it ends");
        let yaml = output(&format!("get service {name} -o yaml")).expect("it was printed too");
        let service = kubectl_yaml::read(yaml);
        let got = describe_service(Object::new(&service), &[], ALONE);
        // The slices were not recorded with it; they have a case of their own.
        let plain = |text: &str| -> Vec<String> {
            let lines = text.lines().filter(|line| !line.starts_with("Endpoints:"));
            lines.map(str::to_owned).collect()
        };
        assert_eq!(plain(&got), plain(expected), "{name}");
        seen += 1;
    }
    println!("{seen} Services are described as kubectl describes them");
    assert!(seen > 8, "only {seen} Services were compared");
}

/// What the API server made of a Service that is only a name is what a simulated one says of it.
#[test]
fn a_name_for_a_host_outside_is_printed_as_kubectl_prints_it() {
    let Some(text) = recording::text("kubectl/get_service.txt") else { return };
    let port = ServicePort {
        name: String::new(),
        protocol: Protocol::Tcp,
        port: 5432,
        target_port: IntOrString::Int(5432),
        node_port: None,
    };
    for (name, ports) in [("svc-externalname", vec![]), ("svc-externalname-port", vec![port])] {
        let service = Service {
            meta: Meta::new("kc", name),
            id: ServiceId(0),
            spec: ServiceSpec {
                kind: ServiceType::ExternalName,
                external_name: Some("db.example.com".to_owned()),
                ports,
                ..ServiceSpec::default()
            },
            status: api::ServiceStatus::default(),
        };
        let ours = to_json(&api::Object::Service(Arc::new(service)));
        // One of them was described, the other only listed.
        if name == "svc-externalname" {
            let yaml = kubectl_yaml::read(output(&text, "get service svc-externalname -o yaml"));
            assert_eq!(ours["spec"], yaml["spec"]);
            let described = output(&text, "describe service svc-externalname");
            assert_eq!(describe_service(Object::new(&ours), &[], ALONE).trim_end(), described);
        }
        let row = printer("Service").expect("they are printed").row(Object::new(&ours), &OPTIONS);
        let table = output(&text, &format!("get service {name}"));
        let expected = table.lines().nth(1).expect("there is one row");
        assert_eq!(row[..5], cells(expected)[..5], "{name}");
    }
}

#[test]
fn three_endpoints_are_listed_and_the_others_counted() {
    let service = serde_json::json!({
        "kind": "Service",
        "metadata": { "name": "web", "namespace": "shop" },
        "spec": { "ports": [{ "name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080 }] },
    });
    let slice = |addresses: &[(&str, bool)]| {
        let endpoints: Vec<Value> = addresses
            .iter()
            .map(|(ip, ready)| serde_json::json!({ "addresses": [ip], "conditions": { "ready": ready } }))
            .collect();
        serde_json::json!({
            "metadata": { "namespace": "shop", "labels": { "kubernetes.io/service-name": "web" } },
            "ports": [{ "name": "http", "port": 8080 }],
            "endpoints": endpoints,
        })
    };
    let line = |slices: &[Value]| -> String {
        let slices: Vec<Object<'_>> = slices.iter().map(Object::new).collect();
        let text = describe_service(Object::new(&service), &slices, ALONE);
        let line = text.lines().find_map(|line| line.strip_prefix("Endpoints:"));
        line.expect("there is a line for them").trim_start().to_owned()
    };
    assert_eq!(line(&[]), "<none>");
    assert_eq!(line(&[slice(&[])]), "");
    assert_eq!(line(&[slice(&[("10.0.0.1", true), ("10.0.0.2", false)])]), "10.0.0.1:8080");
    let four = [("10.0.0.1", true), ("10.0.0.2", true), ("10.0.0.3", true), ("10.0.0.4", true)];
    let first = "10.0.0.1:8080,10.0.0.2:8080,10.0.0.3:8080";
    assert_eq!(line(&[slice(&four)]), format!("{first} + 1 more..."));
    assert_eq!(line(&[slice(&four), slice(&four)]), format!("{first} + 5 more..."));
}

/// What a command of a recording printed.
pub(crate) fn output<'a>(text: &'a str, line: &str) -> &'a str {
    let (_, rest) = text.split_once(&format!("$ kubectl {line}\n")).expect("it was recorded");
    // Some recordings say when it was, and what went to stdout.
    let rest = match rest.split_once("--- stdout\n") {
        Some((before, rest)) if !before.contains("\n$ ") && before.lines().count() < 2 => rest,
        _ => rest,
    };
    let end = ["\n[rc=", "\n--- stderr"].iter().filter_map(|end| rest.find(end)).min();
    &rest[..end.expect("it ends")]
}

/// A description without the events at its end, which nobody here has.
fn without_events(text: &str) -> &str {
    text.split_once("\nEvents:").map_or(text, |(before, _)| before).trim_end()
}

#[test]
fn pods_are_described_as_kubectl_describes_them() {
    let Some(text) = recording::text("kubectl/apply_delete.txt") else { return };
    let list = kubectl_yaml::read(output(&text, "get pods -o yaml -l app=app"));
    let mut seen = 0;
    for expected in output(&text, "describe pod -l app=app").split("\n\n\n") {
        let name = expected.lines().next().and_then(|line| line.split_whitespace().nth(1));
        let pods = list["items"].as_array().expect("a list").iter().map(Object::new);
        let pod = pods.into_iter().find(|pod| Some(pod.name()) == name).expect("it is in the list");
        let got = describe_pod(pod, AMONG_OTHERS);
        assert_eq!(got.trim_end(), expected.trim_end());
        seen += 1;
    }
    assert!(seen >= 3, "only {seen} pods were compared");
}

/// The Deployment and its ReplicaSets after the rollout, when nothing changes any more.
#[test]
fn workloads_are_described_as_kubectl_describes_them() {
    let Some(after) = recording::text("kubectl/rollout_after.txt") else { return };
    let last = recording::text("kubectl/rollout_def25_snap_18.txt").expect("it is beside it");
    let deployment = kubectl_yaml::read(output(&after, "get deploy web -o yaml"));
    let mut template = deployment["spec"]["template"].clone();
    let mut set = |hash: &str, image: &str, replicas: u32, revision: &str| {
        template["metadata"]["labels"]["pod-template-hash"] = hash.into();
        template["spec"]["containers"][0]["image"] = image.into();
        serde_json::json!({
            "metadata": {
                "name": format!("web-{hash}"),
                "namespace": "km",
                "labels": { "app": "web", "pod-template-hash": hash },
                "annotations": {
                    "deployment.kubernetes.io/desired-replicas": "4",
                    "deployment.kubernetes.io/max-replicas": "5",
                    "deployment.kubernetes.io/revision": revision,
                },
                "ownerReferences": [{
                    "kind": "Deployment", "name": "web", "controller": true,
                    "uid": deployment["metadata"]["uid"],
                }],
                "uid": hash,
            },
            "spec": {
                "replicas": replicas,
                "selector": { "matchLabels": { "app": "web", "pod-template-hash": hash } },
                "template": template,
            },
            "status": { "replicas": replicas },
        })
    };
    let (old, new) = ("registry.local/app:v1", "registry.local/app:v2");
    let sets = [set("5457dd9558", old, 0, "1"), set("5868cbb7dc", new, 4, "2")].map(|mut set| {
        set["kind"] = "ReplicaSet".into();
        set
    });
    let sets: Vec<Object<'_>> = sets.iter().map(Object::new).collect();
    let got = describe_deployment(Object::new(&deployment), &sets, ALONE);
    let expected = output(&last, "describe deployment");
    assert_eq!(without_events(&got), without_events(expected));
    let revision = pod_template(sets[1].at("spec.template"), true);
    let expected = output(&after, "rollout history deployment/web --revision=2");
    let expected = expected.strip_prefix("deployment.apps/web with revision #2\n");
    assert_eq!(Some(revision.trim_end()), expected.map(str::trim_end));
    let pod = serde_json::json!({
        "metadata": { "ownerReferences": [{ "uid": "5868cbb7dc" }] },
        "status": { "phase": "Running" },
    });
    let pods = [Object::new(&pod); 4];
    let described: Vec<String> =
        sets.iter().map(|set| describe_replica_set(*set, &pods, AMONG_OTHERS)).collect();
    assert_eq!(described.join("\n\n").trim_end(), output(&after, "describe rs").trim_end());
}
