//! Which changes might help against a cause, read off the objects.

use std::{collections::BTreeMap, sync::Arc};

use api::{
    Deployment, Kind, Labels, PodTemplate, Service, Strategy, pod::PreStop, service::TrafficPolicy,
};
use engine::Span;
use metrics::{Explanation, Measures};
use record::Cause;
use scenario::{Scenario, Targets};

use crate::{change::Change, remedy::Remedy};

/// A longer hook than this is not suggested: it would slow every rollout down.
const LONGEST_HOOK_SECONDS: u32 = 60;

/// A hook is made for a gap of this length where none was recorded, or one that is shorter.
const SHORTEST_GAP: Span = Span::from_secs(1);

/// Queues stay short up to about this share of the time that workers are busy; above it they grow without
/// measure (M/M/c).
const HIGHEST_UTILISATION: f64 = 0.8;

/// More pods than these are not suggested.
const MOST_REPLICAS: f64 = 1000.0;

/// Changes that might have saved the requests that failed for a cause.
pub(crate) fn remedies(
    scenario: &Scenario,
    measures: &Measures,
    explanation: &Explanation,
) -> Vec<Remedy> {
    let deployments = deployments_of(scenario, measures, explanation);
    match explanation.cause {
        Cause::RefusedListenerClosed | Cause::TimeoutUnreachable | Cause::ResetKilledInFlight => {
            let remedy = |deployment| pre_stop(deployment, explanation);
            deployments.into_iter().filter_map(remedy).collect()
        }
        Cause::RefusedNotListening => {
            let remedy = |deployment| readiness(scenario, deployment);
            deployments.into_iter().filter_map(remedy).collect()
        }
        Cause::TimeoutDropped => pods_of_all_nodes(scenario)
            .chain(outlast_health_checks(scenario, explanation))
            .collect(),
        Cause::RefusedWrongPort => target_port(scenario).into_iter().collect(),
        Cause::RefusedNoEndpoints => selector(scenario)
            .into_iter()
            .chain(target_port(scenario))
            .chain(
                called_deployments(scenario).into_iter().flat_map(|it| probe_ports(scenario, it)),
            )
            .chain(called_deployments(scenario).into_iter().filter_map(one_more_first))
            .chain(readiness_gates(scenario))
            .collect(),
        Cause::RejectedOverload | Cause::TimeoutSlow => deployments
            .into_iter()
            .flat_map(|it| none_missing(it).into_iter().chain(enough_pods(scenario, it)))
            .collect(),
        _ => Vec::new(),
    }
}

/// Long enough for the slowest proxy to have dropped the pod before SIGTERM.
///
/// A hook that does something else than to wait is left alone: what it does is not known.
fn pre_stop(deployment: &Deployment, explanation: &Explanation) -> Option<Remedy> {
    let container = serving_container(&deployment.spec.template)?;
    let hook = deployment.spec.template.spec.containers[container].pre_stop.as_ref();
    if matches!(hook, Some(PreStop::HttpGet | PreStop::Exec { seconds: 0 })) {
        return None;
    }
    let most = explanation.gap.map_or(SHORTEST_GAP, |(_, most)| most.max(SHORTEST_GAP));
    // Half as long again and a second more, since the slowest proxy of another run is slower: it
    // waits for up to `minSyncPeriod` and then takes its time.
    let wanted = (most.as_secs_f64() * 1.5).ceil() as u32 + 1;
    let seconds = (hook.map_or(0, PreStop::seconds) + wanted).min(LONGEST_HOOK_SECONDS);
    let grace = deployment.spec.template.spec.termination_grace_period_seconds;
    let change = Change::PreStopSleep {
        container,
        seconds,
        grace_seconds: (seconds + 5 > grace).then_some(seconds + 30),
        replaces_command: matches!(hook, Some(PreStop::Exec { .. })),
    };
    Some(Remedy { kind: Kind::Deployment, object: deployment.meta.key(), change })
}

