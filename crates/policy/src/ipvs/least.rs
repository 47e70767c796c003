//! The least load for its weight: what most schedulers of IPVS that count look for.

use crate::{
    PickContext,
    ipvs::{destination::Destination, service::Scheduler},
};

/// A scheduler that takes the destination with the least load for its weight. What load is, and
/// whether weights count, is what tells `lc`, `wlc` and `sed` apart.
pub trait Least {
    /// The load of a destination.
    fn load(destination: &Destination) -> u64;

    /// What its load is divided by: its weight, as a rule.
    fn weight(destination: &Destination) -> u32 {
        destination.weight
    }

    /// The one of these that is open and has the least load for its weight, the first of several.
    fn least<'a>(among: impl Iterator<Item = &'a Destination>) -> Option<&'a Destination> {
        // Two fractions are compared without dividing, as the kernel does it.
        let load =
            |it: &Destination, other: &Destination| Self::load(it) * u64::from(Self::weight(other));
        let open = among.filter(|destination| destination.is_open());
        open.min_by(|a, b| load(a, b).cmp(&load(b, a)))
    }
}

impl<L: Least> Scheduler for L {
    const COUNTS: bool = true;

    fn schedule<'a>(
        &mut self,
        destinations: &'a [Destination],
        _: &mut PickContext<'_>,
    ) -> Option<&'a Destination> {
        L::least(destinations.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Endpoint,
        ipvs::{lc::LeastConnection, sed::ShortestExpectedDelay, wlc::WeightedLeastConnection},
    };

    /// The place of the least of destinations of these weights, active and inactive connections.
    fn least<L: Least>(of: &[(u32, u32, u32)]) -> Option<usize> {
        let weights: Vec<u32> = of.iter().map(|(weight, ..)| *weight).collect();
        let endpoints = Endpoint::numbered(&weights);
        let destination = |(place, (endpoint, of)): (usize, (&Endpoint, &(u32, u32, u32)))| {
            let (_, active, closing) = *of;
            Destination { active, closing, ..Destination::new(endpoint, place) }
        };
        let all: Vec<_> = endpoints.iter().zip(of).enumerate().map(destination).collect();
        L::least(all.iter()).map(|destination| destination.place)
    }

    #[test]
    fn each_scheduler_counts_in_its_own_way() {
        for (of, lc, wlc, sed) in [
            (&[(1, 1, 0), (3, 2, 0), (1, 1, 1)][..], Some(0), Some(1), Some(1)),
            (&[(1, 0, 300), (1, 1, 0)], Some(1), Some(1), Some(0)),
            (&[(1, 0, 0), (9, 0, 0)], Some(0), Some(0), Some(1)),
            (&[(0, 0, 0), (2, 5, 0), (2, 5, 0)], Some(1), Some(1), Some(1)),
            (&[(0, 0, 0)], None, None, None),
            (&[], None, None, None),
        ] {
            assert_eq!(least::<LeastConnection>(of), lc, "{of:?}");
            assert_eq!(least::<WeightedLeastConnection>(of), wlc, "{of:?}");
            assert_eq!(least::<ShortestExpectedDelay>(of), sed, "{of:?}");
        }
    }
}
