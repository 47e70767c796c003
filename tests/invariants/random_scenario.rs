//! A random scenario, made from a seed as a user would write it.

use std::fmt::Write;

use engine::{Random, Stream, Streams};

/// How long each is, in seconds.
pub(crate) const SECONDS: u64 = 70;

/// An application: a Deployment `app-N`, a Service `app-N`, and a client of the same name.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) replicas: u64,
    /// `None` where all pods are recreated.
    pub(crate) fences: Option<Fences>,
    /// Requests a second, on average.
    pub(crate) rate: u64,
    /// Whether they come at even intervals.
    pub(crate) even: bool,
    /// Whether they are sent from pods, of which there may be none.
    pub(crate) from_pods: bool,
}

/// `maxSurge` and `maxUnavailable` as pods.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fences {
    pub(crate) surge: u64,
    pub(crate) unavailable: u64,
}

/// A scenario and what its author knows of it.
#[derive(Debug)]
pub(crate) struct RandomScenario {
    pub(crate) yaml: String,
    pub(crate) apps: Vec<App>,
    /// Whether its timeline only changes templates and nothing else goes wrong.
    pub(crate) plain: bool,
}

/// Draws one of some things.
fn one_of<'a, T>(random: &mut Stream, things: &'a [T]) -> &'a T {
    &things[random.below(things.len() as u32) as usize]
}

/// A number of a range, both ends included.
fn within(random: &mut Stream, low: u64, high: u64) -> u64 {
    low + random.below_u64(high - low + 1)
}

fn one_in(random: &mut Stream, n: u32) -> bool {
    random.below(n) == 0
}

impl RandomScenario {
    /// The scenario of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        let random = &mut Streams::new(seed).named("random scenario");
        let plain = one_in(random, 2);
        let count = within(random, 1, 2) as usize;
        let profile = one_of(random, &["ideal", "small", "small", "large", "legacy"]);
        let nodes = within(random, 1, 4);
        let mut yaml = format!(
            "apiVersion: rollsim.dev/v1
kind: Scenario
metadata: {{ name: random-{seed} }}
spec:
  duration: {SECONDS}s
  cluster: {{ profile: {profile}, nodes: {{ count: {nodes}, zones: [a, b], cpu: '64' }} }}
  images:
"
        );
        for app in 0..count {
            for version in 1..=3 {
                image(random, &mut yaml, app, version, plain);
            }
        }
        let mut apps: Vec<App> = Vec::new();
        yaml += "  clients:\n";
        for app in 0..count {
            apps.push(client(random, &mut yaml, app, count));
        }
        yaml += "  timeline:\n";
        for app in 0..count {
            timeline(random, &mut yaml, app, plain);
        }
        for (index, app) in apps.iter_mut().enumerate() {
            manifests(random, &mut yaml, index, app, plain);
        }
        Self { yaml, apps, plain }
    }
}

fn image(random: &mut Stream, yaml: &mut String, app: usize, version: u32, plain: bool) {
    let start = within(random, 0, 4_000);
    let ready = one_of(random, &["0s", "500ms", "uniform(100ms, 2s)"]);
    let stop = one_of(random, &["0s", "200ms", "exp(1s)"]);
    let service = one_of(random, &["5ms", "exp(20ms)", "lognormal(10ms, p99=80ms)", "exp(100ms)"]);
    let concurrency = within(random, 1, 16);
    let backlog = one_of(random, &[0, 3, 128]);
    let sigterm =
        one_of(random, &["exit", "drain", "drain, lameDuck: 2s", "drain, lameDuck: 15s", "ignore"]);
    let warm_up = one_of(random, &["", "", ", warmUp: { for: 10s, factor: 3 }"]);
    let crash = one_of(random, &["", "", "", ", crashAfter: 7s", ", crashAfter: 1s"]);
    let crash = if plain || version == 1 { "" } else { crash };
    let _ = writeln!(
        yaml,
        "    app-{app}:v{version}: {{ start: {start}ms, ready: '{ready}', stop: {stop}, \
         serviceTime: '{service}', concurrency: {concurrency}, backlog: {backlog}, \
         onSigterm: {sigterm}{warm_up}{crash} }}"
    );
}

fn client(random: &mut Stream, yaml: &mut String, app: usize, count: usize) -> App {
    let rate = within(random, 5, 120);
    let even = one_in(random, 3);
    let process = if even { "constant" } else { "poisson" };
    let place = random.below(4);
    let from = match place {
        // From the pods of another application, which may be its own.
        0 => format!("{{ pods: app=app-{} }}", random.below(count as u32)),
        1 => "{ node: node-1 }".to_owned(),
        _ => "node".to_owned(),
    };
    let timeout = one_of(random, &["100ms", "1s", "3s"]);
    let retries = one_of(
        random,
        &["", "", ", retries: { attempts: 3 }", ", retries: { attempts: 2, on: [timeout] }"],
    );
    let _ = writeln!(
        yaml,
        "    - {{ name: app-{app}, from: {from}, target: 'http://app-{app}:8080/', \
         arrivals: {process}({rate}/s), timeout: {timeout}{retries} }}"
    );
    App { replicas: 0, fences: None, rate, even, from_pods: place == 0 }
}

