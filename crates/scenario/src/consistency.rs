//! What is wrong between the manifests and the scenario: pods that no node can take, probes that
//! ask where nothing listens, and readiness gates that nobody opens.

use api::{
    Container, IntOrString, Labels, PodSpec, Probe, Service,
    pod::{ProbeHandler, Resources},
    service::ServiceType,
};

use crate::{
    Action, Code, Diagnostic, Scenario, Targets,
    course::Course,
    diagnostic::{Findings, suggest},
    objects::Objects,
    source::At,
    target_ports,
};

/// A spec of pods, and how to point into it.
struct Spec<'a> {
    /// `Deployment default/web`.
    owner: String,
    /// Whether a load balancer is in front of its pods.
    balanced: bool,
    spec: &'a PodSpec,
    at: &'a dyn Fn(&str) -> At,
}

/// Reports what the manifests ask of the cluster and of the programs that these do not have.
pub(crate) fn check(
    objects: &Objects,
    course: &Course<'_>,
    scenario: &Scenario,
    findings: &mut Findings,
) {
    let balanced = |namespace: &str, labels: &Labels| {
        services(objects, scenario).any(|service| is_in_front(service, namespace, labels))
    };
    for written in &objects.deployments {
        let deployment = &written.object;
        check_spec(
            &Spec {
                owner: format!("Deployment `{}`", deployment.meta.key()),
                balanced: balanced(&deployment.meta.namespace, &deployment.spec.template.labels),
                spec: &deployment.spec.template.spec,
                at: &|field| written.at(&format!("spec.template.spec.{field}")),
            },
            course,
            scenario,
            findings,
        );
    }
    for written in &objects.pods {
        let pod = &written.object;
        check_spec(
            &Spec {
                owner: format!("Pod `{}`", pod.meta.key()),
                balanced: balanced(&pod.meta.namespace, &pod.meta.labels),
                spec: &pod.spec,
                at: &|field| written.at(&format!("spec.{field}")),
            },
            course,
            scenario,
            findings,
        );
    }
}

fn check_spec(spec: &Spec<'_>, course: &Course<'_>, scenario: &Scenario, findings: &mut Findings) {
    if !findings.is_full() {
        check_room(spec, scenario, findings);
        check_probes(spec, course, scenario, findings);
        check_gates(spec, scenario, findings);
    }
}

/// What the types of the conditions begin with that the controller of load balancers writes.
const TARGET_HEALTH: &str = "target-health.";

/// Whether somebody opens each readiness gate.
fn check_gates(spec: &Spec<'_>, scenario: &Scenario, findings: &mut Findings) {
    for (index, gate) in spec.spec.readiness_gates.iter().enumerate() {
        let is_its = gate.starts_with(TARGET_HEALTH);
        let pods = scenario.cluster.load_balancer.targets == Targets::Pods;
        if is_its && pods && spec.balanced {
            continue;
        }
        let help = match (is_its, pods) {
            (true, false) => "write `targets: pods` in `spec.cluster.loadBalancer` of the scenario",
            (true, true) => "let a Service of type LoadBalancer select the pods",
            (false, _) => {
                "only conditions that begin with `target-health.` are written: leave the gate out"
            }
        };
        let message = format!("nobody opens the readiness gate `{gate}` of {}", spec.owner);
        let diagnostic = Diagnostic::new(Code::GateShut, message, help);
        let field = format!("readinessGates[{index}].conditionType");
        findings.push(diagnostic.at((spec.at)(&field), "its pods never get ready"));
    }
}

/// All Services that there are at some time.
fn services<'a>(objects: &'a Objects, scenario: &'a Scenario) -> impl Iterator<Item = &'a Service> {
    let applied = scenario.timeline.iter().filter_map(|step| match &step.action {
        Action::ApplyService { service, .. } => Some(&**service),
        _ => None,
    });
    objects.services.iter().map(|written| &written.object).chain(applied)
}

/// Whether a Service has a load balancer, and pods of these labels behind it.
fn is_in_front(service: &Service, namespace: &str, labels: &Labels) -> bool {
    service.spec.kind == ServiceType::LoadBalancer && service.selects(namespace, labels)
}

