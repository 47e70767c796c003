//! A change of one object: put into a scenario, and said.

use api::{Key, Kind};
use report::Advice;
use scenario::{Action, Scenario, Sources, TemplateChange};

use super::change::Change;

/// A change of one field of one object.
#[derive(Clone, Debug)]
pub(super) struct Remedy {
    pub(super) kind: Kind,
    pub(super) object: Key,
    pub(super) change: Change,
}

impl Remedy {
    pub(super) fn advice(&self, sources: &Sources, outcome: String) -> Advice {
        let field = self.change.field();
        let located = sources.locate(self.kind, &self.object, &field);
        let place = located.map(|located| {
            let place = located.place;
            format!("{}:{}", place.file, place.line)
        });
        Advice {
            summary: self.change.summary(&self.object.name),
            place,
            field,
            snippet: self.change.snippet(),
            outcome,
            verified: true,
        }
    }

    pub(super) fn apply(&self, scenario: &mut Scenario) {
        match self.kind {
            Kind::Service => {
                let mut services = scenario.services.iter_mut();
                if let Some(service) = services.find(|s| s.meta.key() == self.object) {
                    self.change.apply_to_service(&mut service.spec);
                }
            }
            _ => self.apply_to_deployment(scenario),
        }
    }

    /// Also to the templates that the timeline sets later, which come from a manifest of their own.
    fn apply_to_deployment(&self, scenario: &mut Scenario) {
        let mut deployments = scenario.deployments.iter_mut();
        if let Some(deployment) = deployments.find(|d| d.meta.key() == self.object) {
            self.change.apply_to_deployment(&mut deployment.spec);
        }
        for step in &mut scenario.timeline {
            if let Action::SetTemplate { deployment, change: TemplateChange::Template(template) } =
                &mut step.action
                && *deployment == self.object
            {
                self.change.apply_to_template(template);
            }
        }
    }
}
