//! Which changes might help against a cause, read off the objects.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use api::{
    Deployment, Key, Labels, PodTemplate, Service, Strategy, main_container, pod::PreStop,
    service::TrafficPolicy,
};
use engine::Span;
use metrics::{Explanation, Measures};
use record::Cause;
use scenario::{Action, Client, OnSigterm, Scenario, Step, Targets};

use crate::{
    change::Change,
    remedy::Remedy,
    versions::{Version, deployments, of_deployment, of_service, services, versions},
};

/// A longer hook than this is not suggested: it would slow every rollout down.
const LONGEST_HOOK_SECONDS: u32 = 60;

/// A hook is made for a gap of this length where none was recorded, or one that is shorter.
const SHORTEST_GAP: Span = Span::from_secs(1);

/// A longer grace period than this is not suggested: a pod that hangs would hold its node for so long.
const LONGEST_GRACE_SECONDS: u32 = 600;

/// What a program gets besides for its end, until it is killed.
const END_SECONDS: u32 = 5;

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
    let each = |keys: Vec<Key>, remedies: &dyn Fn(&Key) -> Vec<Remedy>| -> Vec<Remedy> {
        keys.iter().flat_map(remedies).collect()
    };
    let failed = || deployments_of(scenario, measures, explanation);
    let called = || called_deployments(scenario);
    match explanation.cause {
        Cause::RefusedListenerClosed | Cause::TimeoutUnreachable => {
            each(failed(), &|key| pre_stop(scenario, measures, key, explanation))
        }
        Cause::ResetKilledInFlight => each(failed(), &|key| {
            let grace = grace_period(scenario, key).into_iter();
            grace.chain(pre_stop(scenario, measures, key, explanation)).collect()
        }),
        Cause::RefusedNotListening => each(failed(), &|key| readiness(scenario, key)),
        Cause::TimeoutDropped => pods_of_all_nodes(scenario)
            .into_iter()
            .chain(outlast_health_checks(scenario, measures, explanation))
            .collect(),
        Cause::RefusedWrongPort => target_port(scenario),
        Cause::RefusedNoEndpoints => selector(scenario)
            .into_iter()
            .chain(target_port(scenario))
            .chain(each(called(), &|key| probe_ports(scenario, key)))
            .chain(each(called(), &|key| one_more_first(scenario, key)))
            .chain(readiness_gates(scenario))
            .collect(),
        Cause::RejectedOverload | Cause::TimeoutSlow => each(failed(), &|key| {
            let missing = none_missing(scenario, key).into_iter();
            missing.chain(enough_pods(scenario, key)).collect()
        }),
        _ => Vec::new(),
    }
}

/// Long enough for the slowest proxy to have dropped the pod before SIGTERM.
fn pre_stop(
    scenario: &Scenario,
    measures: &Measures,
    key: &Key,
    explanation: &Explanation,
) -> Vec<Remedy> {
    let most = explanation.gap.map_or(SHORTEST_GAP, |(_, most)| most.max(SHORTEST_GAP));
    // Half as long again and a second more, since the slowest proxy of another run is slower: it
    // waits for up to `minSyncPeriod` and then takes its time.
    let wanted = (most.as_secs_f64() * 1.5).ceil() as u32 + 1;
    // As long as it takes for those versions that lost requests, or for all where images do not tell them.
    let lost = |version: &Version<'_, Deployment>| {
        lost_requests((scenario, version.object), key, measures)
    };
    let any_lost = versions(scenario, key).any(|version| lost(&version));
    let sleeps = versions(scenario, key).filter(|version| !any_lost || lost(version));
    let most = sleeps
        .filter_map(|version| sleep(scenario, version.object))
        .map(|(_, seconds, _)| seconds)
        .max();
    let Some(most) = most else { return Vec::new() };
    let seconds = (most + wanted).min(LONGEST_HOOK_SECONDS);
    of_deployment(scenario, key, |version| {
        let (container, _, replaces_command) =
            sleep(scenario, version.object).filter(|(_, sleeps, _)| *sleeps < seconds)?;
        let grace = version.object.spec.template.spec.termination_grace_period_seconds;
        let grace_seconds = (seconds + END_SECONDS > grace).then_some(seconds + 30);
        Some(Change::PreStopSleep { container, seconds, grace_seconds, replaces_command })
    })
}

