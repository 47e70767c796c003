//! A length of time, and how it is written.

use std::fmt;
use std::ops::{Add, AddAssign};
use std::str::FromStr;

/// A length of time in nanoseconds; never negative.
///
/// Written as Go and Kubernetes write durations, `250ms` or `1h30m`: see [`FromStr`]. Arithmetic
/// saturates at [`Span::MAX`], which reads as "for ever".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Span(u64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest representable span, 584 years, used as "for ever".
    pub const MAX: Self = Self(u64::MAX);

    /// `nanos` nanoseconds.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// `micros` microseconds.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros.saturating_mul(MICROSECOND))
    }

    /// `millis` milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(MILLISECOND))
    }

    /// `secs` seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(SECOND))
    }

    /// `secs` seconds, rounded to the nearest nanosecond; [`Span::ZERO`] where negative or NaN.
    pub fn from_secs_f64(secs: f64) -> Self {
        Self::from_nanos_f64(secs * SECOND as f64)
    }

    /// `nanos` nanoseconds, rounded to the nearest whole one; a cast saturates, and NaN is zero.
    ///
    /// A cast cuts off, so adding a half rounds, and is several times cheaper than `round`, which
    /// is a call into the C library on plain x86-64.
    #[inline]
    pub(crate) fn from_nanos_f64(nanos: f64) -> Self {
        Self((nanos + 0.5) as u64)
    }

    /// The length in nanoseconds, exactly.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The length in milliseconds, rounded to the nearest `f64`: for presentation.
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / MILLISECOND as f64
    }

    /// The length in seconds, rounded to the nearest `f64`: for presentation.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / SECOND as f64
    }

    /// What is left after `other` has passed, or nothing.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The span `factor` times as long, to the nearest nanosecond; [`Span::ZERO`] where `factor`
    /// is negative or NaN.
    #[inline]
    pub fn mul_f64(self, factor: f64) -> Self {
        Self::from_nanos_f64(self.0 as f64 * factor)
    }
}

impl Add for Span {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// Prints the span exactly, in the largest unit that it fills: `20ms`, `1.5s`, `250us`, `2m`.
///
/// Minutes and hours appear only where they are whole, because nobody thinks in `1.25m`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |unit: &&Unit| {
            self.0 >= unit.nanos && (unit.nanos <= SECOND || self.0.is_multiple_of(unit.nanos))
        };
        let Some(unit) = UNITS.iter().find(fits) else { return f.pad("0s") };
        let (whole, rest) = (self.0 / unit.nanos, self.0 % unit.nanos);
        if rest == 0 {
            return f.pad(&format!("{whole}{}", unit.name));
        }
        let width = unit.nanos.ilog10() as usize;
        let fraction = format!("{rest:0width$}");
        f.pad(&format!("{whole}.{}{}", fraction.trim_end_matches('0'), unit.name))
    }
}

/// Reads a duration as Go's `time.ParseDuration` does: decimal numbers, each with its unit, one
/// after the other: `1h30m`, `1.5s`, `20us` or `20µs`, `3ns`.
///
/// Only `0` may go without a unit. Unlike in Go, a sign is an error: no span here is negative.
/// Fractions below a nanosecond are cut off.
impl FromStr for Span {
    type Err = ParseSpanError;

    fn from_str(text: &str) -> Result<Self, ParseSpanError> {
        let fail = |offset, problem| Err(ParseSpanError { offset, problem });
        match text {
            "" => return fail(0, SpanProblem::Empty),
            "0" => return Ok(Self::ZERO),
            _ if text.starts_with('-') => return fail(0, SpanProblem::Negative),
            _ => {}
        }
        let mut nanos = 0_u128;
        let mut rest = text;
        while !rest.is_empty() {
            let offset = text.len() - rest.len();
            let number_len = leading(rest, |c| c.is_ascii_digit() || c == '.');
            let (number, after) = rest.split_at(number_len);
            let unit_len = leading(after, |c| !c.is_ascii_digit() && c != '.');
            let (name, after) = after.split_at(unit_len);
            let Some(decimal) = Decimal::parse(number) else {
                return fail(offset, SpanProblem::NotANumber);
            };
            let Some(unit) = UNITS.iter().find(|unit| unit.is(name)) else {
                let name = name.to_owned();
                let problem = match name.is_empty() {
                    true => SpanProblem::MissingUnit,
                    false => SpanProblem::UnknownUnit(name),
                };
                return fail(offset + number_len, problem);
            };
            nanos = nanos.saturating_add(decimal.times(unit.nanos));
            rest = after;
        }
        match u64::try_from(nanos) {
            Ok(nanos) => Ok(Self(nanos)),
            Err(_) => fail(0, SpanProblem::TooLong),
        }
    }
}

/// Why a text is not a [`Span`], and where in the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseSpanError {
    offset: usize,
    problem: SpanProblem,
}

