//! The versions of an object in a scenario: as it is there from the start, and as steps apply it later.

use api::{Deployment, Key, Kind, Service};
use scenario::{Action, Manifest, Scenario};

use crate::{change::Change, remedy::Remedy};

/// An object as one of its manifests has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Version<'a, T> {
    pub(crate) manifest: Manifest,
    pub(crate) object: &'a T,
}

/// All Deployments in all their versions, in the order in which they come.
pub(crate) fn deployments(scenario: &Scenario) -> impl Iterator<Item = Version<'_, Deployment>> {
    let initial =
        scenario.deployments.iter().map(|object| Version { manifest: Manifest::Initial, object });
    let applied = scenario.timeline.iter().filter_map(|step| match &step.action {
        Action::ApplyDeployment { deployment, manifest, .. } => {
            Some(Version { manifest: *manifest, object: &**deployment })
        }
        _ => None,
    });
    initial.chain(applied)
}

/// All Services in all their versions.
pub(crate) fn services(scenario: &Scenario) -> impl Iterator<Item = Version<'_, Service>> {
    let initial = scenario.services.iter().map(|object| (Manifest::Initial, object));
    let applied = scenario.timeline.iter().filter_map(|step| match &step.action {
        Action::ApplyService { service, manifest } => Some((*manifest, &**service)),
        _ => None,
    });
    let all = initial.chain(applied);
    all.map(|(manifest, object)| Version { manifest, object })
}

/// The versions of one Deployment.
pub(crate) fn versions<'a>(
    scenario: &'a Scenario,
    key: &'a Key,
) -> impl Iterator<Item = Version<'a, Deployment>> {
    deployments(scenario).filter(move |version| version.object.meta.key() == *key)
}

/// What each version of a Deployment has to change: a remedy for each field.
pub(crate) fn of_deployment<C: IntoIterator<Item = Change>>(
    scenario: &Scenario,
    key: &Key,
    changes: impl Fn(&Version<'_, Deployment>) -> C,
) -> Vec<Remedy> {
    let all = versions(scenario, key)
        .flat_map(|version| changes(&version).into_iter().map(move |it| (version.manifest, it)));
    by_field(Kind::Deployment, key, all)
}

/// The same of a Service.
pub(crate) fn of_service<C: IntoIterator<Item = Change>>(
    scenario: &Scenario,
    key: &Key,
    changes: impl Fn(&Service) -> C,
) -> Vec<Remedy> {
    let all = services(scenario).filter(|version| version.object.meta.key() == *key).flat_map(
        |version| changes(version.object).into_iter().map(move |it| (version.manifest, it)),
    );
    by_field(Kind::Service, key, all)
}

fn by_field(
    kind: Kind,
    key: &Key,
    changes: impl Iterator<Item = (Manifest, Change)>,
) -> Vec<Remedy> {
    let mut remedies: Vec<Remedy> = Vec::new();
    for (manifest, change) in changes {
        match remedies.iter_mut().find(|remedy| remedy.field() == change.field()) {
            Some(remedy) => remedy.also(manifest, change),
            None => remedies.push(Remedy::new((kind, key.clone()), manifest, change)),
        }
    }
    remedies
}
