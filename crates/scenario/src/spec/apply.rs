//! `kubectl apply` in a step: what it changes, and what it passes over.

use api::Kind;

use super::{
    AppliedFile, Known, applied_deployments,
    command::Word,
    item::{Item, Reading},
};
use crate::{Action, Code, objects::Objects, read::beside};

/// The kinds that are taken over.
const TAKEN_OVER: [Kind; 2] = [Kind::Deployment, Kind::Service];

impl Reading<'_> {
    /// What applying a file changes; `asked_for` is the namespace that the command names.
    pub(super) fn apply(
        &mut self,
        item: &Item<'_>,
        file: &Word,
        asked_for: Option<&Word>,
        known: &Known<'_>,
    ) -> Vec<Action> {
        let path = beside(known.path, &file.text);
        let namespace = asked_for.map(|word| word.text.clone());
        let objects = known.applied.get(&AppliedFile { path, namespace }.key());
        let objects = objects.expect("what steps apply was read before they are");
        if let Some(asked_for) = asked_for {
            self.other_namespace(item, asked_for, objects);
        }
        self.not_taken_over(item, file, objects);
        let mut actions = Vec::new();
        for written in &objects.deployments {
            actions.push(Action::ApplyDeployment {
                deployment: Box::new(written.object.clone()),
                // What was applied before decides too, and is known when all steps are.
                states: applied_deployments::states(written),
                manifest: written.applied(),
            });
        }
        for written in &objects.services {
            if !self.findings.is_full() {
                known.objects.check_selector(written, known.applied, self.findings);
            }
            actions.push(Action::ApplyService {
                service: Box::new(written.object.clone()),
                manifest: written.applied(),
            });
        }
        actions
    }

    /// kubectl refuses objects that state another namespace than the command does
    /// (`RequireNamespace` of `cli-runtime`).
    fn other_namespace(&mut self, item: &Item<'_>, asked_for: &Word, objects: &Objects) {
        let stated = objects.roots().filter_map(|root| {
            let namespace = root.get("metadata")?.get("namespace")?;
            namespace.as_str().filter(|it| !it.is_empty() && *it != asked_for.text)
        });
        let Some(other) = stated.min() else { return };
        let message = format!(
            "the namespace from the provided object \"{other}\" does not match the namespace \"{}\". \
             You must pass '--namespace={other}' to perform this operation.",
            asked_for.text
        );
        let help = format!("write `-n {other}`, or leave `-n` out: the object says where it goes");
        self.report_inside(Code::BadCommand, item, asked_for.offset, message, help);
    }

    /// Says what of a file has no effect; nothing where objects could not be read.
    fn not_taken_over(&mut self, item: &Item<'_>, file: &Word, objects: &Objects) {
        let is_taken_over = |name: &str| TAKEN_OVER.iter().any(|kind| kind.to_string() == name);
        let (taken, others): (Vec<_>, Vec<_>) =
            objects.kinds().into_iter().partition(|(kind, _)| is_taken_over(kind));
        let names = others.iter().map(|(kind, count)| match count {
            1 => (*kind).to_owned(),
            _ => format!("{kind} ({count})"),
        });
        let names = names.collect::<Vec<_>>().join(", ");
        let count: usize = others.iter().map(|(_, count)| count).sum();
        let (message, help) = match (taken.is_empty(), count) {
            (false, 0) => return,
            (true, _) if objects.incomplete || self.findings.any_error() => return,
            (true, 0) => (
                format!("applying `{}` does nothing: there is no object in it", file.text),
                "leave it out, or add a Deployment or a Service to it",
            ),
            (true, _) => (
                format!(
                    "applying `{}` does nothing: none of its objects is taken over, {names}",
                    file.text
                ),
                "leave it out: only Deployments and Services are taken over",
            ),
            (false, _) => {
                let have = if count == 1 { "has" } else { "have" };
                (
                    format!(
                        "{count} of the objects in `{}` {have} no effect when applied: {names}",
                        file.text
                    ),
                    "the result holds for a change without them: only Deployments and Services \
                     are taken over",
                )
            }
        };
        self.report_inside(Code::IgnoredInApply, item, file.offset, message, help);
    }
}
