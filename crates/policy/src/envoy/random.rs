//! At random: Envoy's `random`.

use engine::Time;

use crate::{Endpoint, Entry, Level, PickContext, Policy, block::Remainder};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "envoy.random",
    summary: "uniformly at random, whatever the weights",
    level: Level::Request,
    on_change: "nothing is kept, so nothing is forgotten",
    parameters: &[],
    build: |_, _| Box::<EnvoyRandom>::default(),
};

/// **What it does** Each host with the same probability. Weights are ignored, but that a host of
/// weight 0, which Envoy does not know, is not taken.
///
/// **Where it is used** Envoy, Istio (`RANDOM`), Contour, Envoy Gateway and others, a request at a
/// time.
///
/// **What it needs to know** The list. It keeps nothing.
///
/// **When it goes wrong** Few requests: the share of a host is as uneven as chance. Weights that
/// somebody set have no effect, which is easily overlooked.
///
/// **Reference** `RandomLoadBalancer::peekOrChoose` in
/// `source/extensions/load_balancing_policies/random/random_lb.cc`.
#[derive(Clone, Debug, Default)]
pub struct EnvoyRandom {
    hosts: Remainder,
}

impl EnvoyRandom {
    /// Chooses with a draw of 64 bits.
    #[must_use]
    pub fn remainder(&self, bits: u64) -> Option<usize> {
        self.hosts.find(bits)
    }
}

impl Policy for EnvoyRandom {
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        self.hosts.update(endpoints);
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        self.remainder(context.random.next_u64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_do_not_count_but_0_is_out() {
        let mut policy = EnvoyRandom::default();
        assert_eq!(policy.remainder(7), None);
        policy.update(&Endpoint::numbered(&[9, 0, 1]), Time::ZERO);
        let picks: Vec<_> = (0..4).map(|bits| policy.remainder(bits)).collect();
        assert_eq!(picks, [Some(0), Some(2), Some(0), Some(2)]);
    }
}
