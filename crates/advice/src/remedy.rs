//! A change of one object: put into a scenario, and said.

use api::{Key, Kind};
use scenario::{Action, Manifest, Scenario};

use crate::change::{Change, Field};

/// A change of one field of one object, in each of its manifests that needs it.
#[derive(Clone, Debug)]
pub struct Remedy {
    /// The kind of the object to change.
    pub kind: Kind,
    /// Its name.
    pub object: Key,
    first: (Manifest, Change),
    /// The same field in other manifests, what it becomes being another matter.
    others: Vec<(Manifest, Change)>,
}

impl Remedy {
    pub(crate) fn new((kind, object): (Kind, Key), manifest: Manifest, change: Change) -> Self {
        Self { kind, object, first: (manifest, change), others: Vec::new() }
    }

    /// The field is to be changed in another manifest, too. One that is applied twice counts once.
    pub(crate) fn also(&mut self, manifest: Manifest, change: Change) {
        if self.changes().all(|(known, _)| *known != manifest) {
            self.others.push((manifest, change));
        }
    }

    fn changes(&self) -> impl Iterator<Item = &(Manifest, Change)> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The field's path: `spec.template.spec.containers[0].lifecycle.preStop.sleep.seconds`.
    #[must_use]
    pub fn field(&self) -> String {
        self.first.1.field()
    }

    /// What to do: `let the pods of web sleep 4 s before they are told to stop`.
    #[must_use]
    pub fn summary(&self) -> String {
        let name = match &*self.object.namespace {
            "default" => self.object.name.to_string(),
            _ => self.object.to_string(),
        };
        // One that takes something away tells it, whichever manifest it is in.
        let telling = self.changes().find(|(_, change)| change.replaces_command());
        telling.unwrap_or(&self.first).1.summary(&name)
    }

    /// What to know about it beforehand.
    #[must_use]
    pub fn note(&self) -> Option<&'static str> {
        // Pods keep the template that they were made from.
        let (manifest, change) = &self.first;
        let late = *manifest == Manifest::Initial && change.is_about_the_end_of_pods();
        late.then_some("The rollout that brings it still ends pods without it.")
    }

    /// The first manifest to change.
    #[must_use]
    pub fn manifest(&self) -> Manifest {
        self.first.0
    }

    /// What to write, and into which manifest.
    pub fn fields(&self) -> impl Iterator<Item = (Manifest, Field)> {
        self.changes().flat_map(|(manifest, change)| {
            change.fields().into_iter().map(|field| (*manifest, field))
        })
    }

    /// Puts the change into a scenario.
    pub fn apply(&self, scenario: &mut Scenario) {
        let changes = |manifest: Manifest| {
            self.changes().filter(move |(of, _)| *of == manifest).map(|(_, change)| change)
        };
        for deployment in &mut scenario.deployments {
            if self.kind == Kind::Deployment && deployment.meta.key() == self.object {
                let spec = &mut deployment.spec;
                changes(Manifest::Initial).for_each(|it| it.apply_to_deployment(spec));
            }
        }
        for service in &mut scenario.services {
            if self.kind == Kind::Service && service.meta.key() == self.object {
                let spec = &mut service.spec;
                changes(Manifest::Initial).for_each(|it| it.apply_to_service(spec));
            }
        }
        // A file that is applied into several namespaces changes in all of them.
        for step in &mut scenario.timeline {
            match &mut step.action {
                Action::ApplyDeployment { deployment, manifest, states } => {
                    for change in changes(*manifest) {
                        change.apply_to_deployment(&mut deployment.spec);
                        states.replicas |= change.states_replicas();
                    }
                }
                Action::ApplyService { service, manifest } => {
                    changes(*manifest).for_each(|it| it.apply_to_service(&mut service.spec));
                }
                _ => {}
            }
        }
    }
}
