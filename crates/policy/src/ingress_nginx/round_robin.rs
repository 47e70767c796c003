//! What ingress-nginx does where nothing else is configured.

use engine::Time;

use crate::{Endpoint, Entry, Level, PickContext, Policy, block::Rounds};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "ingress-nginx.round_robin",
    summary: "in turn from a random start, weights in falling rounds",
    level: Level::Request,
    on_change: "it begins anew, behind an endpoint drawn by chance",
    parameters: &[],
    build: |_, _| Box::<IngressNginxRoundRobin>::default(),
};

/// **What it does** Rounds of falling levels: an endpoint is taken in each round whose level its
/// weight reaches. Levels go from the largest weight down to the greatest common divisor of all, in
/// steps of that. With equal weights it is plain round robin.
///
/// **Where it is used** ingress-nginx, `load-balance: round_robin`, a request at a time; each
/// worker has one of its own.
///
/// **What it needs to know** The list and its weights. A changed list begins anew behind an
/// endpoint drawn by chance; what was kept of the rounds is forgotten.
///
/// **When it goes wrong** Weights are served in bursts, the heaviest first. Many workers, or many
/// changes, make it random.
///
/// **Reference** `lib/resty/roundrobin.lua` of lua-resty-balancer.
#[derive(Clone, Debug, Default)]
pub struct IngressNginxRoundRobin {
    weights: Vec<u32>,
    rounds: Rounds,
    /// Whether chance has said where to begin.
    begun: bool,
}

impl IngressNginxRoundRobin {
    /// Begins behind an endpoint.
    pub fn begin_after(&mut self, place: usize) {
        self.rounds.begin_after(place);
        self.begun = true;
    }
}

impl Policy for IngressNginxRoundRobin {
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        self.weights = endpoints.iter().map(|endpoint| endpoint.weight).collect();
        self.rounds = Rounds::new(self.weights.iter().copied());
        self.begun = false;
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        if !self.begun && self.weights.iter().any(|weight| *weight > 0) {
            self.begin_after(context.random.below(self.weights.len() as u32) as usize);
        }
        self.rounds.next(self.weights.len(), |place| self.weights[place])
    }
}

#[cfg(test)]
mod tests {
    use engine::Streams;
    use proptest::prelude::*;

    use super::*;

    fn picks(policy: &mut IngressNginxRoundRobin, count: usize) -> Vec<usize> {
        let mut random = Streams::new(1).named("round robin");
        let mut pick = || policy.pick(&mut PickContext::new(Time::ZERO, &mut random));
        (0..count).map(|_| pick().expect("there is an endpoint")).collect()
    }

    proptest! {
        /// In as many picks as the weights have divisors, each endpoint has its share, wherever it
        /// began.
        #[test]
        fn a_cycle_serves_each_its_weight(weights in prop::collection::vec(1_u32..20, 1..8)) {
            let mut policy = IngressNginxRoundRobin::default();
            policy.update(&Endpoint::numbered(&weights), Time::ZERO);
            let (_, divisor) = policy.rounds.levels();
            let cycle: u32 = weights.iter().map(|weight| weight / divisor).sum();
            // What comes before the first round is whole depends on the start.
            picks(&mut policy, cycle as usize);
            let seen = picks(&mut policy, cycle as usize);
            for (place, weight) in weights.iter().enumerate() {
                let got = seen.iter().filter(|pick| **pick == place).count();
                prop_assert_eq!(got, (weight / divisor) as usize);
            }
        }
    }

    #[test]
    fn nobody_is_picked_of_none_or_of_those_without_weight() {
        let mut random = Streams::new(1).named("round robin");
        for weights in [&[][..], &[0, 0]] {
            let mut policy = IngressNginxRoundRobin::default();
            policy.update(&Endpoint::numbered(weights), Time::ZERO);
            assert_eq!(policy.pick(&mut PickContext::new(Time::ZERO, &mut random)), None);
        }
    }
}
