//! `IntOrString` in its two uses: a number or a percentage, a port number or a port name.

use std::fmt;

/// A number or a text, as ports and surges are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntOrString {
    /// A number.
    Int(i32),
    /// A name, or a percentage.
    String(String),
}

/// Why a value is not a number or a percentage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAPercentage(pub String);

impl fmt::Display for NotAPercentage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid value \"{}\": a number or a percentage such as 25% is wanted", self.0)
    }
}

impl IntOrString {
    /// What `intstr.Parse` makes of a text: a number if it is one, else the text.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::String(text.to_owned()), Self::Int)
    }
}

impl fmt::Display for IntOrString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => number.fmt(f),
            Self::String(text) => f.write_str(text),
        }
    }
}

/// A number, or a percentage of a total that is known later (`maxSurge`, `maxUnavailable`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntOrPercent {
    /// So many.
    Int(i32),
    /// So many of a hundred.
    Percent(i32),
}

impl TryFrom<&IntOrString> for IntOrPercent {
    type Error = NotAPercentage;

    fn try_from(value: &IntOrString) -> Result<Self, NotAPercentage> {
        match value {
            IntOrString::Int(number) => Ok(Self::Int(*number)),
            IntOrString::String(text) => text
                .strip_suffix('%')
                .and_then(|digits| digits.parse().ok())
                .map(Self::Percent)
                .ok_or_else(|| NotAPercentage(text.clone())),
        }
    }
}

impl IntOrPercent {
    /// The number this is of `total`; a fraction is rounded up or down
    /// (`intstr.GetScaledValueFromIntOrPercent`, which computes in `float64` too).
    #[must_use]
    pub fn scaled(self, total: i32, round_up: bool) -> i32 {
        match self {
            Self::Int(number) => number,
            Self::Percent(percent) => {
                let exact = f64::from(percent) * f64::from(total) / 100.0;
                (if round_up { exact.ceil() } else { exact.floor() }) as i32
            }
        }
    }
}

impl fmt::Display for IntOrPercent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => number.fmt(f),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}
