//! Each zone as its weight says.

use engine::Time;

use super::{LayerEntry, Stage, hand_on};
use crate::{
    Configured, Endpoint, Instance, Kind, Parameter, PickContext, Policy,
    block::{Edf, Parts},
};

/// Its line in the list of layers.
pub static ENTRY: LayerEntry = LayerEntry {
    name: "envoy.locality_weighted",
    summary: "zones in turn by their weights, less of one where few are healthy",
    stage: Stage::Zone,
    counts_unhealthy: true,
    parameters: &[
        Parameter {
            name: "locality_weights",
            summary: "What a zone weighs: what its endpoints do together, or as much as any other.",
            kind: Kind::Choice { of: &["endpoints", "equal"] },
        },
        Parameter {
            name: "overprovisioning_factor",
            summary: "By how much a healthy endpoint counts for more, in percent.",
            kind: Kind::Integer { default: 140, min: 100, max: 10_000 },
        },
    ],
    wrap: |inside, settings, instance| {
        let weights = match settings.choice("locality_weights") {
            "equal" => Weights::Equal,
            _ => Weights::Endpoints,
        };
        let percent = settings.integer("overprovisioning_factor") as u32;
        Box::new(LocalityWeighted::new(inside, weights, percent, instance))
    },
};

/// What a zone weighs.
#[derive(Clone, Copy, Debug)]
pub enum Weights {
    /// What its endpoints weigh together. One that is not healthy counts as much as the others.
    Endpoints,
    /// As much as any other.
    Equal,
}

/// What is left of a zone's weight where so many of its hosts are healthy.
#[must_use]
pub fn effective_weight(weight: f64, healthy: u32, all: u32, overprovisioning_percent: u32) -> f64 {
    if all == 0 {
        return 0.0;
    }
    let available =
        f64::from(overprovisioning_percent) / 100.0 * f64::from(healthy) / f64::from(all);
    weight * available.min(1.0)
}

/// **What it does** Each zone gets turns by its weight, by an earliest-deadline-first scheduler. A
/// zone keeps its weight as long as 100/1.4 per cent of its endpoints are healthy, and loses of it
/// below.
///
/// **Where it is used** Envoy, `locality_weighted_lb_config`, and so Istio's `distribute`; each
/// thread by itself, for each priority.
///
/// **What it needs to know** The endpoints' zones, and which are healthy: those that weigh
/// anything. The scheduler begins anew with each change; each zone has a policy of its own, which
/// keeps what it keeps.
///
/// **When it goes wrong** Weights that were set by hand stay where endpoints move: a zone with one
/// endpoint left gets what it got with ten. In a panic Envoy does not go by zones; here it does.
///
/// **Reference** `effectiveLocalityWeight` in `source/common/upstream/upstream_impl.cc`.
pub struct LocalityWeighted {
    weights: Weights,
    overprovisioning_percent: u32,
    seed: u64,
    parts: Parts,
    /// Its places are those in `zones`.
    turns: Edf,
    zones: Vec<Zone>,
}

#[derive(Clone, Copy, Debug)]
struct Zone {
    number: u32,
    all: u32,
    healthy: u32,
    weight: f64,
    /// What is left of the weight.
    effective: f64,
}

impl LocalityWeighted {
    /// No endpoint yet.
    #[must_use]
    pub fn new(
        inside: Configured,
        weights: Weights,
        overprovisioning_percent: u32,
        instance: Instance,
    ) -> Self {
        let (parts, turns, zones) = (Parts::new(inside, instance), Edf::default(), Vec::new());
        Self { weights, overprovisioning_percent, seed: instance.seed, parts, turns, zones }
    }

