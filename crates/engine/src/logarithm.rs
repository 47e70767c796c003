//! The natural logarithm that draws are made with.

/// The natural logarithm of a number above zero that is not subnormal.
///
/// A table has the logarithm of the middle of each 128th of an octave, and a short polynomial the
/// rest. There is no division, which makes it twice as fast as `libm`, and nothing but sums and
/// products, which have the same bits on every target. The error is below 5 · 10⁻¹⁶ between ½ and
/// 2; as a part of the result it grows without bound close to 1, where a span drawn with it is
/// shorter than a nanosecond anyway.
#[inline]
pub(crate) fn ln(x: f64) -> f64 {
    debug_assert!((f64::MIN_POSITIVE..f64::INFINITY).contains(&x), "{x} has no logarithm here");
    let bits = x.to_bits();
    let exponent = (bits >> MANTISSA_BITS) as i32 - 1023;
    let [inverse, logarithm] = TABLE[(bits >> (MANTISSA_BITS - PART_BITS)) as usize % PARTS];
    let mantissa = f64::from_bits(bits & MANTISSA | 1.0_f64.to_bits());
    // At most 2⁻⁸ from the middle, so that the seventh power is out of sight.
    let r = mantissa * inverse - 1.0;
    let square = r * r;
    let tail = (1.0 / 3.0 - r * 0.25) + square * (0.2 - r * (1.0 / 6.0));
    let near = (r - square * 0.5) + square * r * tail;
    f64::from(exponent) * std::f64::consts::LN_2 + (logarithm + near)
}

const MANTISSA_BITS: u32 = 52;
const MANTISSA: u64 = (1 << MANTISSA_BITS) - 1;
const PART_BITS: u32 = 7;
const PARTS: usize = 1 << PART_BITS;

/// For each part of the octave from 1 to 2: the inverse of its middle, and minus the logarithm of
/// that inverse.
static TABLE: [[f64; 2]; PARTS] = table();

const fn table() -> [[f64; 2]; PARTS] {
    let mut table = [[0.0; 2]; PARTS];
    let mut part = 0;
    while part < PARTS {
        let middle = 1.0 + (part as f64 + 0.5) / PARTS as f64;
        table[part] = [1.0 / middle, slow_ln(middle)];
        part += 1;
    }
    table
}

/// The logarithm of a number from 1 to 2 by the series of the inverse hyperbolic tangent, smallest
/// terms first.
const fn slow_ln(x: f64) -> f64 {
    let z = (x - 1.0) / (x + 1.0);
    let mut sum = 0.0;
    let mut power = 41;
    while power > 0 {
        sum = sum * (z * z) + 1.0 / power as f64;
        power -= 2;
    }
    2.0 * z * sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_as_exact_as_stated(x in 0.5..2.0_f64) {
            let error = (ln(x) - libm::log(x)).abs();
            prop_assert!(error < 5e-16, "ln({x}) is off by {error}");
        }

        #[test]
        fn far_from_one_the_relative_error_is_small(exponent in -53..-1, mantissa in 1.0..2.0_f64) {
            let x = mantissa * libm::exp2(f64::from(exponent));
            let error = (ln(x) / libm::log(x) - 1.0).abs();
            prop_assert!(error < 1e-15, "ln({x}) is off by {error}");
        }
    }

    #[test]
    fn between_parts_there_is_no_step() {
        for part in 0..PARTS {
            let edge = 1.0 + part as f64 / PARTS as f64;
            let error = (ln(edge) - libm::log(edge)).abs();
            assert!(error < 5e-16, "ln({edge}) is off by {error}");
        }
    }
}