/// Whether any node is large enough when nothing else is on it.
fn check_room(spec: &Spec<'_>, scenario: &Scenario, findings: &mut Findings) {
    let wanted = spec.spec.requests();
    let nodes = scenario.cluster.nodes.iter();
    let fits = |cpu, memory| wanted.cpu_millis <= cpu && wanted.memory_bytes <= memory;
    if nodes.clone().any(|node| fits(node.cpu_millis, node.memory_bytes)) {
        return;
    }
    let Some(largest) = nodes.max_by_key(|node| (node.cpu_millis, node.memory_bytes)) else {
        return;
    };
    let too_much_cpu = wanted.cpu_millis > largest.cpu_millis;
    let share = |requests: Resources| match too_much_cpu {
        true => requests.cpu_millis,
        false => requests.memory_bytes,
    };
    let containers = spec.spec.containers.iter().enumerate();
    let most = containers.max_by_key(|(_, container)| share(container.requests));
    let (what, wanted, has) = match too_much_cpu {
        true => ("cpu", cpu(wanted.cpu_millis), cpu(largest.cpu_millis)),
        false => ("memory", memory(wanted.memory_bytes), memory(largest.memory_bytes)),
    };
    let message =
        format!("no node has room for a pod of {}: it requests {what} {wanted}", spec.owner);
    let help = format!(
        "the largest node has {has}: lower the request, or raise `spec.cluster.nodes.{what}` of \
         the scenario"
    );
    let field = format!("containers[{}].resources.requests.{what}", most.map_or(0, |(i, _)| i));
    let diagnostic = Diagnostic::new(Code::NoNodeFits, message, help);
    findings.push(diagnostic.at((spec.at)(&field), "more than a whole node"));
}

/// Whether somebody listens where each probe asks, in pods of every version.
fn check_probes(
    spec: &Spec<'_>,
    course: &Course<'_>,
    scenario: &Scenario,
    findings: &mut Findings,
) {
    let made = course.pods.iter().filter(|it| std::ptr::eq(it.what.group.spec, spec.spec));
    let mut versions: Vec<&PodSpec> = made.map(|it| &*it.what.spec).collect();
    if versions.is_empty() {
        versions.push(spec.spec);
    }
    for (index, container) in spec.spec.containers.iter().enumerate() {
        for (kind, probe) in container.probes() {
            let Some(port) = probe.port(container) else { continue };
            let hears = |it: &PodSpec| scenario.listening(it).container_at(port).is_some();
            let deaf: Vec<&PodSpec> = versions.iter().copied().filter(|it| !hears(it)).collect();
            let Some(first) = deaf.first() else { continue };
            let who = match deaf.len() == versions.len() {
                true => "nothing listens".to_owned(),
                false => target_ports::some_do_not_listen(deaf.iter().copied()),
            };
            let of = format!("the {} probe of {}", kind.name(), spec.owner);
            let (message, help) = match undeclared(probe, container) {
                Some(name) => (
                    format!(
                        "{of} asks at port `{name}`, a name that its container does not declare"
                    ),
                    named(name, container),
                ),
                None => {
                    let (listening, image) =
                        (scenario.listening(first), &first.containers[index].image);
                    (
                        format!("{of} asks a port on which {who}"),
                        target_ports::remedy(&listening, "ask there", image),
                    )
                }
            };
            let diagnostic = Diagnostic::new(Code::ProbeUnheard, message, help);
            let field = format!("containers[{index}].{}", kind.field());
            findings.push(diagnostic.at((spec.at)(&field), "will never pass"));
        }
    }
}

/// The name of the port that a probe asks at, where its container declares none of that name.
fn undeclared<'a>(probe: &'a Probe, container: &Container) -> Option<&'a str> {
    let (ProbeHandler::HttpGet(port) | ProbeHandler::TcpSocket(port)) = &probe.handler else {
        return None;
    };
    let IntOrString::String(name) = port else { return None };
    let declares = container.ports.iter().any(|port| port.name.as_deref() == Some(name));
    (!declares).then_some(name)
}

/// What to do about a name that no port of a container has.
fn named(name: &str, container: &Container) -> String {
    let names: Vec<&str> = container.ports.iter().filter_map(|port| port.name.as_deref()).collect();
    match (&names[..], container.ports.first()) {
        ([], Some(port)) => {
            let number = port.container_port;
            format!("give the port its name: `- {{ name: {name}, containerPort: {number} }}`")
        }
        ([], None) => format!("declare it: `ports: [ {{ name: {name}, containerPort: 8080 }} ]`"),
        _ => suggest(name, "named port", names),
    }
}

/// CPU as a manifest has it: `4`, `250m`.
fn cpu(millis: u64) -> String {
    if millis.is_multiple_of(1_000) { (millis / 1_000).to_string() } else { format!("{millis}m") }
}

/// Memory as a manifest has it, in the largest unit that keeps it whole: `128Mi`.
fn memory(bytes: u64) -> String {
    let units = [(1 << 40, "Ti"), (1 << 30, "Gi"), (1 << 20, "Mi"), (1 << 10, "Ki")];
    let whole = |(size, _): &&(u64, &str)| bytes > 0 && bytes.is_multiple_of(*size);
    match units.iter().find(whole) {
        Some((size, unit)) => format!("{}{unit}", bytes / size),
        None => bytes.to_string(),
    }
}
