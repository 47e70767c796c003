//! The stream as NDJSON: one fact a line, `t` in nanoseconds, numbers resolved to names.
//!
//! Times count from the scenario's beginning; what happened while the cluster was set up has a
//! negative one.

use std::{collections::BTreeMap, io, sync::Arc};

use api::{NodeId, PodId, ServiceId};
use engine::Time;
use serde_json::{Value, json};

use crate::{ClientId, Outcome, Record, Recorder, Request};

/// Writes a stream as NDJSON. The first failure to write is kept and ends the writing.
#[derive(Debug)]
pub struct JsonLines<W> {
    out: W,
    began: Time,
    names: Names,
    failure: Option<io::Error>,
}

/// The names that the stream introduced.
#[derive(Debug, Default)]
struct Names {
    began: Time,
    nodes: BTreeMap<NodeId, Arc<str>>,
    services: BTreeMap<ServiceId, Arc<str>>,
    clients: BTreeMap<ClientId, Arc<str>>,
    pods: BTreeMap<PodId, Arc<str>>,
}

impl<W: io::Write> JsonLines<W> {
    /// A writer to `out`, which should be buffered, of a run whose scenario begins at `began`.
    pub fn new(out: W, began: Time) -> Self {
        let names = Names { began, ..Names::default() };
        Self { out, began, names, failure: None }
    }

    /// Flushes, and gives the writer back.
    ///
    /// # Errors
    /// The first failure to write, if there was one.
    pub fn finish(mut self) -> io::Result<W> {
        match self.failure.take() {
            Some(failure) => Err(failure),
            None => self.out.flush().map(|()| self.out),
        }
    }
}

impl<W: io::Write> Recorder for JsonLines<W> {
    fn record(&mut self, time: Time, record: &Record) {
        if self.failure.is_some() {
            return;
        }
        let mut line = self.names.line(record);
        if let Some(fields) = line.as_object_mut() {
            fields.shift_insert(0, "t".to_owned(), since(self.began, time).into());
        }
        if let Err(failure) = writeln!(self.out, "{line}") {
            self.failure = Some(failure);
        }
    }
}

impl Names {
    fn line(&mut self, record: &Record) -> Value {
        self.learn(record);
        match record {
            Record::RequestFinished(request) => self.request(request),
            Record::RequestsInFlight { client, count } => {
                json!({ "record": "RequestsInFlight", "client": self.clients.get(client), "count": count })
            }
            Record::NodeAdded { name, zone, .. } => {
                json!({ "record": "NodeAdded", "node": name, "zone": zone })
            }
            Record::ServiceAdded { name, cluster_ip, selector, target_ports, .. } => {
                json!({ "record": "ServiceAdded", "service": name, "clusterIP": cluster_ip,
                        "selector": selector, "targetPorts": &target_ports[..] })
            }
            Record::ClientAdded { name, service, .. } => {
                json!({ "record": "ClientAdded", "client": name,
                        "service": service.and_then(|id| self.services.get(&id)) })
            }
            Record::ServiceChanged { service, selector, target_ports } => {
                json!({ "record": "ServiceChanged", "service": self.services.get(service),
                        "selector": selector, "targetPorts": &target_ports[..] })
            }
            Record::TargetHealthChanged { service, node, healthy } => {
                json!({ "record": "TargetHealthChanged", "service": self.services.get(service),
                        "node": self.nodes.get(node), "healthy": healthy })
            }
            Record::LoadBalancerUsed { client } => self.way("LoadBalancerUsed", *client),
            Record::SidecarUsed { client } => self.way("SidecarUsed", *client),
            Record::IngressUsed { client } => self.way("IngressUsed", *client),
            Record::TargetRegistered { .. }
            | Record::PodTargetHealthChanged { .. }
            | Record::TargetDeregistered { .. }
            | Record::TargetsInForce { .. } => self.target(record),
            Record::ConnectionOpened { client, node, pod } => {
                self.connection("ConnectionOpened", *client, *node, *pod)
            }
            Record::ConnectionClosed { client, node, pod } => {
                self.connection("ConnectionClosed", *client, *node, *pod)
            }
            Record::FlowsForgotten { node, service, count } => {
                json!({ "record": "FlowsForgotten", "node": self.nodes.get(node),
                        "service": self.services.get(service), "count": count })
            }
            Record::ServiceDeleted { service } => {
                json!({ "record": "ServiceDeleted", "service": self.services.get(service) })
            }
            Record::ServiceCalled { client, service } => {
                json!({ "record": "ServiceCalled", "client": self.clients.get(client),
                        "service": self.services.get(service) })
            }
            Record::NamesLookedUp { client, names, queries } => {
                json!({ "record": "NamesLookedUp", "client": self.clients.get(client),
                        "names": names, "queries": queries })
            }
            Record::EndpointSliceWritten { .. }
            | Record::RulesProgrammed { .. }
            | Record::SidecarListed { .. }
            | Record::IngressListed { .. } => self.endpoints(record),
            Record::ScenarioBegan
            | Record::StepRan { .. }
            | Record::FaultBegan { .. }
            | Record::Ended
            | Record::RolloutStarted { .. }
            | Record::ReplicaSetScaled { .. }
            | Record::DeploymentStatusWritten { .. }
            | Record::DeploymentPaused { .. }
            | Record::DeploymentDeleted { .. } => workload(record),
            _ => self.pod(record),
        }
    }

