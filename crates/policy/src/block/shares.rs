//! Shares of a sum, in proportion to weights.

use std::ops::Add;

use engine::Random;

use super::Divisor;

/// Parts of the sum of the weights: the first place has the numbers from 0 up to, but not, its
/// weight, the second those from there on, and so on. Weights are whole ([`HashShares`]) or not.
#[derive(Clone, Debug)]
pub struct Shares<N> {
    /// For each place where its numbers end: the sum of its weight and those before it.
    ends: Vec<N>,
}

impl<N> Default for Shares<N> {
    fn default() -> Self {
        Self { ends: Vec::new() }
    }
}

impl<N: Copy + Default + PartialOrd + Add<Output = N>> Shares<N> {
    /// The shares of these weights. Who weighs nothing has none.
    #[must_use]
    pub fn of(weights: impl IntoIterator<Item = N>) -> Self {
        let add = |end: &mut N, weight: N| {
            *end = *end + weight;
            Some(*end)
        };
        Self { ends: weights.into_iter().scan(N::default(), add).collect() }
    }

    /// The sum of all weights.
    #[must_use]
    #[inline]
    pub fn sum(&self) -> N {
        self.ends.last().copied().unwrap_or_default()
    }

    /// The place whose share a number below the sum is in.
    #[must_use]
    #[inline]
    pub fn place(&self, number: N) -> usize {
        self.ends.partition_point(|end| *end <= number)
    }
}

/// Shares of whole weights, to which hashes lead.
#[derive(Clone, Debug, Default)]
pub struct HashShares {
    shares: Shares<u64>,
    sum: Divisor,
    /// What each of them weighs, where all weigh the same.
    each: Option<Divisor>,
}

impl HashShares {
    /// The shares of these weights.
    #[must_use]
    pub fn of(weights: impl IntoIterator<Item = u64>) -> Self {
        let weights: Vec<u64> = weights.into_iter().collect();
        let alike = weights.iter().all(|weight| *weight == weights[0]);
        let each = alike.then(|| Divisor::new(weights.first().copied().unwrap_or_default()));
        let shares = Shares::of(weights);
        Self { sum: Divisor::new(shares.sum()), each, shares }
    }

    /// The place that a number modulo the sum belongs to; `None` where all weights are 0.
    #[must_use]
    #[inline]
    pub fn find(&self, number: u64) -> Option<usize> {
        let number = self.sum.remainder(number)?;
        match self.each {
            // There is nothing to search for.
            Some(each) => each.quotient(number).map(|place| place as usize),
            None => Some(self.shares.place(number)),
        }
    }
}

impl Shares<f64> {
    /// Draws a place, each as likely as its weight says; `None` where all weights are 0.
    #[inline]
    pub fn draw(&self, random: &mut dyn Random) -> Option<usize> {
        let sum = self.sum();
        // From 0 on, and below 1.
        let number = (1.0 - random.unit()) * sum;
        (sum > 0.0).then(|| self.place(number).min(self.ends.len() - 1))
    }
}

#[cfg(test)]
mod tests {
    use engine::Streams;

    use super::*;

    #[test]
    fn each_has_as_many_numbers_as_it_weighs() {
        let shares = HashShares::of([0, 2, 0, 1]);
        let found: Vec<_> = (0..6).filter_map(|number| shares.find(number)).collect();
        assert_eq!(found, [1, 1, 3, 1, 1, 3]);
        for (weights, expected) in [
            (&[2, 2, 2][..], [0, 0, 1, 1, 2, 2]),
            (&[1, 3, 2], [0, 1, 1, 1, 2, 2]),
            (&[2, 0, 4], [0, 0, 2, 2, 2, 2]),
            (&[4, 1, 1], [0, 0, 0, 0, 1, 2]),
        ] {
            let shares = HashShares::of(weights.iter().copied());
            let found: Vec<_> = (6..12).filter_map(|number| shares.find(number)).collect();
            assert_eq!(found, expected, "{weights:?}");
        }
        assert_eq!(HashShares::of([0, 0]).find(1), None);
        assert_eq!(HashShares::default().find(1), None);
    }

    #[test]
    fn each_is_drawn_as_often_as_it_weighs() {
        let shares = Shares::of([2.0, 0.0, 3.0]);
        let found = [0.0, 1.9, 2.0, 4.9].map(|number| shares.place(number));
        assert_eq!(found, [0, 0, 2, 2]);
        let mut random = Streams::new(1).named("shares");
        let drawn = (0..10_000).filter(|_| shares.draw(&mut random) == Some(2)).count();
        assert!(drawn.abs_diff(6000) < 250, "{drawn}");
        assert_eq!(Shares::<f64>::default().draw(&mut random), None);
        assert_eq!(Shares::of([0.0, 0.0]).draw(&mut random), None);
    }
}
