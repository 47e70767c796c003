//! The normal distribution and Student's, as far as anything here needs them.

use core::f64::consts::{FRAC_2_PI, SQRT_2};

/// Beyond this many standard deviations lies nothing that a sum here could notice.
const FAR: f64 = 12.0;
/// Steps of the integrals; even, as Simpson's rule wants it.
const STEPS: usize = 2_400;
/// Halvings of a bisection: enough to use up the bits of an `f64`.
const HALVINGS: usize = 100;

/// The probability that a standard normal number is at most `x`.
#[must_use]
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / SQRT_2)
}

/// The expected largest of `n` independent standard normal numbers; 0 where there is one or none.
///
/// That is how many standard deviations the fullest of `n` bins is above the mean. It is integrated
/// by Simpson's rule to about ten digits.
#[must_use]
pub fn expected_largest_normal(n: usize) -> f64 {
    if n < 2 {
        return 0.0;
    }
    // E[max] is what lies above its distribution on the right of zero, less what lies below it on
    // the left; as one integral over positive x.
    let below = |x: f64| libm::pow(normal_cdf(x), n as f64);
    let integrand = |x: f64| 1.0 - below(x) - below(-x);
    let step = FAR / STEPS as f64;
    let weighted = |place: usize| {
        let weight = match place {
            0 | STEPS => 1.0,
            place if place % 2 == 1 => 4.0,
            _ => 2.0,
        };
        weight * integrand(step * place as f64)
    };
    (0..=STEPS).map(weighted).sum::<f64>() * step / 3.0
}

/// The expected largest of independent normal numbers, each with its mean and its standard deviation;
/// the mean of an only one, and 0 of none. Steps of the integral are a hundredth of its range.
#[must_use]
pub fn expected_largest_of(normals: &[(f64, f64)]) -> f64 {
    let Some(&(mean, deviation)) = normals.first() else { return 0.0 };
    if normals.iter().all(|normal| *normal == (mean, deviation)) {
        return mean + deviation * expected_largest_normal(normals.len());
    }
    // E[max] is where the range begins, and what lies above the distribution of the largest from there
    // on. Below the largest of all lower ends nothing of it is left.
    const REACH: f64 = 8.0;
    const PIECES: usize = 400;
    let ends = |sign: f64| normals.iter().map(move |(mean, sd)| mean + sign * REACH * sd);
    let (from, to) = (ends(-1.0).fold(f64::MIN, f64::max), ends(1.0).fold(f64::MIN, f64::max));
    // Who never comes up to the range has no say in it.
    let mut rivals: Vec<(f64, f64)> =
        normals.iter().copied().filter(|(mean, sd)| mean + REACH * sd > from).collect();
    rivals.sort_by(|a, b| a.partial_cmp(b).unwrap_or(core::cmp::Ordering::Equal));
    let below = |x: f64| {
        let same = rivals.chunk_by(|a, b| a == b);
        same.map(|same| {
            let (mean, sd) = same[0];
            // Without a deviation it is below everything in the range.
            let one = if sd > 0.0 { normal_cdf((x - mean) / sd) } else { 1.0 };
            libm::pow(one, same.len() as f64)
        })
        .product::<f64>()
    };
    let step = (to - from) / PIECES as f64;
    let weighted = |place: usize| {
        let weight = match place {
            0 | PIECES => 1.0,
            place if place % 2 == 1 => 4.0,
            _ => 2.0,
        };
        weight * (1.0 - below(from + step * place as f64))
    };
    from + (0..=PIECES).map(weighted).sum::<f64>() * step / 3.0
}

/// The probability that a number of Student's distribution with `freedom` degrees of freedom is
/// at most `t` away from zero. With none it is zero.
///
/// A finite sum for whole degrees of freedom: Abramowitz and Stegun, 26.7.3 and 26.7.4.
#[must_use]
pub fn student_within(t: f64, freedom: u32) -> f64 {
    let freedom_f64 = f64::from(freedom);
    let hypotenuse = (freedom_f64 + t * t).sqrt();
    let (sine, cosine) = (t / hypotenuse, freedom_f64.sqrt() / hypotenuse);
    let odd = freedom % 2 == 1;
    if freedom == 0 {
        return 0.0;
    }
    let mut term = if odd { cosine } else { 1.0 };
    let mut sum = 0.0;
    let mut power = u32::from(odd);
    while power + 2 <= freedom {
        sum += term;
        term *= cosine * cosine * f64::from(power + 1) / f64::from(power + 2);
        power += 2;
    }
    if odd { FRAC_2_PI * (libm::atan2(sine, cosine) + sine * sum) } else { sine * sum }
}

