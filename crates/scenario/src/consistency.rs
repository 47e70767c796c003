//! What is wrong between the manifests and the scenario: pods that no node can take, and probes
//! that ask where nothing listens.

use api::{PodSpec, pod::Resources};

use crate::{Code, Diagnostic, Scenario, diagnostic::Findings, objects::Objects, source::At};

/// A spec of pods, and how to point into it.
struct Spec<'a> {
    /// `Deployment default/web`.
    owner: String,
    spec: &'a PodSpec,
    at: &'a dyn Fn(&str) -> At,
}

/// Reports what the manifests ask of the cluster and of the programs that these do not have.
pub(crate) fn check(objects: &Objects, scenario: &Scenario, findings: &mut Findings) {
    for written in &objects.deployments {
        let deployment = &written.object;
        check_spec(
            &Spec {
                owner: format!("Deployment `{}`", deployment.meta.key()),
                spec: &deployment.spec.template.spec,
                at: &|field| written.at(&format!("spec.template.spec.{field}")),
            },
            scenario,
            findings,
        );
    }
    for written in &objects.pods {
        check_spec(
            &Spec {
                owner: format!("Pod `{}`", written.object.meta.key()),
                spec: &written.object.spec,
                at: &|field| written.at(&format!("spec.{field}")),
            },
            scenario,
            findings,
        );
    }
}

fn check_spec(spec: &Spec<'_>, scenario: &Scenario, findings: &mut Findings) {
    if !findings.is_full() {
        check_room(spec, scenario, findings);
        check_probes(spec, scenario, findings);
    }
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

/// Whether somebody listens where each probe asks.
fn check_probes(spec: &Spec<'_>, scenario: &Scenario, findings: &mut Findings) {
    let listening = scenario.listening(spec.spec);
    for (index, container) in spec.spec.containers.iter().enumerate() {
        for (kind, probe) in container.probes() {
            let Some(port) = probe.port(container) else { continue };
            if listening.container_at(port).is_some() {
                continue;
            }
            let field = format!("containers[{index}].{}", kind.field());
            let message = format!(
                "the {} probe of {} asks a port on which nothing listens",
                kind.name(),
                spec.owner
            );
            let ports: Vec<String> = listening.ports().map(|port| port.to_string()).collect();
            let help = format!(
                "its pods listen on {}: ask there, or add the port to `ports` of the container or \
                 to `listen` of image `{}` in `spec.images`",
                ports.join(", "),
                container.image
            );
            let diagnostic = Diagnostic::new(Code::ProbeUnheard, message, help);
            findings.push(diagnostic.at((spec.at)(&field), "will never pass"));
        }
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
