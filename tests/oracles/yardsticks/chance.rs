//! Whether many rows together are as far off as chance has them: neither further nor less far.

/// Standard deviations that chance hardly ever goes beyond.
const LIMIT: f64 = 4.0;

/// What many deviations say together, each in standard deviations of what chance alone does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Together {
    pub(crate) rows: usize,
    /// The sum of the squared deviations.
    pub(crate) chi_square: f64,
    /// What that is on average.
    pub(crate) chi_square_mean: f64,
    /// How far the one is from the other.
    pub(crate) spread: f64,
    /// How far all of them lean to one side.
    pub(crate) lean: f64,
}

impl Together {
    /// Of deviations in standard errors, each with its degrees of freedom: Student's t has a
    /// variance of ν/(ν-2), and its square one of 2ν²(ν-1)/((ν-2)²(ν-4)).
    pub(crate) fn of(deviations: &[(f64, f64)]) -> Self {
        let mut sums = [0.0_f64; 4];
        let mut rows = 0;
        for (deviation, freedom) in deviations.iter().filter(|(_, freedom)| *freedom > 8.0) {
            let ([less1, less2, less4], square) = ([1.0, 2.0, 4.0].map(|it| freedom - it), freedom);
            let (mean, variance) = match freedom.is_finite() {
                true => {
                    let variance = 2.0 * square * square * less1 / (less2 * less2 * less4);
                    (freedom / less2, variance)
                }
                false => (1.0, 2.0),
            };
            rows += 1;
            let terms = [*deviation, deviation * deviation, mean, variance];
            sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
        }
        let [lean, chi_square, chi_square_mean, variance] = sums;
        Self {
            rows,
            chi_square,
            chi_square_mean,
            spread: (chi_square - chi_square_mean) / variance.sqrt(),
            lean: lean / chi_square_mean.sqrt(),
        }
    }

    /// Whether that is chance.
    pub(crate) fn is_chance(&self) -> bool {
        // Nothing is said of no rows.
        self.rows == 0 || (self.spread.abs() <= LIMIT && self.lean.abs() <= LIMIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_much_too_little_and_one_sided_are_no_chance() {
        let rows = |deviations: [f64; 4]| {
            let all = deviations.iter().cycle().take(400);
            Together::of(&all.map(|it| (*it, 39.0)).collect::<Vec<_>>())
        };
        assert!(rows([1.3, -0.7, 0.7, -1.3]).is_chance());
        assert!(!rows([0.1, -0.1, 0.1, -0.1]).is_chance());
        assert!(!rows([1.6, -1.6, 1.6, -1.6]).is_chance());
        assert!(!rows([1.3, 0.7, 0.7, -1.3]).is_chance());
    }
}
