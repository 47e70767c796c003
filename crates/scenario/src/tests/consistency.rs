//! What is wrong between the manifests and the scenario.

use super::{
    findings, load_text,
    scenarios::{QUIET, with_scenario},
};

/// What is wrong between the manifests and the scenario is a warning: the run shows what comes of it.
#[test]
fn what_the_cluster_and_the_programs_do_not_have_is_said_before_the_run() {
    let container = "ports: [ { name: http, containerPort: 8080 } ]";
    let with = |fields: &str| {
        let text =
            with_scenario(QUIET).replace(container, &format!("{container}\n        {fields}"));
        findings(&load_text(&text))
    };
    assert_eq!(
        with("resources: { requests: { cpu: 4500m, memory: 1Gi } }"),
        [
            "RS0112 21: no node has room for a pod of Deployment `default/web`: it requests cpu 4500m"
        ]
    );
    assert_eq!(
        with("resources: { requests: { cpu: 1, memory: 17Gi } }"),
        [
            "RS0112 21: no node has room for a pod of Deployment `default/web`: it requests memory 17Gi"
        ]
    );
    assert!(with("resources: { requests: { cpu: 4, memory: 16Gi } }").is_empty());
    let unheard = "RS0113 21: the liveness probe of Deployment `default/web` asks a port on which \
                   nothing listens";
    assert_eq!(with("livenessProbe: { tcpSocket: { port: 8081 } }"), [unheard]);
    assert_eq!(with("livenessProbe: { tcpSocket: { port: htpp } }"), [unheard]);
    assert!(with("livenessProbe: { tcpSocket: { port: http } }").is_empty());
    assert!(with("livenessProbe: { exec: { command: [a] } }").is_empty());
}

/// What is said of a readiness gate of the pods, under a cluster like this and with a Service of
/// that type.
#[test]
fn gates_that_nobody_opens_are_warned_of() {
    let with = |gate: &str, cluster: &str, kind: &str| {
        let gates = format!("      readinessGates: [ {{ conditionType: {gate} }} ]\n");
        let text = with_scenario(&format!("{QUIET}{cluster}\n"))
            .replace("      containers:\n", &format!("{gates}      containers:\n"))
            .replace("type: NodePort", &format!("type: {kind}"));
        findings(&load_text(&text))
    };
    let pods = "cluster: { loadBalancer: { targets: pods } }";
    let gate = "target-health.elbv2.k8s.aws/web";
    assert_eq!(with(gate, pods, "LoadBalancer"), [""; 0]);
    let shut = |gate| {
        format!("RS0116 18: nobody opens the readiness gate `{gate}` of Deployment `default/web`")
    };
    assert_eq!(with(gate, pods, "NodePort"), [shut(gate)]);
    assert_eq!(
        with(gate, "cluster: { loadBalancer: { targets: nodes } }", "LoadBalancer"),
        [shut(gate)]
    );
    assert_eq!(with("example.com/other", pods, "LoadBalancer"), [shut("example.com/other")]);
    let wrong = with("a b", pods, "LoadBalancer");
    assert!(
        wrong[0].contains("readinessGates[0].conditionType: Invalid value: \"a b\""),
        "{wrong:?}"
    );
}

/// A number needs no declaration in a real cluster, but a program listens on what is declared here.
#[test]
fn a_service_that_leads_where_nobody_listens_is_warned_of() {
    let with = |old: &str, new: &str| {
        let text = with_scenario(QUIET).replace("targetPort: http", "targetPort: 8080");
        findings(&load_text(&text.replace(old, new)))
    };
    assert_eq!(with("", ""), [""; 0]);
    let unheard = |line: u32, port: u16| {
        format!(
            "RS0118 {line}: Service `default/web-svc` leads to port {port}, on which no pod behind it \
             listens"
        )
    };
    assert_eq!(with("targetPort: 8080", "targetPort: 8081"), [unheard(29, 8081)]);
    assert_eq!(with(", targetPort: 8080", ""), [unheard(29, 80)], "it is the port of the Service");
    // A headless Service has no ports of its own, and images may state where they listen.
    let headless = ("clusterIP: 10.96.0.60", "clusterIP: None");
    let text = with_scenario(QUIET).replace("targetPort: http", "targetPort: 8081");
    let text = text.replace("type: NodePort", "type: ClusterIP").replace(", nodePort: 30080", "");
    assert_eq!(findings(&load_text(&text.replace(headless.0, headless.1))), [""; 0]);
    let listens = with_scenario(&QUIET.replace("web:v1: {}", "web:v1: { listen: [8081] }"));
    let listens = listens.replace("targetPort: http", "targetPort: 8081");
    assert_eq!(findings(&load_text(&listens)), [""; 0]);
}
