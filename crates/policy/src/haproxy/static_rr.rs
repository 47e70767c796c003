//! Weighted turns on a map: HAProxy's `static-rr`.

use engine::Time;

use crate::{
    Endpoint, Entry, Level, PickContext, Policy,
    block::{Places, greatest_common_divisor},
    haproxy::weight::capped,
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "haproxy.static-rr",
    summary: "smooth weighted turns on a map that is made when servers change",
    level: Level::Request,
    on_change: "the map is made anew, and the turn goes on at the same place in it",
    parameters: &[],
    build: |_, _| Box::<HaproxyStaticRoundRobin>::default(),
};

/// **What it does** The servers in the order of a map, in which each stands as often as its weight
/// says, spread out, and the first of the list is first.
///
/// **Where it is used** HAProxy, `balance static-rr`, a request at a time. Its weights cannot be
/// changed in flight; servers can be put out of use.
///
/// **What it needs to know** The list and its weights, reduced by their greatest common divisor. A
/// request that is tried again avoids the server that it was tried on last.
///
/// **When it goes wrong** As any turns. A map of other servers is another one: the place in it that
/// is kept means little.
///
/// **Reference** `recalc_server_map`, `map_get_server_rr` in `src/lb_map.c`.
#[derive(Clone, Debug, Default)]
pub struct HaproxyStaticRoundRobin {
    places: Places,
    /// Of all weights that there ever were: who is out of use keeps its weight in HAProxy.
    divisor: u32,
    map: Vec<usize>,
    next: usize,
}

impl HaproxyStaticRoundRobin {
    /// The map: a place for each turn.
    #[must_use]
    pub fn map(&self) -> &[usize] {
        &self.map
    }
}

/// The map of weights. Each step all earn their weight; who has saved most, in whole shares of the
/// total, comes next and pays the total.
pub(super) fn map_of(weights: &[i64]) -> Vec<usize> {
    let total: i64 = weights.iter().sum();
    let mut scores = vec![0; weights.len()];
    let step = |_| {
        let mut best = (0, i64::MIN);
        for (place, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0) {
            scores[place] += weight;
            let shares = (scores[place] + total) / total;
            if shares > best.1 {
                best = (place, shares);
            }
        }
        scores[best.0] -= total;
        best.0
    };
    (0..total).map(step).collect()
}

impl Policy for HaproxyStaticRoundRobin {
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        self.places.update(endpoints);
        let weights = || endpoints.iter().map(|endpoint| capped(endpoint.weight));
        self.divisor = weights().fold(self.divisor, greatest_common_divisor);
        let reduced = weights().map(|weight| i64::from(weight / self.divisor.max(1)));
        self.map = map_of(&reduced.collect::<Vec<i64>>());
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let avoid = context.tried.last().and_then(|id| self.places.of(*id));
        let length = self.map.len();
        let first = if self.next < length { self.next } else { 0 };
        let turns = || (first..length).chain(0..first);
        let other = turns().find(|turn| Some(self.map[*turn]) != avoid);
        let turn = other.or_else(|| turns().last())?;
        self.next = turn + 1;
        Some(self.map[turn])
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

    fn picks(
        policy: &mut HaproxyStaticRoundRobin,
        tried: &[EndpointId],
        count: usize,
    ) -> Vec<usize> {
        let mut random = Streams::new(1).named("unused");
        let mut pick = || {
            let mut context = PickContext::new(Time::ZERO, &mut random);
            context.tried = tried;
            policy.pick(&mut context)
        };
        (0..count).filter_map(|_| pick()).collect()
    }

    #[test]
    fn the_turn_is_kept_over_a_new_map() {
        let mut all = Endpoint::numbered(&[4, 2, 2]);
        let mut policy = HaproxyStaticRoundRobin::default();
        assert_eq!(picks(&mut policy, &[], 1), [0; 0]);
        policy.update(&all, Time::ZERO);
        assert_eq!(policy.map(), [0, 0, 1, 2]);
        assert_eq!(picks(&mut policy, &[], 3), [0, 0, 1]);
        all[2].weight = 0;
        policy.update(&all, Time::ZERO);
        assert_eq!(policy.map(), [0, 0, 1], "the divisor is still 2");
        assert_eq!(picks(&mut policy, &[], 2), [0, 0], "at the end, so from the beginning");
        policy.update(&[all[1], all[0]], Time::ZERO);
        assert_eq!(policy.map(), [0, 1, 1]);
        assert_eq!(picks(&mut policy, &[], 2), [1, 0], "the third turn, and the first");
        policy.update(&[], Time::ZERO);
        assert_eq!(picks(&mut policy, &[], 1), [0; 0]);
    }

    #[test]
    fn the_last_that_was_tried_is_avoided_unless_it_is_the_only_one() {
        let all = Endpoint::numbered(&[2, 1, 0]);
        let mut policy = HaproxyStaticRoundRobin::default();
        policy.update(&all, Time::ZERO);
        assert_eq!(picks(&mut policy, &[all[0].id], 2), [1, 1]);
        assert_eq!(picks(&mut policy, &[all[1].id], 3), [0, 0, 0]);
        policy.update(&all[..1], Time::ZERO);
        assert_eq!(picks(&mut policy, &[all[0].id], 2), [0, 0]);
    }
}
