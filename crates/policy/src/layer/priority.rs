//! The endpoints of the next priority where those of the first are too few.

mod load;

use engine::Time;
pub use load::{Hosts, PriorityLoad, Share};

use super::{LayerEntry, Stage, hand_on};
use crate::{Configured, Endpoint, Instance, Kind, Parameter, PickContext, Policy, block::Parts};

/// Its line in the list of layers.
pub static ENTRY: LayerEntry = LayerEntry {
    name: "envoy.priority",
    summary: "the next priority takes what the first cannot; all are used where few are healthy",
    stage: Stage::Priority,
    counts_unhealthy: true,
    parameters: &[
        Parameter {
            name: "overprovisioning_factor",
            summary: "By how much a healthy endpoint counts for more, in percent.",
            kind: Kind::Integer { default: 140, min: 100, max: 10_000 },
        },
        Parameter {
            name: "healthy_panic_threshold",
            summary: "All endpoints of a priority are used where fewer are healthy, in percent; 0 \
                      never.",
            kind: Kind::Integer { default: 50, min: 0, max: 100 },
        },
        Parameter {
            name: "fail_traffic_on_panic",
            summary: "Whether nobody is chosen then instead.",
            kind: Kind::Flag { default: false },
        },
        Parameter {
            name: "by_key",
            summary: "Whether the key of a request decides in place of chance, as it does in Envoy \
                      for policies that hash.",
            kind: Kind::Flag { default: false },
        },
        Parameter {
            name: "by_zone",
            summary: "Whether endpoints of the balancer's own zone come first and all others next, as \
                      Istio's locality failover has it.",
            kind: Kind::Flag { default: false },
        },
    ],
    wrap: |inside, settings, instance| {
        let integer = |name| u32::try_from(settings.integer(name)).unwrap_or(u32::MAX);
        Box::new(Priority::new(
            inside,
            PriorityRules {
                overprovisioning_percent: integer("overprovisioning_factor"),
                panic_threshold_percent: integer("healthy_panic_threshold"),
                fails_in_panic: settings.flag("fail_traffic_on_panic"),
                by_key: settings.flag("by_key"),
                own_zone: settings.flag("by_zone").then_some(instance.zone),
            },
            instance,
        ))
    },
};

/// By what rules priorities share the load.
#[derive(Clone, Copy, Debug)]
pub struct PriorityRules {
    /// By how much a healthy endpoint counts for more.
    pub overprovisioning_percent: u32,
    /// Where fewer are healthy, all are used.
    pub panic_threshold_percent: u32,
    /// Or nobody.
    pub fails_in_panic: bool,
    /// Whether a request's key decides.
    pub by_key: bool,
    /// The zone whose endpoints come first, all others next, whatever priority they have themselves.
    pub own_zone: Option<u32>,
}

/// **What it does** The load goes to the endpoints of priority 0 as long as 100/1.4 per cent of
/// them are healthy; below, a part of it goes to those of the next. Where fewer than half of a
/// priority are healthy, and all priorities together cannot take the load, it panics: all its
/// endpoints are used.
///
/// **Where it is used** Envoy, and so Istio's failover between localities; each thread by itself.
///
/// **What it needs to know** The endpoints' priorities, and which are healthy: those that weigh
/// anything. Each priority has a policy of its own, which keeps what it keeps. Nothing tells here
/// that an endpoint is degraded or excluded.
///
/// **When it goes wrong** A panic sends requests to endpoints that are known to fail. With two
/// endpoints one failure is a step from 100 to 70 per cent.
///
/// **Reference** `recalculatePerPriorityState`, `recalculatePerPriorityPanic` and
/// `recalculateLoadInTotalPanic` in
/// `source/extensions/load_balancing_policies/common/load_balancer_impl.cc`.
pub struct Priority {
    rules: PriorityRules,
    parts: Parts,
    /// Whether the layers inside withhold who is not healthy.
    inside_counts: bool,
    load: PriorityLoad,
}

