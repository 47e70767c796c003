//! The course of a run as far as the timeline tells it: which Services there are when, and what pods are
//! made of.
//!
//! When a rollout is over nobody knows beforehand, so pods of one version are taken to be there at the
//! moment at which the next comes, and no longer.

use std::{borrow::Cow, collections::BTreeMap};

use api::{Key, Kind, Labels, PodSpec, Service, selector::matches_all};
use engine::Span;

use crate::{
    Action, Manifest, Scenario, TemplateChange,
    objects::{Objects, PodGroup, Written},
};

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
}

/// What pods are made of, one after the other.
pub(crate) struct Version<'a> {
    /// The manifest that it comes from.
    pub(crate) group: PodGroup<'a>,
    /// The spec, which `set image` may have changed.
    pub(crate) spec: Cow<'a, PodSpec>,
}

impl Version<'_> {
    /// Whose pods they are.
    pub(crate) fn owner(&self) -> (Kind, &str, &str) {
        (self.group.kind, self.group.namespace, self.group.name)
    }
}

impl<T> During<T> {
    fn begun(what: T, from: Span) -> Self {
        Self { what, from, until: None }
    }

    /// Whether it comes while a Service, say, is there, or is still there when that comes.
    pub(crate) fn meets<U>(&self, other: &During<U>) -> bool {
        other.until.is_none_or(|until| self.from < until)
            && self.until.is_none_or(|until| until >= other.from)
    }
}

impl<'a> Course<'a> {
    /// The course of a scenario whose objects of the beginning are the first of `all`, and those of each
    /// file that a step applies the others.
    pub(crate) fn of(all: &[&'a Objects], scenario: &Scenario) -> Self {
        let Some((initial, applied)) = all.split_first() else {
            return Self { services: Vec::new(), pods: Vec::new() };
        };
        let mut course = Self {
            services: initial.services.iter().map(|it| During::begun(it, Span::ZERO)).collect(),
            pods: initial
                .pod_groups()
                .map(|group| During::begun(Version::of(group), Span::ZERO))
                .collect(),
        };
        let mut revisions = course.revisions();
        for step in &scenario.timeline {
            course.take(&step.action, step.at, applied, &mut revisions);
        }
        course
    }

    /// The places of the versions that each Deployment has had, the present one last.
    fn revisions(&self) -> BTreeMap<Key, Vec<usize>> {
        let is_deployment =
            |(_, it): &(usize, &During<Version<'_>>)| it.what.group.kind == Kind::Deployment;
        let all = self.pods.iter().enumerate().filter(is_deployment);
        all.map(|(place, it)| (it.what.group.key(), vec![place])).collect()
    }

    fn take(
        &mut self,
        action: &Action,
        at: Span,
        applied: &[&'a Objects],
        revisions: &mut BTreeMap<Key, Vec<usize>>,
    ) {
        match action {
            Action::ApplyService { service, manifest } => {
                let key = service.meta.key();
                self.end_services(at, |it| *it == key);
                let written = applied.iter().flat_map(|objects| &objects.services);
                let written = written.filter(|it| it.applied() == *manifest);
                let found = written.into_iter().find(|it| it.object.meta.key() == key);
                self.services.extend(found.map(|service| During::begun(service, at)));
            }
            Action::ApplyDeployment { deployment, manifest, .. } => {
                let key = deployment.meta.key();
                if let Some(group) = group_of(&key, *manifest, applied) {
                    self.replace(&key, Version::of(group), at, revisions);
                }
            }
            Action::SetTemplate { deployment, change } => {
                let made = revisions.get(deployment).and_then(|places| {
                    let before = self.pods.get(*places.last()?)?;
                    match change {
                        TemplateChange::Images(images) => Some(before.what.with_images(images)),
                        TemplateChange::Restart => None,
                        TemplateChange::Undo(None) => {
                            let place = places.len().checked_sub(2)?;
                            Some(self.pods[places[place]].what.again())
                        }
                        TemplateChange::Undo(Some(revision)) => {
                            let place = usize::try_from(*revision).ok()?.checked_sub(1)?;
                            Some(self.pods[*places.get(place)?].what.again())
                        }
                    }
                });
                if let Some(version) = made {
                    self.replace(deployment, version, at, revisions);
                }
            }
            Action::Delete { kind: Kind::Service, key } => self.end_services(at, |it| it == key),
            Action::Delete { key, .. } => self.end_pods(key, at, revisions),
            Action::DeleteNamespace { namespace } => {
                self.end_services(at, |it| it.namespace == *namespace);
                let keys: Vec<Key> = revisions.keys().cloned().collect();
                for key in keys.iter().filter(|key| key.namespace == *namespace) {
                    self.end_pods(key, at, revisions);
                }
            }
            Action::Scale { .. }
            | Action::Pause { .. }
            | Action::DeletePod { .. }
            | Action::Fault(_) => {}
        }
    }

    fn replace(
        &mut self,
        key: &Key,
        what: Version<'a>,
        at: Span,
        revisions: &mut BTreeMap<Key, Vec<usize>>,
    ) {
        let places = revisions.entry(key.clone()).or_default();
        if let Some(before) = places.last() {
            self.pods[*before].until.get_or_insert(at);
        }
        places.push(self.pods.len());
        self.pods.push(During::begun(what, at));
    }

    fn end_services(&mut self, at: Span, ends: impl Fn(&Key) -> bool) {
        let there = self.services.iter_mut().filter(|it| it.until.is_none());
        for service in there.filter(|it| ends(&it.what.object.meta.key())) {
            service.until = Some(at);
        }
    }

    fn end_pods(&mut self, key: &Key, at: Span, revisions: &mut BTreeMap<Key, Vec<usize>>) {
        if let Some(last) = revisions.remove(key).and_then(|places| places.last().copied()) {
            self.pods[last].until = Some(at);
        }
    }
}

impl<'a> Version<'a> {
    fn of(group: PodGroup<'a>) -> Self {
        Self { group, spec: Cow::Borrowed(group.spec) }
    }

    fn again(&self) -> Self {
        Self { group: self.group, spec: self.spec.clone() }
    }

    fn with_images(&self, images: &[(String, std::sync::Arc<str>)]) -> Self {
        let mut version = self.again();
        version.spec.to_mut().set_images(images);
        version
    }

    /// Whether a selector of a Service in this namespace finds its pods.
    pub(crate) fn is_selected(&self, namespace: &str, selector: &Labels) -> bool {
        **self.group.namespace == *namespace && matches_all(selector, self.group.labels)
    }
}

/// The pods of a Deployment as it stands where a step applies it.
fn group_of<'a>(key: &Key, manifest: Manifest, applied: &[&'a Objects]) -> Option<PodGroup<'a>> {
    applied.iter().find_map(|objects| {
        let mut all = objects.deployments.iter();
        all.find(|it| it.applied() == manifest && it.object.meta.key() == *key)
            .map(PodGroup::of_deployment)
    })
}
