//! What goes around any policy: it decides what the policy inside gets to know of the endpoints, and
//! whether it is asked at all.
//!
//! A layer is a policy itself. Where it tells the policy inside of a part of its list, it maps the places
//! of that part to its own ([`Part`](crate::block::Part)); where a list falls into several parts, each
//! has a policy of its own, with a memory of its own ([`Parts`](crate::block::Parts)).
//!
//! An endpoint of weight 0 counts as one that is there but not healthy: a layer that works out how much
//! of a priority or of a zone is to be had counts it, and nobody chooses it but in a panic.

pub mod affinity;
pub mod circuit;
pub mod locality;
pub mod outlier;
pub mod priority;
pub mod slow_start;
pub mod subset;
pub mod zone;

use crate::{Configured, Parameter, Policy, Settings};

/// A layer as people name it.
#[derive(Debug)]
pub struct LayerEntry {
    /// The name people know, `project.layer`.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// Where it goes.
    pub stage: Stage,
    /// Whether it counts the endpoints of weight 0 and withholds them itself. A layer around it then
    /// leaves them in the list.
    pub counts_unhealthy: bool,
    /// What can be set about it.
    pub parameters: &'static [Parameter],
    /// Puts it around what is inside, as it is set, with a seed of its own.
    pub wrap: fn(inside: Configured, &Settings, seed: u64) -> Box<dyn Policy>,
}

/// Where a layer goes, from the inside out: the order of the decisions in Envoy, last to first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Which zone of a priority.
    Zone,
    /// Which priority.
    Priority,
    /// What an endpoint weighs at the moment.
    Weight,
    /// Which endpoints are healthy.
    Health,
    /// Which endpoints this client knows at all.
    Subset,
    /// Whether it was decided before.
    Affinity,
    /// Whether there is room.
    Circuit,
}

/// All of them, a line each, from the inside out.
pub static LAYERS: &[&LayerEntry] = &[
    &zone::ENTRY,
    &locality::ENTRY,
    &priority::ENTRY,
    &slow_start::ENVOY,
    &slow_start::HAPROXY,
    &outlier::ENVOY,
    &outlier::GRPC,
    &subset::RANDOM,
    &subset::DETERMINISTIC,
    &affinity::ENTRY,
    &circuit::ENTRY,
];

/// The layer of a name.
#[must_use]
pub fn layer_by_name(name: &str) -> Option<&'static LayerEntry> {
    LAYERS.iter().find(|entry| entry.name == name).copied()
}

/// Methods of [`Policy`] by which a layer hands on to one of its fields what it hears.
macro_rules! hand_on {
    ($field:ident: $($method:ident),+) => { $($crate::layer::hand_on!(@$method $field);)+ };
    (@pick $field:ident) => {
        fn pick(&mut self, context: &mut $crate::PickContext<'_>) -> Option<usize> {
            self.$field.pick(context)
        }
    };
    (@chosen $field:ident) => {
        fn chosen(&mut self, place: usize, now: engine::Time) -> bool {
            self.$field.chosen(place, now)
        }
    };
    (@remembers $field:ident) => {
        fn remembers(&self) -> bool {
            self.$field.remembers()
        }
    };
    (@listens $field:ident) => {
        fn listens(&self) -> bool {
            self.$field.listens()
        }
    };
    (@established $field:ident) => {
        fn established(&mut self, endpoint: $crate::EndpointId, now: engine::Time) {
            self.$field.established(endpoint, now);
        }
    };
    (@ended $field:ident) => {
        fn ended(&mut self, ended: &$crate::Ended) {
            self.$field.ended(ended);
        }
    };
    (@probes $field:ident) => {
        fn probes(&mut self, context: &mut $crate::PickContext<'_>, places: &mut Vec<usize>) {
            self.$field.probes(context, places);
        }
    };
    (@reported $field:ident) => {
        fn reported(
            &mut self,
            endpoint: $crate::EndpointId,
            now: engine::Time,
            report: &$crate::Report,
        ) {
            self.$field.reported(endpoint, now, report);
        }
    };
}
use hand_on;
