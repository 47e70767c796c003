//! A few of many endpoints for each client.

use engine::Time;

use super::{LayerEntry, Stage, hand_on};
use crate::{
    Endpoint, Kind, Parameter, Policy,
    block::{
        Part,
        subset::{deterministic_subset, random_subset},
    },
};

static PARAMETERS: &[Parameter] = &[Parameter {
    name: "subset_size",
    summary: "How many endpoints a client keeps.",
    kind: Kind::Integer { default: 20, min: 1, max: u32::MAX as u64 },
}];

/// Its line in the list of layers.
pub static RANDOM: LayerEntry = LayerEntry {
    name: "grpc.random_subsetting",
    summary: "each client keeps a few endpoints by chance",
    stage: Stage::Subset,
    counts_unhealthy: false,
    parameters: PARAMETERS,
    wrap: |inside, settings, instance| {
        let size = settings.integer("subset_size") as usize;
        Box::new(Subset::new(
            inside.build_as(instance),
            size,
            Choice::Random { seed: instance.seed },
        ))
    },
};

/// Its line in the list of layers.
pub static DETERMINISTIC: LayerEntry = LayerEntry {
    name: "grpc.deterministic_subsetting",
    summary: "each client keeps a few endpoints, which are dealt out in rounds by the clients' \
              numbers",
    stage: Stage::Subset,
    counts_unhealthy: false,
    parameters: PARAMETERS,
    wrap: |inside, settings, instance| {
        let size = settings.integer("subset_size") as usize;
        let choice = Choice::Deterministic { client: instance.number };
        Box::new(Subset::new(inside.build_as(instance), size, choice))
    },
};

/// How a subset comes about.
#[derive(Clone, Copy, Debug)]
pub enum Choice {
    /// By a hash of each address.
    Random {
        /// The client's own.
        seed: u64,
    },
    /// By shuffling and dealing out.
    Deterministic {
        /// Which client this is; they are numbered from 0 without gaps.
        client: u32,
    },
}

/// **What it does** The policy inside knows only some of the endpoints, so that not each of many
/// clients connects to each of many endpoints. Random: those whose hashes with the client's own
/// seed come first. Deterministic: a shuffled list is dealt out to the clients of a round.
///
/// **Where it is used** gRPC, `random_subsetting`; the deterministic one is from Google's book on
/// site reliability and was gRPC's first draft.
///
/// **What it needs to know** The endpoints' addresses, or how many there are, and the client's seed
/// or number. It keeps nothing: who joins or leaves moves few of a random subset, and shuffles a
/// deterministic one anew.
///
/// **When it goes wrong** Random: how many clients an endpoint has is a matter of chance, so few
/// clients with small subsets load the endpoints unevenly. Deterministic: a change moves almost all
/// connections.
///
/// **Reference** gRPC's proposal A68; Site Reliability Engineering, chapter 20.
#[derive(Clone, Debug)]
pub struct Subset<P> {
    part: Part<P>,
    size: usize,
    choice: Choice,
}

impl<P: Policy> Subset<P> {
    /// The policy inside will know so many endpoints.
    pub fn new(inside: P, size: usize, choice: Choice) -> Self {
        Self { part: Part::new(inside), size, choice }
    }
}

impl<P: Policy> Policy for Subset<P> {
    hand_on!(part: pick, chosen, remembers, listens, reads_reports);
    hand_on!(part: established, ended, withdrawn, probes, reported);

    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        let places = match self.choice {
            Choice::Random { seed } => random_subset(endpoints, self.size, seed),
            Choice::Deterministic { client } => {
                deterministic_subset(endpoints.len(), self.size, client)
            }
        };
        let kept = places.into_iter().map(|place| (place, endpoints[place]));
        self.part.tell(endpoints.len(), kept, now);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use engine::Streams;

    use super::*;
    use crate::{PickContext, kube_proxy::random::Random};

    /// Whom a client picks of a list.
    fn seen(choice: Choice, endpoints: &[Endpoint]) -> BTreeSet<usize> {
        let mut random = Streams::new(1).named("subset");
        let mut subset = Subset::new(Random::default(), 4, choice);
        subset.update(endpoints, Time::ZERO);
        let mut pick = || subset.pick(&mut PickContext::new(Time::ZERO, &mut random));
        (0..200).filter_map(|_| pick()).collect()
    }

    #[test]
    fn a_client_picks_of_its_own_subset_only() {
        let all = Endpoint::numbered(&[1; 20]);
        let random = [1, 2].map(|seed| seen(Choice::Random { seed }, &all));
        assert_eq!(random.each_ref().map(BTreeSet::len), [4, 4]);
        assert_ne!(random[0], random[1]);
        let dealt = [0, 1, 2, 3, 4].map(|client| seen(Choice::Deterministic { client }, &all));
        let together: BTreeSet<usize> = dealt.iter().flatten().copied().collect();
        assert_eq!(together.len(), 20, "five clients of four share a round");
    }

    #[test]
    fn few_are_known_whole_and_none_is_nobody() {
        for choice in [Choice::Random { seed: 1 }, Choice::Deterministic { client: 7 }] {
            assert_eq!(seen(choice, &Endpoint::numbered(&[1; 3])).len(), 3);
            assert_eq!(seen(choice, &[]).len(), 0);
        }
    }
}
