//! The bound of an expectation: a number in the unit of what is expected.

use engine::Span;

use crate::{quantity::Unit, words};

/// Why a bound cannot be read in a unit.
pub(crate) struct Refusal {
    pub(crate) offset: usize,
    /// What is wrong although it is in the right unit.
    pub(crate) message: Option<String>,
}

impl Refusal {
    const WRONG_UNIT: Self = Self { offset: 0, message: None };
}

impl Unit {
    /// Reads a bound written in this unit.
    pub(crate) fn read(self, bound: &str) -> Result<f64, Refusal> {
        match self {
            Self::Rate => {
                let number = bound.strip_suffix('%').filter(|number| is_number(number));
                // Reading `99.9e-2` rounds once; dividing 99.9 by 100 would round twice, and a
                // rate of exactly 999 in 1000 could miss its bound.
                let rate = number.and_then(|number| format!("{number}e-2").parse::<f64>().ok());
                let rate = rate.ok_or(Refusal::WRONG_UNIT)?;
                if rate > 1.0 {
                    let message = Some("a rate cannot exceed 100%".to_owned());
                    return Err(Refusal { offset: 0, message });
                }
                Ok(rate)
            }
            Self::Time if is_number(bound) || !bound.starts_with(|c: char| c.is_ascii_digit()) => {
                Err(Refusal::WRONG_UNIT)
            }
            Self::Time if bound.ends_with('%') => Err(Refusal::WRONG_UNIT),
            Self::Time => match bound.parse::<Span>() {
                Ok(span) => Ok(span.as_millis_f64()),
                Err(error) => {
                    Err(Refusal { offset: error.offset(), message: Some(error.to_string()) })
                }
            },
            Self::Number | Self::Count => {
                let number = Some(bound).filter(|bound| is_number(bound));
                number.and_then(|number| number.parse().ok()).ok_or(Refusal::WRONG_UNIT)
            }
            Self::Truth => match bound {
                "true" => Ok(1.0),
                "false" => Ok(0.0),
                _ => Err(Refusal::WRONG_UNIT),
            },
        }
    }

    /// What a quantity in it is.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Rate => "a rate",
            Self::Time => "a time",
            Self::Number => "a plain number",
            Self::Count => "a count",
            Self::Truth => "true or false",
        }
    }

    /// What its bounds are.
    pub(crate) fn bound_noun(self) -> &'static str {
        match self {
            Self::Rate => "a percentage",
            Self::Time => "a duration",
            Self::Number | Self::Count => "a number without a unit",
            Self::Truth => "`true` or `false`",
        }
    }

    /// A bound in it.
    pub(crate) fn example(self) -> &'static str {
        match self {
            Self::Rate => "99.9%",
            Self::Time => "200ms",
            Self::Number => "1.5",
            Self::Count => "0",
            Self::Truth => "true",
        }
    }

    /// What was probably meant by a bound in the wrong unit.
    pub(crate) fn correction(self, bound: &str) -> String {
        let number = bound.trim_end_matches(|c: char| !c.is_ascii_digit());
        let number = if is_number(number) { number } else { "" };
        let meant = match self {
            Self::Rate if number.starts_with("0.") => {
                let fraction: f64 = number.parse().unwrap_or_default();
                format!("{}%", words::decimal(fraction * 100.0, 6))
            }
            Self::Rate
                if !number.is_empty() && number.parse().is_ok_and(|rate: f64| rate <= 100.0) =>
            {
                format!("{number}%")
            }
            Self::Time if is_number(bound) => format!("{bound}ms"),
            Self::Number | Self::Count if !number.is_empty() => number.to_owned(),
            _ => self.example().to_owned(),
        };
        format!("write `{meant}`, say")
    }
}

/// Whether a text is digits with at most one point, which `f64` then reads.
fn is_number(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let points = text.bytes().filter(|byte| *byte == b'.').count();
    digits > 0 && points <= 1 && digits + points == text.len()
}
