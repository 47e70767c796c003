//! `spec.timeline`: what happens when.

use std::{collections::BTreeSet, sync::Arc};

use api::{Key, Labels, PodTemplate};
use engine::Span;

use super::{
    Known,
    command::{Command, Targets, Verb, Word},
    item::{Item, Reading},
};
use crate::{
    Action, Code, Fault, Step, TemplateChange,
    diagnostic::suggest,
    kubernetes::{parse_labels, update_errors},
    objects::{Objects, Written},
    read::beside,
};

/// More steps than these are no scenario any more.
const MOST_STEPS: usize = 10_000;

/// The files that steps of a timeline apply, as written, before anything is checked.
pub(crate) fn applied_files<'n>(steps: &[Item<'n>]) -> Vec<(String, Item<'n>)> {
    let mut files = Vec::new();
    for step in steps.iter().take(MOST_STEPS) {
        let Some(item) = step.field("kubectl") else { continue };
        let command = item.node.as_str().map(Command::parse);
        if let Some(Ok(Command { verb: Verb::Apply(words), .. })) = command {
            files.extend(words.into_iter().map(|word| (word.text, item.clone())));
        }
    }
    files
}

impl Reading<'_> {
    /// `spec.timeline`, in order of time.
    pub(super) fn timeline(
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
        let mut steps = Vec::new();
        for item in items {
            steps.extend(self.step(&item, duration, known));
        }
        steps.sort_by_key(|step| step.at);
        self.check_updates(&steps, known);
        steps
    }

    /// Complains where a step changes of a Service what may not change. One that was deleted before is
    /// created anew, and may be anything.
    fn check_updates(&mut self, steps: &[Step], known: &Known<'_>) {
        let mut deleted: BTreeSet<&Key> = BTreeSet::new();
        let applied = || known.applied.values().flat_map(|objects| &objects.services);
        for step in steps {
            match &step.action {
                Action::DeleteService { service } => drop(deleted.insert(service)),
                Action::ApplyService(service) => {
                    let key = service.meta.key();
                    let before = known.objects.service(&key).filter(|_| !deleted.contains(&key));
                    let after = applied().find(|written| written.object == **service);
                    if let (Some(before), Some(after)) = (before, after) {
                        self.findings.append(update_errors(after, before), |_| true);
                    }
                }
                _ => {}
            }
        }
    }

    /// One step as written; a command about several Deployments becomes several steps.
    fn step(&mut self, item: &Item<'_>, duration: Span, known: &Known<'_>) -> Vec<Step> {
        let fields = self.fields(item, &["at", "kubectl", "fault"], &["repeat", "every", "until"]);
        let at = self.need(&fields, "at").and_then(|item| {
            let at = self.span(&item)?;
            if at >= duration {
                let message =
                    format!("{}: {at} is not before the end, which is at {duration}", item.path());
                self.report(
                    Code::TooLate,
                    &item,
                    message,
                    "move the step forward, or raise `duration`",
                );
            }
            Some(at)
        });
        let (text, actions) = match (fields.get("kubectl"), fields.get("fault")) {
            (Some(item), None) => {
                let Some(text) = self.text(&item) else { return Vec::new() };
                let actions = self.command(&item, &text, known);
                (text, actions)
            }
            (None, Some(item)) => {
                let fault = self.fault(&item, known);
                (
                    fault.as_ref().map_or(String::new(), fault_text),
                    Vec::from_iter(fault.map(Action::Fault)),
                )
            }
            _ => {
                let message = format!("{}: one of `kubectl` and `fault` is wanted", item.path());
                let help = "write { at: 30s, kubectl: rollout restart deployment/web }";
                self.report(Code::Missing, item, message, help);
                return Vec::new();
            }
        };
        let Some(at) = at else { return Vec::new() };
        actions.into_iter().map(|action| Step { at, text: text.clone(), action }).collect()
    }

    fn command(&mut self, item: &Item<'_>, text: &str, known: &Known<'_>) -> Vec<Action> {
        let command = match Command::parse(text) {
            Ok(command) => command,
            Err(bad) => {
                self.report_inside(Code::BadCommand, item, bad.offset, bad.message, bad.help);
                return Vec::new();
            }
        };
        let namespace = command.namespace;
        match command.verb {
            Verb::Apply(files) => {
                files.iter().flat_map(|file| self.apply(item, file, known)).collect()
            }
            Verb::DeletePod(labels) => self.delete_pod(item, &labels, namespace, known),
            Verb::DeleteService(names) => self.delete_services(item, &names, &namespace, known),
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
        let keys = self.deployments(item, targets, namespace, known.objects);
        keys.into_iter().map(action).collect()
    }

    /// The keys of the Deployments that are meant and are there.
    fn deployments(
        &mut self,
        item: &Item<'_>,
        targets: &Targets,
        namespace: &str,
        objects: &Objects,
    ) -> Vec<Key> {
        let names = objects.deployment_names(namespace);
        let words = match targets {
            Targets::Named(words) => words,
            Targets::All => {
                if names.is_empty() && !objects.incomplete {
                    let message = format!("there is no Deployment in namespace `{namespace}`");
                    let help = objects.other_namespaces(namespace);
                    self.report(Code::UnknownDeployment, item, message, &help);
                }
                return names.into_iter().map(|name| Key::new(namespace, name)).collect();
            }
        };
        let mut keys = Vec::new();
        for word in words {
            let key = Key::new(namespace, word.text.as_str());
            if objects.deployment(&key).is_some() {
                keys.push(key);
            } else if !objects.incomplete {
                let mut metas = objects.deployments.iter().map(|written| &written.object.meta);
                let elsewhere = metas.find(|meta| *meta.name == *word.text);
                let help = match elsewhere {
                    Some(meta) => {
                        format!("there is one in another namespace: add -n {}", meta.namespace)
                    }
                    None if names.is_empty() => objects.other_namespaces(namespace),
                    None => suggest(&word.text, "Deployment", names.iter().copied()),
                };
                let message = format!("there is no Deployment `{key}`");
                self.report_inside(Code::UnknownDeployment, item, word.offset, message, help);
            }
        }
        keys
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
        for deployment in self.deployments(item, targets, namespace, known.objects) {
            let templates = known.templates(&deployment);
            let names: Vec<&str> = templates
                .iter()
                .flat_map(|template| &template.spec.containers)
                .map(|container| &*container.name)
                .collect();
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
            for (_, image) in images {
                known.use_image(image.as_str().into(), item.at());
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

    /// What applying a file changes. kubectl sets what the file says and takes back what an
    /// earlier apply said and this one does not, which is how replicas fall back to 1.
    fn apply(&mut self, item: &Item<'_>, file: &Word, known: &Known<'_>) -> Vec<Action> {
        let Some(objects) = known.applied.get(&beside(known.path, &file.text)) else {
            return Vec::new();
        };
        let mut actions = Vec::new();
        for written in &objects.deployments {
            let key = written.object.meta.key();
            let Some(before) = known.objects.deployment(&key) else {
                if !known.objects.incomplete {
                    let message =
                        format!("creating Deployment `{key}` during a run is not there yet");
                    self.report(Code::NotYet, item, message, "add it to `spec.manifests`");
                }
                continue;
            };
            self.ignored_fields(item, written, before);
            let stated = |written: &Written<_>| {
                written.root.get("spec").is_some_and(|spec| spec.get("replicas").is_some())
            };
            if stated(written) || stated(before) {
                let replicas = written.object.spec.replicas;
                actions.push(Action::Scale { deployment: key.clone(), replicas });
            }
            let template = Box::new(written.object.spec.template.clone());
            let change = TemplateChange::Template(template);
            actions.push(Action::SetTemplate { deployment: key, change });
        }
        for written in &objects.services {
            let unlike =
                |selector: &Labels| !known.may_select(&written.object.meta.namespace, selector);
            if written.object.spec.selector.as_ref().is_some_and(unlike) {
                known.objects.check_selector(written, self.findings);
            }
            actions.push(Action::ApplyService(Box::new(written.object.clone())));
        }
        let others = objects.endpoint_slices.len() + objects.pods.len();
        if others > 0 {
            let message = format!(
                "{others} of the objects in `{}` have no effect when applied: EndpointSlices and Pods",
                file.text
            );
            let help = "Services, and the templates and replicas of Deployments, are taken over";
            self.report(Code::IgnoredInApply, item, message, help);
        }
        actions
    }

    fn delete_services(
        &mut self,
        item: &Item<'_>,
        names: &[Word],
        namespace: &str,
        known: &Known<'_>,
    ) -> Vec<Action> {
        let mut actions = Vec::new();
        for name in names {
            let key = Key::new(namespace, name.text.as_str());
            if known.service(&key).is_some() {
                actions.push(Action::DeleteService { service: key });
                continue;
            }
            if !known.incomplete() {
                let metas = || known.services().map(|written| &written.object.meta);
                let help = match metas().find(|meta| meta.name == key.name) {
                    Some(meta) => {
                        format!("there is one in another namespace: add -n {}", meta.namespace)
                    }
                    None => {
                        let here = metas().filter(|meta| meta.namespace == key.namespace);
                        suggest(&name.text, "Service", here.map(|meta| &*meta.name))
                    }
                };
                let message = format!("there is no Service `{key}`");
                self.report_inside(Code::UnknownService, item, name.offset, message, help);
            }
        }
        actions
    }

    fn ignored_fields(
        &mut self,
        item: &Item<'_>,
        after: &Written<api::Deployment>,
        before: &Written<api::Deployment>,
    ) {
        let (new, old) = (&after.object.spec, &before.object.spec);
        let changed = [
            ("selector", new.selector != old.selector),
            ("strategy", new.strategy != old.strategy),
            ("minReadySeconds", new.min_ready_seconds != old.min_ready_seconds),
            ("revisionHistoryLimit", new.revision_history_limit != old.revision_history_limit),
            (
                "progressDeadlineSeconds",
                new.progress_deadline_seconds != old.progress_deadline_seconds,
            ),
            ("paused", new.paused != old.paused),
        ];
        for (field, _) in changed.iter().filter(|(_, changed)| *changed) {
            let message = format!("a change of `spec.{field}` has no effect when applied");
            let help = "only the template and the replicas are taken over so far";
            let diagnostic = crate::Diagnostic::new(Code::IgnoredInApply, message, help)
                .at(item.at(), "applied here")
                .because_of(after.at(&format!("spec.{field}")), "the change");
            self.findings.push(diagnostic);
        }
    }

    fn fault(&mut self, item: &Item<'_>, known: &Known<'_>) -> Option<Fault> {
        const PLANNED: [&str; 5] = ["partition", "drain", "delay", "loss", "reboot"];
        let fields = self.fields(item, &["crash", "slow"], &PLANNED);
        match (fields.get("crash"), fields.get("slow")) {
            (Some(item), None) => {
                if let Some(node) = item.node.scalar_text() {
                    let message = format!("crashing node `{node}` is not there yet");
                    let help = "crash pods instead: { crash: { pods: app=web } }";
                    self.report(Code::NotYet, &item, message, help);
                    return None;
                }
                let fields = self.fields(&item, &["pods", "namespace"], &["node"]);
                let (namespace, labels) = self.pods(&fields, known)?;
                Some(Fault::CrashPod { namespace, labels })
            }
            (None, Some(item)) => {
                let fields = self.fields(&item, &["pods", "namespace", "factor"], &["node"]);
                let pods = self.pods(&fields, known);
                let factor = self.need(&fields, "factor").and_then(|item| self.number(&item, 1.0));
                let (namespace, labels) = pods?;
                Some(Fault::Slow { namespace, labels, factor: factor? })
            }
            _ if !fields.is_whole() => None,
            _ => {
                let message = format!("{}: one of `crash` and `slow` is wanted", item.path());
                let help = "write { crash: { pods: app=web } }";
                self.report(Code::Missing, item, message, help);
                None
            }
        }
    }
}

/// A fault in the words of a scenario.
fn fault_text(fault: &Fault) -> String {
    let within = |namespace: &Arc<str>| match &**namespace {
        "default" => String::new(),
        other => format!(" of namespace {other}"),
    };
    let show = |labels| crate::objects::show_labels(labels).replace('`', "");
    match fault {
        Fault::CrashPod { namespace, labels } => {
            format!("crash pods {}{}", show(labels), within(namespace))
        }
        Fault::Slow { namespace, labels, factor } => {
            format!("slow pods {}{} by {factor}", show(labels), within(namespace))
        }
    }
}

impl Known<'_> {
    /// All templates a Deployment can have: its own, and those that are applied to it.
    fn templates(&self, key: &Key) -> Vec<&PodTemplate> {
        let applied = self.applied.values().filter_map(|objects| objects.deployment(key));
        let all = self.objects.deployment(key).into_iter().chain(applied);
        all.map(|written| &written.object.spec.template).collect()
    }
}
