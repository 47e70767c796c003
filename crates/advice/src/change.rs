//! The changes there are: each of one field, with the lines to write and what they do.

use std::sync::Arc;

use api::{
    DeploymentSpec, IntOrPercent, IntOrString, Labels, PodTemplate, ServiceSpec, Strategy,
    pod::{PreStop, Probe, ProbeHandler},
    runtime_interface::ProbeKind,
    service::TrafficPolicy,
};
use metrics::words;

/// A change of one field of an object.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// A preStop sleep in a container of a Deployment's template.
    PreStopSleep {
        container: usize,
        seconds: u32,
        grace_seconds: Option<u32>,
        /// Whether the hook that is there is a command, which the sleep would replace.
        replaces_command: bool,
    },
    /// More time from the first word that a pod is to go until it is killed.
    GracePeriod { seconds: u32 },
    /// A readiness probe that connects to a port.
    ReadinessProbe { container: usize, port: u16 },
    /// The port that a probe asks at.
    ProbePort { container: usize, probe: ProbeKind, handler: &'static str, port: u16 },
    /// One pod more before one goes, in place of `Recreate` where it is that.
    OneMoreFirst { was_recreate: bool },
    /// More pods.
    Replicas {
        replicas: i32,
        /// How many there are.
        before: i32,
        /// How many requests a second come at most.
        per_second: f64,
    },
    /// The port of a Service's pods.
    TargetPort { place: usize, port: u16 },
    /// The labels of a Service's pods.
    Selector { labels: Labels },
    /// `Cluster` for a traffic policy that is `Local`.
    PodsOfAllNodes { external: bool },
    /// A readiness gate that the controller of load balancers opens.
    ReadinessGate { kind: String },
}

/// A field to write, with the object it belongs into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The path of the mapping that holds it, or that holds the levels it begins with.
    pub parent: String,
    /// The field in YAML, two spaces a level.
    pub yaml: String,
    /// Whether it takes the place of what is there, instead of standing beside it.
    pub replaces: bool,
}

impl Field {
    fn new(parent: impl Into<String>, yaml: String) -> Self {
        Self { parent: parent.into(), yaml, replaces: false }
    }

    /// Whether another one is written in the same place, whatever its value is.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        self.parent == other.parent && self.key() == other.key()
    }

    fn key(&self) -> &str {
        self.yaml.split_once(':').map_or(self.yaml.as_str(), |(key, _)| key)
    }

    fn replacing(self, replaces: bool) -> Self {
        Self { replaces, ..self }
    }
}

impl Change {
    /// The field's path, as Kubernetes writes it.
    pub(crate) fn field(&self) -> String {
        match self {
            Self::PreStopSleep { container, .. } => {
                format!(
                    "spec.template.spec.containers[{container}].lifecycle.preStop.sleep.seconds"
                )
            }
            Self::GracePeriod { .. } => {
                "spec.template.spec.terminationGracePeriodSeconds".to_owned()
            }
            Self::ReadinessProbe { container, .. } => {
                format!("spec.template.spec.containers[{container}].readinessProbe")
            }
            Self::ProbePort { container, probe, handler, .. } => {
                format!(
                    "spec.template.spec.containers[{container}].{}.{handler}.port",
                    probe.field()
                )
            }
            Self::OneMoreFirst { .. } => "spec.strategy".to_owned(),
            Self::Replicas { .. } => "spec.replicas".to_owned(),
            Self::TargetPort { place, .. } => format!("spec.ports[{place}].targetPort"),
            Self::Selector { .. } => "spec.selector".to_owned(),
            Self::PodsOfAllNodes { external } => format!("spec.{}", policy_field(*external)),
            Self::ReadinessGate { .. } => "spec.template.spec.readinessGates".to_owned(),
        }
    }

    /// Whether the number of pods is said by it.
    pub(crate) fn states_replicas(&self) -> bool {
        matches!(self, Self::Replicas { .. })
    }

