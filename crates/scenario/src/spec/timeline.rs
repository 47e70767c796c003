//! `spec.timeline`: what happens when.

use api::{Key, Kind, Meta, PodTemplate};
use engine::Span;

use super::{
    AppliedFile, Known, applied_deployments, applied_services,
    command::{Command, Targets, Verb, Word},
    fault::fault_text,
    item::{Item, Reading},
};
use crate::{
    Action, Code, Step, TemplateChange, closing::IMMORTAL_NAMESPACES, diagnostic::suggest,
    kubernetes::parse_labels, source::At,
};

/// More steps than these are no scenario any more.
pub(crate) const MOST_STEPS: usize = 10_000;

/// The files that steps of a timeline apply, as written, before anything is checked.
pub(crate) fn applied_files<'n>(steps: &[Item<'n>]) -> Vec<(AppliedFile, Item<'n>)> {
    let mut files = Vec::new();
    for step in steps.iter().take(MOST_STEPS) {
        let Some(item) = step.field("kubectl") else { continue };
        let command = item.node.as_str().map(Command::parse);
        if let Some(Ok(Command { verb: Verb::Apply(words), namespace })) = command {
            let namespace = namespace.map(|word| word.text);
            files.extend(words.into_iter().map(|Word { text: path, .. }| {
                (AppliedFile { path, namespace: namespace.clone() }, item.clone())
            }));
        }
    }
    files
}

/// A step, and what has to be known of it until all are read.
pub(super) struct Planned {
    pub(super) step: Step,
    /// Where it is written.
    pub(super) at: At,
    /// Whether it is one of a command about all Deployments of a namespace, which passes over those
    /// that are not there.
    pub(super) of_all: bool,
}