/// How far from zero a number of Student's distribution stays with the probability `confidence`:
/// 12.7 for 95% and one degree of freedom, 1.96 for very many. Infinite where there is no freedom
/// or the confidence is one.
#[must_use]
pub fn student_quantile(confidence: f64, freedom: u32) -> f64 {
    if freedom == 0 || confidence >= 1.0 {
        return f64::INFINITY;
    }
    let mut high = 1.0;
    while student_within(high, freedom) < confidence {
        high *= 2.0;
    }
    let mut low = 0.0;
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if student_within(middle, freedom) < confidence {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn largest_of_some_normal_numbers() {
        // Exact: 1/√π and 3/(2√π); the rest from tables of order statistics.
        let cases = [
            (0, 0.0),
            (1, 0.0),
            (2, 0.564_189_583_5),
            (3, 0.846_284_375_3),
            (5, 1.162_964_473_6),
            (10, 1.538_752_730_8),
            (100, 2.507_593_64),
            (1_000, 3.241_435_8),
        ];
        for (n, expected) in cases {
            let got = expected_largest_normal(n);
            assert!((got - expected).abs() < 1e-7, "{got} for {n}");
        }
    }

    #[test]
    fn the_largest_of_unlike_ones() {
        let largest = expected_largest_of;
        assert!(largest(&[]).abs() < 1e-12);
        assert!((largest(&[(3.0, 2.0)]) - 3.0).abs() < 1e-12);
        assert!((largest(&[(1.0, 2.0); 5]) - 1.0 - 2.0 * expected_largest_normal(5)).abs() < 1e-12);
        // Two: Clark, The Greatest of a Finite Set of Random Variables.
        let (a, b) = ((1.0, 2.0), (2.5, 0.5));
        let theta = (4.0_f64 + 0.25).sqrt();
        let alpha = -1.5 / theta;
        let density = libm::exp(-alpha * alpha / 2.0) / (2.0 * core::f64::consts::PI).sqrt();
        let clark = normal_cdf(alpha) + 2.5 * normal_cdf(-alpha) + theta * density;
        assert!((largest(&[a, b]) - clark).abs() < 1e-5, "{} {clark}", largest(&[a, b]));
        // Nearly equal ones are as equal ones, and one far above the others has the say.
        let nearly: Vec<_> = (0..50).map(|place| (1.0 + f64::from(place) * 1e-9, 0.1)).collect();
        let equal = 1.0 + 0.1 * expected_largest_normal(50);
        assert!((largest(&nearly) - equal).abs() < 1e-6, "{}", largest(&nearly));
        assert!((largest(&[(0.0, 1.0), (0.0, 1.0), (100.0, 1.0)]) - 100.0).abs() < 1e-6);
        assert!((largest(&[(5.0, 0.0), (0.0, 1e-3)]) - 5.0).abs() < 1e-6);
    }

    #[test]
    fn student_quantiles_are_those_of_the_tables() {
        let cases = [
            (0.95, 1, 12.706_2),
            (0.95, 2, 4.302_7),
            (0.95, 3, 3.182_4),
            (0.95, 4, 2.776_4),
            (0.95, 9, 2.262_2),
            (0.95, 29, 2.045_2),
            (0.99, 10, 3.169_3),
            (0.999, 1, 636.619_2),
            (0.95, 100_000, 1.960_0),
        ];
        for (confidence, freedom, expected) in cases {
            let got = student_quantile(confidence, freedom);
            assert!((got - expected).abs() < 1e-4, "{got} for {confidence} and {freedom}");
        }
        assert!(student_quantile(0.95, 0).is_infinite());
        assert!(student_quantile(1.0, 5).is_infinite());
    }
}
