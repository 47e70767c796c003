//! Scenarios in the ideal cluster, where nothing takes time but what a row is about.

use std::collections::BTreeMap;

use api::PodId;
use engine::Time;
use record::{Record, Recorder, Request};
use scenario::Scenario;

use crate::rehearsal::load;

/// How many pods are on a node; with more there are several nodes, and senders on none in particular
/// have a balancer on each.
const ROOM: u64 = 1_000;

/// The scenario of so many seconds and pods, whose images, clients and so on are the lines of
/// `spec`.
pub(crate) fn scenario(seconds: f64, pods: u64, spec: &str, objects: &[String]) -> Scenario {
    let nodes = pods.div_ceil(ROOM);
    load(&format!(
        "apiVersion: rollsim.dev/v1
kind: Scenario
metadata: {{ name: yardstick }}
spec:
  duration: {seconds:.6}s
  cluster: {{ profile: ideal, nodes: {{ count: {nodes}, cpu: '5000', memory: 5000Gi, maxPods: 1000 }} }}
{spec}
---
{}",
        objects.join("---\n")
    ))
}

/// A Deployment of pods of one image, with `app: NAME`, and how it is rolled out.
pub(crate) fn deployment(name: &str, app: &str, replicas: u64, strategy: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{ name: {name} }}
spec:
  replicas: {replicas}
  strategy: {strategy}
  selector: {{ matchLabels: {{ app: {app}, name: {name} }} }}
  template:
    metadata: {{ labels: {{ app: {app}, name: {name} }} }}
    spec: {{ containers: [ {{ name: {app}, image: {name}, ports: [ {{ containerPort: 80 }} ] }} ] }}
"
    )
}

/// How a Deployment is rolled out that is not.
pub(crate) const ANY: &str = "{ type: RollingUpdate }";

/// The Service `station` of the pods with `app: server`, which listen on `port`, with more fields.
pub(crate) fn station(port: u16, more: &str) -> String {
    format!(
        "apiVersion: v1
kind: Service
metadata: {{ name: station }}
spec:
  selector: {{ app: server }}
  ports: [ {{ port: 80, targetPort: {port} }} ]
  {more}
"
    )
}

/// Runs a scenario under a seed, and hands each finished request to `look`.
pub(crate) fn requests(scenario: &Scenario, seed: u64, look: impl FnMut(Time, &Request)) {
    struct Requests<F>(F);
    impl<F: FnMut(Time, &Request)> Recorder for Requests<F> {
        fn record(&mut self, _: Time, _: &Record) {}
        fn request_finished(&mut self, time: Time, request: &Request) {
            self.0(time, request);
        }
    }
    sim::run(sim::compile(scenario, seed), &mut Requests(look));
}

/// How many there are of something, by client and pod.
pub(crate) type Counts = BTreeMap<(u32, PodId), i64>;

/// The kept connections that clients have at the end of a run, those among them that the next request
/// would find too old.
pub(crate) fn connections(scenario: &Scenario, seed: u64) -> Counts {
    struct Open {
        counts: Counts,
        end: Time,
    }
    impl Recorder for Open {
        fn record(&mut self, now: Time, record: &Record) {
            let (client, pod, change) = match record {
                Record::ConnectionOpened { client, pod, .. } => (client.0, *pod, 1),
                Record::ConnectionClosed { client, pod, .. } if now < self.end => {
                    (client.0, *pod, -1)
                }
                _ => return,
            };
            *self.counts.entry((client, pod)).or_default() += change;
        }
    }
    let mut open = Open { counts: Counts::new(), end: sim::BEGIN + scenario.duration };
    sim::run(sim::compile(scenario, seed), &mut open);
    open.counts.retain(|_, count| *count != 0);
    open.counts
}
