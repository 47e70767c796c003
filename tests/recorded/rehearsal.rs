//! A recorded configuration as a scenario, and what its rehearsal did.

use std::{collections::BTreeMap, io, sync::Arc};

use api::{NodeId, PodId};
use engine::Time;
use metrics::{Collector, Measures};
use record::{Outcome, Record, Recorder};
use scenario::{Files, Found, Scenario};
use serde_json::Value;

/// What the driver of the recordings was told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Config {
    pub(crate) replicas: i64,
    pub(crate) max_surge: String,
    pub(crate) max_unavailable: String,
    pub(crate) min_ready_seconds: i64,
    /// Milliseconds of the old and the new pods, or a list that is taken in turn.
    pub(crate) start: [String; 2],
    pub(crate) ready: [String; 2],
    pub(crate) term_ms: i64,
    pub(crate) on_sigterm: String,
    pub(crate) pre_stop_ms: i64,
    pub(crate) nodes: u32,
    /// Requests a second; 0 for none.
    pub(crate) rate: i64,
    /// How many connections the client keeps and uses in turn; 0 where each request has its own.
    pub(crate) connections: i64,
    /// What happens to the Deployment.
    pub(crate) change: String,
    pub(crate) random_phase: bool,
    pub(crate) seconds_after: i64,
    /// How long before the change the Deployment was created, in milliseconds, where that was so
    /// short that the controllers' client limits had not recovered from it.
    pub(crate) created_ms_before: Option<f64>,
    /// Whether the controller manager ran with 2000 calls a second and a burst of 4000.
    pub(crate) high_qps: bool,
    /// Whether whatever the control plane does takes half as long again as in the profile.
    pub(crate) slow: bool,
    /// The run whose namespace was being deleted meanwhile.
    pub(crate) run_before: Option<RunBefore>,
    /// Whether all old pods end before new ones are created.
    pub(crate) recreate: bool,
    /// What happens to the Deployment after the first change, and how many milliseconds after it.
    pub(crate) later: Vec<(f64, String)>,
    /// When the pods of later templates are ready, where that is not when those of the second are.
    pub(crate) ready_later: Option<String>,
}

/// A run that was over when the recorded one began. Its namespace was deleted just before the recorded
/// one's was made, which the driver did not wait for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RunBefore {
    /// How many pods it had in the end.
    pub(crate) replicas: i64,
    pub(crate) term_ms: i64,
}

/// How long before the new Deployment's creation the old one's namespace was deleted, in milliseconds. Five
/// seconds after that the namespace controller begins, which is where revisions of objects are missing that
/// the recording does not have: 4.6 to 4.8 s after the creation in most of them.
const DELETED_MS_BEFORE: f64 = 330.0;

/// The sizes of the ReplicaSets of v1, v2 and so on.
pub(crate) type Sizes = [i32; VERSIONS];

/// So many versions, at most, were rolled out in a recording.
pub(crate) const VERSIONS: usize = 5;

/// The times of the profile `small`, half as long again.
const SLOW: &str = concat!(
    "    controlPlane:\n",
    "      watchLag: lognormal(3ms, p99=18ms)\n",
    "      apiCall: lognormal(6ms, p99=22500us)\n",
    "      writeTime: 1950us\n",
    "      podCreateAnswer: lognormal(4500us, p99=13500us)\n",
    "      sync: lognormal(2250us, p99=15ms)\n",
);

/// How long a pod takes to end where the driver was told nothing: in such recordings of a machine at ease it
/// is gone some 1,020 ms after its deletion.
const TERM_MS: i64 = 1000;

/// Seconds from the scenario's beginning to the change of the template.
pub(crate) const TRIGGER_SECONDS: u64 = 10;

