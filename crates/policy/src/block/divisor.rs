//! Remainders without divisions.

/// A number to divide by, again and again: its reciprocal is worked out once, and a remainder takes
/// two multiplications.
///
/// **Reference** Granlund, Montgomery: *Division by Invariant Integers using Multiplication*, PLDI
/// 1994, figure 4.1. It is exact for all numbers of 64 bits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Divisor {
    number: u64,
    /// With the least power of two that is no less than the number: how much the power is above the
    /// number, over the number, in units of 2⁻⁶⁴, rounded down, and 1.
    reciprocal: u64,
    /// The quotient is found in two halves, so that it never takes 65 bits.
    shifts: [u8; 2],
}

impl Divisor {
    /// To divide by this number; by 0 nothing can be divided.
    #[must_use]
    pub fn new(number: u64) -> Self {
        let Some(less) = number.checked_sub(1) else { return Self::default() };
        let bits = u64::BITS - less.leading_zeros();
        let wide = u128::from(number);
        let reciprocal = ((((1 << bits) - wide) << u64::BITS) / wide) as u64 + 1;
        let shifts = [bits.min(1) as u8, bits.saturating_sub(1) as u8];
        Self { number, reciprocal, shifts }
    }

    /// The number.
    #[must_use]
    #[inline]
    pub fn number(self) -> u64 {
        self.number
    }

    /// How often it is in a number; `None` where this is 0.
    #[must_use]
    #[inline]
    pub fn quotient(self, of: u64) -> Option<u64> {
        let high = ((u128::from(self.reciprocal) * u128::from(of)) >> u64::BITS) as u64;
        let quotient = (high + ((of - high) >> self.shifts[0])) >> self.shifts[1];
        (self.number > 0).then_some(quotient)
    }

    /// What is left of a number; `None` where this is 0.
    #[must_use]
    #[inline]
    pub fn remainder(self, of: u64) -> Option<u64> {
        self.quotient(of).map(|quotient| of - quotient * self.number)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn agrees(number: u64, divisor: u64) -> bool {
        let by = Divisor::new(divisor);
        by.quotient(number) == number.checked_div(divisor)
            && by.remainder(number) == number.checked_rem(divisor)
    }

    #[test]
    fn the_ends_are_right() {
        for divisor in [0, 1, 2, 3, 10, 65_537, 1 << 32, (1 << 63) + 1, u64::MAX - 1, u64::MAX] {
            for factor in [0, 1, 2, 7, u64::MAX / divisor.max(1)] {
                let multiple = divisor.wrapping_mul(factor);
                for number in [multiple.wrapping_sub(1), multiple, multiple.wrapping_add(1)] {
                    assert!(agrees(number, divisor), "{number} and {divisor}");
                }
            }
            assert!(agrees(u64::MAX, divisor), "{divisor}");
        }
    }

    proptest! {
        #[test]
        fn they_are_the_quotient_and_the_remainder(number: u64, divisor: u64, small in 0_u64..200_000) {
            prop_assert!(agrees(number, divisor));
            prop_assert!(agrees(number, small));
        }
    }
}
