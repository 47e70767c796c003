//! The scenario of the examples: loaded, and run to its result.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use metrics::{Collector, Measures};
use record::{JsonLines, Tee};
use scenario::{Complaint, Files, Found, Loaded, Scenario, Severity, Style};
use serde_json::Value;

/// A run in which everything happens that can be recorded: a crash, pods that fit nowhere, SIGKILL, and
/// a client that is there before the pods whose name it asks for.
pub(crate) const EVENTFUL: &str = "
apiVersion: rollsim.dev/v1
kind: Scenario
metadata: { name: eventful }
spec:
  description: Everything happens.
  duration: 40s
  manifests: [app.yaml, late.yaml]
  cluster: { nodes: { count: 1, cpu: 500m } }
  images: { web:v1: { onSigterm: ignore }, web:v2: { stop: 1s } }
  clients:
    - { name: shop, target: http://web-svc/, arrivals: poisson(50/s) }
    - { name: browser, from: outside, target: http://example.com/, arrivals: poisson(1/s) }
    - { name: early, target: http://late/, arrivals: poisson(1/s) }
  timeline:
    - { at: 1s, kubectl: scale --replicas=1 deployment/late }
    - { at: 2s, fault: { crash: { pods: app=web } } }
    - { at: 10s, kubectl: set image deployment/web web=web:v2 }
    - { at: 30s, kubectl: rollout restart deployment/web }
    - { at: 32s, kubectl: apply -f late-v2.yaml }
    - { at: 33s, kubectl: rollout pause deployment/late }
    - { at: 34s, kubectl: delete service late }
    - { at: 36s, kubectl: delete deployment late }
  expect: [ requests.failed == 0 ]
";

/// What cannot happen in the same run: load balancers whose targets are pods. And flows of UDP, and
/// connections that are kept.
const EVENTFUL_BESIDES: &str = "
apiVersion: rollsim.dev/v1
kind: Scenario
metadata: { name: eventful-besides }
spec:
  duration: 60s
  manifests: [app.yaml, stats.yaml]
  cluster:
    nodes: { count: 1 }
    loadBalancer: { targets: pods, registrationDelay: 1s }
  images: { web:v1: {}, stats:v1: {} }
  clients:
    - { name: shop, from: outside, target: http://web-np/, arrivals: poisson(50/s) }
    - { name: agent, target: udp://stats:8125, connections: keepAlive, arrivals: constant(20/s) }
    - { name: mesh, target: http://web-np/, balancing: envoy.random, arrivals: constant(20/s) }
    - { name: rpc, target: http://web-np/, connections: http2, arrivals: constant(20/s) }
  timeline:
    - { at: 10s, kubectl: rollout restart deployment/stats }
    - { at: 20s, kubectl: rollout restart deployment/web }
";

/// A program that is sent datagrams.
const STATS: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: { name: stats }
spec:
  selector: { matchLabels: { app: stats } }
  template:
    metadata: { labels: { app: stats } }
    spec:
      containers:
      - { name: stats, image: stats:v1, ports: [ { containerPort: 8125, protocol: UDP } ] }
---
apiVersion: v1
kind: Service
metadata: { name: stats }
spec: { selector: { app: stats }, ports: [ { port: 8125, protocol: UDP } ] }
";

/// The manifests that the examples speak of.
const APP: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } }
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      terminationGracePeriodSeconds: 3
      containers:
      - name: web
        image: web:v1
        ports: [ { name: http, containerPort: 8080 } ]
        resources: { requests: { cpu: 250m } }
        readinessProbe: { tcpSocket: { port: http }, periodSeconds: 1 }
---
apiVersion: v1
kind: Service
metadata: { name: web-svc }
spec: { selector: { app: web }, ports: [ { port: 80, targetPort: http } ] }
---
apiVersion: v1
kind: Service
metadata: { name: web-np }
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector: { app: web }
  ports: [ { port: 80, targetPort: http, nodePort: 30080 } ]
";

/// An Ingress, and a headless Service, so that its name leads nowhere until there is a pod.
const LATE: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: { name: late }
spec:
  replicas: 0
  selector: { matchLabels: { app: late } }
  template:
    metadata: { labels: { app: late } }
    spec: { containers: [ { name: late, image: late:v1, ports: [ { containerPort: 80 } ] } ] }
---
apiVersion: v1
kind: Service
metadata: { name: late }
spec: { clusterIP: None, selector: { app: late }, ports: [ { port: 80 } ] }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: front }
spec: { defaultBackend: { service: { name: late, port: { number: 80 } } } }
";

struct Memory(BTreeMap<&'static str, String>);

impl Files for Memory {
    fn look(&self, path: &str) -> io::Result<Found> {
        self.0.get(path).map(|_| Found::File).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn read(&self, path: &str, _: usize) -> io::Result<Vec<u8>> {
        let text = self.0.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(text.as_bytes().to_vec())
    }
}

/// Loads a scenario beside the manifests of the examples, whatever is wrong with it.
pub(crate) fn look_at(text: &str) -> Loaded {
    let files = [
        ("scenario.yaml", text.to_owned()),
        ("app.yaml", APP.to_owned()),
        ("late.yaml", LATE.to_owned()),
        ("stats.yaml", STATS.to_owned()),
        (
            "late-v2.yaml",
            LATE.replace("ports: [ { port: 80 } ] }", "ports: [ { port: 80, targetPort: 81 } ] }"),
        ),
        ("app-v2.yaml", APP.replace("web:v1", "web:v2")),
    ];
    let judge = |text: &str| match metrics::Expectation::parse(text) {
        Ok(_) => Ok(None),
        Err(error) => Err(Complaint {
            offset: error.offset(),
            message: error.to_string(),
            help: String::new(),
        }),
    };
    scenario::load(&["scenario.yaml".to_owned()], &Memory(files.into_iter().collect()), &judge)
}

/// Loads a scenario beside the manifests of the examples, and finds nothing wrong with it.
pub(crate) fn load(text: &str) -> Loaded {
    let loaded = look_at(text);
    let errors = loaded.diagnostics.iter().filter(|found| found.severity() == Severity::Error);
    assert_eq!(
        errors.count(),
        0,
        "{text}\n{}",
        scenario::render(&loaded.diagnostics, &loaded.sources, Style::Plain)
    );
    loaded
}

/// A scenario, its record stream and what was measured.
fn rehearsed(text: &str) -> (Scenario, Vec<Value>, Measures) {
    let scenario = load(text).scenario.expect("it has no error");
    let lines = JsonLines::new(Vec::new(), sim::BEGIN);
    let mut both = Tee(Collector::default(), lines);
    sim::run(sim::compile(&scenario, 1), &mut both);
    let stream = both.1.finish().expect("memory takes everything");
    let stream = String::from_utf8(stream).expect("JSON is UTF-8");
    let json = |line: &str| serde_json::from_str(line).expect("it is JSON");
    (scenario, stream.lines().map(json).collect(), both.0.finish())
}

/// The record streams of the runs in which everything happens, and the result of the first.
pub(crate) fn eventful() -> (Vec<Value>, Value) {
    let (scenario, mut stream, measures) = rehearsed(EVENTFUL);
    stream.extend(rehearsed(EVENTFUL_BESIDES).1);
    let expectation = metrics::Expectation::parse(&scenario.expect[0].text).expect("it is one");
    let report = report::Report {
        tool: "rollsim",
        inputs: Vec::new(),
        scenario: &scenario.name,
        description: &scenario.description,
        seed: 1,
        measures: &measures,
        verdicts: vec![expectation.check(&measures)],
        advice: vec![report::Advice {
            summary: String::new(),
            place: None,
            field: String::new(),
            edits: vec![report::Edit { place: None, lines: String::new() }],
            outcome: String::new(),
            note: None,
            verified: true,
        }],
        warnings: Vec::new(),
        about_files: Vec::new(),
        interrupted: false,
    };
    let result = serde_json::from_str(&report::json(&report)).expect("it is JSON");
    (stream, result)
}

/// The keys of all objects in a value, but for those that are names of causes, versions and labels.
pub(crate) fn keys<'v>(value: &'v Value, found: &mut BTreeSet<&'v str>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                found.insert(key);
                if !matches!(key.as_str(), "by_cause" | "replica_sets" | "labels" | "selector") {
                    keys(value, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
        _ => {}
    }
}
