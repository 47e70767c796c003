//! What is wrong between the manifests and the scenario.

use super::{
    findings, load_files, load_text,
    scenarios::{APP, QUIET, with_scenario},
    shown,
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
    let undeclared = "RS0113 21: the liveness probe of Deployment `default/web` asks at port `htpp`, a name \
                      that its container does not declare";
    assert_eq!(with("livenessProbe: { tcpSocket: { port: htpp } }"), [undeclared]);
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
    let unheard = |port: u16| {
        format!(
            "RS0118 29: Service `default/web-svc` leads to port {port}, on which no pod behind it listens"
        )
    };
    assert_eq!(with("", ""), [""; 0]);
    assert_eq!(with("targetPort: 8080", "targetPort: 8081"), [unheard(8081)]);
    assert_eq!(with(", targetPort: 8080", ""), [unheard(80)], "it is the port of the Service");
    // Clients choose the port of a headless Service's pods, and nobody is behind a mere name.
    let text = with_scenario(QUIET).replace("targetPort: http", "targetPort: 8081");
    let text = text.replace("type: NodePort", "type: ClusterIP").replace(", nodePort: 30080", "");
    let headless = text.replace("clusterIP: 10.96.0.60", "clusterIP: None");
    assert_eq!(findings(&load_text(&headless)), [""; 0]);
    // An image may state where its program listens, and a program alone that says nothing answers all.
    assert_eq!(with("ports: [ { name: http, containerPort: 8080 } ]", "ports: []"), [""; 0]);
    let states = |image: &str, target: u16| {
        let text = with_scenario(&QUIET.replace("web:v1: {}", image));
        let target = format!("targetPort: {target}");
        findings(&load_text(&text.replace("targetPort: http", &target)))
    };
    assert_eq!(states("web:v1: { listen: [8081] }", 8081), [""; 0]);
    assert_eq!(states("web:v1: { listen: [8081] }", 8080), [unheard(8080)]);
}

/// Later versions are looked at, and what a step applies.
#[test]
fn a_version_that_listens_elsewhere_is_warned_of() {
    let update = "timeline: [ { at: 2s, kubectl: set image deployment/web web=web:v2 } ]\n";
    let images = "web:v1: {}, web:v2: { listen: [9090] }";
    let with = |target: &str| {
        let text = with_scenario(&format!("{}{update}", QUIET.replace("web:v1: {}", images)));
        findings(&load_text(&text.replace("targetPort: http", target)))
    };
    let deaf = |port: u16, image: &str| {
        format!(
            "RS0118 30: Service `default/web-svc` leads to port {port}, on which pods of `{image}` do not \
             listen"
        )
    };
    assert_eq!(with("targetPort: 8080"), [deaf(8080, "web:v2")]);
    let at_first = format!("{}, as long as they are there", deaf(9090, "web:v1"));
    assert_eq!(with("targetPort: 9090"), [at_first]);
    let container = "ports: [ { name: http, containerPort: 8080 } ]";
    let probe = format!("{container}\n        livenessProbe: {{ tcpSocket: {{ port: 9090 }} }}");
    let text = with_scenario(&format!("{}{update}", QUIET.replace("web:v1: {}", images)));
    assert_eq!(
        findings(&load_text(&text.replace(container, &probe))),
        [
            "RS0113 22: the liveness probe of Deployment `default/web` asks a port on which pods of `web:v1` do \
          not listen"
        ]
    );
    let text = with_scenario(&format!(
        "{QUIET}manifests: [app.yaml]\ntimeline: [ {{ at: 2s, kubectl: apply -f svc.yaml }} ]\n"
    ));
    let (head, _) = text.split_once("---").expect("objects follow");
    let service = |target: u16| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{ name: web-svc }}\nspec:\n  selector: {{ app: web \
             }}\n  ports: [ {{ port: 80, targetPort: {target} }} ]\n"
        )
    };
    let applied = |target| {
        let service = service(target);
        let files = [("s.yaml", head), ("app.yaml", APP), ("svc.yaml", service.as_str())];
        findings(&load_files(&["s.yaml"], &files))
    };
    assert_eq!(applied(8080), [""; 0]);
    assert_eq!(
        applied(8088),
        [
            "RS0118 6: Service `default/web-svc` leads to port 8088, on which no pod behind it listens"
        ]
    );
}

/// Two containers that declare nothing: which of them listens is not known.
#[test]
fn what_listens_nowhere_is_told_from_what_is_not_known() {
    let container = "ports: [ { name: http, containerPort: 8080 } ]";
    let with = |fields: &str| {
        let text = with_scenario(&QUIET.replace("web:v1: {}", "web:v1: {}, log:v1: {}"));
        let text = text.replace("targetPort: http", "targetPort: 9090");
        shown(&load_text(&text.replace(container, fields)))
    };
    let help = with(container);
    assert!(help.contains("its pods listen on 8080: write that as `targetPort`, or add"), "{help}");
    let help = with("ports: []\n      - { name: log, image: log:v1 }");
    assert!(help.contains("several containers that declare no port, so which of them"), "{help}");
}
