//! A number modulo the endpoints that take something new.

use super::{Divisor, open_places};
use crate::Endpoint;

/// The places of the endpoints that have a weight, one for each remainder.
#[derive(Clone, Debug, Default)]
pub struct Remainder {
    places: Vec<usize>,
    count: Divisor,
}

impl Remainder {
    /// Takes in a new list.
    pub fn update(&mut self, endpoints: &[Endpoint]) {
        self.places = open_places(endpoints);
        self.count = Divisor::new(self.places.len() as u64);
    }

    /// The place that a number leads to; `None` where nobody takes anything new.
    #[must_use]
    #[inline]
    pub fn find(&self, number: u64) -> Option<usize> {
        let remainder = self.count.remainder(number)?;
        Some(self.places[remainder as usize])
    }

    /// The places, remainder by remainder.
    #[must_use]
    pub fn places(&self) -> &[usize] {
        &self.places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_no_weight_has_no_remainder() {
        let mut remainder = Remainder::default();
        assert_eq!(remainder.find(7), None);
        remainder.update(&Endpoint::numbered(&[1, 0, 9]));
        assert_eq!(
            [0, 1, 2, u64::MAX].map(|number| remainder.find(number)),
            [0, 2, 0, 2].map(Some)
        );
        remainder.update(&Endpoint::numbered(&[0]));
        assert_eq!(remainder.find(7), None);
    }
}