impl Priority {
    /// No endpoint yet.
    #[must_use]
    pub fn new(inside: Configured, rules: PriorityRules, instance: Instance) -> Self {
        let inside_counts = inside.counts_unhealthy();
        let (parts, load) = (Parts::new(inside, instance), PriorityLoad::default());
        Self { rules, parts, inside_counts, load }
    }

    fn hosts(&self, endpoints: &[Endpoint]) -> Vec<Hosts> {
        let overprovisioning_percent = self.rules.overprovisioning_percent;
        let none = Hosts { overprovisioning_percent, ..Hosts::default() };
        let count = endpoints.iter().map(|endpoint| endpoint.priority as usize + 1).max();
        let mut hosts = vec![none; count.unwrap_or(0)];
        for endpoint in endpoints {
            let hosts = &mut hosts[endpoint.priority as usize];
            hosts.all += 1;
            hosts.healthy += u32::from(endpoint.weight > 0);
        }
        hosts
    }

    /// The number from 0 to 99 that decides.
    fn percent(&self, context: &mut PickContext<'_>) -> u32 {
        let hash = if self.rules.by_key && !context.key.is_empty() {
            u64::from(crc32fast::hash(context.key))
        } else {
            context.random.next_u64()
        };
        (hash % 100) as u32
    }
}

impl Policy for Priority {
    hand_on!(parts: chosen, remembers, listens, reads_reports);
    hand_on!(parts: established, ended, withdrawn, probes, reported);

    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        let ranked: Vec<Endpoint>;
        let endpoints = match self.rules.own_zone {
            Some(own) => {
                let rank = |it: &Endpoint| it.of_priority(u32::from(it.zone != own));
                ranked = endpoints.iter().map(rank).collect();
                &ranked
            }
            None => endpoints,
        };
        let hosts = self.hosts(endpoints);
        self.load = PriorityLoad::of(&hosts, self.rules.panic_threshold_percent);
        // What one that is not healthy weighs in a panic, nobody says: as little as the others.
        let least =
            endpoints.iter().map(|endpoint| endpoint.weight).filter(|weight| *weight > 0).min();
        let least = least.unwrap_or(1);
        let (load, keep) = (&self.load, self.inside_counts);
        let part = |endpoint: &Endpoint| {
            let panic = load.panic[endpoint.priority as usize];
            let weight = if panic { endpoint.weight.max(least) } else { endpoint.weight };
            (weight > 0 || keep).then(|| (endpoint.priority, endpoint.weighing(weight)))
        };
        self.parts.update(endpoints, part, now);
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let all = self.load.healthy.iter().position(|load| *load == 100);
        let priority = match all {
            Some(priority) => priority,
            None => self.load.choose(self.percent(context))?.0,
        };
        if self.load.panic[priority] && self.rules.fails_in_panic {
            return None;
        }
        self.parts.pick(priority as u32, context)
    }
}

#[cfg(test)]
mod tests {
    use engine::Streams;

    use super::*;

    const RULES: PriorityRules = PriorityRules {
        overprovisioning_percent: 140,
        panic_threshold_percent: 50,
        fails_in_panic: false,
        by_key: false,
        own_zone: None,
    };

    /// Endpoints of these priorities and weights.
    fn endpoints(listed: &[(u32, u32)]) -> Vec<Endpoint> {
        let weights: Vec<u32> = listed.iter().map(|(_, weight)| *weight).collect();
        let of =
            |(endpoint, (priority, _)): (Endpoint, &(u32, u32))| endpoint.of_priority(*priority);
        Endpoint::numbered(&weights).into_iter().zip(listed).map(of).collect()
    }