impl Config {
    /// The configuration in a header or a summary's `params`.
    pub(crate) fn read(params: &Value, e2e: bool) -> Self {
        let text = |key: &str, default: &str| match &params[key] {
            Value::Null => default.to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let number = |key: &str, default: i64| params[key].as_i64().unwrap_or(default);
        let annotation = |key: &str| params["ann"][key].as_str().map(str::to_owned);
        let v1 = if e2e { ("200", "700") } else { ("100", "100") };
        Self {
            replicas: number("replicas", 1),
            max_surge: text("surge", "25%"),
            max_unavailable: text("unavail", "25%"),
            min_ready_seconds: number("minReady", 0),
            start: [text("v1_start_ms", v1.0), text("start_ms", "200")],
            ready: [text("v1_ready_ms", v1.1), text("ready_ms", "1000")],
            term_ms: number("term_ms", if e2e { 0 } else { TERM_MS }),
            on_sigterm: annotation("sim/sigterm").unwrap_or_else(|| "exit".to_owned()),
            pre_stop_ms: annotation("sim/prestop-ms").map_or(0, |ms| ms.parse().expect("a number")),
            nodes: if e2e { 1 } else { 6 },
            rate: if e2e { 150 } else { 0 },
            connections: 0,
            change: match params["scale_to"].as_i64() {
                Some(replicas) => format!("scale deployment/web --replicas={replicas}"),
                None => "set image deployment/web app=app:v2".to_owned(),
            },
            random_phase: params["churn"] == Value::Bool(true),
            seconds_after: if e2e { 8 } else { 120 },
            created_ms_before: None,
            high_qps: false,
            slow: false,
            run_before: None,
            recreate: text("strategy", "RollingUpdate") == "Recreate",
            later: Vec::new(),
            ready_later: None,
        }
    }

    fn spans(millis: &str) -> String {
        // What was never to be ready is not within any of these runs.
        let span = |ms: &str| if ms == "-1" { "1h".to_owned() } else { format!("{ms}ms") };
        let spans: Vec<String> = millis.split(',').map(|ms| span(ms.trim())).collect();
        if let [one] = spans.as_slice() { one.clone() } else { format!("[{}]", spans.join(", ")) }
    }

    fn images(&self) -> String {
        let image = |version: usize| {
            let (start, mut ready) = (&self.start[version.min(1)], &self.ready[version.min(1)]);
            if version > 1 {
                ready = self.ready_later.as_ref().unwrap_or(ready);
            }
            format!(
                "    app:v{}: {{ start: {}, ready: {}, stop: {}ms, serviceTime: 20ms, concurrency: 64, \
                 onSigterm: {} }}\n",
                version + 1,
                Self::spans(start),
                Self::spans(ready),
                self.term_ms,
                self.on_sigterm,
            )
        };
        (0..VERSIONS).map(image).collect()
    }

    fn strategy(&self) -> String {
        if self.recreate {
            return "type: Recreate".to_owned();
        }
        let (surge, unavailable) = (&self.max_surge, &self.max_unavailable);
        format!("rollingUpdate: {{ maxSurge: {surge}, maxUnavailable: {unavailable} }}")
    }

    fn timeline(&self) -> String {
        let trigger = TRIGGER_SECONDS as f64 * 1000.0;
        let first = [(0.0, self.change.clone())];
        let steps = first.iter().chain(&self.later);
        steps
            .map(|(ms, step)| format!("    - {{ at: {}ms, kubectl: {step} }}\n", trigger + ms))
            .collect()
    }

    /// The run before, whose namespace is deleted: its image, the step, and its objects.
    fn run_before(&self) -> [String; 3] {
        let (Some(before), Some(created)) = (&self.run_before, self.created_ms_before) else {
            return Default::default();
        };
        let at_ms = TRIGGER_SECONDS as f64 * 1000.0 - created - DELETED_MS_BEFORE;
        let image = format!(
            "    before:v1: {{ start: 100ms, ready: 100ms, stop: {}ms, serviceTime: 20ms, \
             concurrency: 64, onSigterm: exit }}\n",
            before.term_ms
        );
        let objects = format!(
            "---
apiVersion: apps/v1
kind: Deployment
metadata: {{ name: web, namespace: before }}
spec:
  replicas: {}
  selector: {{ matchLabels: {{ app: web }} }}
  template:
    metadata: {{ labels: {{ app: web }} }}
    spec:
      containers:
        - name: app
          image: before:v1
          ports: [ {{ containerPort: 3000 }} ]
---
apiVersion: v1
kind: Service
metadata: {{ name: web-svc, namespace: before }}
spec:
  selector: {{ app: web }}
  ports: [ {{ port: 8081, targetPort: 3000 }} ]
",
            before.replicas
        );
        let step = format!("    - {{ at: {at_ms}ms, kubectl: delete namespace before }}\n");
        [image, step, objects]
    }

    /// A client on the node, or one on each, which share the rate.
    fn clients(&self) -> String {
        let clients = match (self.rate, self.nodes) {
            (0, _) => return String::new(),
            (_, 1) => vec![("client".to_owned(), "node".to_owned())],
            (_, nodes) => (1..=nodes)
                .map(|node| (format!("client-{node}"), format!("{{ node: node-{node} }}")))
                .collect(),
        };
        let (rate, kept) = (self.rate / clients.len() as i64, self.kept());
        let client = |(name, from): (String, String)| {
            format!(
                "    - {{ name: {name}, from: {from}, target: 'http://web-svc:8081/', \
                 arrivals: constant({rate}/s), timeout: 3s{kept} }}\n"
            )
        };
        let clients: String = clients.into_iter().map(client).collect();
        format!("  clients:\n{clients}")
    }

    fn kept(&self) -> String {
        match self.connections {
            0 => String::new(),
            count => format!(
                ", connections: {{ keepAlive: {{ min: {count}, max: {count}, reuse: oldest }} }}"
            ),
        }
    }

    fn control_plane(&self) -> &'static str {
        match (self.high_qps, self.slow) {
            (true, _) => "    controlPlane: { clientQPS: 2000/s, clientBurst: 4000 }\n",
            (false, true) => SLOW,
            (false, false) => "",
        }
    }