    fn learn(&mut self, record: &Record) {
        match record {
            Record::NodeAdded { node, name, .. } => drop(self.nodes.insert(*node, name.clone())),
            Record::ServiceAdded { service, name, .. } => {
                self.services.insert(*service, name.clone());
            }
            Record::ClientAdded { client, name, .. } => {
                self.clients.insert(*client, name.clone());
            }
            Record::PodCreated { pod, name, .. } => drop(self.pods.insert(*pod, name.clone())),
            _ => {}
        }
    }

    /// How a client's requests come to pods.
    fn way(&self, record: &str, client: ClientId) -> Value {
        json!({ "record": record, "client": self.clients.get(&client) })
    }

    fn connection(&self, record: &str, client: ClientId, node: NodeId, pod: PodId) -> Value {
        json!({ "record": record, "client": self.clients.get(&client),
                "node": self.nodes.get(&node), "pod": self.pods.get(&pod) })
    }

    fn request(&self, request: &Request) -> Value {
        let outcome = match request.outcome {
            Outcome::Ok => "ok",
            Outcome::Failed(cause) => cause.name(),
        };
        json!({
            "record": "RequestFinished",
            "client": self.clients.get(&request.client),
            "number": request.number,
            "service": request.service.and_then(|id| self.services.get(&id)),
            "arrived": since(self.began, request.arrived),
            "connected": since(self.began, request.connected),
            "queued": request.queued.as_nanos(),
            "node": self.nodes.get(&request.node),
            "pod": request.pod.and_then(|pod| self.pods.get(&pod)),
            "attempts": request.attempts,
            "outcome": outcome,
        })
    }

    fn endpoints(&self, record: &Record) -> Value {
        match record {
            Record::EndpointSliceWritten { service, slice, ports, endpoints } => json!({
                "record": "EndpointSliceWritten",
                "service": self.services.get(service),
                "slice": slice,
                "ports": ports.iter().map(|port| json!({ "name": port.name, "port": port.port }))
                    .collect::<Vec<_>>(),
                "endpoints": endpoints.iter().map(|endpoint| json!({
                    "pod": endpoint.pod.and_then(|pod| self.pods.get(&pod)),
                    "ready": endpoint.ready,
                    "serving": endpoint.serving,
                    "terminating": endpoint.terminating,
                })).collect::<Vec<_>>(),
            }),
            Record::RulesProgrammed { node, service, pods } => json!({
                "record": "RulesProgrammed",
                "node": self.nodes.get(node),
                "service": self.services.get(service),
                "pods": pods.iter().map(|pod| self.pods.get(pod)).collect::<Vec<_>>(),
            }),
            Record::SidecarListed { client, sidecar, service, pods } => json!({
                "record": "SidecarListed",
                "client": self.clients.get(client),
                "sidecar": sidecar,
                "service": self.services.get(service),
                "pods": pods.iter().map(|pod| self.pods.get(pod)).collect::<Vec<_>>(),
            }),
            Record::IngressListed { worker, service, pods } => json!({
                "record": "IngressListed",
                "worker": worker,
                "service": self.services.get(service),
                "pods": pods.iter().map(|pod| self.pods.get(pod)).collect::<Vec<_>>(),
            }),
            _ => unreachable!("only called for these"),
        }
    }

    /// What a load balancer makes of pods.
    fn target(&self, record: &Record) -> Value {
        let service = |id| self.services.get(id);
        let pod = |id| self.pods.get(id);
        match record {
            Record::TargetRegistered { service: of, pod: id } => {
                json!({ "record": "TargetRegistered", "service": service(of), "pod": pod(id) })
            }
            Record::PodTargetHealthChanged { service: of, pod: id, healthy } => {
                json!({ "record": "PodTargetHealthChanged", "service": service(of),
                        "pod": pod(id), "healthy": healthy })
            }
            Record::TargetDeregistered { service: of, pod: id } => {
                json!({ "record": "TargetDeregistered", "service": service(of), "pod": pod(id) })
            }
            Record::TargetsInForce { service: of, pods } => {
                json!({ "record": "TargetsInForce", "service": service(of),
                        "pods": pods.iter().map(pod).collect::<Vec<_>>() })
            }
            _ => unreachable!("only called for these"),
        }
    }

