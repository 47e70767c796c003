//! Weighted turns by deadlines: Traefik's `wrr`.

use engine::Time;

use crate::{
    Endpoint, Entry, Level, PickContext, Policy,
    block::{Edf, Ties},
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "traefik.wrr",
    summary: "by deadlines, ties as Go's heap has them",
    level: Level::Request,
    on_change: "it begins anew: Traefik builds its services again",
    parameters: &[],
    build: |_, _| Box::<TraefikWrr>::default(),
};

/// **What it does** An earliest-deadline-first scheduler: a server is due 1/weight after its last
/// turn. Who is first of those due at the same time is as a binary heap happens to have them.
///
/// **Where it is used** Traefik's default, a request at a time.
///
/// **What it needs to know** The list and its weights. A server of weight 0 is left out.
///
/// **When it goes wrong** It begins anew, at the first server, whenever the configuration changes;
/// and so does every Traefik, each for itself.
///
/// **Reference** `Balancer.nextServer` in `pkg/server/service/loadbalancer/wrr/wrr.go`.
#[derive(Clone, Debug, Default)]
pub struct TraefikWrr {
    weights: Vec<f64>,
    scheduler: Edf,
}

impl Policy for TraefikWrr {
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        self.weights = endpoints.iter().map(|endpoint| f64::from(endpoint.weight)).collect();
        self.scheduler = Edf::new(Ties::Heap);
        for (place, weight) in self.weights.iter().enumerate() {
            self.scheduler.add(place, *weight);
        }
    }

    fn pick(&mut self, _: &mut PickContext<'_>) -> Option<usize> {
        self.scheduler.pick(|place| self.weights[place])
    }
}

#[cfg(test)]
mod tests {
    use engine::Streams;

    use super::*;

    #[test]
    fn a_new_list_begins_anew_without_those_of_weight_0() {
        let mut policy = TraefikWrr::default();
        let mut random = Streams::new(1).named("unused");
        let mut picks = |policy: &mut TraefikWrr| -> Vec<usize> {
            let mut pick = || policy.pick(&mut PickContext::new(Time::ZERO, &mut random));
            (0..3).filter_map(|_| pick()).collect()
        };
        for (weights, expected) in
            [(&[][..], &[][..]), (&[0, 0], &[]), (&[0, 7], &[1, 1, 1]), (&[1, 2], &[1, 0, 1])]
        {
            policy.update(&Endpoint::numbered(weights), Time::ZERO);
            assert_eq!(picks(&mut policy), expected, "{weights:?}");
        }
    }
}
