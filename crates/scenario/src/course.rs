//! The course of a run as far as the timeline tells it: which Services there are when, and what pods are
//! made of.
//!
//! When a rollout is over nobody knows beforehand, so pods of one version are taken to be there for
//! [`LEAST_ROLLOUT`] after the next has come, and no longer. How many replicas there are is not looked at.

use std::{borrow::Cow, collections::BTreeMap};

use api::{Deployment, Key, Kind, PodSpec, Service};
use engine::Span;

use crate::{
    Action, Manifest, Scenario, Step, TemplateChange,
    closing::Closing,
    objects::{Objects, PodGroup, Written},
};

/// No rollout takes less: a program has to start.
const LEAST_ROLLOUT: Span = Span::from_secs(1);

/// Services and pods, each as it is for some time.
pub(crate) struct Course<'a> {
    pub(crate) services: Vec<During<&'a Written<Service>>>,
    pub(crate) pods: Vec<During<Version<'a>>>,
}

/// Something that is there from when on, and until when; without an end, to the end of the run.
pub(crate) struct During<T> {
    pub(crate) what: T,
    pub(crate) from: Span,
    pub(crate) until: Option<Span>,
    /// Whether the same in another version comes then.
    pub(crate) is_replaced: bool,
}

/// What pods are made of, one after the other.
#[derive(Clone)]
pub(crate) struct Version<'a> {
    /// The manifest that it comes from.
    pub(crate) group: PodGroup<'a>,
    /// The spec, which `set image` may have changed.
    pub(crate) spec: Cow<'a, PodSpec>,
    /// How often it was restarted: the annotation makes another template.
    restarts: usize,
}

impl<T> During<T> {
    fn begun(what: T, from: Span) -> Self {
        Self { what, from, until: None, is_replaced: false }
    }

    /// Whether these pods come while a Service is there, or are still there when that comes.
    pub(crate) fn meets<U>(&self, service: &During<U>) -> bool {
        let last = self.until.map(|until| until + LEAST_ROLLOUT);
        service.until.is_none_or(|until| self.from < until)
            && last.is_none_or(|last| last > service.from)
    }
}

impl<'a> Version<'a> {
    fn of(group: PodGroup<'a>) -> Self {
        Self { group, spec: Cow::Borrowed(group.spec), restarts: 0 }
    }

    /// Whose pods they are.
    pub(crate) fn owner(&self) -> (Kind, &str, &str) {
        (self.group.kind, self.group.namespace, self.group.name)
    }

    /// Whether a Service leads to its pods.
    pub(crate) fn is_behind(&self, service: &Service) -> bool {
        service.selects(self.group.namespace, self.group.labels)
    }

    fn is_same_template(&self, other: &Self) -> bool {
        self.restarts == other.restarts && self.spec == other.spec
    }
}

impl<'a> Course<'a> {
    /// The course of a scenario whose objects of the beginning are the first of `all`, and those of each
    /// file that a step applies the others.
    pub(crate) fn of(all: &[&'a Objects], scenario: &Scenario) -> Self {
        let Some((initial, applied)) = all.split_first() else {
            return Self { services: Vec::new(), pods: Vec::new() };
        };
        let mut walk = Walk::of(initial, applied);
        for step in &scenario.timeline {
            walk.close_namespaces(step.at);
            walk.take(step);
        }
        walk.close_namespaces(Span::MAX);
        walk.course
    }
}

/// A walk through the timeline.
struct Walk<'w, 'a> {
    course: Course<'a>,
    applied: &'w [&'a Objects],
    deployments: BTreeMap<Key, Known<'a>>,
    closing: Closing,
    restarts: usize,
}

/// What is known of a Deployment.
#[derive(Default)]
struct Known<'a> {
    /// The numbers of its revisions and their places among the versions, the present one last.
    revisions: Vec<(u64, usize)>,
    /// Whether its rollouts are held, and what comes when they go on.
    paused: bool,
    pending: Option<Version<'a>>,
}

