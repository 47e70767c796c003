//! What the timeline does to Deployments, gone through before the run: which are there at which step,
//! and what applying a file again takes over.
//!
//! kubectl sets what a file says, and takes back what the file that was applied before said and this one
//! does not: so replicas fall back to 1. What neither of them says stays as other commands have set it.

use std::{collections::BTreeMap, sync::Arc};

use api::{Deployment, Key, Kind, LabelSelector, selector::Requirement};
use serde_json::{Value, json};

use super::{Known, timeline::Planned};
use crate::{
    Action, Code, Diagnostic, States, closing::Closing, diagnostic::Findings,
    kubernetes::template_text, objects::Written, source::At,
};

/// A Deployment that is there.
struct There<'a> {
    /// As it was created.
    created: &'a Written<Deployment>,
    /// What was applied last.
    latest: &'a Written<Deployment>,
    /// How many pods it is to have.
    replicas: i32,
}

impl<'a> There<'a> {
    fn new(created: &'a Written<Deployment>) -> Self {
        Self { created, latest: created, replicas: created.object.spec.replicas }
    }
}

/// What a manifest says.
pub(super) fn states(written: &Written<Deployment>) -> States {
    let says = |field| written.root.get("spec").is_some_and(|spec| spec.get(field).is_some());
    States { replicas: says("replicas"), paused: says("paused") }
}

/// Settles what depends on the steps before: what applied files set, and whom a command about all
/// Deployments means. Says what the API server is certain to refuse.
pub(super) fn settle(planned: &mut Vec<Planned>, known: &Known<'_>, findings: &mut Findings) {
    let initial = known.objects.deployments.iter();
    let mut there: BTreeMap<Key, There<'_>> =
        initial.map(|written| (written.object.meta.key(), There::new(written))).collect();
    let mut closing = Closing::default();
    planned.retain_mut(|planned| {
        for (namespace, _) in closing.due(planned.step.at) {
            there.retain(|key, _| key.namespace != namespace);
        }
        match &mut planned.step.action {
            Action::Delete { kind: Kind::Deployment, key } => drop(there.remove(key)),
            Action::DeleteNamespace { namespace } => closing.begin(namespace, planned.step.at),
            Action::ApplyDeployment { deployment, states: sets, manifest } => {
                // One that is applied with several `-n` stands for several.
                let key = deployment.meta.key();
                let mut all = known.deployments().filter(|written| written.applied() == *manifest);
                let after = all.find(|written| written.object.meta.key() == key);
                let Some(after) = after else { return true };
                let before = there.entry(key).or_insert_with(|| There::new(after));
                deployment.spec.template.unmodelled = other_text(after, before.created);
                if after.object.spec.selector != before.created.object.spec.selector {
                    findings.push(immutable(planned.at, after, before.created));
                }
                let then = std::mem::replace(&mut before.latest, after);
                findings.extend(falls_back(planned.at, after, (then, before.replicas)));
                let (now, then) = (states(after), states(then));
                *sets = States {
                    replicas: now.replicas || then.replicas,
                    paused: now.paused || then.paused,
                };
                if sets.replicas {
                    before.replicas = after.object.spec.replicas;
                }
            }
            Action::Scale { deployment, replicas } => {
                if let Some(there) = there.get_mut(deployment) {
                    there.replicas = *replicas;
                }
            }
            Action::SetTemplate { deployment, .. } | Action::Pause { deployment, .. } => {
                return !planned.of_all || there.contains_key(deployment);
            }
            _ => {}
        }
        true
    });
}

/// A file without `replicas` takes many pods down to one.
fn falls_back(
    at: At,
    after: &Written<Deployment>,
    (before, replicas): (&Written<Deployment>, i32),
) -> Option<Diagnostic> {
    if states(after).replicas || !states(before).replicas || replicas <= 1 {
        return None;
    }
    let key = after.object.meta.key();
    let message = format!("this takes the replicas of Deployment `{key}` from {replicas} to 1");
    let help = format!("add `replicas: {replicas}`, or take the field out of the file before, too");
    let diagnostic = Diagnostic::new(Code::ReplicasFallBack, message, help)
        .at(after.at("spec"), "does not say how many")
        .because_of(before.at("spec.replicas"), "said so before")
        .because_of(at, "applied here");
    Some(diagnostic)
}

/// What a template says, where the first version says something else; see [`template_text`].
fn other_text(after: &Written<Deployment>, first: &Written<Deployment>) -> Arc<str> {
    let text = |written: &Written<Deployment>| {
        let template = written.root.get("spec").and_then(|spec| spec.get("template"));
        template.map_or_else(String::new, |template| template_text(template))
    };
    let after = text(after);
    if after == text(first) { Arc::default() } else { after.into() }
}

/// The selector may not change (`ValidateDeploymentUpdate`).
fn immutable(at: At, after: &Written<Deployment>, before: &Written<Deployment>) -> Diagnostic {
    let selector = selector_json(&after.object.spec.selector);
    let message = format!("spec.selector: Invalid value: {selector}: field is immutable");
    let help = format!(
        "keep the selector, or let a step before delete deployment {}",
        after.object.meta.name
    );
    Diagnostic::new(Code::BadValue, message, help)
        .at(after.at("spec.selector"), "changed here")
        .because_of(before.at("spec.selector"), "what it is by then")
        .because_of(at, "applied here")
}

/// A selector as the API server shows one.
fn selector_json(selector: &LabelSelector) -> String {
    let expression = |requirement: &Requirement| match requirement {
        Requirement::In(key, values) => json!({"key": key, "operator": "In", "values": values}),
        Requirement::NotIn(key, values) => {
            json!({"key": key, "operator": "NotIn", "values": values})
        }
        Requirement::Exists(key) => json!({"key": key, "operator": "Exists"}),
        Requirement::DoesNotExist(key) => json!({"key": key, "operator": "DoesNotExist"}),
    };
    let mut shown = serde_json::Map::new();
    if !selector.match_labels.is_empty() {
        shown.insert("matchLabels".to_owned(), json!(selector.match_labels));
    }
    if !selector.match_expressions.is_empty() {
        let expressions = selector.match_expressions.iter().map(expression).collect();
        shown.insert("matchExpressions".to_owned(), Value::Array(expressions));
    }
    Value::Object(shown).to_string()
}
