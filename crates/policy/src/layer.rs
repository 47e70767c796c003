//! What goes around any policy: it decides what the policy inside gets to know of the endpoints,
//! and whether it is asked at all.
//!
//! A layer is a policy itself. Where it tells the policy inside of a part of its list, it maps the
//! places of that part to its own ([`Part`](crate::block::Part)); where a list falls into several
//! parts, each has a policy of its own, with a memory of its own ([`Parts`](crate::block::Parts)).
//!
//! An endpoint of weight 0 counts as one that is there but not healthy: a layer that works out how
//! much of a priority or of a zone is to be had counts it, and nobody chooses it but in a panic.

pub mod affinity;
pub mod circuit;
pub mod locality;
pub mod outlier;
pub mod priority;
pub mod slow_start;
pub mod subset;
pub mod zone;

use crate::{Configured, Instance, Parameter, Policy, Settings};

/// A layer as people name it.
#[derive(Debug)]
pub struct LayerEntry {
    /// The name people know, `project.layer`.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// Where it goes.
    pub stage: Stage,
    /// Whether it counts the endpoints of weight 0 and withholds them itself. A layer around it
    /// then leaves them in the list.
    pub counts_unhealthy: bool,
    /// What can be set about it.
    pub parameters: &'static [Parameter],
    /// Puts it around what is inside, as it is set, for one of several balancers.
    pub wrap: fn(inside: Configured, &Settings, Instance) -> Box<dyn Policy>,
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
    (@reads_reports $field:ident) => {
        fn reads_reports(&self) -> bool {
            self.$field.reads_reports()
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
    (@withdrawn $field:ident) => {
        fn withdrawn(&mut self, endpoint: $crate::EndpointId, now: engine::Time) {
            self.$field.withdrawn(endpoint, now);
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

#[cfg(test)]
mod tests {
    use engine::{Random, Span, Streams, Time};

    use super::*;
    use crate::{CATALOGUE, Ended, Endpoint, NotSet, PickContext, Reply, Value};

    #[test]
    fn names_are_distinct_and_found() {
        for entry in LAYERS {
            let found = layer_by_name(entry.name).expect("a listed name is found");
            assert!(std::ptr::eq(found, *entry), "{} stands twice", entry.name);
        }
        assert!(layer_by_name("nobody").is_none());
        assert!(LAYERS.is_sorted_by_key(|entry| entry.stage), "from the inside out");
    }

    #[test]
    fn layers_go_where_their_stage_says_in_whatever_order_they_come() {
        let mut configured = Configured::by_name("kube-proxy.random").expect("it is listed");
        LAYERS.iter().rev().for_each(|layer| configured.wrap(layer));
        LAYERS.iter().for_each(|layer| configured.wrap(layer));
        let stages: Vec<Stage> = configured.layers().map(|layer| layer.stage).collect();
        assert!(stages.len() == LAYERS.len() && stages.is_sorted(), "{stages:?}");
    }

    #[test]
    fn what_is_set_about_a_layer_counts() {
        let mut configured = Configured::by_name("kube-proxy.random").expect("it is listed");
        let circuit = "envoy.circuit_breakers";
        let two = Value::Integer(2);
        assert!(matches!(configured.set_layer(circuit, "max_requests", two), Err(NotSet::Unknown)));
        configured.wrap(&circuit::ENTRY);
        assert!(matches!(configured.set_layer(circuit, "max_wishes", two), Err(NotSet::Unknown)));
        assert!(configured.set_layer(circuit, "max_requests", two).is_ok());
        let mut policy = configured.build(1);
        policy.update(&Endpoint::numbered(&[1]), Time::ZERO);
        let mut random = Streams::new(1).named("layer");
        let mut pick = || policy.pick(&mut PickContext::new(Time::ZERO, &mut random));
        assert_eq!([pick(), pick(), pick()], [Some(0), Some(0), None]);
    }

    /// Lives for a while among endpoints that come and go; whoever is picked must be there.
    fn live(configured: &Configured, name: &str) {
        let mut policy = configured.build(1);
        let mut random = Streams::new(1).named(name);
        let mut all = Endpoint::numbered(&[1, 3, 0, 2, 1, 1, 5]);
        for (zone, endpoint) in (0..).zip(&mut all) {
            (endpoint.zone, endpoint.priority) = (zone % 2, zone / 4);
            endpoint.since = Time::from_secs(u64::from(zone) * 5);
        }
        let mut now = Time::ZERO;
        for listed in [0..7, 2..7, 0..0, 1..2, 0..7] {
            let listed = &all[listed];
            policy.update(listed, now);
            for _ in 0..30 {
                now += Span::from_millis(100);
                let mut context = PickContext::new(now, &mut random);
                context.key = b"somebody";
                let Some(place) = policy.pick(&mut context) else { continue };
                assert!(place < listed.len(), "{name}: {place} of {}", listed.len());
                let (endpoint, latency) = (listed[place].id, Span::ZERO);
                let replies = [Reply::Ok, Reply::ServerError, Reply::Failed];
                let reply = replies[random.below(3) as usize];
                policy.established(endpoint, now);
                policy.ended(&Ended { endpoint, now, latency, reply, report: None });
            }
        }
    }

    #[test]
    fn each_goes_around_each_policy_and_so_do_all() {
        for entry in CATALOGUE {
            let mut all = Configured::new(entry);
            for layer in LAYERS {
                let mut configured = Configured::new(entry);
                configured.wrap(layer);
                live(&configured, &format!("{} around {}", layer.name, entry.name));
                all.wrap(layer);
            }
            live(&all, entry.name);
        }
    }
}
