//! MurmurHash2 for 64 bits, as the standard library of C++ hashes.

/// The seed of `std::hash`.
const SEED: u64 = 0xc70f_6907;

const MULTIPLIER: u64 = 0xc6a4_a793_5bd1_e995;

/// The hash of a text.
pub(super) fn murmur2(text: &[u8]) -> u64 {
    let scramble = |word: u64| word ^ (word >> 47);
    let mut hash = SEED ^ (text.len() as u64).wrapping_mul(MULTIPLIER);
    let (words, rest) = text.as_chunks::<8>();
    for word in words {
        let word = scramble(u64::from_le_bytes(*word).wrapping_mul(MULTIPLIER));
        hash = (hash ^ word.wrapping_mul(MULTIPLIER)).wrapping_mul(MULTIPLIER);
    }
    if !rest.is_empty() {
        let mut word = [0; 8];
        word[..rest.len()].copy_from_slice(rest);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(MULTIPLIER);
    }
    scramble(scramble(hash).wrapping_mul(MULTIPLIER))
}
