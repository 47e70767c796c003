//! Weighted turns that change in flight: HAProxy's `roundrobin`.

use engine::Time;

use crate::{
    Endpoint, Entry, Level, PickContext, Policy,
    block::Places,
    haproxy::{fwrr::Fwrr, weight::effective},
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "haproxy.roundrobin",
    summary: "smooth weighted turns, whose weights change in flight",
    level: Level::Request,
    on_change: "positions are kept; who comes is placed among those that are left of this turn and \
                the next",
    parameters: &[],
    build: |_, _| Box::<HaproxyRoundRobin>::default(),
};

/// **What it does** A turn has as many positions as the weights have units; a server stands at
/// every total/weight-th. Who comes, goes or changes its weight is moved, and nobody else is.
///
/// **Where it is used** HAProxy, `balance roundrobin`, a request at a time: one for the whole
/// process, or one for each group of threads.
///
/// **What it needs to know** The list and its weights, which go to 256. A server of weight 0 is
/// kept, out of use. A request that is tried again avoids the server that it was tried on last.
///
/// **When it goes wrong** It does not ask who is slow. Many HAProxy begin with the same servers,
/// the heaviest.
///
/// **Reference** `fwrr_get_next_server`, `fwrr_update_server_weight` and others in `src/lb_fwrr.c`.
#[derive(Clone, Debug, Default)]
pub struct HaproxyRoundRobin {
    places: Places,
    turns: Fwrr,
}

impl Policy for HaproxyRoundRobin {
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        let weights = || endpoints.iter().map(|endpoint| effective(endpoint.weight));
        let first = self.places.is_empty();
        let before = self.places.update(endpoints);
        if first {
            self.turns = Fwrr::begin(weights());
            return;
        }
        self.turns.arrange(&before);
        for (place, weight) in weights().enumerate().filter(|(place, _)| before[*place].is_some()) {
            self.turns.weigh(place, weight);
        }
        for (place, weight) in weights().enumerate().filter(|(place, _)| before[*place].is_none()) {
            self.turns.weigh(place, weight);
        }
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let avoid = context.tried.last().and_then(|id| self.places.of(*id));
        self.turns.take(avoid)
    }

    fn remembers(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use engine::Streams;

    use super::*;
    use crate::EndpointId;

    fn picks(policy: &mut HaproxyRoundRobin, tried: &[EndpointId], count: usize) -> Vec<usize> {
        let mut random = Streams::new(1).named("unused");
        let mut pick = || {
            let mut context = PickContext::new(Time::ZERO, &mut random);
            context.tried = tried;
            policy.pick(&mut context)
        };
        (0..count).filter_map(|_| pick()).collect()
    }

    #[test]
    fn who_comes_and_goes_disturbs_nobody() {
        let all = Endpoint::numbered(&[1; 5]);
        let mut policy = HaproxyRoundRobin::default();
        assert_eq!(picks(&mut policy, &[], 1), [0; 0]);
        policy.update(&all[..4], Time::ZERO);
        assert_eq!(picks(&mut policy, &[], 6), [0, 1, 2, 3, 0, 1]);
        let order = [all[3], all[2], all[0]];
        policy.update(&order, Time::ZERO);
        assert_eq!(picks(&mut policy, &[], 4), [1, 0, 2, 1], "2, 3, 0, 2: as before without 1");
        policy.update(&[all[4], all[3], all[2], all[0]], Time::ZERO);
        let mut round = picks(&mut policy, &[], 4);
        round.sort_unstable();
        assert_eq!(round, [0, 1, 2, 3], "the new one has its share in the first round");
        policy.update(&[], Time::ZERO);
        assert_eq!(picks(&mut policy, &[], 1), [0; 0]);
        policy.update(&Endpoint::numbered(&[0, 0]), Time::ZERO);
        assert_eq!(picks(&mut policy, &[], 1), [0; 0]);
        policy.update(&Endpoint::numbered(&[0, 1000]), Time::ZERO);
        assert_eq!(picks(&mut policy, &[], 3), [1, 1, 1]);
    }

    #[test]
    fn the_last_that_was_tried_is_avoided_unless_it_is_the_only_one() {
        let all = Endpoint::numbered(&[1, 1, 1]);
        let mut policy = HaproxyRoundRobin::default();
        policy.update(&all, Time::ZERO);
        assert_eq!(picks(&mut policy, &[all[0].id], 4), [1, 2, 1, 2]);
        let mut left = picks(&mut policy, &[], 3);
        left.sort_unstable();
        assert_eq!(left, [0, 1, 2]);
        policy.update(&all[..1], Time::ZERO);
        assert_eq!(picks(&mut policy, &[all[0].id], 3), [0, 0, 0]);
    }

    #[test]
    fn weights_that_change_are_served_from_then_on() {
        let mut policy = HaproxyRoundRobin::default();
        policy.update(&Endpoint::numbered(&[3, 2, 1]), Time::ZERO);
        picks(&mut policy, &[], 4);
        for weights in [[1, 2, 3], [0, 5, 1], [6, 6, 6], [1, 0, 0]] {
            policy.update(&Endpoint::numbered(&weights), Time::ZERO);
            let total: u32 = weights.iter().sum();
            picks(&mut policy, &[], 2 * total as usize);
            let seen = picks(&mut policy, &[], 10 * total as usize);
            for (place, weight) in weights.iter().enumerate() {
                let count = seen.iter().filter(|pick| **pick == place).count();
                assert!(count.abs_diff(10 * *weight as usize) <= 1, "{weights:?}: {place} {count}");
            }
        }
    }
}
