//! Whether anybody listens where Services lead.

use std::{borrow::Cow, collections::BTreeSet};

use api::{IntOrString, Key, Kind, Listening, PodSpec, Service, service::ServiceType};

use crate::{
    Action, Code, Diagnostic, Scenario, TemplateChange,
    diagnostic::Findings,
    objects::{Objects, PodGroup, Written},
};

/// Reports target ports on which pods behind a Service do not listen, of all there will be: what the
/// timeline applies, and what it makes of templates by `set image`.
///
/// A headless Service is left alone: DNS gives its pods' addresses, and clients choose the port. (Sidecars
/// and Ingress controllers do go by its `targetPort`.)
pub(crate) fn check(all: &[&Objects], scenario: &Scenario, findings: &mut Findings) {
    // Who could not be read may listen.
    if all.iter().any(|objects| objects.incomplete) {
        return;
    }
    for written in all.iter().flat_map(|objects| &objects.services) {
        if findings.is_full() {
            return;
        }
        let Service { meta, spec, .. } = &written.object;
        let leads = spec.kind != ServiceType::ExternalName && !spec.headless;
        let Some(selector) = spec.selector.as_ref().filter(|_| leads) else { continue };
        let groups = all.iter().flat_map(|objects| objects.selected(&meta.namespace, selector));
        let groups: Vec<PodGroup<'_>> = groups.collect();
        let versions: Vec<_> = groups.iter().flat_map(|group| of_group(group, scenario)).collect();
        check_service(written, &versions, scenario, findings);
    }
}

fn of_group<'a>(group: &PodGroup<'a>, scenario: &Scenario) -> Vec<Cow<'a, PodSpec>> {
    let key = Key::new(&**group.namespace, &**group.name);
    versions(group.spec, Some(&key).filter(|_| group.kind == Kind::Deployment), scenario)
}

/// What pods are made from, one after the other: this, and what `set image` makes of it in a Deployment.
pub(crate) fn versions<'a>(
    spec: &'a PodSpec,
    of: Option<&Key>,
    scenario: &Scenario,
) -> Vec<Cow<'a, PodSpec>> {
    let mut versions = vec![Cow::Borrowed(spec)];
    for step in &scenario.timeline {
        let Action::SetTemplate { deployment, change } = &step.action else { continue };
        let TemplateChange::Images(images) = change else { continue };
        if of == Some(deployment) {
            let mut spec = versions[versions.len() - 1].clone().into_owned();
            spec.set_images(images);
            versions.push(Cow::Owned(spec));
        }
    }
    versions
}

/// The first of some versions that does not listen on a port, and who does not: `nobody` where it is all of
/// them. `None` where all listen.
pub(crate) fn deaf<'a>(
    versions: &'a [Cow<'_, PodSpec>],
    port: u16,
    scenario: &Scenario,
    nobody: &str,
) -> Option<(&'a PodSpec, String)> {
    let hears_nothing =
        |spec: &&Cow<'_, PodSpec>| scenario.listening(spec).container_at(port).is_none();
    let deaf: Vec<&PodSpec> = versions.iter().filter(hears_nothing).map(|spec| &**spec).collect();
    let first = deaf.first()?;
    if deaf.len() == versions.len() {
        return Some((first, nobody.to_owned()));
    }
    let images: BTreeSet<String> = deaf.iter().map(|spec| images(spec)).collect();
    let images: Vec<String> = images.into_iter().collect();
    Some((first, format!("pods of {} do not listen", images.join(" and "))))
}

fn check_service(
    written: &Written<Service>,
    versions: &[Cow<'_, PodSpec>],
    scenario: &Scenario,
    findings: &mut Findings,
) {
    let Service { meta, spec, .. } = &written.object;
    for (index, port) in spec.ports.iter().enumerate() {
        let IntOrString::Int(target) = port.target_port else { continue };
        let Ok(target) = u16::try_from(target) else { continue };
        let deaf = deaf(versions, target, scenario, "no pod behind it listens");
        let Some((first, who)) = deaf else { continue };
        let message = format!("Service `{}` leads to port {target}, on which {who}", meta.key());
        let image = first.containers.first().map_or("", |container| &container.image);
        let help = remedy(&scenario.listening(first), "write that as `targetPort`", image);
        let diagnostic = Diagnostic::new(Code::TargetUnheard, message, help);
        let at = written.at(&format!("spec.ports[{index}].targetPort"));
        findings.push(diagnostic.at(at, "they refuse every connection"));
    }
}

/// The images of a pod: `web:v1`, or several of them.
fn images(spec: &PodSpec) -> String {
    let images: Vec<&str> = spec.containers.iter().map(|container| &*container.image).collect();
    format!("`{}`", images.join("` with `"))
}

/// What to do where nobody listens on a port: go where somebody does, `here`, or let a container, of this
/// image for instance, listen.
pub(crate) fn remedy(listening: &Listening, here: &str, image: &str) -> String {
    let ports: Vec<String> = listening.ports().map(|port| port.to_string()).collect();
    if ports.is_empty() {
        return "its pods have several containers that declare no port, so which of them listens is not \
                known: add the port to `ports` of one, or to `listen` of its image in `spec.images`"
            .to_owned();
    }
    format!(
        "its pods listen on {}: {here}, or add the port to `ports` of the container or to `listen` of \
         image `{image}` in `spec.images`",
        ports.join(", ")
    )
}
