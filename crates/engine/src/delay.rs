//! How long something takes each time it happens.

use crate::{Distribution, Random, Span};
use std::fmt;

/// How long something takes: drawn each time, or from a list in turn.
///
/// The list is for rehearsing what was recorded, where it is known how long each one took.
#[derive(Clone, PartialEq, Debug)]
pub enum Delay {
    /// Drawn anew each time.
    Drawn(Distribution),
    /// The first takes the first, the second the second, and so on around; never empty.
    InTurn(Vec<Span>),
}

impl Delay {
    /// No time at all.
    pub const ZERO: Self = Self::Drawn(Distribution::Constant(Span::ZERO));

    /// How long it takes the `turn`th time, from 0. It takes one number from the stream, the same
    /// as a distribution does.
    pub fn sample(&self, turn: u64, random: &mut impl Random) -> Span {
        match self {
            Self::Drawn(distribution) => distribution.sample(random),
            Self::InTurn(spans) => {
                random.next_u64();
                spans[(turn % spans.len() as u64) as usize]
            }
        }
    }
}

impl From<Distribution> for Delay {
    fn from(distribution: Distribution) -> Self {
        Self::Drawn(distribution)
    }
}

impl fmt::Display for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drawn(distribution) => distribution.fmt(f),
            Self::InTurn(spans) => {
                let spans: Vec<String> = spans.iter().map(Span::to_string).collect();
                write!(f, "[{}]", spans.join(", "))
            }
        }
    }
}