fn timeline(random: &mut Stream, yaml: &mut String, app: usize, plain: bool) {
    let mut at_ms = within(random, 1_000, 15_000);
    let mut step = |at_ms: u64, what: &str| {
        let _ = writeln!(yaml, "    - {{ at: {at_ms}ms, {what} }}");
    };
    step(at_ms, &format!("kubectl: set image deployment/app-{app} server=app-{app}:v2"));
    let templates = [
        format!("kubectl: set image deployment/app-{app} server=app-{app}:v3"),
        format!("kubectl: rollout restart deployment/app-{app}"),
        format!("kubectl: rollout undo deployment/app-{app}"),
    ];
    if one_in(random, 2) {
        at_ms += within(random, 1, 20_000);
        step(at_ms, one_of::<String>(random, &templates));
    }
    if plain {
        return;
    }
    let others = [
        format!("kubectl: scale deployment/app-{app} --replicas={}", random.below(8)),
        format!("kubectl: rollout pause deployment/app-{app}"),
        format!("kubectl: rollout resume deployment/app-{app}"),
        format!("kubectl: delete pod -l app=app-{app}"),
        format!("fault: {{ crash: {{ pods: app=app-{app} }} }}"),
        format!("fault: {{ slow: {{ pods: app=app-{app}, factor: 8 }} }}"),
    ];
    for _ in 0..within(random, 1, 3) {
        let at_ms = within(random, 1_000, 50_000);
        step(at_ms, one_of::<String>(random, &others));
    }
}

/// A fence as it is written, and as so many pods of all.
fn fence(random: &mut Stream, replicas: u64, round: impl Fn(u64) -> u64) -> (String, u64) {
    match random.below(6) {
        0..=2 => {
            let pods = within(random, 0, 3);
            (pods.to_string(), pods)
        }
        _ => {
            let percent = *one_of(random, &[10, 25, 33, 50, 100]);
            (format!("{percent}%"), round(percent * replicas))
        }
    }
}

fn strategy(random: &mut Stream, replicas: u64) -> (String, Option<Fences>) {
    if one_in(random, 8) {
        return ("{ type: Recreate }".to_owned(), None);
    }
    let (mut max_surge, mut surge) = fence(random, replicas, |hundreds| hundreds.div_ceil(100));
    let (max_unavailable, mut unavailable) = fence(random, replicas, |hundreds| hundreds / 100);
    if (max_surge.as_str(), max_unavailable.as_str()) == ("0", "0") {
        (max_surge, surge) = ("1".to_owned(), 1);
    }
    // A percentage may come to nothing; then one pod may be missing, or no rollout ever would end.
    if (surge, unavailable) == (0, 0) {
        unavailable = 1;
    }
    let yaml = format!(
        "{{ rollingUpdate: {{ maxSurge: {max_surge}, maxUnavailable: {max_unavailable} }} }}"
    );
    (yaml, Some(Fences { surge, unavailable }))
}

fn probes(random: &mut Stream, plain: bool) -> String {
    let mut text = String::new();
    let mut probe = |name: &str, how: &str, period: u64, failures: u64| {
        let _ = write!(
            text,
            ",\n              {name}: {{ {how}, periodSeconds: {period}, \
             failureThreshold: {failures} }}"
        );
    };
    if !one_in(random, 4) {
        let how = *one_of(random, &["tcpSocket: { port: 80 }", "httpGet: { path: /, port: 80 }"]);
        probe("readinessProbe", how, within(random, 1, 4), within(random, 1, 3));
    }
    // In a plain rollout nothing restarts: where a liveness probe may be too impatient is no place
    // for fences.
    if !plain && one_in(random, 2) {
        probe("livenessProbe", "tcpSocket: { port: 80 }", within(random, 1, 3), 2);
    }
    if one_in(random, 3) {
        probe("startupProbe", "tcpSocket: { port: 80 }", 1, 30);
    }
    text
}

fn manifests(random: &mut Stream, yaml: &mut String, index: usize, app: &mut App, plain: bool) {
    app.replicas = within(random, 1, 7);
    let (strategy, fences) = strategy(random, app.replicas);
    app.fences = fences;
    let min_ready = one_of(random, &[0, 0, 1, 5]);
    let grace = within(random, 1, 35);
    let hook = match random.below(3) {
        0 => {
            let seconds = within(random, 1, grace);
            format!(
                ",\n              lifecycle: {{ preStop: {{ sleep: {{ seconds: {seconds} }} }} }}"
            )
        }
        _ => String::new(),
    };
    let probes = probes(random, plain);
    let replicas = app.replicas;
    let _ = write!(
        yaml,
        "---
apiVersion: apps/v1
kind: Deployment
metadata: {{ name: app-{index} }}
spec:
  replicas: {replicas}
  minReadySeconds: {min_ready}
  strategy: {strategy}
  selector: {{ matchLabels: {{ app: app-{index} }} }}
  template:
    metadata: {{ labels: {{ app: app-{index} }} }}
    spec:
      terminationGracePeriodSeconds: {grace}
      containers:
        - {{ name: server, image: 'app-{index}:v1', ports: [ {{ containerPort: 80 }} ]{probes}{hook} }}
---
apiVersion: v1
kind: Service
metadata: {{ name: app-{index} }}
spec:
  selector: {{ app: app-{index} }}
  ports: [ {{ port: 8080, targetPort: 80 }} ]
"
    );
}
