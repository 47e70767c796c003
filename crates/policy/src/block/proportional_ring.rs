//! Points on a ring in proportion to weights, as Envoy has them and gRPC after it.

use std::fmt::Write;

use super::Ring;

/// A ring of about as many points as is asked for.
///
/// `hosts` have a name and a weight, and the weights add up to 1. So many points are made that the
/// lightest host has a whole number of them and the ring has `least` at least; `most` limits that.
/// The others may want a fraction of a point, and a running sum gives it now to one host and now to
/// the next. Point number *i* of a host is the hash of its name, `_` and *i*.
#[must_use]
pub fn proportional_ring(
    hosts: &[(usize, &str, f64)],
    least: u64,
    most: u64,
    hash: impl Fn(&[u8]) -> u64,
) -> Ring<u64> {
    let lightest = hosts.iter().map(|(_, _, weight)| *weight).fold(1.0, f64::min);
    let scale = ((lightest * least as f64).ceil() / lightest).min(most as f64);
    let mut points = Vec::with_capacity(scale.ceil() as usize);
    let (mut made, mut wanted) = (0.0, 0.0);
    for (place, name, weight) in hosts {
        wanted += scale * weight;
        let mut names = NumberedNames::new(name);
        let mut number = 0;
        while made < wanted {
            points.push((hash(names.of(number)), *place));
            number += 1;
            made += 1.0;
        }
    }
    Ring::new(points)
}

/// The names of a host's points, one after the other in the same memory: a large ring has a million.
#[derive(Debug)]
pub struct NumberedNames {
    text: String,
    /// How long the host's own name is.
    own: usize,
}

impl NumberedNames {
    /// Those of a host.
    #[must_use]
    pub fn new(host: &str) -> Self {
        let text = format!("{host}_");
        Self { own: text.len(), text }
    }

    /// The name of a point: the host's, `_` and a number.
    pub fn of(&mut self, number: u64) -> &[u8] {
        self.text.truncate(self.own);
        let _ = write!(self.text, "{number}");
        self.text.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use twox_hash::XxHash64;

    use super::*;

    fn counts(weights: &[f64], least: u64, most: u64) -> Vec<usize> {
        let hosts: Vec<_> =
            (0..).zip(weights).map(|(place, weight)| (place, "a", *weight)).collect();
        let ring = proportional_ring(&hosts, least, most, |text| XxHash64::oneshot(0, text));
        let of = |place| ring.points().filter(|(_, other)| *other == place).count();
        (0..weights.len()).map(of).collect()
    }

    #[test]
    fn the_lightest_has_a_whole_number_and_the_rest_share_fractions() {
        assert_eq!(counts(&[0.5, 0.5], 3, 100), [2, 2]);
        assert_eq!(counts(&[0.3, 0.3, 0.4], 6, 20), [2, 2, 3]);
        // A ring that may be no larger: one and a half for each.
        assert_eq!(counts(&[0.25; 4], 100, 6), [2, 1, 2, 1]);
        assert_eq!(counts(&[], 100, 6), [0; 0]);
    }
}
