//! What to change in a manifest, tried out before it is said.
//!
//! For causes that one field would have prevented, the changed scenario is run with the same seed.
//! What that run measured is the outcome: nothing is promised that was not seen.

use std::{collections::BTreeMap, sync::Arc};

use api::{
    Deployment, IntOrString, Key, Kind, Labels, PodTemplate,
    pod::{Container, PreStop, Probe, ProbeHandler},
};
use engine::Span;
use metrics::{Explanation, Measures, words};
use record::Cause;
use report::Advice;
use scenario::{Action, Scenario, Sources, TemplateChange};

use crate::rehearsal::rehearse;

/// A longer hook than this is not suggested: it would slow every rollout down.
const LONGEST_HOOK_SECONDS: u32 = 60;

/// So many runs are tried at most; they take milliseconds each.
const MOST_TRIALS: usize = 12;

/// Changes that would have saved requests, for the largest causes first, each tried on top of those
/// before it.
pub(crate) fn advise(
    scenario: &Scenario,
    sources: &Sources,
    seed: u64,
    measures: &Measures,
) -> Vec<Advice> {
    let mut advice: Vec<Advice> = Vec::new();
    let mut changed = scenario.clone();
    let mut failed = measures.requests.failed;
    let remedies =
        measures.explanations.iter().flat_map(|e| Remedy::for_cause(scenario, measures, e));
    let mut tried: Vec<(Key, String)> = Vec::new();
    for remedy in remedies {
        let field = (remedy.object.clone(), remedy.field());
        if tried.contains(&field) || tried.len() == MOST_TRIALS || failed == 0 {
            continue;
        }
        tried.push(field);
        let mut candidate = changed.clone();
        remedy.apply(&mut candidate);
        let (after, _) = rehearse(&candidate, seed, None);
        // A change that does not help is not worth saying.
        if after.requests.failed < failed {
            let too = if advice.is_empty() { "with it" } else { "with this too" };
            let outcome = match after.requests.failed {
                0 => format!("{too}: 0 failed"),
                left => format!(
                    "{too}: {} failed instead of {}",
                    words::count(left),
                    words::count(failed)
                ),
            };
            advice.push(remedy.advice(sources, outcome));
            (changed, failed) = (candidate, after.requests.failed);
        }
    }
    advice
}

/// A change of one field of one object.
#[derive(Clone, Debug)]
struct Remedy {
    kind: Kind,
    object: Key,
    change: Change,
}

#[derive(Clone, Debug)]
enum Change {
    /// A preStop sleep in a container of a Deployment's template.
    PreStopSleep { container: usize, seconds: u32, grace_seconds: Option<u32> },
    /// A readiness probe that connects to a port.
    ReadinessProbe { container: usize, port: u16 },
    /// The port of a Service's pods.
    TargetPort { place: usize, port: u16 },
    /// The labels of a Service's pods.
    Selector { labels: Labels },
}

