//! Shares of a whole number.

/// Parts of the sum of the weights: the first endpoint has the first `weight` numbers, and so on.
/// It leads a number modulo the sum to an endpoint.
#[derive(Clone, Debug, Default)]
pub struct Shares {
    /// For each place the first number that is no longer its own.
    ends: Vec<u64>,
}

impl Shares {
    /// The shares of these weights.
    #[must_use]
    pub fn of(weights: impl IntoIterator<Item = u32>) -> Self {
        let mut end = 0;
        let ends = weights.into_iter().map(|weight| {
            end += u64::from(weight);
            end
        });
        Self { ends: ends.collect() }
    }

    /// The sum of all weights.
    #[must_use]
    #[inline]
    pub fn sum(&self) -> u64 {
        self.ends.last().copied().unwrap_or(0)
    }

    /// The place that a number modulo the sum belongs to; `None` where all weights are 0.
    #[must_use]
    #[inline]
    pub fn find(&self, number: u64) -> Option<usize> {
        let number = number.checked_rem(self.sum())?;
        Some(self.ends.partition_point(|end| *end <= number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_as_many_numbers_as_it_weighs() {
        let shares = Shares::of([0, 2, 0, 1]);
        let found: Vec<_> = (0..6).filter_map(|number| shares.find(number)).collect();
        assert_eq!(found, [1, 1, 3, 1, 1, 3]);
        assert_eq!(Shares::of([0, 0]).find(1), None);
        assert_eq!(Shares::default().find(1), None);
    }
}
