//! The pods that Services lead to: whether there are any, and whether they have the ports.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use api::{
    IntOrString, Key, Kind, Labels, Protocol, Service, ServicePort, selector::matches_all,
    service::ServiceType,
};

use super::{Objects, PodGroup, Written, show_labels};
use crate::{
    Code, Diagnostic,
    diagnostic::{Findings, suggest},
    source::At,
};

/// So many Deployments' labels are told where a selector is near none of them.
const GROUPS_TOLD: usize = 3;
/// Longer values are no labels, and to compare them takes the product of their lengths.
const LONGEST_COMPARED: usize = 100;

impl Objects {
    /// Whether a Service leads to pods of here or of what is applied, and their containers have the
    /// ports that it names.
    pub(crate) fn check_selector(
        &self,
        written: &Written<Service>,
        applied: &BTreeMap<String, Self>,
        findings: &mut Findings,
    ) {
        let Service { meta, spec, .. } = &written.object;
        // What a mere name selects is behind nothing.
        let selector = spec.selector.as_ref().filter(|_| spec.kind != ServiceType::ExternalName);
        let Some(selector) = selector else { return };
        let all = || std::iter::once(self).chain(applied.values());
        if all().any(|objects| objects.incomplete) {
            return;
        }
        let groups: Vec<PodGroup<'_>> =
            all().flat_map(|objects| objects.selected(&meta.namespace, selector)).collect();
        if groups.is_empty() {
            return findings.push(self.selects_nothing(written, applied, selector));
        }
        let named = |port: &ServicePort| matches!(port.target_port, IntOrString::String(_));
        if !spec.ports.iter().any(named) {
            return;
        }
        let behind = self.versions_behind(written, applied, selector);
        for (index, port) in spec.ports.iter().enumerate() {
            let IntOrString::String(name) = &port.target_port else { continue };
            let at = written.at(&format!("spec.ports[{index}].targetPort"));
            if !groups.iter().any(|group| declares(group, port)) {
                findings.push(not_declared(&meta.key(), (name, port.protocol), &groups, at));
                continue;
            }
            let renamed = behind
                .values()
                .filter(|versions| versions.iter().any(|version| declares(&version.group, port)));
            let lacking = renamed.flatten().filter(|it| it.counts && !declares(&it.group, port));
            let lacking: Vec<&PodGroup<'_>> = lacking.map(|it| &it.group).take(MOST_TOLD).collect();
            if !lacking.is_empty() {
                findings.push(no_longer_declared(&meta.key(), name, &lacking, at));
            }
        }
    }

    /// The versions of each Deployment behind a Service, and whether they are applied while this Service is
    /// certain to be there as it is.
    fn versions_behind<'a>(
        &'a self,
        written: &'a Written<Service>,
        applied: &'a BTreeMap<String, Self>,
        selector: &'a Labels,
    ) -> BTreeMap<(Kind, &'a str, &'a str), Vec<Behind<'a>>> {
        let key = written.object.meta.key();
        let is_this = |it: &Written<Service>| std::ptr::eq(it, written);
        let is_initial = self.services.iter().any(is_this);
        // Who applies a Deployment may apply another version of the Service with it, or before.
        let changes = applied.values().any(|objects| objects.service(&key).is_some());
        let counts = |objects: &Self| match is_initial {
            true => !changes,
            false => objects.services.iter().any(is_this),
        };
        let initial = std::iter::once((self, false));
        let all = initial.chain(applied.values().map(|objects| (objects, counts(objects))));
        let mut behind: BTreeMap<_, Vec<Behind<'a>>> = BTreeMap::new();
        for (objects, counts) in all {
            for group in objects.selected(&written.object.meta.namespace, selector) {
                let deployment = (group.kind, &**group.namespace, &**group.name);
                behind.entry(deployment).or_default().push(Behind { group, counts });
            }
        }
        behind
    }

    fn selects_nothing(
        &self,
        written: &Written<Service>,
        applied: &BTreeMap<String, Self>,
        selector: &Labels,
    ) -> Diagnostic {
        let meta = &written.object.meta;
        let message = format!("Service `{}` selects no pod", meta.key());
        let help = self.help_of_selector(applied, &meta.namespace, selector);
        let diagnostic = Diagnostic::new(Code::SelectsNothing, message, help);
        let Some(group) = self.nearest(applied, &meta.namespace, selector) else {
            return diagnostic.at(written.at("spec.selector"), "no pod has these labels");
        };
        let mut wrong = selector.iter().filter(|(k, v)| group.labels.get(*k) != Some(v));
        let (Some((key, _)), None) = (wrong.next(), wrong.next()) else {
            return diagnostic.at(written.at("spec.selector"), "no pod has these labels");
        };
        let label = match group.labels.get(key) {
            Some(value) => format!("{} `{}` has `{value}`", group.kind, group.name),
            None => format!("{} `{}` has no such label", group.kind, group.name),
        };
        diagnostic.at(written.at(&format!("spec.selector[{key:?}]")), label)
    }

    /// The pods of a namespace, also those that are applied later.
    fn groups_in<'a>(
        &'a self,
        applied: &'a BTreeMap<String, Self>,
        namespace: &'a str,
    ) -> impl Iterator<Item = PodGroup<'a>> {
        let all = std::iter::once(self).chain(applied.values());
        let groups = all.flat_map(Self::pod_groups);
        groups.filter(move |group| **group.namespace == *namespace)
    }

    /// Whose labels come nearest to a selector: by the labels that are right, by their keys, then by how
    /// the values of those are spelt. `None` where nobody has one of its keys.
    fn nearest<'a>(
        &'a self,
        applied: &'a BTreeMap<String, Self>,
        namespace: &'a str,
        selector: &Labels,
    ) -> Option<PodGroup<'a>> {
        let shared = |group: &PodGroup<'_>| {
            let keys = selector.keys().filter(|key| group.labels.contains_key(*key)).count();
            let pairs = selector.iter().filter(|(k, v)| group.labels.get(*k) == Some(v)).count();
            (pairs, keys)
        };
        let with_key = self.groups_in(applied, namespace).filter(|group| shared(group) > (0, 0));
        with_key.min_by_key(|group| (Reverse(shared(group)), misspelt(selector, group.labels)))
    }

    /// What to do about a selector that no pod matches.
    pub(crate) fn help_of_selector(
        &self,
        applied: &BTreeMap<String, Self>,
        namespace: &str,
        selector: &Labels,
    ) -> String {
        if let Some(group) = self.nearest(applied, namespace, selector) {
            let labels = show_labels(group.labels);
            return format!("{} `{}` is nearest: its pods have {labels}", group.kind, group.name);
        }
        let all = || std::iter::once(self).chain(applied.values());
        let mut groups = all().flat_map(Self::pod_groups);
        if let Some(group) = groups.find(|group| matches_all(selector, group.labels)) {
            return format!(
                "{} `{}` has these labels, but in namespace `{}`; a selector stays in its own",
                group.kind, group.name, group.namespace
            );
        }
        let labels = self.labels_in(applied, namespace);
        if !labels.is_empty() {
            return format!("write the labels that pods have: {labels}");
        }
        match self.groups_in(applied, namespace).next() {
            Some(_) => format!(
                "the pods of namespace `{namespace}` have no labels: give them {}",
                show_labels(selector)
            ),
            None => {
                format!("no pods are described in namespace `{namespace}`: add their Deployment")
            }
        }
    }

    /// The labels of pods in a namespace, of the first few of those who have any.
    fn labels_in(&self, applied: &BTreeMap<String, Self>, namespace: &str) -> String {
        let mut told: Vec<String> = Vec::new();
        for group in self.groups_in(applied, namespace).filter(|group| !group.labels.is_empty()) {
            let labels = show_labels(group.labels);
            let text = format!("{labels} (of {} `{}`)", group.kind, group.name);
            // Most versions of a Deployment have the same.
            if !told.contains(&text) {
                told.push(text);
            }
            if told.len() == GROUPS_TOLD {
                break;
            }
        }
        told.join(" or ")
    }
}

