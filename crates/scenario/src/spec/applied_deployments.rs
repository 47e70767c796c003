//! What the timeline does to Deployments, gone through before the run: which are there at which step,
//! and what applying a file again takes over.
//!
//! kubectl sets what a file says, and takes back what the file that was applied before said and this one
//! does not: so replicas fall back to 1.

use std::collections::BTreeMap;

use api::{Deployment, Key, Kind};

use super::{Known, timeline::Planned};
use crate::{Action, Code, Diagnostic, diagnostic::Findings, objects::Written, source::At};

/// A Deployment that is there.
struct There<'a> {
    /// As it was created.
    created: &'a Written<Deployment>,
    /// Whether what was applied last says how many replicas there are.
    states_replicas: bool,
}

impl<'a> There<'a> {
    fn new(created: &'a Written<Deployment>) -> Self {
        Self { created, states_replicas: states_replicas(created) }
    }
}

/// Whether a manifest says how many replicas there are.
pub(super) fn states_replicas(written: &Written<Deployment>) -> bool {
    written.root.get("spec").is_some_and(|spec| spec.get("replicas").is_some())
}

/// Settles what depends on the steps before: which applied files set replicas, and whom a command about
/// all Deployments means. Says which changes have no effect.
pub(super) fn settle(planned: &mut Vec<Planned>, known: &Known<'_>, findings: &mut Findings) {
    let initial = known.objects.deployments.iter();
    let mut there: BTreeMap<Key, There<'_>> =
        initial.map(|written| (written.object.meta.key(), There::new(written))).collect();
    planned.retain_mut(|planned| {
        match &mut planned.step.action {
            Action::Delete { kind: Kind::Deployment, key } => drop(there.remove(key)),
            Action::ApplyDeployment { deployment, sets_replicas } => {
                let after = known.deployments().find(|written| written.object == **deployment);
                let Some(after) = after else { return true };
                let before =
                    there.entry(deployment.meta.key()).or_insert_with(|| There::new(after));
                ignored_fields(planned.at, after, before.created, findings);
                *sets_replicas = states_replicas(after) || before.states_replicas;
                before.states_replicas = states_replicas(after);
            }
            Action::SetTemplate { deployment, .. } | Action::Pause { deployment, .. } => {
                return !planned.of_all || there.contains_key(deployment);
            }
            _ => {}
        }
        true
    });
}

/// Says which fields of an applied Deployment are not taken over.
fn ignored_fields(
    at: At,
    after: &Written<Deployment>,
    before: &Written<Deployment>,
    findings: &mut Findings,
) {
    let (new, old) = (&after.object.spec, &before.object.spec);
    let changed = [
        ("selector", new.selector != old.selector),
        ("strategy", new.strategy != old.strategy),
        ("minReadySeconds", new.min_ready_seconds != old.min_ready_seconds),
        ("revisionHistoryLimit", new.revision_history_limit != old.revision_history_limit),
        ("progressDeadlineSeconds", new.progress_deadline_seconds != old.progress_deadline_seconds),
        ("paused", new.paused != old.paused),
    ];
    for (field, _) in changed.iter().filter(|(_, changed)| *changed) {
        let message = format!("a change of `spec.{field}` has no effect when applied");
        let help = "only the template and the replicas are taken over so far";
        let diagnostic = Diagnostic::new(Code::IgnoredInApply, message, help)
            .at(at, "applied here")
            .because_of(after.at(&format!("spec.{field}")), "the change");
        findings.push(diagnostic);
    }
}
