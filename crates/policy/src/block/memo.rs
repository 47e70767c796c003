//! What was worked out before.

use std::num::NonZeroU32;

use crate::{Endpoint, PickContext};

/// What was worked out last for numbers, where that costs more than to look it up. It gives what working it
/// out would give, whatever was forgotten.
#[derive(Clone, Debug, Default)]
pub struct Memo {
    /// None until there is somebody to choose. Room is made with the list, since a pick allocates nothing.
    places: Vec<Place>,
}

/// So many places: 32 KB.
const PLACES: usize = 4096;

/// The number after the one that came last of those that belong here, and what was worked out for it.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    next_number: Option<NonZeroU32>,
    value: u32,
}

const _: () = assert!(size_of::<Place>() == 8, "eight places are a line of the cache");

impl Memo {
    /// Makes room as soon as there is somebody to choose.
    pub fn make_room(&mut self, endpoints: &[Endpoint]) {
        if !endpoints.is_empty() {
            self.places.resize(PLACES, Place::default());
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.places.fill(Place::default());
    }

    /// What belongs to a number.
    #[inline]
    pub fn get(&mut self, number: u32, work_out: impl FnOnce() -> u32) -> u32 {
        let next_number = NonZeroU32::new(number.wrapping_add(1));
        match self.places.get_mut(number as usize % PLACES) {
            Some(place) if next_number.is_some() => {
                if place.next_number != next_number {
                    *place = Place { next_number, value: work_out() };
                }
                place.value
            }
            _ => work_out(),
        }
    }

    /// The hash of a request's key; of a key without a number it is worked out each time.
    #[inline]
    pub fn hash(&mut self, context: &PickContext<'_>, work_out: impl FnOnce(&[u8]) -> u32) -> u32 {
        let work_out = || work_out(context.key);
        match context.key_number {
            Some(number) => self.get(number, work_out),
            None => work_out(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether what it gives for a number was worked out.
    fn ask(memo: &mut Memo, number: u32) -> bool {
        let mut worked_out = false;
        let value = memo.get(number, || {
            worked_out = true;
            number ^ 0x5555
        });
        assert_eq!(value, number ^ 0x5555);
        worked_out
    }

    #[test]
    fn a_number_is_worked_out_again_only_where_another_took_its_place() {
        let mut memo = Memo::default();
        memo.make_room(&[]);
        assert!(ask(&mut memo, 5));
        assert!(ask(&mut memo, 5), "there is no room yet");
        memo.make_room(&Endpoint::numbered(&[1]));
        assert!(ask(&mut memo, 0));
        assert!(ask(&mut memo, 5));
        memo.make_room(&Endpoint::numbered(&[1, 1]));
        assert!(!ask(&mut memo, 0));
        assert!(!ask(&mut memo, 5));
        assert!(ask(&mut memo, 5 + PLACES as u32), "it belongs to the same place");
        assert!(ask(&mut memo, 5));
        assert!(ask(&mut memo, u32::MAX));
        assert!(ask(&mut memo, u32::MAX), "there is no number after it");
        memo.clear();
        assert!(ask(&mut memo, 0));
    }
}