    /// Whether a command that runs now runs no more.
    pub(crate) fn replaces_command(&self) -> bool {
        matches!(self, Self::PreStopSleep { replaces_command: true, .. })
    }

    /// Whether it changes how pods end, which those that run already do in their old way.
    pub(crate) fn is_about_the_end_of_pods(&self) -> bool {
        matches!(self, Self::PreStopSleep { .. } | Self::GracePeriod { .. })
    }

    /// What to do with the object of this name.
    pub(crate) fn summary(&self, name: &str) -> String {
        match self {
            Self::PreStopSleep { seconds, replaces_command, .. } => {
                let instead =
                    if *replaces_command { ", in place of the command that does now" } else { "" };
                format!(
                    "let the pods of {name} sleep {seconds} s before they are told to stop{instead}"
                )
            }
            Self::GracePeriod { seconds } => {
                format!(
                    "give the pods of {name} {seconds} s from the word that they are to go until they are killed"
                )
            }
            Self::ReadinessProbe { port, .. } => {
                format!("let the pods of {name} be ready only when port {port} answers")
            }
            Self::ProbePort { probe, port, .. } => {
                format!(
                    "let the {} probe of {name} ask port {port}, where its pods listen",
                    probe.name()
                )
            }
            Self::OneMoreFirst { .. } => {
                format!("let a new pod of {name} be ready before an old one goes")
            }
            Self::Replicas { replicas, before, per_second } => format!(
                "run {replicas} pods of {name} instead of {before}, for {} requests a second",
                words::count(per_second.round() as u64)
            ),
            Self::TargetPort { port, .. } => {
                format!("point Service {name} at port {port}, where its pods listen")
            }
            Self::Selector { .. } => format!("let Service {name} select the pods there are"),
            Self::PodsOfAllNodes { external: false } => {
                format!("let Service {name} use the pods of all nodes")
            }
            Self::PodsOfAllNodes { external: true } => format!(
                "let Service {name} use the pods of all nodes, which then see the nodes' addresses \
                 and not the clients'"
            ),
            Self::ReadinessGate { .. } => format!(
                "let a new pod of {name} count as ready only when the load balancer has found it \
                 healthy"
            ),
        }
    }

    /// What to write: usually one field, sometimes a second one that the first needs.
    pub(crate) fn fields(&self) -> Vec<Field> {
        let container = |index: &usize| format!("spec.template.spec.containers[{index}]");
        match self {
            Self::PreStopSleep { container: index, seconds, grace_seconds, replaces_command } => {
                let hook = format!("lifecycle:\n  preStop:\n    sleep:\n      seconds: {seconds}");
                let hook = Field::new(container(index), hook).replacing(*replaces_command);
                let grace = grace_seconds.map(|grace| {
                    let grace = format!("terminationGracePeriodSeconds: {grace}");
                    Field::new("spec.template.spec", grace)
                });
                [Some(hook), grace].into_iter().flatten().collect()
            }
            Self::GracePeriod { seconds } => {
                let grace = format!("terminationGracePeriodSeconds: {seconds}");
                vec![Field::new("spec.template.spec", grace)]
            }
            Self::ReadinessProbe { container: index, port } => {
                let probe =
                    format!("readinessProbe:\n  tcpSocket:\n    port: {port}\n  periodSeconds: 1");
                vec![Field::new(container(index), probe)]
            }
            Self::ProbePort { container: index, probe, handler, port } => {
                let probe = format!("{}:\n  {handler}:\n    port: {port}", probe.field());
                vec![Field::new(container(index), probe)]
            }
            Self::OneMoreFirst { was_recreate } => {
                let kind = if *was_recreate { "  type: RollingUpdate\n" } else { "" };
                let strategy = format!(
                    "strategy:\n{kind}  rollingUpdate:\n    maxSurge: 1\n    maxUnavailable: 0"
                );
                vec![Field::new("spec", strategy).replacing(true)]
            }
            Self::Replicas { replicas, .. } => {
                vec![Field::new("spec", format!("replicas: {replicas}")).replacing(true)]
            }
            Self::TargetPort { place, port } => {
                vec![Field::new(format!("spec.ports[{place}]"), format!("targetPort: {port}"))]
            }
            Self::Selector { labels } => {
                let pairs: Vec<String> =
                    labels.iter().map(|(key, value)| format!("  {key}: {value}")).collect();
                let selector = format!("selector:\n{}", pairs.join("\n"));
                vec![Field::new("spec", selector).replacing(true)]
            }
            Self::PodsOfAllNodes { external } => {
                vec![Field::new("spec", format!("{}: Cluster", policy_field(*external)))]
            }
            Self::ReadinessGate { kind } => {
                let gate = format!("readinessGates:\n  - conditionType: {kind}");
                vec![Field::new("spec.template.spec", gate)]
            }
        }
    }

