//! The lookup table of Maglev.

use super::Divisor;

/// An endpoint's own order of the slots of a table: it begins at one, and goes on in equal steps.
/// Where the number of slots is prime, it comes to all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preference {
    /// The place of the endpoint.
    pub place: usize,
    /// The slot that it wants most.
    pub offset: usize,
    /// How many slots further the next one is.
    pub skip: usize,
}

impl Preference {
    /// The preference that two hashes lead to, for a table of this size.
    #[must_use]
    pub fn hashed(place: usize, offset: u64, skip: u64, size: usize) -> Self {
        let size = size as u64;
        let skip = skip % (size - 1) + 1;
        Self { place, offset: (offset % size) as usize, skip: skip as usize }
    }
}

/// A table from hashes to places. Endpoints take turns, and each takes the first free slot of its
/// own order: so all have their share of slots exactly, and few of those that stay change hands
/// when another comes or goes. Whose turn it is, is how projects have weights in it.
///
/// **Reference** Eisenbud et al., Maglev: A Fast and Reliable Software Network Load Balancer,
/// section 3.4.
#[derive(Clone, Debug, Default)]
pub struct Maglev {
    slots: Vec<u32>,
    size: Divisor,
}

/// No endpoint has the slot yet.
const FREE: u32 = u32::MAX;

impl Maglev {
    /// The table of `size` slots, which has to be a prime number, that comes of turns. A turn is
    /// the number of a preference. Of no preferences comes an empty table.
    #[must_use]
    pub fn fill(
        size: usize,
        preferences: &[Preference],
        turns: impl Iterator<Item = usize>,
    ) -> Self {
        if preferences.is_empty() {
            return Self::default();
        }
        let mut slots = vec![FREE; size];
        let mut next: Vec<usize> = preferences.iter().map(|it| it.offset).collect();
        for turn in turns.take(size) {
            let Preference { place, skip, .. } = preferences[turn];
            let slot = &mut next[turn];
            while slots[*slot] != FREE {
                *slot += skip;
                if *slot >= size {
                    *slot -= size;
                }
            }
            slots[*slot] = place as u32;
        }
        Self { slots, size: Divisor::new(size as u64) }
    }

    /// The place that a hash leads to; `None` where the table is empty.
    #[must_use]
    #[inline]
    pub fn find(&self, hash: u64) -> Option<usize> {
        self.at(self.slot(hash)?)
    }

    /// The slot that a hash leads to; `None` where the table is empty.
    #[must_use]
    #[inline]
    pub fn slot(&self, hash: u64) -> Option<usize> {
        self.size.remainder(hash).map(|slot| slot as usize)
    }

    /// The place that has a slot; `None` where there is no such slot.
    #[must_use]
    #[inline]
    pub fn at(&self, slot: usize) -> Option<usize> {
        self.slots.get(slot).map(|place| *place as usize)
    }

    /// The places, slot by slot.
    pub fn slots(&self) -> impl ExactSizeIterator<Item = usize> {
        self.slots.iter().map(|place| *place as usize)
    }
}

/// Turns one after the other, again and again.
pub fn in_turn(count: usize) -> impl Iterator<Item = usize> {
    (0..count).cycle()
}

/// The least prime number that is no less than this one: the sizes that a table may have.
#[must_use]
pub fn prime_from(number: usize) -> usize {
    let is_prime = |number: &usize| {
        let mut divisors = (2..).take_while(|divisor| divisor * divisor <= *number);
        divisors.all(|divisor| !number.is_multiple_of(divisor))
    };
    (number.max(2)..).find(is_prime).unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use twox_hash::XxHash64;

    use super::*;

    fn preferences(size: usize, count: usize) -> Vec<Preference> {
        let hash = |seed: u64| XxHash64::oneshot(seed, b"slots");
        let preference =
            |place| Preference::hashed(place, hash(place as u64), hash(place as u64 + 1000), size);
        (0..count).map(preference).collect()
    }

    #[test]
    fn the_table_of_the_paper_comes_out() {
        // Backends 0 to 2 with the permutations 3 0 4 1 5 2 6, 0 2 4 6 1 3 5 and 3 4 5 6 0 1 2.
        let of = |place, offset, skip| Preference { place, offset, skip };
        let all = [of(0, 3, 4), of(1, 0, 2), of(2, 3, 1)];
        let table = |of: &[Preference]| -> Vec<usize> {
            Maglev::fill(7, of, in_turn(of.len())).slots().collect()
        };
        assert_eq!(table(&all), [1, 0, 1, 0, 2, 2, 0]);
        assert_eq!(table(&[all[0], all[2]]), [0, 0, 0, 0, 2, 2, 2]);
    }

    #[test]
    fn shares_differ_by_one_slot_at_most() {
        for (size, count) in [(251, 3), (251, 250), (1021, 100), (65_537, 7)] {
            let table = Maglev::fill(size, &preferences(size, count), in_turn(count));
            let mut counts = vec![0; count];
            table.slots().for_each(|place| counts[place] += 1);
            let (least, most) = (size / count, size.div_ceil(count));
            assert!(counts.iter().all(|it| (least..=most).contains(it)), "{counts:?}");
        }
    }

    #[test]
    fn a_size_is_made_prime_and_no_endpoints_make_no_table() {
        for (number, prime) in [(0, 2), (7, 7), (8, 11), (65_536, 65_537), (16_381, 16_381)] {
            assert_eq!(prime_from(number), prime);
        }
        assert_eq!(Maglev::fill(7, &[], in_turn(0)).find(3), None);
    }
}