/// Whether pods of a version, told by its image, lost requests.
fn lost_requests(
    (scenario, version): (&Scenario, &Deployment),
    key: &Key,
    measures: &Measures,
) -> bool {
    let template = &version.spec.template;
    let image = main_container::version(
        &template.annotations,
        &template.spec,
        services_of(scenario, version),
    );
    let key = key.to_string();
    measures.pods.iter().any(|pod| {
        pod.failed > 0 && pod.version == image && pod.deployment.as_deref() == Some(&*key)
    })
}

/// The container of a Deployment that serves, for how long its preStop hook sleeps, and whether that hook
/// is a command. A hook that does something else than to wait is left alone: what it does is not known.
fn sleep(scenario: &Scenario, deployment: &Deployment) -> Option<(usize, u32, bool)> {
    let container = serving_container(scenario, deployment)?;
    match deployment.spec.template.spec.containers[container].pre_stop.as_ref() {
        Some(PreStop::HttpGet | PreStop::Exec { seconds: 0 }) => None,
        Some(hook) => Some((container, hook.seconds(), matches!(hook, PreStop::Exec { .. }))),
        None => Some((container, 0, false)),
    }
}

/// Long enough for a program to answer whom its clients still wait for when its hook has slept, where it
/// would go on to do so.
fn grace_period(scenario: &Scenario, key: &Key) -> Vec<Remedy> {
    let called = |client: &&Client, version: &Deployment| {
        let mut behind = services(scenario).filter(|service| selects(service.object, version));
        behind.any(|service| client.target.leads_to(&service.object.meta.key()))
    };
    of_deployment(scenario, key, |version| {
        let clients = scenario.clients.iter().filter(|client| called(client, version.object));
        let longest_wait = clients.map(|client| client.timeout).max();
        let template = &version.object.spec.template;
        let (container, sleeps, _) = sleep(scenario, version.object)?;
        let image = scenario.images.get(&template.spec.containers[container].image)?;
        let listens_on = match image.on_sigterm {
            OnSigterm::Exit => return None,
            OnSigterm::Drain { lame_duck } => lame_duck,
            OnSigterm::Ignore => Span::ZERO,
        };
        let work = (listens_on + longest_wait?).as_secs_f64().ceil() as u32;
        let seconds = sleeps.saturating_add(work).saturating_add(END_SECONDS);
        let seconds = seconds.min(LONGEST_GRACE_SECONDS);
        let before = template.spec.termination_grace_period_seconds;
        (seconds > before).then_some(Change::GracePeriod { seconds })
    })
}

fn readiness(scenario: &Scenario, key: &Key) -> Vec<Remedy> {
    of_deployment(scenario, key, |version| {
        let template = &version.object.spec.template;
        let container = serving_container(scenario, version.object)?;
        if template.spec.containers[container].readiness_probe.is_some() {
            return None;
        }
        let listening = scenario.listening(&template.spec);
        let port = listening.ports_of(u8::try_from(container).ok()?).next()?;
        Some(Change::ReadinessProbe { container, port })
    })
}

/// For probes that ask where nothing listens.
fn probe_ports(scenario: &Scenario, key: &Key) -> Vec<Remedy> {
    of_deployment(scenario, key, |version| {
        let spec = &version.object.spec.template.spec;
        let listening = scenario.listening(spec);
        let mut changes = Vec::new();
        for (index, container) in spec.containers.iter().enumerate() {
            let own = u8::try_from(index).ok().and_then(|index| listening.ports_of(index).next());
            let Some(port) = own else { continue };
            for (probe, spec) in container.probes() {
                let unheard = |port: u16| listening.container_at(port).is_none();
                if spec.port(container).is_some_and(unheard) {
                    let handler = spec.handler.field();
                    changes.push(Change::ProbePort { container: index, probe, handler, port });
                }
            }
        }
        changes
    })
}

/// For a Deployment that may be without any pod while it is rolled out.
fn one_more_first(scenario: &Scenario, key: &Key) -> Vec<Remedy> {
    of_deployment(scenario, key, |it| replaced_first(it.object, it.object.spec.replicas))
}