    /// The zones of a list, in the order in which they come up.
    fn zones(&self, endpoints: &[Endpoint]) -> Vec<Zone> {
        let mut zones: Vec<Zone> = Vec::new();
        for endpoint in endpoints {
            let known = zones.iter().position(|zone| zone.number == endpoint.zone);
            let place = known.unwrap_or(zones.len());
            if known.is_none() {
                let number = endpoint.zone;
                zones.push(Zone { number, all: 0, healthy: 0, weight: 0.0, effective: 0.0 });
            }
            let zone = &mut zones[place];
            zone.all += 1;
            zone.healthy += u32::from(endpoint.weight > 0);
            zone.weight += f64::from(endpoint.weight);
        }
        for zone in &mut zones {
            zone.weight = match self.weights {
                Weights::Equal => 1.0,
                Weights::Endpoints => {
                    zone.weight * f64::from(zone.all) / f64::from(zone.healthy.max(1))
                }
            };
            let (healthy, all) = (zone.healthy, zone.all);
            zone.effective =
                effective_weight(zone.weight, healthy, all, self.overprovisioning_percent);
        }
        zones
    }
}

impl Policy for LocalityWeighted {
    hand_on!(parts: chosen, remembers, listens, reads_reports);
    hand_on!(parts: established, ended, withdrawn, probes, reported);

    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        self.zones = self.zones(endpoints);
        let weights: Vec<f64> = self.zones.iter().map(|zone| zone.effective).collect();
        self.turns = Edf::with_picks(&weights, self.seed as u32);
        let healthy = |it: &Endpoint| (it.weight > 0).then_some((it.zone, *it));
        self.parts.update(endpoints, healthy, now);
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let zones = &self.zones;
        let turn = self.turns.pick(|place| zones[place].effective)?;
        self.parts.pick(zones[turn].number, context)
    }
}

#[cfg(test)]
mod tests {
    use engine::Streams;

    use super::*;

    /// How often each place comes up in so many picks, of endpoints of these zones and weights.
    fn counts(weights: Weights, listed: &[(u32, u32)], picks: u32) -> Vec<u32> {
        let inside = Configured::by_name("ipvs.rr").expect("it is listed");
        let mut layer = LocalityWeighted::new(inside, weights, 140, Instance::only(7));
        let of: Vec<u32> = listed.iter().map(|(_, weight)| *weight).collect();
        let mut endpoints = Endpoint::numbered(&of);
        for (endpoint, (zone, _)) in endpoints.iter_mut().zip(listed) {
            endpoint.zone = *zone;
        }
        layer.update(&endpoints, Time::ZERO);
        let mut random = Streams::new(1).named("unused");
        let mut counts = vec![0; listed.len()];
        for _ in 0..picks {
            if let Some(place) = layer.pick(&mut PickContext::new(Time::ZERO, &mut random)) {
                counts[place] += 1;
            }
        }
        counts
    }

    #[test]
    fn zones_have_turns_by_what_they_weigh() {
        let listed = [(5, 1), (2, 1), (5, 1), (5, 1)];
        assert_eq!(counts(Weights::Endpoints, &listed, 40), [10; 4]);
        assert_eq!(counts(Weights::Equal, &listed, 60), [10, 30, 10, 10]);
    }

    #[test]
    fn a_zone_loses_weight_where_few_are_healthy() {
        let equal = |listed: &[(u32, u32)], picks| counts(Weights::Equal, listed, picks);
        // Three of four are enough; of two of four 0.7 are left, and of none nothing.
        assert_eq!(equal(&[(0, 1), (1, 1), (1, 1), (1, 1), (1, 0)], 60), [30, 10, 10, 10, 0]);
        assert_eq!(equal(&[(0, 1), (1, 1), (1, 0)], 170), [100, 70, 0]);
        assert_eq!(equal(&[(0, 1), (1, 0)], 10), [10, 0]);
        assert_eq!(equal(&[(0, 0), (1, 0)], 10), [0, 0]);
        assert_eq!(equal(&[], 10), [0; 0]);
        assert!((effective_weight(8.0, 1, 2, 140) - 5.6).abs() < 1e-12);
    }

    #[test]
    fn one_that_is_not_healthy_weighs_as_much_as_its_neighbours() {
        // Zone 1 weighs 4 as before, of which 0.7 are left.
        let got = counts(Weights::Endpoints, &[(0, 2), (0, 2), (1, 2), (1, 0)], 170);
        assert_eq!(got, [50, 50, 70, 0]);
    }
}
