//! Which part of all endpoints a client keeps to.

/// Where a client is among those like it, on a ring of length 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coordinate {
    /// Where its part begins.
    pub offset: f64,
    /// The distance from one client to the next.
    pub unit: f64,
}

impl Coordinate {
    /// That of a client among so many.
    #[must_use]
    pub fn new(instance: u64, of: u64) -> Self {
        let unit = 1.0 / of as f64;
        Self { offset: (instance as f64 * unit) % 1.0, unit }
    }
}

/// How much of the ring a client keeps to, so that it has so many of all endpoints at least and all
/// clients together go around the ring a whole number of times: then each endpoint is as much in
/// demand as any other.
#[must_use]
pub fn width(unit: f64, endpoints: usize, least: usize) -> f64 {
    let wanted = least.min(endpoints) as f64 * (1.0 / endpoints as f64);
    (unit * (wanted / unit).ceil()).min(1.0)
}

/// The weights of endpoints within a part of the ring. Each has an arc of the ring as long as its
/// share of all weight; what is outside of the part weighs nothing, and at its ends an arc may be
/// cut.
#[must_use]
pub fn adjusted(weights: &[f64], offset: f64, width: f64) -> Vec<f64> {
    let mut adjusted = vec![0.0; weights.len()];
    let sum: f64 = weights.iter().sum();
    if sum <= 0.0 {
        return adjusted;
    }
    let end = offset + width;
    let mut position = 0.0;
    // Twice around, for a part that goes over the end of the ring.
    for place in (0..weights.len()).chain(0..weights.len()) {
        if position >= end {
            break;
        }
        let arc = weights[place] / sum;
        adjusted[place] += if position < offset {
            // An arc longer than the part has it to itself.
            (position + arc - offset).clamp(0.0, width)
        } else {
            arc.min(end - position)
        };
        position += arc;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// All clients together want of each endpoint what its weight says.
        #[test]
        fn every_endpoint_is_in_demand_by_its_weight(
            weights in prop::collection::vec(1_u32..9, 1..40),
            clients in 1_u64..12,
        ) {
            let weights: Vec<f64> = weights.into_iter().map(f64::from).collect();
            let sum: f64 = weights.iter().sum();
            let mut demand = vec![0.0; weights.len()];
            let mut width_of_all = 0.0;
            for client in 0..clients {
                let Coordinate { offset, unit } = Coordinate::new(client, clients);
                let width = width(unit, weights.len(), 12);
                width_of_all += width;
                let adjusted = adjusted(&weights, offset, width);
                let inside: f64 = adjusted.iter().sum();
                prop_assert!((inside - width).abs() < 1e-9, "{inside} of {width}");
                demand.iter_mut().zip(adjusted).for_each(|(demand, weight)| *demand += weight);
            }
            for (demand, weight) in demand.iter().zip(&weights) {
                prop_assert!((demand - width_of_all * weight / sum).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn without_endpoints_or_weights_there_is_nothing() {
        assert_eq!(adjusted(&[], 0.5, 1.0), [0.0; 0]);
        assert_eq!(adjusted(&[0.0, 0.0], 0.5, 1.0), [0.0; 2]);
        assert_eq!(adjusted(&[3.0], 0.5, 0.1), [0.1]);
    }
}