impl ParseSpanError {
    /// Where the trouble starts: bytes from the start of the text.
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl std::error::Error for ParseSpanError {}

impl fmt::Display for ParseSpanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            SpanProblem::Empty => f.write_str("a duration is missing, for example 20ms"),
            SpanProblem::Negative => f.write_str("a duration cannot be negative"),
            SpanProblem::NotANumber => f.write_str("a duration starts with a number, as in 20ms"),
            SpanProblem::MissingUnit => {
                f.write_str("a duration needs a unit: one of h, m, s, ms, us, ns")
            }
            SpanProblem::UnknownUnit(name) => {
                write!(f, "unknown unit {name:?}: one of h, m, s, ms, us, ns")
            }
            SpanProblem::TooLong => f.write_str("a duration cannot exceed 584 years"),
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum SpanProblem {
    Empty,
    Negative,
    NotANumber,
    MissingUnit,
    UnknownUnit(String),
    TooLong,
}

const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;

/// Largest first, so that printing finds the largest that fits.
const UNITS: [Unit; 6] = [
    Unit { name: "h", nanos: 3_600 * SECOND },
    Unit { name: "m", nanos: 60 * SECOND },
    Unit { name: "s", nanos: SECOND },
    Unit { name: "ms", nanos: MILLISECOND },
    Unit { name: "us", nanos: MICROSECOND },
    Unit { name: "ns", nanos: 1 },
];

struct Unit {
    name: &'static str,
    nanos: u64,
}

impl Unit {
    /// The micro sign and the Greek letter look alike, so both are taken, as Go does.
    fn is(&self, name: &str) -> bool {
        self.name == name || (self.name == "us" && (name == "µs" || name == "μs"))
    }
}

/// A decimal number as its digits and how many of them are behind the point.
struct Decimal {
    digits: u128,
    scale: u128,
}

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if fraction.contains('.') || whole.len() + fraction.len() == 0 {
            return None;
        }
        // Beyond twelve places nothing reaches a nanosecond, even of an hour.
        let fraction = &fraction[..fraction.len().min(12)];
        let scale = 10_u128.pow(fraction.len() as u32);
        let add = |digits: u128, digit: u8| {
            digits.saturating_mul(10).saturating_add(u128::from(digit - b'0'))
        };
        Some(Self { digits: whole.bytes().chain(fraction.bytes()).fold(0, add), scale })
    }

    fn times(&self, nanos: u64) -> u128 {
        self.digits.saturating_mul(u128::from(nanos)) / self.scale
    }
}

/// The bytes of `text` before the first character that is not `wanted`.
fn leading(text: &str, wanted: impl Fn(char) -> bool) -> usize {
    text.find(|c| !wanted(c)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spans_print_in_their_largest_unit() {
        let cases = [
            (0, "0s"),
            (1, "1ns"),
            (250_000, "250us"),
            (1_500_000, "1.5ms"),
            (20_000_000, "20ms"),
            (500_000_000, "500ms"),
            (1_500_000_000, "1.5s"),
            (1_000_000_001, "1.000000001s"),
            (90_000_000_000, "90s"),
            (120_000_000_000, "2m"),
            (5_400_000_000_000, "90m"),
            (7_200_000_000_000, "2h"),
        ];
        for (nanos, text) in cases {
            assert_eq!(Span(nanos).to_string(), text);
        }
        assert_eq!(format!("[{:>6}]", Span::from_millis(20)), "[  20ms]");
    }

    #[test]
    fn durations_are_read_as_go_reads_them() {
        let cases = [
            ("0", 0),
            ("0s", 0),
            ("1h30m", 5_400_000_000_000),
            ("250ms", 250_000_000),
            ("1.5s", 1_500_000_000),
            (".5s", 500_000_000),
            ("20us", 20_000),
            ("20µs", 20_000),
            ("20μs", 20_000),
            ("3ns", 3),
            ("1.9ns", 1),
            ("0.000000000000277778h", 0),
            ("1m0.5s", 60_500_000_000),
        ];
        for (text, nanos) in cases {
            assert_eq!(text.parse(), Ok(Span(nanos)), "{text}");
        }
    }

    #[test]
    fn errors_say_what_is_wrong_and_where() {
        let cases = [
            ("", 0, "a duration is missing, for example 20ms"),
            ("-5s", 0, "a duration cannot be negative"),
            ("20", 2, "a duration needs a unit: one of h, m, s, ms, us, ns"),
            ("1h30", 4, "a duration needs a unit: one of h, m, s, ms, us, ns"),
            ("5 s", 1, "unknown unit \" s\": one of h, m, s, ms, us, ns"),
            ("5d", 1, "unknown unit \"d\": one of h, m, s, ms, us, ns"),
            ("ms", 0, "a duration starts with a number, as in 20ms"),
            ("1.2.3s", 0, "a duration starts with a number, as in 20ms"),
            (".s", 0, "a duration starts with a number, as in 20ms"),
            ("600000000h", 0, "a duration cannot exceed 584 years"),
        ];
        for (text, offset, message) in cases {
            let error = text.parse::<Span>().expect_err(text);
            assert_eq!((error.offset(), error.to_string().as_str()), (offset, message), "{text}");
        }
    }

    #[test]
    fn factors_saturate() {
        assert_eq!(Span::from_millis(10).mul_f64(2.5), Span::from_millis(25));
        assert_eq!(Span::from_millis(10).mul_f64(-1.0), Span::ZERO);
        assert_eq!(Span::from_secs_f64(f64::NAN), Span::ZERO);
        assert_eq!(Span::from_secs_f64(1e300), Span::MAX);
        assert_eq!(Span::from_secs_f64(0.000_000_000_6), Span::from_nanos(1));
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(nanos: u64) {
            prop_assert_eq!(Span(nanos).to_string().parse(), Ok(Span(nanos)));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[-+0-9.hmsunµ ]{0,12}") {
            let _ = text.parse::<Span>();
        }
    }
}