fn readiness(scenario: &Scenario, deployment: &Deployment) -> Option<Remedy> {
    let container = serving_container(&deployment.spec.template)?;
    let spec = &deployment.spec.template.spec;
    if spec.containers[container].readiness_probe.is_some() {
        return None;
    }
    let port = scenario.listening(spec).ports_of(u8::try_from(container).ok()?).next()?;
    let change = Change::ReadinessProbe { container, port };
    Some(Remedy { kind: Kind::Deployment, object: deployment.meta.key(), change })
}

/// For probes that ask where nothing listens.
fn probe_ports(scenario: &Scenario, deployment: &Deployment) -> Vec<Remedy> {
    let spec = &deployment.spec.template.spec;
    let listening = scenario.listening(spec);
    let mut remedies = Vec::new();
    for (index, container) in spec.containers.iter().enumerate() {
        let own = u8::try_from(index).ok().and_then(|index| listening.ports_of(index).next());
        let Some(port) = own else { continue };
        for (probe, spec) in container.probes() {
            let unheard = |port: u16| listening.container_at(port).is_none();
            if spec.port(container).is_some_and(unheard) {
                let handler = spec.handler.field();
                let change = Change::ProbePort { container: index, probe, handler, port };
                let (kind, object) = (Kind::Deployment, deployment.meta.key());
                remedies.push(Remedy { kind, object, change });
            }
        }
    }
    remedies
}

/// For a Deployment that may be without any pod while it is rolled out.
fn one_more_first(deployment: &Deployment) -> Option<Remedy> {
    replaced_first(deployment, deployment.spec.replicas)
}

/// For a Deployment that may be short of a pod while it is rolled out.
fn none_missing(deployment: &Deployment) -> Option<Remedy> {
    replaced_first(deployment, 1)
}

/// As many pods as the work that clients bring keeps busy for a part of the time only, where there are
/// fewer.
fn enough_pods(scenario: &Scenario, deployment: &Deployment) -> Option<Remedy> {
    let template = &deployment.spec.template;
    let container = &template.spec.containers[serving_container(template)?];
    let image = scenario.images.get(&container.image)?;
    let per_second: f64 = scenario
        .clients
        .iter()
        .map(|client| {
            let services = scenario.services.iter().filter(|it| selects(it, deployment));
            let shares = services.map(|it| client.target.share_of(&it.meta.key()));
            client.arrivals.most_per_second() * shares.sum::<f64>()
        })
        .sum();
    let busy = per_second * image.service_time.mean()?.as_secs_f64() / f64::from(image.concurrency);
    let replicas = (busy / HIGHEST_UTILISATION).ceil();
    let before = deployment.spec.replicas;
    if replicas <= f64::from(before) || replicas > MOST_REPLICAS {
        return None;
    }
    let change = Change::Replicas { replicas: replicas as i32, before, per_second };
    Some(Remedy { kind: Kind::Deployment, object: deployment.meta.key(), change })
}

/// For a Deployment whose rollout may leave so many pods missing.
fn replaced_first(deployment: &Deployment, least_missing: i32) -> Option<Remedy> {
    let replicas = deployment.spec.replicas;
    let (was_recreate, missing) = match deployment.spec.strategy {
        Strategy::Recreate => (true, replicas),
        Strategy::RollingUpdate { max_surge, max_unavailable } => {
            let surge = max_surge.scaled(replicas, true);
            // Where rounding leaves nothing to roll with, one may be missing
            // (`ResolveFenceposts`).
            let missing = max_unavailable.scaled(replicas, false);
            (false, if (surge, missing) == (0, 0) { 1 } else { missing })
        }
    };
    let change = Change::OneMoreFirst { was_recreate };
    let kind = Kind::Deployment;
    (missing >= least_missing.max(1)).then(|| Remedy {
        kind,
        object: deployment.meta.key(),
        change,
    })
}