    /// How often each place comes up.
    fn counts(rules: PriorityRules, endpoints: &[Endpoint], key: &[u8]) -> Vec<u32> {
        let inside = Configured::by_name("kube-proxy.random").expect("it is listed");
        let mut layer = Priority::new(inside, rules, Instance::only(1));
        let mut random = Streams::new(1).named("priority");
        layer.update(endpoints, Time::ZERO);
        let mut counts = vec![0; endpoints.len()];
        for _ in 0..10_000 {
            let mut context = PickContext::new(Time::ZERO, &mut random);
            context.key = key;
            if let Some(place) = layer.pick(&mut context) {
                counts[place] += 1;
            }
        }
        counts
    }

    #[test]
    fn the_next_priority_takes_what_the_first_cannot() {
        assert_eq!(counts(RULES, &endpoints(&[(1, 1), (0, 1)]), b""), [0, 10_000]);
        let half = endpoints(&[(0, 1), (0, 0), (1, 1)]);
        let got = counts(RULES, &half, b"");
        // 70 per cent, and five standard deviations of a binomial.
        assert!(got[0].abs_diff(7_000) < 5 * 46 && got[1] == 0, "{got:?}");
        let got = counts(PriorityRules { by_key: true, ..RULES }, &half, b"somebody");
        assert!(got.contains(&10_000), "a key has one priority: {got:?}");
    }

    #[test]
    fn the_own_zone_comes_first_where_zones_decide() {
        let rules = PriorityRules { own_zone: Some(2), ..RULES };
        let mut all = endpoints(&[(0, 1), (0, 1), (0, 0), (0, 1)]);
        for (endpoint, zone) in all.iter_mut().zip([1, 2, 2, 3]) {
            endpoint.zone = zone;
        }
        let got = counts(rules, &all, b"");
        assert!(got[1].abs_diff(7_000) < 5 * 46 && got[2] == 0, "{got:?}");
        assert!(got[0] > 1_000 && got[3] > 1_000, "{got:?}");
        all[2] = all[2].weighing(1);
        let got = counts(rules, &all, b"");
        assert_eq!((got[0], got[3]), (0, 0), "{got:?}");
        all.retain(|endpoint| endpoint.zone != 2);
        assert!(counts(rules, &all, b"").iter().all(|count| *count > 4_500));
    }

    #[test]
    fn in_a_panic_all_are_used_or_nobody() {
        let ill = endpoints(&[(0, 1), (0, 0), (0, 0), (0, 0)]);
        assert!(counts(RULES, &ill, b"").iter().all(|count| *count > 2_000));
        let fails = PriorityRules { fails_in_panic: true, ..RULES };
        assert_eq!(counts(fails, &ill, b""), [0; 4]);
        let never = PriorityRules { panic_threshold_percent: 0, ..RULES };
        assert_eq!(counts(never, &ill, b""), [10_000, 0, 0, 0]);
        assert_eq!(counts(never, &endpoints(&[(0, 0)]), b""), [0]);
        assert_eq!(counts(RULES, &[], b""), [0; 0]);
    }

    #[test]
    fn zones_inside_count_who_is_not_healthy() {
        let mut configured = Configured::by_name("kube-proxy.random").expect("it is listed");
        configured.wrap(&crate::layer::locality::ENTRY);
        configured.wrap(&ENTRY);
        let mut layer = configured.build(1);
        let mut all = endpoints(&[(0, 1), (0, 1), (0, 1), (0, 0)]);
        (all[2].zone, all[3].zone) = (1, 1);
        layer.update(&all, Time::ZERO);
        let mut random = Streams::new(1).named("priority");
        let mut pick = || layer.pick(&mut PickContext::new(Time::ZERO, &mut random));
        let mut counts = [0; 4];
        (0..170).filter_map(|_| pick()).for_each(|place| counts[place] += 1);
        // Zone 1 has 0.7 of its weight left, and one endpoint that gets all of that.
        assert_eq!((counts[0] + counts[1], counts[2], counts[3]), (100, 70, 0));
    }

    #[test]
    fn a_gap_between_priorities_has_nobody() {
        let far = endpoints(&[(0, 0), (3, 1)]);
        assert_eq!(counts(RULES, &far, b""), [0, 10_000]);
    }
}