    pub(crate) fn apply_to_service(&self, spec: &mut ServiceSpec) {
        match self {
            Self::TargetPort { place, port } => {
                spec.ports[*place].target_port = IntOrString::Int(i32::from(*port));
            }
            Self::Selector { labels } => spec.selector = Some(labels.clone()),
            Self::PodsOfAllNodes { external: false } => {
                spec.internal_traffic_policy = TrafficPolicy::Cluster;
            }
            Self::PodsOfAllNodes { external: true } => {
                spec.external_traffic_policy = TrafficPolicy::Cluster;
            }
            Self::PreStopSleep { .. }
            | Self::GracePeriod { .. }
            | Self::ReadinessProbe { .. }
            | Self::ProbePort { .. }
            | Self::Replicas { .. }
            | Self::OneMoreFirst { .. }
            | Self::ReadinessGate { .. } => {}
        }
    }

    pub(crate) fn apply_to_deployment(&self, spec: &mut DeploymentSpec) {
        match self {
            Self::OneMoreFirst { .. } => {
                spec.strategy = Strategy::RollingUpdate {
                    max_surge: IntOrPercent::Int(1),
                    max_unavailable: IntOrPercent::Int(0),
                };
            }
            Self::Replicas { replicas, .. } => spec.replicas = *replicas,
            _ => {}
        }
        self.apply_to_template(&mut spec.template);
    }

    pub(crate) fn apply_to_template(&self, template: &mut PodTemplate) {
        let spec = Arc::make_mut(&mut template.spec);
        match self {
            Self::PreStopSleep { container, seconds, grace_seconds, .. } => {
                if let Some(container) = spec.containers.get_mut(*container) {
                    container.pre_stop = Some(PreStop::Sleep { seconds: *seconds });
                }
                if let Some(grace) = grace_seconds {
                    spec.termination_grace_period_seconds = *grace;
                }
            }
            Self::GracePeriod { seconds } => spec.termination_grace_period_seconds = *seconds,
            Self::ReadinessProbe { container, port } => {
                if let Some(container) = spec.containers.get_mut(*container) {
                    let handler = ProbeHandler::TcpSocket(IntOrString::Int(i32::from(*port)));
                    container.readiness_probe =
                        Some(Probe { period_seconds: 1, ..Probe::new(handler) });
                }
            }
            Self::ProbePort { container, probe, port, .. } => {
                if let Some(container) = spec.containers.get_mut(*container)
                    && let Some(probe) = container.probe_mut(*probe)
                {
                    probe.handler.set_port(*port);
                }
            }
            Self::ReadinessGate { kind } => spec.readiness_gates.push(kind.as_str().into()),
            Self::OneMoreFirst { .. }
            | Self::Replicas { .. }
            | Self::TargetPort { .. }
            | Self::Selector { .. }
            | Self::PodsOfAllNodes { .. } => {}
        }
    }
}

/// The field of a traffic policy.
fn policy_field(external: bool) -> &'static str {
    if external { "externalTrafficPolicy" } else { "internalTrafficPolicy" }
}