    fn pod(&self, record: &Record) -> Value {
        let name = |pod: &PodId| self.pods.get(pod).cloned();
        match record {
            Record::PodCreated {
                pod, namespace, labels, deployment, replica_set, image, ..
            } => {
                json!({ "record": "PodCreated", "pod": name(pod), "namespace": namespace,
                        "labels": labels, "deployment": deployment, "replicaSet": replica_set,
                        "image": image })
            }
            Record::PodUnschedulable { pod, reason } => {
                json!({ "record": "PodUnschedulable", "pod": name(pod), "reason": reason })
            }
            Record::PodScheduled { pod, node } => {
                json!({ "record": "PodScheduled", "pod": name(pod), "node": self.nodes.get(node) })
            }
            Record::ContainerStarted { pod, container, restarts } => {
                json!({ "record": "ContainerStarted", "pod": name(pod), "container": container,
                        "restarts": restarts })
            }
            Record::ListenerOpened { pod, container, ports } => {
                json!({ "record": "ListenerOpened", "pod": name(pod), "container": container,
                        "ports": &ports[..] })
            }
            Record::ListenerClosed { pod, container } => {
                json!({ "record": "ListenerClosed", "pod": name(pod), "container": container })
            }
            Record::ProbeFailed { pod, container, probe, port } => {
                json!({ "record": "ProbeFailed", "pod": name(pod), "container": container,
                        "probe": probe.name(), "port": port })
            }
            Record::PodReady { pod } => json!({ "record": "PodReady", "pod": name(pod) }),
            Record::PodUnready { pod } => json!({ "record": "PodUnready", "pod": name(pod) }),
            Record::PodDeletionRequested { pod, grace_seconds } => {
                json!({ "record": "PodDeletionRequested", "pod": name(pod),
                        "graceSeconds": grace_seconds })
            }
            Record::ContainerTerminated { pod, container } => {
                json!({ "record": "ContainerTerminated", "pod": name(pod), "container": container })
            }
            Record::ContainerKilled { pod, container } => {
                json!({ "record": "ContainerKilled", "pod": name(pod), "container": container })
            }
            Record::ContainerExited { pod, container, code, in_flight } => {
                json!({ "record": "ContainerExited", "pod": name(pod), "container": container,
                        "code": code, "inFlight": in_flight })
            }
            Record::SandboxRemoved { pod } => {
                json!({ "record": "SandboxRemoved", "pod": name(pod) })
            }
            Record::PodGone { pod } => json!({ "record": "PodGone", "pod": name(pod) }),
            _ => unreachable!("every other record has a writer of its own"),
        }
    }
}

/// Nanoseconds from the scenario's beginning, negative before it.
fn since(began: Time, time: Time) -> i64 {
    time.as_nanos().cast_signed().wrapping_sub(began.as_nanos().cast_signed())
}

fn workload(record: &Record) -> Value {
    match record {
        Record::ScenarioBegan => json!({ "record": "ScenarioBegan" }),
        Record::StepRan { text } => json!({ "record": "StepRan", "text": text }),
        Record::FaultBegan { text } => json!({ "record": "FaultBegan", "text": text }),
        Record::Ended => json!({ "record": "Ended" }),
        Record::RolloutStarted { deployment, from, to } => {
            json!({ "record": "RolloutStarted", "deployment": deployment, "from": from, "to": to })
        }
        Record::ReplicaSetScaled { deployment, replica_set, image, revision, replicas } => {
            json!({ "record": "ReplicaSetScaled", "deployment": deployment,
                    "replicaSet": replica_set, "image": image, "revision": revision,
                    "replicas": replicas })
        }
        Record::DeploymentStatusWritten {
            deployment,
            replicas,
            updated,
            available,
            complete,
            deadline_exceeded,
        } => json!({ "record": "DeploymentStatusWritten", "deployment": deployment,
                     "replicas": replicas, "updated": updated, "available": available,
                     "complete": complete, "deadlineExceeded": deadline_exceeded }),
        Record::DeploymentPaused { deployment, paused } => {
            json!({ "record": "DeploymentPaused", "deployment": deployment, "paused": paused })
        }
        Record::DeploymentDeleted { deployment } => {
            json!({ "record": "DeploymentDeleted", "deployment": deployment })
        }
        _ => unreachable!("only called for these"),
    }
}
