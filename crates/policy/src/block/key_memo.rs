//! Hashes of keys that were worked out before.

/// The hashes of the keys that came last, for hashes that cost more than to look one up.
///
/// A place is a line of the cache with two keys, of which the one that came later is in front. It gives what
/// the hash would give, whatever was forgotten.
#[derive(Clone, Debug, Default)]
pub struct KeyMemo {
    /// None until there is somebody to choose: a balancer that never chooses needs no memory.
    places: Vec<Place>,
}

/// So many places: 64 KB.
const PLACES: usize = 1024;

/// A key may be so long; a longer one is hashed each time.
const MOST_BYTES: usize = 27;

#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Place([Known; 2]);

const _: () = assert!(size_of::<Place>() == 64, "a place is a line of the cache");

/// A key and its hash; of no bytes where there is none.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    hash: u32,
    length: u8,
    key: [u8; MOST_BYTES],
}

impl KeyMemo {
    /// Makes room, unless that is done.
    pub fn make_room(&mut self) {
        self.places.resize(PLACES, Place::default());
    }

    /// The hash of a key.
    pub fn hash(&mut self, key: &[u8], work_out: impl Fn(&[u8]) -> u32) -> u32 {
        let fits = (1..=MOST_BYTES).contains(&key.len());
        if !fits || self.places.is_empty() {
            return work_out(key);
        }
        let Place([front, back]) = &mut self.places[place_of(key)];
        if front.is(key) {
            return front.hash;
        }
        std::mem::swap(front, back);
        if !front.is(key) {
            *front = Known::new(key, work_out(key));
        }
        front.hash
    }
}

impl Known {
    fn new(key: &[u8], hash: u32) -> Self {
        let mut known = Self { hash, length: key.len() as u8, key: [0; MOST_BYTES] };
        known.key[..key.len()].copy_from_slice(key);
        known
    }

    fn is(&self, key: &[u8]) -> bool {
        usize::from(self.length) == key.len() && self.key[..key.len()] == *key
    }
}

/// Where a key belongs: eight bytes at a time, mixed by a multiplication (Knuth, TAOCP 6.4).
fn place_of(key: &[u8]) -> usize {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    let (words, rest) = key.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let words = words.iter().chain(std::iter::once(&last)).map(|word| u64::from_le_bytes(*word));
    let mixed =
        words.fold(0_u64, |mixed, word| (mixed.rotate_left(29) ^ word).wrapping_mul(GOLDEN));
    (mixed >> 32) as usize % PLACES
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sum(key: &[u8]) -> u32 {
        key.iter().fold(7, |sum: u32, byte| sum.wrapping_mul(31) ^ u32::from(*byte))
    }

    proptest! {
        #[test]
        fn it_gives_what_the_hash_gives(
            keys in prop::collection::vec(prop::collection::vec(0_u8..4, 0..40), 1..400),
        ) {
            let mut memo = KeyMemo::default();
            for (number, key) in keys.iter().chain(&keys).enumerate() {
                if number == 3 {
                    memo.make_room();
                }
                prop_assert_eq!(memo.hash(key, sum), sum(key));
            }
        }
    }

    #[test]
    fn a_key_that_came_before_is_not_worked_out_again() {
        let mut memo = KeyMemo::default();
        memo.make_room();
        let keys: Vec<String> = (0..500).map(|number| format!("/users/{number}/profile")).collect();
        let worked_out = std::cell::Cell::new(0);
        let count = |key: &[u8]| {
            worked_out.set(worked_out.get() + 1);
            sum(key)
        };
        for _ in 0..10 {
            keys.iter().for_each(|key| _ = memo.hash(key.as_bytes(), count));
        }
        // Each once, and again and again those of which three or more share a place.
        assert!((500..1_000).contains(&worked_out.get()), "{}", worked_out.get());
    }
}
