//! Chance in proportion to weights.

use engine::Random;

/// Places, each as likely as its weight says.
#[derive(Clone, Debug, Default)]
pub struct Cumulative {
    /// The sum of the weights of each place and of those before it.
    sums: Vec<f64>,
}

impl Cumulative {
    /// Places of these weights. Those of weight 0 are never drawn.
    #[must_use]
    pub fn new(weights: impl IntoIterator<Item = f64>) -> Self {
        let add = |sum: &mut f64, weight: f64| {
            *sum += weight;
            Some(*sum)
        };
        Self { sums: weights.into_iter().scan(0.0, add).collect() }
    }

    /// The sum of all weights.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.sums.last().copied().unwrap_or(0.0)
    }

    /// The place that a number from 0 up to, but not, the total falls on.
    #[must_use]
    #[inline]
    pub fn find(&self, number: f64) -> usize {
        self.sums.partition_point(|sum| *sum <= number)
    }

    /// Draws a place; `None` where no place has any weight.
    #[inline]
    pub fn draw(&self, random: &mut dyn Random) -> Option<usize> {
        let total = self.total();
        // From 0 on, and below 1.
        let number = (1.0 - random.unit()) * total;
        (total > 0.0).then(|| self.find(number).min(self.sums.len() - 1))
    }
}

#[cfg(test)]
mod tests {
    use engine::Streams;

    use super::*;

    #[test]
    fn a_number_falls_on_a_place_by_its_weight() {
        let places = Cumulative::new([2.0, 0.0, 3.0]);
        let found = [0.0, 1.9, 2.0, 4.9].map(|number| places.find(number));
        assert_eq!(found, [0, 0, 2, 2]);
        let mut random = Streams::new(1).named("cumulative");
        let drawn = (0..10_000).filter(|_| places.draw(&mut random) == Some(2)).count();
        assert!(drawn.abs_diff(6000) < 250, "{drawn}");
        assert_eq!(Cumulative::new([]).draw(&mut random), None);
        assert_eq!(Cumulative::new([0.0, 0.0]).draw(&mut random), None);
    }
}
