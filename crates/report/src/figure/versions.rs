//! Which version has which hue.

use std::collections::BTreeMap;

use metrics::{PodMeasures, Rollout};

use super::theme::{Tone, VERSIONS};

/// An image without its registry and folders, which say nothing in a figure: `web:v1`.
pub(crate) fn short_image(image: &str) -> &str {
    match image.rsplit_once('/') {
        Some((_, name)) if !name.is_empty() => name,
        _ => image,
    }
}

/// What `rollout` went from and to, as short as they can be told apart.
pub(crate) fn from_to(rollout: &Rollout) -> (&str, &str) {
    let (from, to) = (short_image(&rollout.from), short_image(&rollout.to));
    // The same image again is a restart; two of the same name are from different registries.
    if from == to && rollout.from != rollout.to { (&rollout.from, &rollout.to) } else { (from, to) }
}

/// The Deployment without the namespace, where that is the usual one.
pub(crate) fn deployment(rollout: &Rollout) -> &str {
    rollout.deployment.strip_prefix("default/").unwrap_or(&rollout.deployment)
}

/// The versions in order of appearance, each with its tone.
pub(crate) struct Versions<'a> {
    places: BTreeMap<&'a str, usize>,
}

impl<'a> Versions<'a> {
    /// Those of `pods`.
    pub(crate) fn of(pods: &'a [PodMeasures]) -> Self {
        let mut places = BTreeMap::new();
        for pod in pods {
            let next = places.len();
            places.entry(&*pod.version).or_insert(next);
        }
        Self { places }
    }

    /// The version's place among them.
    pub(crate) fn place(&self, version: &str) -> usize {
        self.places.get(version).copied().unwrap_or(0) % VERSIONS.len()
    }

    /// The version's tone.
    pub(crate) fn tone(&self, version: &str) -> &'static Tone {
        &VERSIONS[self.place(version)]
    }
}
