//! What is rehearsed where nobody wrote a scenario: `rollsim run k8s/`.
//!
//! - Every Service that selects pods and has a TCP port gets a client: from any node, at its first
//!   TCP port, poisson(100/s), which a single replica of the default program can carry, a timeout
//!   of 1s and no retries.
//! - At 30s every Deployment is restarted, all at once, as an upgrade of the whole application
//!   does it: `kubectl rollout restart deployment`. Where files are given to apply, they are applied
//!   instead.
//! - The end comes 30s after the slowest of them should be through, by an estimate from replicas,
//!   strategy, probes and grace period.

use std::collections::BTreeMap;

use api::{Deployment, Protocol, Service, Strategy};
use engine::Span;

use crate::{
    Action, Arrivals, Client, Code, Connections, Diagnostic, From, Host, NameCache, Port, Scenario,
    Step, Target, TemplateChange,
    diagnostic::Findings,
    objects::Objects,
    spec::{DEFAULT_TIMEOUT, empty_scenario, no_retries},
};

/// Requests a second to every Service.
const PER_SECOND: f64 = 100.0;
/// When the Deployments are restarted; until then all is quiet.
pub(crate) const RESTART: Span = Span::from_secs(30);
/// How long is looked at after the rollouts.
const AFTER: Span = Span::from_secs(30);
/// What a pod takes besides its probes, in seconds: to start, to stop, and on its way through the
/// control plane.
const PER_POD_SECONDS: u64 = 8;
/// A rollout that takes longer is not waited for, in seconds.
const MOST_ROLLOUT_SECONDS: u64 = 3600;

/// The default scenario for these objects.
pub(crate) fn default_scenario(
    path: &str,
    objects: &Objects,
    applied: &BTreeMap<String, Objects>,
    findings: &mut Findings,
) -> Scenario {
    let mut scenario = empty_scenario(path);
    let deployments = || objects.deployments.iter().map(|written| &written.object);
    let new = applied.values().flat_map(|it| &it.deployments).map(|written| &written.object);
    let rollout = deployments().chain(new).map(rollout_seconds).max().unwrap_or(0);
    scenario.duration = RESTART + Span::from_secs(rollout.next_multiple_of(10)) + AFTER;
    scenario.clients = clients(objects);
    let what = match applied.keys().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => "every Deployment is restarted".to_owned(),
        [only] => format!("{only} is applied"),
        ref several => format!("{} are applied", several.join(", ")),
    };
    scenario.description = format!("Default load on every Service while {what}.");
    let restarted = deployments().filter(|it| applied.is_empty() && !it.spec.paused);
    for deployment in restarted {
        let deployment = deployment.meta.key();
        let text = match &*deployment.namespace {
            "default" => format!("rollout restart deployment/{}", deployment.name),
            namespace => format!("rollout restart -n {namespace} deployment/{}", deployment.name),
        };
        let action = Action::SetTemplate { deployment, change: TemplateChange::Restart };
        scenario.timeline.push(Step { at: RESTART, text, action });
    }
    if scenario.clients.is_empty() && !objects.incomplete && !objects.is_empty() {
        findings.push(no_clients(objects, applied));
    }
    scenario
}

/// Why the default load has nobody to go to, and what to do about it.
fn no_clients(objects: &Objects, applied: &BTreeMap<String, Objects>) -> Diagnostic {
    let selecting = || objects.services.iter().filter(|it| selects(objects, &it.object));
    let (at, label, what, help) = if let Some(first) = selecting().next() {
        let headless = selecting().all(|it| it.object.spec.headless);
        let what = match headless {
            true => "the default load goes to cluster IPs, and only headless Services select pods",
            false => "no Service that selects pods has a cluster IP and a TCP port",
        };
        (Some(first.at("spec")), "nobody calls it", what, "")
    } else if let Some(first) = objects.services.first() {
        let (what, help) = no_pod_selected(objects, applied);
        (Some(first.at("spec.selector")), "selects no pod", what, help)
    } else {
        let deployment = objects.deployments.first().map(|it| it.at("metadata.name"));
        let pod = || objects.pods.first().map(|it| it.at("metadata.name"));
        let help = "add the Service in front of the pods, or ";
        (deployment.or_else(pod), "nobody calls its pods", "there is no Service", help)
    };
    let (message, help) = (
        format!("{what}, so nobody sends requests"),
        format!("{help}write a Scenario with clients"),
    );
    let diagnostic = Diagnostic::new(Code::NoClients, message, help);
    match at {
        Some(at) => diagnostic.at(at, label),
        None => diagnostic,
    }
}

