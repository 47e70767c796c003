//! Whether anybody listens where Services lead.

use std::collections::BTreeSet;

use api::{
    IntOrString, Key, Labels, Listening, PodSpec, Protocol, Service, ServicePort, main_container,
};

use crate::{
    Code, Diagnostic, Scenario,
    course::{Course, During, Version},
    diagnostic::{Findings, suggest},
    objects::{Objects, Written},
    source::At,
};

/// So many versions are told that lack a port.
const MOST_TOLD: usize = 5;

/// Reports target ports that lead to no program of the pods behind a Service, of those that are there while
/// the Service is as it is: by number, where none listens, and by name, where none is declared.
///
/// Of a headless Service numbers are left alone: DNS gives its pods' addresses, and clients choose the port.
/// (Sidecars and Ingress controllers do go by its `targetPort`.)
pub(crate) fn check(
    all: &[&Objects],
    course: &Course<'_>,
    scenario: &Scenario,
    findings: &mut Findings,
) {
    // Who could not be read may listen.
    if all.iter().any(|objects| objects.incomplete) {
        return;
    }
    for during in &course.services {
        if findings.is_full() {
            return;
        }
        let service = &during.what.object;
        let ever = course.pods.iter().filter(|pods| pods.what.is_behind(service)).collect();
        let behind = Behind { during, ever, scenario };
        for (index, port) in service.spec.ports.iter().enumerate() {
            let at = during.what.at(&format!("spec.ports[{index}].targetPort"));
            let found = match &port.target_port {
                IntOrString::String(name) => behind.check_name(name, port, at),
                IntOrString::Int(_) if service.spec.headless => None,
                IntOrString::Int(number) => {
                    u16::try_from(*number).ok().and_then(|number| behind.check_number(number, at))
                }
            };
            findings.extend(found);
        }
    }
}

/// A Service while it is as it is, and all versions of pods that its selector ever finds.
struct Behind<'c, 'a> {
    during: &'c During<&'a Written<Service>>,
    ever: Vec<&'c During<Version<'a>>>,
    scenario: &'c Scenario,
}

impl<'c, 'a> Behind<'c, 'a> {
    fn key(&self) -> Key {
        self.during.what.object.meta.key()
    }

    /// The versions that are there with the Service.
    fn now(&self) -> impl Iterator<Item = &'c During<Version<'a>>> {
        self.ever.iter().copied().filter(|version| version.meets(self.during))
    }

    /// Whether all of these were there before the Service became as it is, or with it, and are replaced.
    fn are_replaced(&self, versions: &[&During<Version<'_>>]) -> bool {
        versions.iter().all(|it| it.from <= self.during.from && it.is_replaced)
    }

    fn check_number(&self, target: u16, at: At) -> Option<Diagnostic> {
        let hears = |it: &&During<Version<'_>>| {
            self.scenario.listening(&it.what.spec).container_at(target).is_some()
        };
        let deaf: Vec<_> = self.now().filter(|it| !hears(it)).collect();
        let first = &deaf.first()?.what;
        let who = match self.now().any(|it| hears(&it)) {
            false => "no pod behind it listens".to_owned(),
            true => some_do_not_listen(deaf.iter().map(|it| &*it.what.spec)),
        };
        let until = if self.are_replaced(&deaf) { ", as long as they are there" } else { "" };
        let message =
            format!("Service `{}` leads to port {target}, on which {who}{until}", self.key());
        let service = &self.during.what.object;
        let (labels, spec) = (&Labels::new(), &first.spec);
        let container = main_container::main_container(labels, spec, [service]);
        let image = container.map_or("", |place| &first.spec.containers[place].image);
        let listening = self.scenario.listening(&first.spec);
        let help = remedy(&listening, "write that as `targetPort`", image);
        let diagnostic = Diagnostic::new(Code::TargetUnheard, message, help);
        Some(diagnostic.at(at, "they refuse every connection"))
    }

