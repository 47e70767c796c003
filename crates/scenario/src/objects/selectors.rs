//! The pods that Services lead to: whether there are any.

use std::{cmp::Reverse, collections::BTreeMap};

use api::{Labels, Service, selector::matches_all, service::ServiceType};

use super::{Objects, PodGroup, Written, show_labels};
use crate::{Code, Diagnostic, diagnostic::Findings};

/// So many Deployments' labels are told where a selector is near none of them.
const GROUPS_TOLD: usize = 3;
/// Longer values are no labels, and to compare them takes the product of their lengths.
const LONGEST_COMPARED: usize = 100;

impl Objects {
    /// Whether a Service leads to pods of here or of what is applied.
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
        let mut groups = all().flat_map(|objects| objects.selected(&meta.namespace, selector));
        if groups.next().is_none() {
            findings.push(self.selects_nothing(written, applied, selector));
        }
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
