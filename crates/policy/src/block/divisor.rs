//! Remainders without divisions.

/// A number to divide by, again and again: its reciprocal is worked out once, and a remainder takes
/// multiplications alone.
///
/// **Reference** Lemire, Kaser, Kurz: *Faster Remainder by Direct Computation*, Software: Practice and
/// Experience, 2019. With 128 bits it is exact for all numbers of 64.
#[derive(Clone, Copy, Debug, Default)]
pub struct Divisor {
    number: u64,
    /// 2¹²⁸ over the number, rounded up; 0 stands for 2¹²⁸ itself.
    reciprocal: u128,
}

impl Divisor {
    /// To divide by this number; by 0 nothing can be divided.
    #[must_use]
    pub fn new(number: u64) -> Self {
        let floor = u128::MAX.checked_div(number.into()).unwrap_or(0);
        Self { number, reciprocal: floor.wrapping_add(1) }
    }

    /// The number.
    #[must_use]
    #[inline]
    pub fn number(self) -> u64 {
        self.number
    }

    /// What is left of a number; `None` where this is 0.
    #[must_use]
    #[inline]
    pub fn remainder(self, of: u64) -> Option<u64> {
        let fraction = self.reciprocal.wrapping_mul(of.into());
        let (low, high) = (u128::from(fraction as u64), fraction >> u64::BITS);
        let number = u128::from(self.number);
        let carried = (low * number) >> u64::BITS;
        let remainder = ((high * number + carried) >> u64::BITS) as u64;
        (self.number > 0).then_some(remainder)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn agrees(number: u64, divisor: u64) -> bool {
        Divisor::new(divisor).remainder(number) == number.checked_rem(divisor)
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
        fn it_is_the_remainder(number: u64, divisor: u64, small in 0_u64..200_000) {
            prop_assert!(agrees(number, divisor));
            prop_assert!(agrees(number, small));
        }
    }
}