/// What to say where there are Services, and none of them selects a pod that is there from the start.
fn no_pod_selected(
    objects: &Objects,
    applied: &BTreeMap<String, Objects>,
) -> (&'static str, &'static str) {
    let what = "no Service selects a pod";
    let mut services = objects.services.iter().map(|it| &it.object);
    if services.any(|service| applied.values().any(|later| selects(later, service))) {
        return (
            "no Service selects a pod before the change",
            "add the pods that are there before, or ",
        );
    }
    let beside =
        |namespace: &str| objects.services.iter().any(|it| *it.object.meta.namespace == *namespace);
    let mut groups = objects.pod_groups().peekable();
    if groups.peek().is_none() {
        return (what, "add the Deployment of the pods, or ");
    }
    let mut groups = groups.filter(|group| beside(group.namespace)).peekable();
    if groups.peek().is_none() {
        return (what, "put a Service into the namespace of the pods, or ");
    }
    match groups.any(|group| !group.labels.is_empty()) {
        true => (what, "give one the labels that the pods have as its selector, or "),
        false => (what, "give the pods the labels that a Service selects, or "),
    }
}

fn selects(objects: &Objects, service: &Service) -> bool {
    let Service { meta, spec, .. } = service;
    let selector = spec.selector.as_ref();
    selector.is_some_and(|it| objects.selected(&meta.namespace, it).next().is_some())
}

fn clients(objects: &Objects) -> Vec<Client> {
    let mut clients: Vec<Client> = Vec::new();
    for written in &objects.services {
        let Service { meta, spec, .. } = &written.object;
        let port = spec.ports.iter().find(|port| port.protocol == Protocol::Tcp);
        let Some(port) =
            port.filter(|_| spec.needs_cluster_ip() && selects(objects, &written.object))
        else {
            continue;
        };
        let taken = clients.iter().any(|client| *client.name == *meta.name);
        let name =
            if taken { format!("{}.{}", meta.name, meta.namespace) } else { meta.name.to_string() };
        let host = format!("{}.{}", meta.name, meta.namespace);
        let target = Target {
            backend: None,
            url: format!("http://{host}:{}/", port.port),
            protocol: Protocol::Tcp,
            host: Host::Name(host),
            port: Port::Number(port.port),
            service: meta.key(),
            balanced: false,
            routed: Vec::new(),
        };
        clients.push(Client {
            name,
            from: From::Node(None),
            target,
            arrivals: Arrivals::Poisson { per_second: PER_SECOND },
            timeout: DEFAULT_TIMEOUT,
            retries: no_retries(),
            address: None,
            balancing: None,
            keys: 0,
            connections: Connections::PerRequest,
            name_cache: NameCache::None,
        });
    }
    clients.sort_by(|a, b| a.name.cmp(&b.name));
    clients
}

/// About how long a rollout takes, on the long side, in seconds.
fn rollout_seconds(deployment: &Deployment) -> u64 {
    let spec = &deployment.spec;
    let pod = &spec.template.spec;
    let probes = pod.containers.iter().map(|container| {
        let probe = container.readiness_probe.as_ref();
        let startup = container.startup_probe.as_ref();
        let until = |probe: &api::Probe| {
            let periods = u64::from(probe.period_seconds) * u64::from(probe.success_threshold);
            u64::from(probe.initial_delay_seconds) + periods
        };
        probe.map_or(0, until) + startup.map_or(0, until)
    });
    let ready = PER_POD_SECONDS + probes.max().unwrap_or(0) + u64::from(spec.min_ready_seconds);
    let replicas = u64::try_from(spec.replicas).unwrap_or(0);
    let grace = u64::from(pod.termination_grace_period_seconds);
    let total = match spec.strategy {
        Strategy::Recreate => grace + ready,
        Strategy::RollingUpdate { max_surge, max_unavailable } => {
            let surge = max_surge.scaled(spec.replicas, true);
            let step = surge + max_unavailable.scaled(spec.replicas, false);
            let step = u64::try_from(step).unwrap_or(0).max(1);
            let hooks = pod.containers.iter().filter_map(|c| c.pre_stop.as_ref());
            let hook = hooks.map(|hook| u64::from(hook.seconds())).max().unwrap_or(0);
            replicas.div_ceil(step) * ready + hook.min(grace)
        }
    };
    total.min(MOST_ROLLOUT_SECONDS)
}