/// For a Deployment that may be short of a pod while it is rolled out.
fn none_missing(scenario: &Scenario, key: &Key) -> Vec<Remedy> {
    of_deployment(scenario, key, |it| replaced_first(it.object, 1))
}

/// For a Deployment whose rollout may leave so many pods missing.
fn replaced_first(deployment: &Deployment, least_missing: i32) -> Option<Change> {
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
    (missing >= least_missing.max(1)).then_some(Change::OneMoreFirst { was_recreate })
}

/// As many pods as the work that clients bring keeps busy for a part of the time only, where there are
/// fewer.
fn enough_pods(scenario: &Scenario, key: &Key) -> Vec<Remedy> {
    // Who scales it in a step decides there how many there are.
    let scales =
        |step: &Step| matches!(&step.action, Action::Scale { deployment, .. } if deployment == key);
    if scenario.timeline.iter().any(scales) {
        return Vec::new();
    }
    of_deployment(scenario, key, |version| {
        let template = &version.object.spec.template;
        let container = &template.spec.containers[serving_container(scenario, version.object)?];
        let image = scenario.images.get(&container.image)?;
        let services: BTreeSet<Key> = services(scenario)
            .filter(|service| selects(service.object, version.object))
            .map(|service| service.object.meta.key())
            .collect();
        let brought = scenario.clients.iter().map(|client| {
            let shares = services.iter().map(|service| client.target.share_of(service));
            client.arrivals.most_per_second() * shares.sum::<f64>()
        });
        let per_second: f64 = brought.sum();
        let busy =
            per_second * image.service_time.mean()?.as_secs_f64() / f64::from(image.concurrency);
        let replicas = (busy / HIGHEST_UTILISATION).ceil();
        let before = version.object.spec.replicas;
        let called_for = replicas > f64::from(before) && replicas <= MOST_REPLICAS;
        called_for.then_some(Change::Replicas { replicas: replicas as i32, before, per_second })
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
    let gate = || {
        let kind = format!("target-health.elbv2.k8s.aws/{}", client.target.service.name);
        Change::ReadinessGate { kind }
    };
    let ungated = |version: &Version<'_, Deployment>| {
        version.object.spec.template.spec.readiness_gates.is_empty().then(gate)
    };
    let called = called_deployments(scenario);
    called.iter().flat_map(|key| of_deployment(scenario, key, ungated)).collect()
}

/// Let old pods stay until the load balancer has found their nodes empty.
fn outlast_health_checks(
    scenario: &Scenario,
    measures: &Measures,
    explanation: &Explanation,
) -> Vec<Remedy> {
    if !scenario.clients.iter().any(|client| client.target.balanced) {
        return Vec::new();
    }
    let check = &scenario.cluster.load_balancer;
    let answers = f64::from(check.unhealthy_threshold);
    let most = Span::from_secs_f64(check.interval.as_secs_f64() * answers);
    let explanation = Explanation { gap: Some((Span::ZERO, most)), ..explanation.clone() };
    let called = called_deployments(scenario);
    called.iter().flat_map(|key| pre_stop(scenario, measures, key, &explanation)).collect()
}

/// For Services whose traffic policy keeps the connections of a client on nodes without a pod.
fn pods_of_all_nodes(scenario: &Scenario) -> Vec<Remedy> {
    let called = |key: &Key, external: bool| {
        scenario.clients.iter().any(|client| {
            client.target.leads_to(key) && (client.from == scenario::From::Outside) == external
        })
    };
    let keys: BTreeSet<Key> = services(scenario).map(|it| it.object.meta.key()).collect();
    let local = |service: &Service, key: &Key| {
        let policies = [
            (false, service.spec.internal_traffic_policy),
            (true, service.spec.external_traffic_policy),
        ];
        let local = policies.into_iter().filter(|(_, policy)| *policy == TrafficPolicy::Local);
        let called = local.filter(|(external, _)| called(key, *external));
        called.map(|(external, _)| Change::PodsOfAllNodes { external }).collect::<Vec<_>>()
    };
    keys.iter().flat_map(|key| of_service(scenario, key, |it| local(it, key))).collect()
}

/// The Deployments whose pods belong to Services that clients call.
fn called_deployments(scenario: &Scenario) -> Vec<Key> {
    let called = |deployment: &Deployment| {
        services(scenario).any(|service| {
            selects(service.object, deployment)
                && scenario.clients.iter().any(|it| it.target.leads_to(&service.object.meta.key()))
        })
    };
    let mut keys = Vec::new();
    for version in deployments(scenario).filter(|version| called(version.object)) {
        let key = version.object.meta.key();
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// Whether the pods of a Deployment belong to a Service.
fn selects(service: &Service, deployment: &Deployment) -> bool {
    service.selects(&deployment.meta.namespace, &deployment.spec.template.labels)
}

/// The Services that lead to the pods of a Deployment.
fn services_of<'a>(
    scenario: &'a Scenario,
    deployment: &'a Deployment,
) -> impl Iterator<Item = &'a Service> {
    let all = services(scenario).map(|service| service.object);
    all.filter(|service| selects(service, deployment))
}

/// The container that requests come to.
fn serving_container(scenario: &Scenario, deployment: &Deployment) -> Option<usize> {
    let template = &deployment.spec.template;
    let services = services_of(scenario, deployment);
    main_container::main_container(&template.annotations, &template.spec, services)
}

/// The Deployments whose pods the failed requests were sent to, the one with the most first.
fn deployments_of(scenario: &Scenario, measures: &Measures, explanation: &Explanation) -> Vec<Key> {
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
        deployments(scenario)
            .map(|version| version.object.meta.key())
            .find(|key| key.to_string() == name)
    };
    names.iter().filter_map(|(name, _)| find(name)).collect()
}