impl Reading<'_> {
    /// `spec.timeline`, in order of time.
    pub(crate) fn timeline(
        &mut self,
        item: &Item<'_>,
        duration: Span,
        known: &Known<'_>,
    ) -> Vec<Step> {
        let items = self.list(item);
        if items.len() > MOST_STEPS {
            let message = format!("{}: more than {MOST_STEPS} steps", item.path());
            self.report(Code::BadValue, item, message, "write fewer steps");
            return Vec::new();
        }
        let mut planned = Vec::new();
        for item in items {
            planned.extend(self.step(&item, duration, known));
        }
        planned.sort_by_key(|planned| planned.step.at);
        applied_services::check(&planned, known, self.findings);
        applied_deployments::settle(&mut planned, known, self.findings);
        planned.into_iter().map(|planned| planned.step).collect()
    }

    /// One step as written; a command about several Deployments becomes several steps.
    fn step(&mut self, item: &Item<'_>, duration: Span, known: &Known<'_>) -> Vec<Planned> {
        let fields = self.fields(item, &["at", "kubectl", "fault"], &["repeat", "every", "until"]);
        let at = self.need(&fields, "at").and_then(|item| self.moment(&item, duration));
        let (written, text, (actions, of_all)) = match (fields.get("kubectl"), fields.get("fault"))
        {
            (Some(item), None) => {
                let Some(text) = self.text(&item) else { return Vec::new() };
                let actions = self.command(&item, &text, known);
                (item.at(), text, actions)
            }
            (None, Some(item)) => {
                let fault = self.fault(&item, known);
                let text = fault.as_ref().map_or(String::new(), fault_text);
                (item.at(), text, (Vec::from_iter(fault.map(Action::Fault)), false))
            }
            _ => {
                let message = format!("{}: one of `kubectl` and `fault` is wanted", item.path());
                let help = "write { at: 30s, kubectl: rollout restart deployment/web }";
                self.report(Code::Missing, item, message, help);
                return Vec::new();
            }
        };
        let Some(at) = at else { return Vec::new() };
        let step = |action| Step { at, text: text.clone(), action };
        let planned = |action| Planned { step: step(action), at: written, of_all };
        actions.into_iter().map(planned).collect()
    }

    fn moment(&mut self, item: &Item<'_>, duration: Span) -> Option<Span> {
        let at = self.span(item)?;
        if at >= duration {
            let message =
                format!("{}: {at} is not before the end, which is at {duration}", item.path());
            let help = "move the step forward, or raise `duration`";
            self.report(Code::TooLate, item, message, help);
        }
        Some(at)
    }

    /// What a command does, and whether it is about all Deployments of a namespace.
    fn command(&mut self, item: &Item<'_>, text: &str, known: &Known<'_>) -> (Vec<Action>, bool) {
        match Command::parse(text) {
            Ok(Command { namespace, verb }) => {
                let of_all = verb.targets().is_some_and(|targets| *targets == Targets::All);
                (self.actions(item, verb, namespace, known), of_all)
            }
            Err(bad) => {
                self.report_inside(Code::BadCommand, item, bad.offset, bad.message, bad.help);
                (Vec::new(), false)
            }
        }
    }

    fn actions(
        &mut self,
        item: &Item<'_>,
        verb: Verb,
        asked_for: Option<Word>,
        known: &Known<'_>,
    ) -> Vec<Action> {
        let asked_for = asked_for.as_ref();
        let namespace = asked_for.map_or("default", |word| &word.text).to_owned();
        match verb {
            Verb::Apply(files) => {
                files.iter().flat_map(|file| self.apply(item, file, asked_for, known)).collect()
            }
            Verb::DeletePod(labels) => self.delete_pod(item, &labels, namespace, known),
            Verb::Delete(objects) => self.delete(item, &objects, &namespace, known),
            Verb::DeleteNamespace(names) => self.delete_namespaces(item, names, known),
            Verb::SetImage(targets, images) => {
                self.set_image(item, &targets, &images, &namespace, known)
            }
            Verb::Restart(targets) => {
                self.for_each(item, &targets, &namespace, known, |deployment| Action::SetTemplate {
                    deployment,
                    change: TemplateChange::Restart,
                })
            }
            Verb::Undo(targets, revision) => {
                self.for_each(item, &targets, &namespace, known, |deployment| Action::SetTemplate {
                    deployment,
                    change: TemplateChange::Undo(revision),
                })
            }
            Verb::Pause(targets, paused) => {
                self.for_each(item, &targets, &namespace, known, |deployment| Action::Pause {
                    deployment,
                    paused,
                })
            }
            Verb::Scale(targets, replicas) => {
                self.for_each(item, &targets, &namespace, known, |deployment| Action::Scale {
                    deployment,
                    replicas,
                })
            }
        }
    }

    fn for_each(
        &mut self,
        item: &Item<'_>,
        targets: &Targets,
        namespace: &str,
        known: &Known<'_>,
        action: impl Fn(Key) -> Action,
    ) -> Vec<Action> {
        let keys = self.deployments(item, targets, namespace, known);
        keys.into_iter().map(action).collect()
    }

    /// The keys of the Deployments that are meant and are there at some time.
    fn deployments(
        &mut self,
        item: &Item<'_>,
        targets: &Targets,
        namespace: &str,
        known: &Known<'_>,
    ) -> Vec<Key> {
        let names = known.deployment_names(namespace);
        let words = match targets {
            Targets::Named(words) => words,
            Targets::All => {
                if names.is_empty() && !known.incomplete() {
                    let message = format!("there is no Deployment in namespace `{namespace}`");
                    let help = known.objects.other_namespaces(namespace);
                    self.report(Code::UnknownDeployment, item, message, &help);
                }
                return names.into_iter().map(|name| Key::new(namespace, name)).collect();
            }
        };
        let there = |word: &&Word| self.is_deployment(item, word, namespace, known);
        let words = words.iter().filter(there);
        words.map(|word| Key::new(namespace, word.text.as_str())).collect()
    }

    /// Whether there is a Deployment of a name at some time, or may be; complains where there is none.
    fn is_deployment(
        &mut self,
        item: &Item<'_>,
        word: &Word,
        namespace: &str,
        known: &Known<'_>,
    ) -> bool {
        let key = Key::new(namespace, word.text.as_str());
        if known.deployment(&key).is_some() {
            return true;
        }
        if !known.incomplete() {
            let names = known.deployment_names(namespace);
            let mut metas = known.deployments().map(|written| &written.object.meta);
            let elsewhere = metas.find(|meta| *meta.name == *word.text);
            let help = match elsewhere {
                Some(meta) => {
                    format!("there is one in another namespace: add -n {}", meta.namespace)
                }
                None if names.is_empty() => known.objects.other_namespaces(namespace),
                None => suggest(&word.text, "Deployment", names),
            };
            let message = format!("there is no Deployment `{key}`");
            self.report_inside(Code::UnknownDeployment, item, word.offset, message, help);
        }
        false
    }

    fn set_image(
        &mut self,
        item: &Item<'_>,
        targets: &Targets,
        images: &[(Word, String)],
        namespace: &str,
        known: &Known<'_>,
    ) -> Vec<Action> {
        let mut actions = Vec::new();
        for deployment in self.deployments(item, targets, namespace, known) {
            let templates = known.templates(&deployment);
            let containers = || templates.iter().flat_map(|template| &template.spec.containers);
            let names: Vec<&str> = containers().map(|container| &*container.name).collect();
            for (container, _) in images {
                if container.text != "*" && !names.contains(&container.text.as_str()) {
                    let message =
                        format!("Deployment `{deployment}` has no container `{}`", container.text);
                    let help = suggest(&container.text, "container", names.iter().copied());
                    self.report_inside(
                        Code::UnknownContainer,
                        item,
                        container.offset,
                        message,
                        help,
                    );
                }
            }
            for (Word { text: name, .. }, image) in images {
                let mut of_name = containers().filter(|it| name == "*" || *it.name == **name);
                let has_ports = of_name.any(|container| !container.ports.is_empty());
                known.use_image(image.as_str().into(), item.at(), has_ports);
            }
            let images = images.iter().map(|(c, image)| (c.text.clone(), image.as_str().into()));
            let change = TemplateChange::Images(images.collect());
            actions.push(Action::SetTemplate { deployment, change });
        }
        actions
    }

    fn delete_pod(
        &mut self,
        item: &Item<'_>,
        word: &Word,
        namespace: String,
        known: &Known<'_>,
    ) -> Vec<Action> {
        match parse_labels(&word.text) {
            Ok(labels) => {
                let there = self.somebody_there(item, &namespace, &labels, known);
                let action = Action::DeletePod { namespace: namespace.into(), labels };
                Vec::from_iter(there.then_some(action))
            }
            Err((offset, message)) => {
                let help = "write labels such as app=shop,tier=web";
                self.report_inside(Code::BadCommand, item, word.offset + offset, message, help);
                Vec::new()
            }
        }
    }

    fn delete(
        &mut self,
        item: &Item<'_>,
        objects: &[(Kind, Word)],
        namespace: &str,
        known: &Known<'_>,
    ) -> Vec<Action> {
        let mut actions = Vec::new();
        for (kind, name) in objects {
            let there = match kind {
                Kind::Deployment => self.is_deployment(item, name, namespace, known),
                _ => self.is_service(item, name, namespace, known),
            };
            let key = Key::new(namespace, name.text.as_str());
            actions.extend(there.then_some(Action::Delete { kind: *kind, key }));
        }
        actions
    }

    fn delete_namespaces(
        &mut self,
        item: &Item<'_>,
        names: Vec<Word>,
        known: &Known<'_>,
    ) -> Vec<Action> {
        let there = known.namespaces();
        let mut actions = Vec::new();
        for Word { text, offset } in names {
            if IMMORTAL_NAMESPACES.contains(&text.as_str()) {
                let message = format!("namespace `{text}` may not be deleted");
                let help = "the API server keeps it: delete what is in it";
                self.report_inside(Code::UnknownNamespace, item, offset, message, help);
                continue;
            }
            if known.routes_in(&text) {
                let message = format!(
                    "deleting namespace `{text}`, with an Ingress, an HTTPRoute or a Gateway in it, is not \
                     there yet"
                );
                let help = "delete its Deployments and Services, one by one";
                self.report_inside(Code::NotYet, item, offset, message, help);
                continue;
            }
            if !there.contains(text.as_str()) && !known.incomplete() {
                let message = format!("there is nothing in a namespace `{text}`");
                let help = suggest(&text, "namespace", there.iter().copied());
                self.report_inside(Code::UnknownNamespace, item, offset, message, help);
                continue;
            }
            actions.push(Action::DeleteNamespace { namespace: text.into() });
        }
        actions
    }

    /// Whether there is a Service of a name at some time; complains where there is none.
    fn is_service(
        &mut self,
        item: &Item<'_>,
        word: &Word,
        namespace: &str,
        known: &Known<'_>,
    ) -> bool {
        let key = Key::new(namespace, word.text.as_str());
        if known.service(&key).is_some() {
            return true;
        }
        if !known.incomplete() {
            let metas = || known.services().map(|written| &written.object.meta);
            let here = |meta: &&Meta| meta.namespace == key.namespace;
            let help = match metas().find(|meta| meta.name == key.name) {
                Some(meta) => {
                    format!("there is one in another namespace: add -n {}", meta.namespace)
                }
                None => {
                    suggest(&word.text, "Service", metas().filter(here).map(|meta| &*meta.name))
                }
            };
            let message = format!("there is no Service `{key}`");
            self.report_inside(Code::UnknownService, item, word.offset, message, help);
        }
        false
    }
}

impl Known<'_> {
    /// All templates a Deployment can have: its own, and those that are applied to it.
    fn templates(&self, key: &Key) -> Vec<&PodTemplate> {
        let all = self.deployments().filter(|written| written.object.meta.key() == *key);
        all.map(|written| &written.object.spec.template).collect()
    }
}
