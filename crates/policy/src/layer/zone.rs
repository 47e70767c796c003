//! The own zone, as far as it can take it.

mod routing;

use engine::Time;
pub use routing::{Route, ZoneRouting};

use super::{LayerEntry, Stage, hand_on};
use crate::{Configured, Endpoint, Instance, Kind, Parameter, PickContext, Policy, block::Parts};

/// Its line in the list of layers.
pub static ENTRY: LayerEntry = LayerEntry {
    name: "envoy.zone_aware",
    summary: "the own zone, as far as its endpoints are as many as its callers",
    stage: Stage::Zone,
    counts_unhealthy: false,
    parameters: &[
        Parameter {
            name: "zone",
            summary: "The number of the callers' zone: zones are numbered from 1, in the order of \
                      their nodes; 0 for the zone that the balancer itself is in.",
            kind: Kind::Integer { default: 0, min: 0, max: u32::MAX as u64 },
        },
        Parameter {
            name: "local_percent",
            summary: "How many of all callers are in that zone, in percent, the others being \
                      spread evenly; 0 where all zones have as many.",
            kind: Kind::Integer { default: 0, min: 0, max: 100 },
        },
        Parameter {
            name: "min_cluster_size",
            summary: "With fewer endpoints it does not go by zones.",
            kind: Kind::Integer { default: 6, min: 0, max: u64::MAX },
        },
    ],
    wrap: |inside, settings, instance| {
        let callers = match settings.integer("local_percent") {
            0 => Callers::Even,
            percent => Callers::Here { percent: percent as u32 },
        };
        let zone = match settings.integer("zone") {
            0 => instance.zone,
            zone => zone as u32,
        };
        let least = usize::try_from(settings.integer("min_cluster_size")).unwrap_or(usize::MAX);
        Box::new(ZoneAware::new(inside, (zone, callers), least, instance))
    },
};

/// Where the callers are.
#[derive(Clone, Debug)]
pub enum Callers {
    /// As many in each zone.
    Even,
    /// So many in the own zone, the others spread evenly.
    Here {
        /// Of all of them.
        percent: u32,
    },
    /// So many in each zone, by its number.
    Counted(Vec<(u32, u32)>),
}

impl Callers {
    /// How many each of these zones has, relative to the others.
    fn counts(&self, zones: &[u32]) -> Vec<u32> {
        let others = zones.len().saturating_sub(1) as u32;
        let count = |(place, zone): (usize, &u32)| match self {
            Self::Even => 1,
            Self::Here { percent } if place == 0 => percent * others,
            Self::Here { percent } => 100 - percent,
            Self::Counted(known) => {
                known.iter().find(|(number, _)| number == zone).map_or(0, |(_, count)| *count)
            }
        };
        zones.iter().enumerate().map(count).collect()
    }
}

/// All endpoints together, where it does not go by zones.
const TOGETHER: u32 = u32::MAX;

/// **What it does** A request stays in its zone, if the zone has as large a share of the endpoints
/// as of the callers. If it has less, so much less stays, and the rest goes to zones that have more
/// than their callers need.
///
/// **Where it is used** Envoy, `zone_aware_lb_config`, for endpoints of priority 0.
///
/// **What it needs to know** The callers' zone, how many callers each zone has, and the zones of
/// the endpoints that weigh anything. Each zone has a policy of its own, which keeps what it keeps.
///
/// **When it goes wrong** With fewer than six endpoints it does nothing, and so it does where all
/// are in one zone. Callers that send unlike much are counted alike.
///
/// **Reference** `regenerateLocalityRoutingStructures` and `tryChooseLocalLocalityHosts` in
/// `source/extensions/load_balancing_policies/common/load_balancer_impl.cc`. *Left out:*
/// `routing_enabled`, and a panic among the callers.
pub struct ZoneAware {
    zone: u32,
    callers: Callers,
    least: usize,
    parts: Parts,
    /// The zones that have anybody, the own one first.
    zones: Vec<u32>,
    routing: Option<ZoneRouting>,
}

impl ZoneAware {
    /// No endpoint yet; with fewer than `least` it does not go by zones.
    #[must_use]
    pub fn new(
        inside: Configured,
        (zone, callers): (u32, Callers),
        least: usize,
        instance: Instance,
    ) -> Self {
        let parts = Parts::new(inside, instance);
        Self { zone, callers, least, parts, zones: Vec::new(), routing: None }
    }

    /// What is done with the zones, if anything: the own one first, then those of which the callers
    /// were counted.
    #[must_use]
    pub fn routing(&self) -> Option<&ZoneRouting> {
        self.routing.as_ref()
    }