/// Let a rollout wait for a load balancer whose targets are pods. What the gate is called is the
/// controller's to say; this one goes by the name of the Service.
fn readiness_gates(scenario: &Scenario) -> Vec<Remedy> {
    let balanced = scenario.clients.iter().find(|client| client.target.balanced);
    let Some(client) = balanced else { return Vec::new() };
    if scenario.cluster.load_balancer.targets != Targets::Pods {
        return Vec::new();
    }
    let kind = format!("target-health.elbv2.k8s.aws/{}", client.target.service.name);
    let gated =
        |deployment: &&Deployment| !deployment.spec.template.spec.readiness_gates.is_empty();
    let called = called_deployments(scenario).into_iter().filter(|it| !gated(it));
    let remedy = |deployment: &Deployment| Remedy {
        kind: Kind::Deployment,
        object: deployment.meta.key(),
        change: Change::ReadinessGate { kind: kind.clone() },
    };
    called.map(remedy).collect()
}

/// Let old pods stay until the load balancer has found their nodes empty.
fn outlast_health_checks(scenario: &Scenario, explanation: &Explanation) -> Vec<Remedy> {
    if !scenario.clients.iter().any(|client| client.target.balanced) {
        return Vec::new();
    }
    let check = &scenario.cluster.load_balancer;
    let answers = f64::from(check.unhealthy_threshold);
    let most = Span::from_secs_f64(check.interval.as_secs_f64() * answers);
    let explanation = Explanation { gap: Some((Span::ZERO, most)), ..explanation.clone() };
    let called = called_deployments(scenario).into_iter();
    called.filter_map(|deployment| pre_stop(deployment, &explanation)).collect()
}

/// For Services whose traffic policy keeps the connections of a client on nodes without a pod.
fn pods_of_all_nodes(scenario: &Scenario) -> impl Iterator<Item = Remedy> {
    let calls = |service: &Service, external: bool| {
        let mut clients = scenario.clients.iter();
        clients.any(|client| {
            client.target.leads_to(&service.meta.key())
                && (client.from == scenario::From::Outside) == external
        })
    };
    scenario.services.iter().flat_map(move |service| {
        let policies = [
            (false, service.spec.internal_traffic_policy),
            (true, service.spec.external_traffic_policy),
        ];
        let local = policies.into_iter().filter(|(_, policy)| *policy == TrafficPolicy::Local);
        let called = local.filter(move |(external, _)| calls(service, *external));
        called.map(|(external, _)| Remedy {
            kind: Kind::Service,
            object: service.meta.key(),
            change: Change::PodsOfAllNodes { external },
        })
    })
}

/// The Deployments whose pods belong to Services that clients call.
fn called_deployments(scenario: &Scenario) -> Vec<&Deployment> {
    let called = |deployment: &&Deployment| {
        scenario.services.iter().any(|service| {
            selects(service, deployment)
                && scenario.clients.iter().any(|it| it.target.leads_to(&service.meta.key()))
        })
    };
    scenario.deployments.iter().filter(called).collect()
}

/// Whether the pods of a Deployment belong to a Service.
fn selects(service: &Service, deployment: &Deployment) -> bool {
    let labels = &deployment.spec.template.labels;
    let selects = |selector| api::selector::matches_all(selector, labels);
    service.meta.namespace == deployment.meta.namespace
        && service.spec.selector.as_ref().is_some_and(selects)
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

/// The first Service that a client calls and whose port leads where none of its pods listens.
fn target_port(scenario: &Scenario) -> Option<Remedy> {
    scenario.clients.iter().find_map(|client| {
        let service = scenario.services.iter().find(|s| s.meta.key() == client.target.service)?;
        let place =
            service.spec.ports.iter().position(|port| port.port == client.target.port.number())?;
        let target = &service.spec.ports[place].target_port;
        let selector = service.spec.selector.as_ref()?;
        let template = templates(scenario, &service.meta.namespace)
            .find(|template| api::selector::matches_all(selector, &template.labels))?;
        let listening = scenario.listening(&template.spec);
        let port = listening.ports().next()?;
        let leads_to = template.spec.find_port(target, service.spec.ports[place].protocol);
        let heard = leads_to.is_some_and(|port| listening.container_at(port).is_some());
        (!heard).then(|| Remedy {
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
