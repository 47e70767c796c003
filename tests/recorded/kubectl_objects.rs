//! `kubectl/objects.txt`: nodes, Ingresses, autoscalers and budgets as a real kubectl described them.

use jiff::Timestamp;
use kubectl::{
    Object,
    command::describe::{
        Options, describe_autoscaler, describe_disruption_budget, describe_ingress, describe_node,
    },
    printers::{self, printer},
};
use serde_json::{Value, json};

use crate::{kubectl::output, recording};

/// When that recording was made, to the second that its ages need.
const NOW: &str = "2026-11-22T11:43:26Z";

fn options(events: bool) -> Options {
    Options { now: NOW.parse::<Timestamp>().expect("it is a moment"), events, complete: true }
}

fn text() -> Option<String> {
    recording::text("kubectl/objects.txt")
}

/// The lines without the spaces at their ends, up to the events that nobody here has.
fn plain(text: &str) -> Vec<&str> {
    let before = text.split_once("\nEvents:").map_or(text, |(before, _)| before);
    before.trim_end().lines().collect()
}

/// The node of the recording.
fn recorded_node() -> Value {
    let condition = |kind: &str, status: &str, reason: &str, message: &str| {
        json!({
            "type": kind, "status": status, "reason": reason, "message": message,
            "lastHeartbeatTime": "2026-11-22T11:42:32Z",
            "lastTransitionTime": "2026-11-22T11:42:32Z",
        })
    };
    let all = json!({ "cpu": "64", "memory": "256Gi", "pods": "250" });
    json!({
        "metadata": {
            "name": "node-5",
            "creationTimestamp": "2026-11-22T11:17:31Z",
            "annotations": { "node.alpha.kubernetes.io/ttl": "0" },
            "labels": {
                "beta.kubernetes.io/os": "linux", "kubernetes.io/hostname": "node-5",
                "kubernetes.io/os": "linux", "node-i": "5", "topology.kubernetes.io/zone": "z2",
            },
        },
        "spec": {
            "taints": [{ "key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule" }],
            "unschedulable": true,
        },
        "status": {
            "addresses": [
                { "type": "InternalIP", "address": "192.0.2.15" },
                { "type": "Hostname", "address": "node-5" },
            ],
            "allocatable": all, "capacity": all,
            "conditions": [
                condition("Ready", "True", "KubeletReady", "fake kubelet"),
                condition("MemoryPressure", "False", "MemoryPressure", ""),
                condition("DiskPressure", "False", "DiskPressure", ""),
                condition("PIDPressure", "False", "PIDPressure", ""),
            ],
            "nodeInfo": {
                "machineID": "node-5", "systemUUID": "node-5", "bootID": "node-5",
                "kernelVersion": "x", "osImage": "fake", "operatingSystem": "linux",
                "architecture": "amd64", "containerRuntimeVersion": "fake://1",
                "kubeletVersion": "v1.36.2",
            },
        },
    })
}

#[test]
fn a_node_is_described_as_kubectl_describes_it() {
    let Some(text) = text() else { return };
    let node = recorded_node();
    let pod = |namespace: &str, name: &str, created: &str, node: &str, phase: &str| {
        let requests = json!({ "cpu": "100m", "memory": "64Mi" });
        json!({
            "metadata": { "namespace": namespace, "name": name, "creationTimestamp": created },
            "spec": { "nodeName": node, "containers": [{ "resources": { "requests": requests } }] },
            "status": { "phase": phase },
        })
    };
    let created = ["2026-11-22T11:42:48Z", "2026-11-22T11:42:37Z"];
    let pods = [
        pod("km", "web-5868cbb7dc-dx6qm", created[0], "node-5", "Running"),
        pod("km", "elsewhere", created[0], "node-4", "Running"),
        pod("km", "ended", created[0], "node-5", "Succeeded"),
        pod("r-ds-minready3-maxunavail2", "web-27hrq", created[1], "node-5", "Running"),
    ];
    let pods: Vec<Object<'_>> = pods.iter().map(Object::new).collect();
    let lease =
        json!({ "spec": { "holderIdentity": "node-5", "renewTime": "2026-11-22T11:43:24Z" } });
    let lease = Some(Object::new(&lease));
    let got = describe_node(Object::new(&node), &pods, lease, options(true));
    assert_eq!(plain(&got), plain(output(&text, "describe node node-5")));

    let printer = printer("Node").expect("it is printed");
    let row =
        printer.row(Object::new(&node), &printers::Options { now: options(true).now, wide: true });
    let table = output(&text, "get nodes -o wide");
    let expected = table.lines().find(|line| line.starts_with("node-5")).expect("it is there");
    let expected: Vec<&str> =
        expected.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
    assert_eq!(row, expected);
}