    /// What is to be done with these endpoints; nothing where it makes no sense.
    fn route(&mut self, endpoints: &[Endpoint]) -> Option<ZoneRouting> {
        self.zones = vec![self.zone];
        if let Callers::Counted(known) = &self.callers {
            let others = known.iter().map(|(zone, _)| *zone).filter(|zone| *zone != self.zone);
            self.zones.extend(others);
        }
        let mut counts = vec![0; self.zones.len()];
        let healthy = || endpoints.iter().filter(|endpoint| endpoint.weight > 0);
        for endpoint in healthy() {
            let known = self.zones.iter().position(|zone| *zone == endpoint.zone);
            let place = known.unwrap_or(self.zones.len());
            if known.is_none() {
                self.zones.push(endpoint.zone);
                counts.push(0);
            }
            counts[place] += 1;
        }
        let callers = self.callers.counts(&self.zones);
        let enough = healthy().count() >= self.least;
        let first = endpoints.iter().all(|endpoint| endpoint.priority == 0);
        let several = counts.iter().filter(|count| **count > 0).count() >= 2;
        (enough && first && several && callers[0] > 0).then(|| ZoneRouting::of(&callers, &counts))
    }
}

impl Policy for ZoneAware {
    hand_on!(parts: chosen, remembers, listens, reads_reports);
    hand_on!(parts: established, ended, withdrawn, probes, reported);

    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        self.routing = self.route(endpoints);
        let by_zone = self.routing.is_some();
        let part = |it: &Endpoint| Some((if by_zone { it.zone } else { TOGETHER }, *it));
        self.parts.update(endpoints, part, now);
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let zone = match &self.routing {
            Some(routing) => self.zones[routing.choose(|| context.random.next_u64())],
            None => TOGETHER,
        };
        self.parts.pick(zone, context)
    }
}

#[cfg(test)]
mod tests {
    use engine::Streams;

    use super::*;

    /// How many of 10 000 requests from zone 1 go to endpoints of each zone.
    fn counts(callers: Callers, zones: &[u32], change: impl Fn(&mut Vec<Endpoint>)) -> [u32; 4] {
        let inside = Configured::by_name("kube-proxy.random").expect("it is listed");
        let mut layer = ZoneAware::new(inside, (1, callers), 6, Instance::only(1));
        let mut endpoints = Endpoint::numbered(&vec![1; zones.len()]);
        endpoints.iter_mut().zip(zones).for_each(|(endpoint, zone)| endpoint.zone = *zone);
        change(&mut endpoints);
        layer.update(&endpoints, Time::ZERO);
        let mut random = Streams::new(1).named("zone");
        let mut counts = [0; 4];
        for _ in 0..10_000 {
            if let Some(place) = layer.pick(&mut PickContext::new(Time::ZERO, &mut random)) {
                counts[endpoints[place].zone as usize] += 1;
            }
        }
        counts
    }

    #[test]
    fn a_zone_keeps_what_its_endpoints_can_take() {
        let unchanged = |_: &mut Vec<Endpoint>| {};
        let even = [1, 2, 3, 1, 2, 3];
        assert_eq!(counts(Callers::Even, &even, unchanged), [0, 10_000, 0, 0]);
        // A third of the endpoints for two thirds of the callers: half stays.
        let counted = || Callers::Counted(vec![(1, 4), (2, 1), (3, 1)]);
        for callers in [counted(), Callers::Here { percent: 67 }] {
            let [_, one, two, three] = counts(callers, &even, unchanged);
            assert!(one.abs_diff(5_000) < 5 * 50, "{one}");
            assert!(two.abs_diff(2_500) < 5 * 44 && three.abs_diff(2_500) < 5 * 44);
        }
        let [none, one, two, three] = counts(counted(), &[2, 2, 2, 3, 3, 3], unchanged);
        assert!(none + one == 0 && two.abs_diff(three) < 600, "nobody in the own zone");
    }

    #[test]
    fn where_zones_make_no_sense_all_are_used() {
        let spread = |counts: [u32; 4]| counts[1..].iter().all(|count| *count > 1_000);
        let unchanged = |_: &mut Vec<Endpoint>| {};
        assert!(spread(counts(Callers::Even, &[1, 2, 3, 1, 2], unchanged)), "too few");
        let even = [1, 2, 3, 1, 2, 3];
        let elsewhere = Callers::Counted(vec![(2, 1)]);
        assert!(spread(counts(elsewhere, &even, unchanged)), "no caller is known here");
        let later = |all: &mut Vec<Endpoint>| all.iter_mut().for_each(|it| it.priority = 1);
        assert!(spread(counts(Callers::Even, &even, later)), "not of the first priority");
        assert_eq!(counts(Callers::Even, &[2; 9], unchanged), [0, 0, 10_000, 0]);
        assert_eq!(counts(Callers::Even, &[], unchanged), [0; 4]);
    }
}
