//! A change of one object: put into a scenario, and said.

use api::{Key, Kind};
use scenario::{Action, Scenario};

use crate::change::{Change, Field};

/// A change of one field of one object.
#[derive(Clone, Debug)]
pub struct Remedy {
    /// The kind of the object to change.
    pub kind: Kind,
    /// Its name.
    pub object: Key,
    pub(crate) change: Change,
}

impl Remedy {
    /// The field's path: `spec.template.spec.containers[0].lifecycle.preStop.sleep.seconds`.
    #[must_use]
    pub fn field(&self) -> String {
        self.change.field()
    }

    /// What to do: `let the pods of web sleep 4 s before they are told to stop`.
    #[must_use]
    pub fn summary(&self) -> String {
        self.change.summary(&self.object.name)
    }

    /// What to write.
    #[must_use]
    pub fn fields(&self) -> Vec<Field> {
        self.change.fields()
    }

    /// Puts the change into a scenario.
    pub fn apply(&self, scenario: &mut Scenario) {
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
            if let Action::ApplyDeployment { deployment, .. } = &mut step.action
                && deployment.meta.key() == self.object
            {
                self.change.apply_to_template(&mut deployment.spec.template);
            }
        }
    }
}