    fn pre_stop(&self) -> String {
        // preStop sleeps are whole seconds in the API; the stand-in kubelet took milliseconds.
        match self.pre_stop_ms {
            0 => String::new(),
            ms => format!(
                "          lifecycle: {{ preStop: {{ sleep: {{ seconds: {} }} }} }}\n",
                (ms + 999) / 1000
            ),
        }
    }

    /// The scenario, as a user would write it.
    pub(crate) fn yaml(&self) -> String {
        let clients = self.clients();
        let [image_before, deleted_before, before] = self.run_before();
        let (replicas, scale) = match self.created_ms_before {
            None => (self.replicas, String::new()),
            Some(before) => {
                let at_ms = TRIGGER_SECONDS as f64 * 1000.0 - before;
                let scale = format!("scale deployment/web --replicas={}", self.replicas);
                (0, format!("    - {{ at: {at_ms}ms, kubectl: {scale} }}\n"))
            }
        };
        format!(
            "apiVersion: rollsim.dev/v1
kind: Scenario
metadata: {{ name: recorded }}
spec:
  duration: {duration}s
  cluster:
    profile: small
    nodes: {{ count: {nodes}, zones: [a, b, c], cpu: '64', memory: 256Gi }}
    kubelet: {{ readiness: direct }}
    proxy: {{ mode: nftables, randomPhase: {random_phase} }}
{control_plane}  images:
{images}{image_before}{clients}  timeline:
{deleted_before}{scale}{timeline}---
{deployment}---
apiVersion: v1
kind: Service
metadata: {{ name: web-svc }}
spec:
  selector: {{ app: web }}
  ports: [ {{ port: 8081, targetPort: 3000 }} ]
{before}",
            duration = TRIGGER_SECONDS as i64 + self.seconds_after,
            nodes = self.nodes,
            random_phase = self.random_phase,
            control_plane = self.control_plane(),
            images = self.images(),
            timeline = self.timeline(),
            deployment = self.deployment("v1", replicas, None),
        )
    }

    /// The Deployment with the image of a version, whose pods ask for so much of a processor.
    fn deployment(&self, version: &str, replicas: i64, cpu: Option<&str>) -> String {
        let resources = cpu.map_or_else(String::new, |cpu| {
            format!("          resources: {{ requests: {{ cpu: {cpu} }} }}\n")
        });
        format!(
            "apiVersion: apps/v1
kind: Deployment
metadata: {{ name: web }}
spec:
  replicas: {replicas}
  minReadySeconds: {min_ready}
  selector: {{ matchLabels: {{ app: web }} }}
  strategy: {{ {strategy} }}
  template:
    metadata: {{ labels: {{ app: web }} }}
    spec:
      containers:
        - name: app
          image: app:{version}
          ports: [ {{ containerPort: 3000 }} ]
{resources}{pre_stop}",
            min_ready = self.min_ready_seconds,
            strategy = self.strategy(),
            pre_stop = self.pre_stop(),
        )
    }

    pub(crate) fn scenario(&self) -> Scenario {
        let text = self.yaml();
        let loaded =
            scenario::load(&["recorded.yaml".to_owned()], &Memory(self, text), &|_| Ok(None));
        let errors =
            || scenario::render(&loaded.diagnostics, &loaded.sources, scenario::Style::Plain);
        loaded.scenario.clone().unwrap_or_else(|| panic!("{}", errors()))
    }
}

/// A scenario that is in no file, and the files that its steps apply: `v2.yaml`, or `v2-100.yaml` with pods
/// that ask for a hundred processors.
struct Memory<'a>(&'a Config, String);