impl Remedy {
    fn for_cause(scenario: &Scenario, measures: &Measures, explanation: &Explanation) -> Vec<Self> {
        let deployments = deployments_of(scenario, measures, explanation);
        match explanation.cause {
            Cause::RefusedListenerClosed
            | Cause::TimeoutUnreachable
            | Cause::ResetKilledInFlight => {
                let remedy = |deployment| Self::pre_stop(deployment, explanation);
                deployments.into_iter().filter_map(remedy).collect()
            }
            Cause::RefusedNotListening => {
                let remedy = |deployment| Self::readiness(scenario, deployment);
                deployments.into_iter().filter_map(remedy).collect()
            }
            Cause::RefusedWrongPort => target_port(scenario).into_iter().collect(),
            Cause::RefusedNoEndpoints => selector(scenario).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    /// Long enough for the slowest proxy to have dropped the pod before SIGTERM.
    fn pre_stop(deployment: &Deployment, explanation: &Explanation) -> Option<Self> {
        let (_, most) = explanation.gap.unwrap_or((Span::ZERO, Span::from_secs(1)));
        let container = serving_container(&deployment.spec.template)?;
        let hook = deployment.spec.template.spec.containers[container].pre_stop.as_ref();
        // Half as long again and a second more, since the slowest proxy of another run is slower:
        // it waits for up to `minSyncPeriod` and then takes its time.
        let wanted = (most.as_secs_f64() * 1.5).ceil() as u32 + 1;
        let seconds = (hook.map_or(0, PreStop::seconds) + wanted).min(LONGEST_HOOK_SECONDS);
        let grace = deployment.spec.template.spec.termination_grace_period_seconds;
        let grace_seconds = (seconds + 5 > grace).then_some(seconds + 30);
        let change = Change::PreStopSleep { container, seconds, grace_seconds };
        Some(Self { kind: Kind::Deployment, object: deployment.meta.key(), change })
    }

    fn readiness(scenario: &Scenario, deployment: &Deployment) -> Option<Self> {
        let container = serving_container(&deployment.spec.template)?;
        let spec = &deployment.spec.template.spec.containers[container];
        if spec.readiness_probe.is_some() {
            return None;
        }
        let port = listening_port(scenario, spec)?;
        let change = Change::ReadinessProbe { container, port };
        Some(Self { kind: Kind::Deployment, object: deployment.meta.key(), change })
    }

    /// The field's path, as Kubernetes writes it.
    fn field(&self) -> String {
        match &self.change {
            Change::PreStopSleep { container, .. } => {
                format!(
                    "spec.template.spec.containers[{container}].lifecycle.preStop.sleep.seconds"
                )
            }
            Change::ReadinessProbe { container, .. } => {
                format!("spec.template.spec.containers[{container}].readinessProbe")
            }
            Change::TargetPort { place, .. } => format!("spec.ports[{place}].targetPort"),
            Change::Selector { .. } => "spec.selector".to_owned(),
        }
    }

    fn summary(&self) -> String {
        let name = &self.object.name;
        match &self.change {
            Change::PreStopSleep { seconds, .. } => {
                format!("let the pods of {name} sleep {seconds} s before they are told to stop")
            }
            Change::ReadinessProbe { port, .. } => {
                format!("let the pods of {name} be ready only when port {port} answers")
            }
            Change::TargetPort { port, .. } => {
                format!("point Service {name} at port {port}, where its pods listen")
            }
            Change::Selector { .. } => format!("let Service {name} select the pods there are"),
        }
    }

    fn snippet(&self) -> String {
        match &self.change {
            Change::PreStopSleep { seconds, grace_seconds, .. } => {
                let hook = format!("lifecycle:\n  preStop:\n    sleep:\n      seconds: {seconds}");
                match grace_seconds {
                    Some(grace) => {
                        format!(
                            "{hook}\n# and, for the pod\nterminationGracePeriodSeconds: {grace}"
                        )
                    }
                    None => hook,
                }
            }
            Change::ReadinessProbe { port, .. } => {
                format!("readinessProbe:\n  tcpSocket:\n    port: {port}\n  periodSeconds: 1")
            }
            Change::TargetPort { port, .. } => format!("targetPort: {port}"),
            Change::Selector { labels } => {
                let pairs: Vec<String> =
                    labels.iter().map(|(key, value)| format!("  {key}: {value}")).collect();
                format!("selector:\n{}", pairs.join("\n"))
            }
        }
    }

    fn advice(&self, sources: &Sources, outcome: String) -> Advice {
        let field = self.field();
        let located = sources.locate(self.kind, &self.object, &field);
        let place = located.map(|located| {
            let place = located.place;
            format!("{}:{}", place.file, place.line)
        });
        Advice {
            summary: self.summary(),
            place,
            field,
            snippet: self.snippet(),
            outcome,
            verified: true,
        }
    }

    fn apply(&self, scenario: &mut Scenario) {
        match self.kind {
            Kind::Service => {
                let mut services = scenario.services.iter_mut();
                if let Some(service) = services.find(|s| s.meta.key() == self.object) {
                    self.change.apply_to_service(&mut service.spec);
                }
            }
            _ => {
                let mut deployments = scenario.deployments.iter_mut();
                if let Some(deployment) = deployments.find(|d| d.meta.key() == self.object) {
                    self.change.apply_to_template(&mut deployment.spec.template);
                }
                for step in &mut scenario.timeline {
                    if let Action::SetTemplate {
                        deployment,
                        change: TemplateChange::Template(template),
                    } = &mut step.action
                        && *deployment == self.object
                    {
                        self.change.apply_to_template(template);
                    }
                }
            }
        }
    }
}

impl Change {
    fn apply_to_service(&self, spec: &mut api::ServiceSpec) {
        match self {
            Self::TargetPort { place, port } => {
                spec.ports[*place].target_port = IntOrString::Int(i32::from(*port));
            }
            Self::Selector { labels } => spec.selector = Some(labels.clone()),
            Self::PreStopSleep { .. } | Self::ReadinessProbe { .. } => {}
        }
    }

    fn apply_to_template(&self, template: &mut PodTemplate) {
        let spec = Arc::make_mut(&mut template.spec);
        match self {
            Self::PreStopSleep { container, seconds, grace_seconds } => {
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
            Self::TargetPort { .. } | Self::Selector { .. } => {}
        }
    }
}

/// The Deployments whose pods the failed requests were sent to, the one with the most first.
fn deployments_of<'a>(
    scenario: &'a Scenario,
    measures: &Measures,
    explanation: &Explanation,
) -> Vec<&'a Deployment> {
    let mut failed: BTreeMap<Arc<str>, u64> = BTreeMap::new();
    match &explanation.deployment {
        Some(only) => drop(failed.insert(only.clone(), 1)),
        None => {
            for pod in measures.pods.iter().filter(|pod| pod.failed > 0) {
                if let Some(deployment) = &pod.deployment {
                    *failed.entry(deployment.clone()).or_default() += pod.failed;
                }
            }
        }
    }
    let mut names: Vec<_> = failed.into_iter().collect();
    names.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let find = |name: &str| {
        scenario.deployments.iter().find(|deployment| deployment.meta.key().to_string() == name)
    };
    names.iter().filter_map(|(name, _)| find(name)).collect()
}

/// The container that serves: the first that declares a port, or the first.
fn serving_container(template: &PodTemplate) -> Option<usize> {
    let containers = &template.spec.containers;
    let declares = containers.iter().position(|container| !container.ports.is_empty());
    declares.or((!containers.is_empty()).then_some(0))
}

/// A port that the program in a container listens on.
fn listening_port(scenario: &Scenario, container: &Container) -> Option<u16> {
    let stated = scenario.images.get(&container.image).and_then(|image| image.listen.first());
    let declared = container.ports.first().map(|port| port.container_port);
    stated.copied().or(declared)
}

/// The first Service that a client calls and whose port leads where none of its pods listens.
fn target_port(scenario: &Scenario) -> Option<Remedy> {
    scenario.clients.iter().find_map(|client| {
        let service = scenario.services.iter().find(|s| s.meta.key() == client.target.service)?;
        let place = service.spec.ports.iter().position(|port| port.port == client.target.port)?;
        let target = &service.spec.ports[place].target_port;
        let selector = service.spec.selector.as_ref()?;
        let template = templates(scenario, &service.meta.namespace)
            .find(|template| api::selector::matches_all(selector, &template.labels))?;
        let listens: Vec<u16> =
            template.spec.containers.iter().filter_map(|c| listening_port(scenario, c)).collect();
        let port = *listens.first()?;
        let leads_to = template.spec.find_port(target, service.spec.ports[place].protocol);
        (!listens.contains(&leads_to.unwrap_or(0))).then(|| Remedy {
            kind: Kind::Service,
            object: service.meta.key(),
            change: Change::TargetPort { place, port },
        })
    })
}

/// The first Service that a client calls and that selects nothing, with labels that do: those of
/// the template that shares a key with its selector, or of the only one.
fn selector(scenario: &Scenario) -> Option<Remedy> {
    scenario.clients.iter().find_map(|client| {
        let service = scenario.services.iter().find(|s| s.meta.key() == client.target.service)?;
        let wanted = service.spec.selector.as_ref()?;
        let all: Vec<&PodTemplate> = templates(scenario, &service.meta.namespace).collect();
        if all.iter().any(|template| api::selector::matches_all(wanted, &template.labels)) {
            return None;
        }
        let shares =
            |template: &&&PodTemplate| wanted.keys().all(|k| template.labels.contains_key(k));
        let template = match all.as_slice() {
            [only] => only,
            _ => all.iter().find(shares)?,
        };
        let labels: Labels = template
            .labels
            .iter()
            .filter(|(key, _)| wanted.contains_key(*key) || wanted.len() == 1)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        (!labels.is_empty()).then(|| Remedy {
            kind: Kind::Service,
            object: service.meta.key(),
            change: Change::Selector { labels },
        })
    })
}

fn templates<'a>(
    scenario: &'a Scenario,
    namespace: &'a str,
) -> impl Iterator<Item = &'a PodTemplate> {
    let here = scenario.deployments.iter().filter(move |d| *d.meta.namespace == *namespace);
    here.map(|deployment| &deployment.spec.template)
}