impl<'w, 'a> Walk<'w, 'a> {
    fn of(initial: &'a Objects, applied: &'w [&'a Objects]) -> Self {
        let services = initial.services.iter();
        let mut walk = Self {
            course: Course {
                services: services.map(|it| During::begun(it, Span::ZERO)).collect(),
                pods: Vec::new(),
            },
            applied,
            deployments: BTreeMap::new(),
            closing: Closing::default(),
            restarts: 0,
        };
        for group in initial.pod_groups() {
            if group.kind == Kind::Deployment {
                walk.change(&group.key(), Version::of(group), Span::ZERO);
            } else {
                walk.course.pods.push(During::begun(Version::of(group), Span::ZERO));
            }
        }
        for written in &initial.deployments {
            walk.pause(&written.object.meta.key(), written.object.spec.paused, Span::ZERO);
        }
        walk
    }

    fn take(&mut self, step: &Step) {
        let at = step.at;
        match &step.action {
            Action::ApplyService { service, manifest } => {
                self.apply_service(&service.meta.key(), *manifest, at);
            }
            Action::ApplyDeployment { deployment, manifest, states } => {
                let key = deployment.meta.key();
                if let Some(group) = group_of(&key, *manifest, self.applied) {
                    let restarts = self.latest(&key).map_or(0, |latest| latest.restarts);
                    self.change(&key, Version { restarts, ..Version::of(group) }, at);
                }
                if states.paused {
                    self.pause(&key, deployment.spec.paused, at);
                }
            }
            Action::SetTemplate { deployment, change } => self.set_template(deployment, change, at),
            Action::Pause { deployment, paused } => self.pause(deployment, *paused, at),
            Action::Delete { kind: Kind::Service, key } => self.end_services(at, |it| it == key),
            Action::Delete { key, .. } => self.end_deployment(key, at),
            Action::DeleteNamespace { namespace } => {
                self.closing.begin(namespace, at);
            }
            Action::Scale { .. } | Action::DeletePod { .. } | Action::Fault(_) => {}
        }
    }

    /// The template that a Deployment is to have in the end.
    fn latest(&self, key: &Key) -> Option<&Version<'a>> {
        let known = self.deployments.get(key)?;
        let (_, place) = known.revisions.last()?;
        Some(known.pending.as_ref().unwrap_or(&self.course.pods[*place].what))
    }

    fn set_template(&mut self, key: &Key, change: &TemplateChange, at: Span) {
        let Some(mut version) = self.latest(key).cloned() else { return };
        match change {
            TemplateChange::Images(images) => version.spec.to_mut().set_images(images),
            TemplateChange::Restart => {
                self.restarts += 1;
                version.restarts = self.restarts;
            }
            TemplateChange::Undo(revision) => {
                let revisions = &self.deployments[key].revisions;
                let back = match revision {
                    None => revisions.iter().rev().nth(1),
                    Some(number) => revisions.iter().find(|(it, _)| it == number),
                };
                let Some((_, place)) = back else { return };
                version = self.course.pods[*place].what.clone();
            }
        }
        self.change(key, version, at);
    }

    /// A Deployment gets a template: pods are made of it, unless its rollouts are held.
    fn change(&mut self, key: &Key, version: Version<'a>, at: Span) {
        let known = self.deployments.entry(key.clone()).or_default();
        if known.paused && !known.revisions.is_empty() {
            known.pending = Some(version);
            return;
        }
        let pods = &mut self.course.pods;
        let last = known.revisions.last().map(|(_, place)| *place);
        if let Some(last) = last {
            if pods[last].what.is_same_template(&version) {
                return;
            }
            (pods[last].until, pods[last].is_replaced) = (Some(at), true);
        }
        // A template that was there before gets the next number, and loses its own.
        let number = known.revisions.last().map_or(0, |(number, _)| *number) + 1;
        known.revisions.retain(|(_, place)| !pods[*place].what.is_same_template(&version));
        known.revisions.push((number, pods.len()));
        pods.push(During::begun(version, at));
    }

    fn pause(&mut self, key: &Key, paused: bool, at: Span) {
        let Some(known) = self.deployments.get_mut(key) else { return };
        known.paused = paused;
        if let Some(version) = known.pending.take_if(|_| !paused) {
            self.change(key, version, at);
        }
    }

    fn apply_service(&mut self, key: &Key, manifest: Manifest, at: Span) {
        let mut written = self.applied.iter().flat_map(|objects| &objects.services);
        let is_it =
            |it: &&'a Written<Service>| it.applied() == manifest && it.object.meta.key() == *key;
        let Some(found) = written.find(is_it) else { return };
        self.end_services(at, |it| it == key);
        self.course.services.push(During::begun(found, at));
    }

    fn end_services(&mut self, at: Span, ends: impl Fn(&Key) -> bool) {
        let there = self.course.services.iter_mut().filter(|it| it.until.is_none());
        for service in there.filter(|it| ends(&it.what.object.meta.key())) {
            service.until = Some(at);
        }
    }

    fn end_deployment(&mut self, key: &Key, at: Span) {
        if let Some(known) = self.deployments.remove(key)
            && let Some((_, place)) = known.revisions.last()
        {
            self.course.pods[*place].until = Some(at);
        }
    }

    /// What is in a namespace goes, once its time has come.
    fn close_namespaces(&mut self, now: Span) {
        for (namespace, at) in self.closing.due(now) {
            self.end_services(at, |it| it.namespace == namespace);
            self.deployments.retain(|key, _| key.namespace != namespace);
            let pods = self.course.pods.iter_mut().filter(|it| it.until.is_none());
            for pods in pods.filter(|it| *it.what.group.namespace == namespace) {
                pods.until = Some(at);
            }
        }
    }
}

/// The pods of a Deployment as it stands where a step applies it.
fn group_of<'a>(key: &Key, manifest: Manifest, applied: &[&'a Objects]) -> Option<PodGroup<'a>> {
    let is_it =
        |it: &&'a Written<Deployment>| it.applied() == manifest && it.object.meta.key() == *key;
    let mut all = applied.iter().flat_map(|objects| &objects.deployments);
    all.find(is_it).map(PodGroup::of_deployment)
}