impl Files for Memory<'_> {
    fn look(&self, _: &str) -> io::Result<Found> {
        Ok(Found::File)
    }

    fn read(&self, path: &str, _: usize) -> io::Result<Vec<u8>> {
        let Self(config, scenario) = self;
        let applied = path.strip_suffix(".yaml").filter(|name| name.starts_with('v'));
        let text = applied.map_or_else(
            || scenario.clone(),
            |name| match name.split_once('-') {
                Some((version, cpu)) => config.deployment(version, config.replicas, Some(cpu)),
                None => config.deployment(name, config.replicas, None),
            },
        );
        Ok(text.into_bytes())
    }
}

/// What a rehearsal did.
pub(crate) struct Rehearsed {
    pub(crate) measures: Measures,
    /// When failed requests were sent, in milliseconds after the change of the template.
    pub(crate) failures_ms: Vec<f64>,
    /// Sizes of the ReplicaSets after each write since then.
    pub(crate) sizes: Vec<Sizes>,
    /// When the last of them came, in milliseconds after the change.
    pub(crate) last_ms: f64,
    /// When pods were created, in milliseconds after the change, of the old and the new template.
    pub(crate) created_ms: [Vec<f64>; 2],
    /// When the proxies had rules for the Service in force, in milliseconds after the change, by node.
    pub(crate) programmed_ms: BTreeMap<NodeId, Vec<f64>>,
    /// Of the pods that became ready after the change, in that order, the connections at the end that
    /// clients keep.
    pub(crate) connections_of_new: Vec<u32>,
}

/// Listens to a run.
#[derive(Default)]
struct Listener {
    collector: Collector,
    failures_ms: Vec<f64>,
    sizes: Vec<Sizes>,
    last_ms: f64,
    /// The ReplicaSets, in the order in which they came to be.
    sets: Vec<Arc<str>>,
    created_ms: [Vec<f64>; 2],
    programmed_ms: BTreeMap<NodeId, Vec<f64>>,
    ready: Vec<PodId>,
    connections: BTreeMap<PodId, u32>,
}

/// The place of an image among the versions.
fn version(image: &str) -> usize {
    let number = image.strip_prefix("app:v").and_then(|it| it.parse::<usize>().ok());
    number.expect("images are numbered") - 1
}

fn after_trigger(time: Time) -> f64 {
    time.as_millis_f64() - (sim::BEGIN + engine::Span::from_secs(TRIGGER_SECONDS)).as_millis_f64()
}

impl Recorder for Listener {
    fn record(&mut self, time: Time, record: &Record) {
        self.collector.record(time, record);
        match record {
            Record::RequestFinished(request) if request.outcome != Outcome::Ok => {
                self.failures_ms.push(after_trigger(request.arrived));
            }
            Record::ReplicaSetScaled { deployment, replica_set, replicas, .. }
                if deployment.starts_with("default/") =>
            {
                let mut sizes = self.sizes.last().copied().unwrap_or_default();
                let known = self.sets.iter().position(|set| set == replica_set);
                let place = known.unwrap_or_else(|| {
                    self.sets.push(replica_set.clone());
                    self.sets.len() - 1
                });
                sizes[place] = *replicas;
                if after_trigger(time) < 0.0 {
                    self.sizes.clear();
                }
                self.sizes.push(sizes);
                self.last_ms = after_trigger(time);
            }
            Record::PodCreated { image, namespace, .. } if **namespace == *"default" => {
                if let Some(created) = self.created_ms.get_mut(version(image)) {
                    created.push(after_trigger(time));
                }
            }
            Record::RulesProgrammed { node, .. } if after_trigger(time) >= 0.0 => {
                self.programmed_ms.entry(*node).or_default().push(after_trigger(time));
            }
            Record::PodReady { pod, .. } if after_trigger(time) >= 0.0 => self.ready.push(*pod),
            Record::ConnectionOpened { pod, .. } => *self.connections.entry(*pod).or_default() += 1,
            Record::ConnectionClosed { pod, .. } => *self.connections.entry(*pod).or_default() -= 1,
            _ => {}
        }
    }
}

/// Rehearses a scenario under a seed.
pub(crate) fn rehearse(scenario: &Scenario, seed: u64) -> Rehearsed {
    let mut listener = Listener::default();
    sim::run(sim::compile(scenario, seed), &mut listener);
    let Listener { collector, mut failures_ms, ready, connections, .. } = listener;
    let kept = |pod| connections.get(&pod).copied().unwrap_or(0);
    failures_ms.sort_by(f64::total_cmp);
    Rehearsed {
        measures: collector.finish(),
        failures_ms,
        sizes: listener.sizes[1..].to_vec(),
        last_ms: listener.last_ms,
        created_ms: listener.created_ms,
        programmed_ms: listener.programmed_ms,
        connections_of_new: ready.into_iter().map(kept).collect(),
    }
}
