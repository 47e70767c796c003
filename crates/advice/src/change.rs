//! The changes there are: each of one field, with the lines to write and what they do.

use std::sync::Arc;

use api::{
    DeploymentSpec, IntOrPercent, IntOrString, Labels, PodTemplate, ServiceSpec, Strategy,
    pod::{PreStop, Probe, ProbeHandler},
};

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
    /// A readiness probe that connects to a port.
    ReadinessProbe { container: usize, port: u16 },
    /// One pod more before one goes, in place of `Recreate` where it is that.
    OneMoreFirst { was_recreate: bool },
    /// The port of a Service's pods.
    TargetPort { place: usize, port: u16 },
    /// The labels of a Service's pods.
    Selector { labels: Labels },
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
            Self::ReadinessProbe { container, .. } => {
                format!("spec.template.spec.containers[{container}].readinessProbe")
            }
            Self::OneMoreFirst { .. } => "spec.strategy".to_owned(),
            Self::TargetPort { place, .. } => format!("spec.ports[{place}].targetPort"),
            Self::Selector { .. } => "spec.selector".to_owned(),
        }
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
            Self::ReadinessProbe { port, .. } => {
                format!("let the pods of {name} be ready only when port {port} answers")
            }
            Self::OneMoreFirst { .. } => {
                format!("let a new pod of {name} be ready before an old one goes")
            }
            Self::TargetPort { port, .. } => {
                format!("point Service {name} at port {port}, where its pods listen")
            }
            Self::Selector { .. } => format!("let Service {name} select the pods there are"),
        }
    }

    /// The lines to write.
    pub(crate) fn snippet(&self) -> String {
        match self {
            Self::PreStopSleep { seconds, grace_seconds, replaces_command, .. } => {
                let instead = if *replaces_command { "    # in place of exec\n" } else { "" };
                let hook = format!(
                    "lifecycle:\n  preStop:\n{instead}    sleep:\n      seconds: {seconds}"
                );
                let grace = grace_seconds.map(|grace| {
                    format!("\n# and, for the pod\nterminationGracePeriodSeconds: {grace}")
                });
                hook + &grace.unwrap_or_default()
            }
            Self::ReadinessProbe { port, .. } => {
                format!("readinessProbe:\n  tcpSocket:\n    port: {port}\n  periodSeconds: 1")
            }
            Self::OneMoreFirst { was_recreate } => {
                let kind = if *was_recreate { "  type: RollingUpdate\n" } else { "" };
                format!("strategy:\n{kind}  rollingUpdate:\n    maxSurge: 1\n    maxUnavailable: 0")
            }
            Self::TargetPort { port, .. } => format!("targetPort: {port}"),
            Self::Selector { labels } => {
                let pairs: Vec<String> =
                    labels.iter().map(|(key, value)| format!("  {key}: {value}")).collect();
                format!("selector:\n{}", pairs.join("\n"))
            }
        }
    }

    pub(crate) fn apply_to_service(&self, spec: &mut ServiceSpec) {
        match self {
            Self::TargetPort { place, port } => {
                spec.ports[*place].target_port = IntOrString::Int(i32::from(*port));
            }
            Self::Selector { labels } => spec.selector = Some(labels.clone()),
            Self::PreStopSleep { .. } | Self::ReadinessProbe { .. } | Self::OneMoreFirst { .. } => {
            }
        }
    }

    pub(crate) fn apply_to_deployment(&self, spec: &mut DeploymentSpec) {
        if let Self::OneMoreFirst { .. } = self {
            spec.strategy = Strategy::RollingUpdate {
                max_surge: IntOrPercent::Int(1),
                max_unavailable: IntOrPercent::Int(0),
            };
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
            Self::ReadinessProbe { container, port } => {
                if let Some(container) = spec.containers.get_mut(*container) {
                    let handler = ProbeHandler::TcpSocket(IntOrString::Int(i32::from(*port)));
                    container.readiness_probe =
                        Some(Probe { period_seconds: 1, ..Probe::new(handler) });
                }
            }
            Self::OneMoreFirst { .. } | Self::TargetPort { .. } | Self::Selector { .. } => {}
        }
    }
}