#[test]
fn an_autoscaler_is_described_as_kubectl_describes_it() {
    let Some(text) = text() else { return };
    let expected = output(&text, "describe hpa web");
    let reason = expected.lines().find(|line| line.contains("ScalingActive")).expect("it is there");
    let (_, message) = reason.split_once("FailedGetResourceMetric  ").expect("it has a message");
    let scaler = json!({
        "metadata": { "name": "web", "namespace": "km", "creationTimestamp": "2026-11-22T11:43:08Z" },
        "spec": {
            "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "web" },
            "minReplicas": 2, "maxReplicas": 10,
            "metrics": [{ "type": "Resource", "resource": {
                "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 80 },
            } }],
        },
        "status": {
            "currentReplicas": 4, "desiredReplicas": 0, "currentMetrics": null,
            "conditions": [
                {
                    "type": "AbleToScale", "status": "True", "reason": "SucceededGetScale",
                    "message": "the HPA controller was able to get the target's current scale",
                },
                {
                    "type": "ScalingActive", "status": "False",
                    "reason": "FailedGetResourceMetric", "message": message,
                },
            ],
        },
    });
    let got = describe_autoscaler(Object::new(&scaler), options(true));
    assert_eq!(plain(&got), plain(expected));
}

#[test]
fn a_budget_is_described_as_kubectl_describes_it() {
    let Some(text) = text() else { return };
    let budget = json!({
        "metadata": { "name": "web", "namespace": "km" },
        "spec": { "minAvailable": 3, "selector": { "matchLabels": { "app": "web" } } },
        "status": {
            "currentHealthy": 4, "desiredHealthy": 3, "disruptionsAllowed": 1, "expectedPods": 4,
        },
    });
    let got = describe_disruption_budget(Object::new(&budget), options(true));
    assert_eq!(got.trim_end(), output(&text, "describe pdb web"));
}

#[test]
fn ingresses_are_described_as_kubectl_describes_them() {
    let Some(text) = text() else { return };
    let backend =
        |service: &str, port: Value| json!({ "service": { "name": service, "port": port } });
    let rule = |host: &str, path: &str, backend: Value| {
        let paths = json!([{ "path": path, "pathType": "Prefix", "backend": backend }]);
        json!({ "host": host, "http": { "paths": paths } })
    };
    let ingress = |name: &str, spec: Value, status: Value| json!({ "metadata": { "name": name, "namespace": "km" }, "spec": spec, "status": status });
    let number = |number: u16| json!({ "number": number });
    let address = json!({ "loadBalancer": { "ingress": [{ "ip": "203.0.113.7" }] } });
    let ingresses = [
        ingress(
            "default-only",
            json!({ "defaultBackend": backend("web", number(8081)) }),
            json!({}),
        ),
        ingress(
            "web",
            json!({
                "ingressClassName": "nginx",
                "rules": [rule("web.example.com", "/", backend("web", number(8081)))],
            }),
            address,
        ),
        ingress(
            "web-tls",
            json!({
                "tls": [{ "hosts": ["a.example.com"], "secretName": "tls" }],
                "rules": [
                    rule("a.example.com", "/api", backend("web", json!({ "name": "http" }))),
                    rule("b.example.com", "/", backend("nosuch", number(80))),
                ],
            }),
            json!({}),
        ),
    ];
    let service = json!({
        "metadata": { "name": "web", "namespace": "km" },
        "spec": { "ports": [{ "name": "http", "port": 8081 }] },
    });
    let ends = (218..=221).map(|end| json!({ "addresses": [format!("10.244.0.{end}")] }));
    let slice = json!({
        "metadata": { "namespace": "km", "labels": { "kubernetes.io/service-name": "web" } },
        "ports": [{ "name": "http", "port": 3000 }],
        "endpoints": ends.collect::<Vec<_>>(),
    });
    let got: Vec<String> = ingresses
        .iter()
        .map(|ingress| {
            let (services, slices) = ([Object::new(&service)], [Object::new(&slice)]);
            describe_ingress(Object::new(ingress), &services, &slices, options(false))
        })
        .collect();
    // What ends a line is there as well.
    let expected = output(&text, "describe ingress");
    assert_eq!(got.join("\n\n").trim_end(), expected.trim_end());
}
