//! The simulation's clock reading.

use crate::Span;
use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// A moment of the simulation: nanoseconds since the start of the run.
///
/// It is an integer because a sum of integers does not depend on the order of its terms: two
/// events that should be simultaneous are, on every machine. The range is 584 years, so
/// arithmetic saturates at [`Time::MAX`], which reads as "never", instead of wrapping.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Time(u64);

impl Time {
    /// The start of the run.
    pub const ZERO: Self = Self(0);
    /// The end of representable time, used as "never".
    pub const MAX: Self = Self(u64::MAX);

    /// The moment `nanos` nanoseconds after the start.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The moment `millis` milliseconds after the start, or [`Time::MAX`] where that is too late.
    pub const fn from_millis(millis: u64) -> Self {
        Self(Span::from_millis(millis).as_nanos())
    }

    /// The moment `secs` seconds after the start, or [`Time::MAX`] where that is too late.
    pub const fn from_secs(secs: u64) -> Self {
        Self(Span::from_secs(secs).as_nanos())
    }

    /// Nanoseconds since the start, exactly.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Milliseconds since the start, rounded to the nearest `f64`: for presentation.
    pub fn as_millis_f64(self) -> f64 {
        Span::from_nanos(self.0).as_millis_f64()
    }

    /// Seconds since the start, rounded to the nearest `f64`: for presentation.
    pub fn as_secs_f64(self) -> f64 {
        Span::from_nanos(self.0).as_secs_f64()
    }

    /// How long ago `earlier` was, or [`Span::ZERO`] where it has not come yet.
    pub const fn since(self, earlier: Self) -> Span {
        Span::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Span> for Time {
    type Output = Self;

    /// The moment `span` later, saturating at [`Time::MAX`].
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.as_nanos()))
    }
}

impl AddAssign<Span> for Time {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl Sub for Time {
    type Output = Span;

    /// The span between two moments.
    ///
    /// # Panics
    ///
    /// When `earlier` is the later one: there are no negative spans. Where that can happen, say
    /// [`Time::since`].
    fn sub(self, earlier: Self) -> Span {
        assert!(earlier <= self, "{earlier} is not before {self}");
        Span::from_nanos(self.0 - earlier.0)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Span::from_nanos(self.0).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_never() {
        assert_eq!(Time::MAX + Span::from_secs(1), Time::MAX);
        assert_eq!(Time::from_secs(u64::MAX), Time::MAX);
        assert_eq!(Time::from_secs(1).since(Time::from_secs(2)), Span::ZERO);
        assert_eq!(Time::from_secs(3) - Time::from_millis(500), Span::from_millis(2_500));
    }

    #[test]
    #[should_panic(expected = "2s is not before 1s")]
    fn the_past_cannot_come_later() {
        let _ = Time::from_secs(1) - Time::from_secs(2);
    }
}