/// The first Service that a client calls and whose port leads where none of its pods listens.
fn target_port(scenario: &Scenario) -> Vec<Remedy> {
    first_called(scenario, |service, number| {
        let place = service.spec.ports.iter().position(|port| port.port == number)?;
        let target = &service.spec.ports[place].target_port;
        let selector = service.spec.selector.as_ref()?;
        let selected = templates(scenario, &service.meta.namespace)
            .filter(|template| api::selector::matches_all(selector, &template.labels));
        // Where pods of one version listen there, the Service may be right, and the pods of another not.
        let mut ports = Vec::new();
        for template in selected {
            let listening = scenario.listening(&template.spec);
            let leads_to = template.spec.find_port(target, service.spec.ports[place].protocol);
            if leads_to.is_some_and(|port| listening.container_at(port).is_some()) {
                return None;
            }
            ports.extend(listening.ports().next());
        }
        let port = *ports.first()?;
        Some(Change::TargetPort { place, port })
    })
}

/// The first Service that a client calls and that selects nothing, with labels that do: those of
/// the template that shares a key with its selector, or of the only one.
fn selector(scenario: &Scenario) -> Vec<Remedy> {
    first_called(scenario, |service, _| {
        let wanted = service.spec.selector.as_ref()?;
        let all: Vec<&PodTemplate> = templates(scenario, &service.meta.namespace).collect();
        if all.iter().any(|template| api::selector::matches_all(wanted, &template.labels)) {
            return None;
        }
        let shares =
            |template: &&&PodTemplate| wanted.keys().all(|k| template.labels.contains_key(k));
        let alike = all.iter().all(|template| template.labels == all[0].labels);
        let template = match all.first() {
            Some(only) if alike => only,
            _ => all.iter().find(shares)?,
        };
        let labels: Labels = template
            .labels
            .iter()
            .filter(|(key, _)| wanted.contains_key(*key) || wanted.len() == 1)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        (!labels.is_empty()).then_some(Change::Selector { labels })
    })
}

/// What to change in the first Service that a client calls and that has something to change, by the
/// Service and the port that is called.
fn first_called(
    scenario: &Scenario,
    change: impl Fn(&Service, u16) -> Option<Change>,
) -> Vec<Remedy> {
    let remedies = scenario.clients.iter().map(|client| {
        let port = client.target.port.number();
        of_service(scenario, &client.target.service, |service| change(service, port))
    });
    remedies.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
}

fn templates<'a>(
    scenario: &'a Scenario,
    namespace: &'a str,
) -> impl Iterator<Item = &'a PodTemplate> {
    let all = deployments(scenario).map(|version| version.object);
    let here = all.filter(move |deployment| *deployment.meta.namespace == *namespace);
    here.map(|deployment| &deployment.spec.template)
}