    fn check_name(&self, name: &str, port: &ServicePort, at: At) -> Option<Diagnostic> {
        let declares = |it: &&During<Version<'_>>| {
            it.what.spec.find_port(&port.target_port, port.protocol).is_some()
        };
        self.now().next()?;
        if !self.ever.iter().any(&declares) {
            return Some(self.not_declared((name, port.protocol), at));
        }
        // Who never has a port of that name may be meant to be left out.
        let owners: BTreeSet<_> =
            self.ever.iter().filter(|it| declares(it)).map(|it| it.what.owner()).collect();
        let lacking = self.now().filter(|it| !declares(it) && owners.contains(&it.what.owner()));
        let lacking: Vec<_> = lacking.collect();
        (!lacking.is_empty()).then(|| self.lacking(name, &lacking, at))
    }

    /// No container has the port of a name, or only for another protocol.
    fn not_declared(&self, (name, wanted): (&str, Protocol), at: At) -> Diagnostic {
        let containers = || self.ever.iter().flat_map(|it| &it.what.spec.containers);
        let ports = || containers().flat_map(|container| &container.ports);
        let of_name = ports().find(|port| port.name.as_deref() == Some(name));
        let message =
            format!("no container behind Service `{}` declares a port named `{name}`", self.key());
        let Some(other) = of_name else {
            let help = suggest(name, "named port", ports().filter_map(|port| port.name.as_deref()));
            let diagnostic = Diagnostic::new(Code::PortNotDeclared, message, help);
            return diagnostic.at(at, "declared nowhere");
        };
        let (wanted, declared) = (wanted.name(), other.protocol.name());
        let help = format!(
            "write `protocol: {declared}` for this port of the Service, or `protocol: {wanted}` for that \
             of the container"
        );
        Diagnostic::new(Code::PortNotDeclared, format!("{message} for {wanted}"), help)
            .at(at, format!("declared for {declared}, and the Service asks for {wanted}"))
    }

    /// Versions lack the name of a port that others of the same Deployment have.
    fn lacking(&self, name: &str, versions: &[&During<Version<'_>>], at: At) -> Diagnostic {
        let replaced = self.are_replaced(versions);
        let told = &versions[..versions.len().min(MOST_TOLD)];
        let names: BTreeSet<String> = told
            .iter()
            .map(|it| format!("{} `{}`", it.what.group.kind, it.what.group.key()))
            .collect();
        let names = names.into_iter().collect::<Vec<_>>().join(" and ");
        let service = self.key();
        let (message, help) = match replaced {
            true => (
                format!(
                    "Service `{service}` leads to a port named `{name}`, which no container of {names} \
                     declares at first: its pods get no request until they are replaced"
                ),
                "let the Service have a number as `targetPort` that old and new pods listen on, if only \
                 until the old ones are gone"
                    .to_owned(),
            ),
            false => (
                format!(
                    "Service `{service}` leads to a port named `{name}`, which no container of {names} \
                     declares as it is applied"
                ),
                format!(
                    "name the port `{name}` there too, or let the Service have its number as `targetPort`"
                ),
            ),
        };
        let diagnostic = Diagnostic::new(Code::PortNotDeclared, message, help);
        let diagnostic = diagnostic.at(at, "leads to no pod of that version");
        told.iter().fold(diagnostic, |diagnostic, version| {
            let group = &version.what.group;
            // Where it has another name, that is what to look at.
            let place = group.spec.containers.iter().position(|it| !it.ports.is_empty());
            let field = match place {
                Some(index) => format!("containers[{index}].ports"),
                None => "containers".to_owned(),
            };
            let label = if replaced { "these are there still" } else { "applied here" };
            diagnostic.because_of(group.at(&field), label)
        })
    }
}

/// Which versions do not listen somewhere, by their images.
pub(crate) fn some_do_not_listen<'a>(specs: impl Iterator<Item = &'a PodSpec>) -> String {
    let images: BTreeSet<String> = specs.map(images).collect();
    let images: Vec<String> = images.into_iter().collect();
    format!("pods of {} do not listen", images.join(" and "))
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
