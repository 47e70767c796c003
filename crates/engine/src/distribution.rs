//! How long things take, when that varies.

use crate::normal::normal_quantile;
use crate::{Random, Span};
use std::fmt;
use std::str::FromStr;

/// A distribution of spans, written as a function: `exp(20ms)`.
///
/// It is plain data: the numbers are valid where it came from [`FromStr`], and nothing is drawn
/// until [`sample`](Self::sample) is handed a stream.
#[derive(Clone, PartialEq, Debug)]
pub enum Distribution {
    /// Always the same: `20ms`.
    Constant(Span),
    /// Without memory: `exp(20ms)`.
    Exponential {
        /// The mean.
        mean: Span,
    },
    /// All spans of a range alike: `uniform(1ms, 5ms)`.
    Uniform {
        /// The shortest.
        low: Span,
        /// The longest.
        high: Span,
    },
    /// Mostly short with a moderate tail, as service times are: `lognormal(20ms, p99=90ms)`. The
    /// first argument is the **median**; the mean is longer.
    LogNormal {
        /// Half of all spans are shorter than this.
        median: Span,
        /// One span in a hundred is longer than this.
        p99: Span,
    },
    /// A heavy tail: `pareto(10ms, shape=2.5)`.
    Pareto {
        /// The shortest.
        minimum: Span,
        /// The tail index: the smaller, the heavier. At 2 and below the variance is infinite, at
        /// 1 and below the mean is.
        shape: f64,
    },
}

impl Distribution {
    /// Draws a span.
    ///
    /// Every sample takes exactly one number from the stream, a constant too, so changing one
    /// distribution of a scenario does not shift what is drawn afterwards. Rare and long go
    /// together: the smaller the number drawn, the longer the span.
    #[inline]
    pub fn sample(&self, random: &mut impl Random) -> Span {
        // The two commonest are drawn in place, the second by its own quicker logarithm.
        match self {
            Self::Constant(span) => {
                random.next_u64();
                *span
            }
            Self::Exponential { mean } => mean.mul_f64(random.exponential()),
            _ => self.exceeded_with(random.unit()),
        }
    }

    /// The mean, or `None` where it is infinite.
    pub fn mean(&self) -> Option<Span> {
        match *self {
            Self::Constant(span) => Some(span),
            Self::Exponential { mean } => Some(mean),
            Self::Uniform { low, high } => {
                Some(low + Span::from_nanos(high.saturating_sub(low).as_nanos() / 2))
            }
            Self::LogNormal { median, p99 } => {
                let sigma = libm::log(ratio(p99, median)) / NORMAL_P99;
                Some(median.mul_f64(libm::exp(sigma * sigma / 2.0)))
            }
            Self::Pareto { minimum, shape } => {
                (shape > 1.0).then(|| minimum.mul_f64(shape / (shape - 1.0)))
            }
        }
    }

    /// The span that a fraction `p` of all samples do not exceed. `p` is from 0 to 1; at 1 it is
    /// [`Span::MAX`] where there is no longest.
    pub fn quantile(&self, p: f64) -> Span {
        assert!((0.0..=1.0).contains(&p), "{p} is not a fraction");
        self.exceeded_with(1.0 - p)
    }

    /// The span that every sample is, where they are all the same.
    pub fn constant(&self) -> Option<Span> {
        let longest = self.quantile(1.0);
        (longest == self.quantile(0.0)).then_some(longest)
    }

    /// Whether every sample is zero.
    pub fn is_zero(&self) -> bool {
        self.quantile(1.0) == Span::ZERO
    }

    /// The span that is exceeded with this probability: the inverse of the survival function.
    fn exceeded_with(&self, probability: f64) -> Span {
        match *self {
            Self::Constant(span) => span,
            Self::Exponential { mean } if mean == Span::ZERO => mean,
            Self::Exponential { mean } => mean.mul_f64(-libm::log(probability)),
            Self::Uniform { low, high } => {
                low + high.saturating_sub(low).mul_f64(1.0 - probability)
            }
            Self::LogNormal { median, p99 } => {
                let deviations = -normal_quantile(probability);
                median.mul_f64(libm::pow(ratio(p99, median), deviations / NORMAL_P99))
            }
            Self::Pareto { minimum, .. } if minimum == Span::ZERO => minimum,
            Self::Pareto { minimum, shape } => {
                minimum.mul_f64(libm::pow(probability, -1.0 / shape))
            }
        }
    }
}

/// How many times as long `a` is as `b`; 1 where both are zero.
fn ratio(a: Span, b: Span) -> f64 {
    if a == b { 1.0 } else { a.as_nanos() as f64 / b.as_nanos() as f64 }
}

/// The 99 % quantile of the standard normal distribution.
const NORMAL_P99: f64 = 2.326_347_874_040_841;

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(span) => write!(f, "{span}"),
            Self::Exponential { mean } => write!(f, "exp({mean})"),
            Self::Uniform { low, high } => write!(f, "uniform({low}, {high})"),
            Self::LogNormal { median, p99 } => write!(f, "lognormal({median}, p99={p99})"),
            Self::Pareto { minimum, shape } => write!(f, "pareto({minimum}, shape={shape})"),
        }
    }
}