/// How far the values of labels are from those that are wanted, where the keys are the same.
fn misspelt(selector: &Labels, labels: &Labels) -> usize {
    let both = selector.iter().filter_map(|(key, wanted)| Some((wanted, labels.get(key)?)));
    let distance = |(wanted, value): (&String, &String)| match wanted.len().max(value.len()) {
        length if length > LONGEST_COMPARED => length,
        _ => strsim::osa_distance(&wanted.to_lowercase(), &value.to_lowercase()),
    };
    both.map(distance).sum()
}

/// A version of a Deployment behind a Service.
struct Behind<'a> {
    group: PodGroup<'a>,
    /// Whether it is looked at.
    counts: bool,
}

/// So many versions are told that lack a port.
const MOST_TOLD: usize = 5;

fn declares(group: &PodGroup<'_>, port: &ServicePort) -> bool {
    group.spec.find_port(&port.target_port, port.protocol).is_some()
}

/// No container has the port of a name, or only for another protocol.
fn not_declared(
    service: &Key,
    (name, wanted): (&str, Protocol),
    groups: &[PodGroup<'_>],
    at: At,
) -> Diagnostic {
    let ports = || groups.iter().flat_map(|g| &g.spec.containers).flat_map(|c| &c.ports);
    let of_name = ports().find(|port| port.name.as_deref() == Some(name));
    let message = format!("no container behind Service `{service}` declares a port named `{name}`");
    let Some(other) = of_name else {
        let help = suggest(name, "named port", ports().filter_map(|port| port.name.as_deref()));
        let diagnostic = Diagnostic::new(Code::PortNotDeclared, message, help);
        return diagnostic.at(at, "declared nowhere");
    };
    let (wanted, declared) = (wanted.name(), other.protocol.name());
    let help = format!(
        "write `protocol: {declared}` for this port of the Service, or `protocol: {wanted}` for that of \
         the container"
    );
    Diagnostic::new(Code::PortNotDeclared, format!("{message} for {wanted}"), help)
        .at(at, format!("declared for {declared}, and the Service asks for {wanted}"))
}

/// Versions of Deployments that steps apply lack the name of a port that others of them have.
fn no_longer_declared(service: &Key, name: &str, versions: &[&PodGroup<'_>], at: At) -> Diagnostic {
    let names: BTreeSet<String> =
        versions.iter().map(|it| format!("{} `{}/{}`", it.kind, it.namespace, it.name)).collect();
    let names: Vec<String> = names.into_iter().collect();
    let message = format!(
        "Service `{service}` leads to a port named `{name}`, which no container of {} declares as it is \
         applied",
        names.join(" and ")
    );
    let help = format!(
        "name the port `{name}` there too, or let the Service have its number as `targetPort`"
    );
    let diagnostic = Diagnostic::new(Code::PortNotDeclared, message, help);
    let diagnostic = diagnostic.at(at, "leads to no pod of that version");
    versions.iter().fold(diagnostic, |diagnostic, version| {
        // Where it has another name, that is what to look at.
        let place = version.spec.containers.iter().position(|it| !it.ports.is_empty());
        let field = match place {
            Some(index) => format!("containers[{index}].ports"),
            None => "containers".to_owned(),
        };
        diagnostic.because_of(version.at(&field), "applied here")
    })
}
