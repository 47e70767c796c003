//! The kernel's hash of a few words (`jhash`), after Bob Jenkins.

/// What the kernel adds to every seed.
const SEED: u32 = 0xdead_beef;

/// The hash of two words: `jhash_2words`.
#[must_use]
#[inline]
pub fn jhash_2words(a: u32, b: u32, seed: u32) -> u32 {
    mixed(a, b, 0, seed.wrapping_add(SEED).wrapping_add(2 << 2))
}

/// The hash of three words: `jhash_3words`.
#[must_use]
#[inline]
pub fn jhash_3words(a: u32, b: u32, c: u32, seed: u32) -> u32 {
    mixed(a, b, c, seed.wrapping_add(SEED).wrapping_add(3 << 2))
}

#[inline]
fn mixed(a: u32, b: u32, c: u32, seed: u32) -> u32 {
    let (mut a, mut b) = (a.wrapping_add(seed), b.wrapping_add(seed));
    let mut c = c.wrapping_add(seed);
    let step = |word: u32, by: u32, turn: u32| (word ^ by).wrapping_sub(by.rotate_left(turn));
    c = step(c, b, 14);
    a = step(a, c, 11);
    b = step(b, a, 25);
    c = step(c, b, 16);
    a = step(a, c, 4);
    b = step(b, a, 14);
    step(c, b, 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed by another port, which gives the published hash of "Four score and seven years
    /// ago".
    #[test]
    fn words_give_what_another_port_gives() {
        assert_eq!(jhash_3words(1, 2, 3, 4), 0x8103_143f);
        assert_eq!(jhash_3words(0, 0, 0, 0), 0x1b68_e557);
        assert_eq!(jhash_2words(1, 2, 3), 0x2527_81b5);
    }
}
