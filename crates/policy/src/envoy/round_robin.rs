//! In turn, or by deadlines where weights differ: Envoy's `round_robin`.

use engine::Time;

use crate::{
    Endpoint, Entry, Level, PickContext, Policy,
    block::{Edf, Remainder},
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "envoy.round_robin",
    summary: "in turn; by deadlines where weights differ",
    level: Level::Request,
    on_change: "the turn is kept, modulo the new length; deadlines begin anew, at the same phase \
                each time",
    parameters: &[],
    build: |_, seed| Box::new(EnvoyRoundRobin::new(seed)),
};

/// **What it does** The hosts in turn, from a random start. Where weights differ it is an
/// earliest-deadline-first scheduler, which begins as if as many picks as the seed says had been
/// made.
///
/// **Where it is used** Envoy's default, Istio (`ROUND_ROBIN`), Contour, Envoy Gateway and others,
/// a request at a time; each worker thread has turns of its own.
///
/// **What it needs to know** The list and its weights. The turn is kept when hosts come and go. The
/// scheduler begins anew at each change, always with the same seed. A weight that changes counts
/// from when its host is picked next.
///
/// **When it goes wrong** A rollout with weights: each change begins the same schedule again, so
/// the same few hosts get the first requests after each. Workers with few requests each.
///
/// **Reference** `RoundRobinLoadBalancer` in
/// `source/extensions/load_balancing_policies/round_robin/round_robin_lb.h`,
/// `EdfLoadBalancerBase::refresh` in `.../common/load_balancer_impl.cc`,
/// `source/common/upstream/edf_scheduler.h`.
#[derive(Clone, Debug)]
pub struct EnvoyRoundRobin {
    seed: u64,
    /// Counts picks while weights are equal; it goes on where it was after they were not.
    index: u64,
    hosts: Remainder,
    /// The weights, place by place.
    weights: Vec<u32>,
    scheduler: Option<Edf>,
}

impl EnvoyRoundRobin {
    /// Begins where a seed says.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            index: seed,
            hosts: Remainder::default(),
            weights: Vec::new(),
            scheduler: None,
        }
    }

    fn weigh(&mut self, endpoints: &[Endpoint]) {
        self.weights.clear();
        self.weights.extend(endpoints.iter().map(|endpoint| endpoint.weight));
    }

    /// Out of line, so that a pick where all weights are equal needs no room for it.
    #[inline(never)]
    fn pick_by_deadline(&mut self) -> Option<usize> {
        let Self { scheduler, weights, .. } = self;
        scheduler.as_mut()?.pick(|place| f64::from(weights[place]))
    }
}

impl Policy for EnvoyRoundRobin {
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        self.weigh(endpoints);
        self.hosts.update(endpoints);
        let mut weights = self.hosts.places().iter().map(|place| self.weights[*place]);
        let first = weights.next();
        let equal = weights.all(|weight| Some(weight) == first);
        let scheduler = || {
            let weights: Vec<f64> = self.weights.iter().copied().map(f64::from).collect();
            Edf::with_picks(&weights, self.seed as u32)
        };
        self.scheduler = (!equal).then(scheduler);
    }

    /// Envoy's scheduler does not begin anew for a weight: it reads that of a host when it has
    /// picked it.
    fn reweighed(&mut self, endpoints: &[Endpoint], now: Time) {
        match self.scheduler {
            Some(_) => self.weigh(endpoints),
            None => self.update(endpoints, now),
        }
    }

    fn pick(&mut self, _: &mut PickContext<'_>) -> Option<usize> {
        if self.scheduler.is_some() {
            return self.pick_by_deadline();
        }
        let place = self.hosts.find(self.index)?;
        self.index = self.index.wrapping_add(1);
        Some(place)
    }

    fn remembers(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use engine::Streams;

    use super::*;

    fn picks(policy: &mut EnvoyRoundRobin, count: usize) -> Vec<usize> {
        let mut random = Streams::new(1).named("unused");
        let mut pick = || policy.pick(&mut PickContext::new(Time::ZERO, &mut random));
        (0..count).filter_map(|_| pick()).collect()
    }

    #[test]
    fn the_turn_is_kept_and_deadlines_begin_anew() {
        let mut policy = EnvoyRoundRobin::new(2);
        policy.update(&Endpoint::numbered(&[1, 1, 1]), Time::ZERO);
        assert_eq!(picks(&mut policy, 2), [2, 0]);
        policy.update(&Endpoint::numbered(&[1, 0, 1]), Time::ZERO);
        assert_eq!(picks(&mut policy, 3), [0, 2, 0], "the fifth of two is the first");
        for _ in 0..2 {
            policy.update(&Endpoint::numbered(&[2, 1]), Time::ZERO);
            assert_eq!(picks(&mut policy, 3), [0, 0, 1], "behind two picks, both times");
        }
        policy.update(&Endpoint::numbered(&[3, 3]), Time::ZERO);
        assert_eq!(picks(&mut policy, 2), [1, 0], "the turn is where it was");
        policy.update(&Endpoint::numbered(&[0, 0]), Time::ZERO);
        assert_eq!(picks(&mut policy, 2), [0; 0]);
    }

    #[test]
    fn a_weight_counts_from_the_next_pick_and_begins_nothing_anew() {
        let mut policy = EnvoyRoundRobin::new(0);
        policy.update(&Endpoint::numbered(&[2, 1]), Time::ZERO);
        assert_eq!(picks(&mut policy, 3), [0, 1, 0], "due at 1/2, 1 and 1");
        policy.reweighed(&Endpoint::numbered(&[2, 2]), Time::ZERO);
        // The second is due at 2, as before, and then in turn; one that begins anew has 0 first.
        assert_eq!(picks(&mut policy, 6), [0, 1, 0, 1, 0, 1]);
        policy.update(&Endpoint::numbered(&[1, 1]), Time::ZERO);
        policy.reweighed(&Endpoint::numbered(&[1, 3]), Time::ZERO);
        assert_eq!(picks(&mut policy, 4).iter().sum::<usize>(), 3, "it has a scheduler now");
    }
}