/// Reads what [`Display`](fmt::Display) prints: a duration for a constant, or one of the functions
/// of [`Distribution::NAMES`] with its arguments.
impl FromStr for Distribution {
    type Err = ParseDistributionError;

    fn from_str(text: &str) -> Result<Self, ParseDistributionError> {
        let whole = Piece { text, offset: 0 }.trimmed();
        if !whole.text.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return whole.span().map(Self::Constant);
        }
        let (name, arguments) = whole.split_once('(').unwrap_or((whole, whole.end()));
        let Some(&[_, example]) = FUNCTIONS.iter().find(|[known, _]| *known == name.text) else {
            let known = Self::NAMES.join(", ");
            return Err(whole.error(format!(
                "unknown distribution {:?}: a duration such as 20ms, or one of {known}",
                name.text
            )));
        };
        let misshapen = || whole.error(format!("{} is written {example}", name.text));
        let list = arguments.text.strip_suffix(')').ok_or_else(misshapen)?;
        let list = Piece { text: list, offset: arguments.offset };
        match (name.text, list.split_once(',')) {
            ("exp", None) => Ok(Self::Exponential { mean: list.trimmed().span()? }),
            ("uniform", Some((low, high))) => Self::uniform(low.trimmed(), high.trimmed()),
            ("lognormal", Some((median, p99))) => {
                let p99 = p99.trimmed().named("p99").ok_or_else(misshapen)?;
                Self::log_normal(median.trimmed(), p99)
            }
            ("pareto", Some((minimum, shape))) => {
                let shape = shape.trimmed().named("shape").ok_or_else(misshapen)?;
                Self::pareto(minimum.trimmed(), shape)
            }
            _ => Err(misshapen()),
        }
    }
}

impl Distribution {
    /// The names of the functions that a distribution can be written with.
    pub const NAMES: [&str; 4] =
        [FUNCTIONS[0][0], FUNCTIONS[1][0], FUNCTIONS[2][0], FUNCTIONS[3][0]];

    fn uniform(low: Piece<'_>, high: Piece<'_>) -> Result<Self, ParseDistributionError> {
        let (shortest, longest) = (low.span()?, high.span()?);
        if shortest > longest {
            return Err(high.error(format!("{longest} is less than the lower end, {shortest}")));
        }
        Ok(Self::Uniform { low: shortest, high: longest })
    }

    fn log_normal(median: Piece<'_>, p99: Piece<'_>) -> Result<Self, ParseDistributionError> {
        let (half, tail) = (median.span()?, p99.span()?);
        if tail < half {
            return Err(p99.error(format!("p99 = {tail} is less than the median, {half}")));
        }
        if half == Span::ZERO && tail > half {
            return Err(median.error("the median of a lognormal must be above zero".to_owned()));
        }
        Ok(Self::LogNormal { median: half, p99: tail })
    }

    fn pareto(minimum: Piece<'_>, shape: Piece<'_>) -> Result<Self, ParseDistributionError> {
        match shape.text.parse::<f64>() {
            Ok(index) if index > 0.0 && index.is_finite() => {
                Ok(Self::Pareto { minimum: minimum.span()?, shape: index })
            }
            _ => Err(shape.error(format!("the shape must be above zero, not {:?}", shape.text))),
        }
    }
}

/// Each function's name and an example of its use.
const FUNCTIONS: [[&str; 2]; 4] = [
    ["exp", "exp(20ms), where 20ms is the mean"],
    ["uniform", "uniform(1ms, 5ms)"],
    ["lognormal", "lognormal(20ms, p99=90ms), where 20ms is the median"],
    ["pareto", "pareto(10ms, shape=2.5), where 10ms is the minimum"],
];

/// Why a text is not a [`Distribution`], and where in the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseDistributionError {
    offset: usize,
    message: String,
}

impl ParseDistributionError {
    /// Where the trouble starts: bytes from the start of the text.
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl std::error::Error for ParseDistributionError {}

impl fmt::Display for ParseDistributionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// A part of the text that knows where it was, so that an error can point at it.
#[derive(Clone, Copy)]
struct Piece<'a> {
    text: &'a str,
    offset: usize,
}

impl Piece<'_> {
    fn trimmed(self) -> Self {
        let text = self.text.trim_start();
        Self { text: text.trim_end(), offset: self.offset + self.text.len() - text.len() }
    }

    fn split_once(self, separator: char) -> Option<(Self, Self)> {
        let (before, after) = self.text.split_once(separator)?;
        let offset = self.offset + self.text.len() - after.len();
        Some((Self { text: before, offset: self.offset }, Self { text: after, offset }))
    }

    /// The value of `name=value`.
    fn named(self, name: &str) -> Option<Self> {
        let (key, value) = self.split_once('=')?;
        (key.trimmed().text == name).then(|| value.trimmed())
    }

    /// Nothing, at the end of this piece.
    fn end(self) -> Self {
        Self { text: &self.text[self.text.len()..], offset: self.offset + self.text.len() }
    }

    fn span(self) -> Result<Span, ParseDistributionError> {
        self.text.parse::<Span>().map_err(|error| ParseDistributionError {
            offset: self.offset + error.offset(),
            message: error.to_string(),
        })
    }

    fn error(self, message: String) -> ParseDistributionError {
        ParseDistributionError { offset: self.offset, message }
    }
}
