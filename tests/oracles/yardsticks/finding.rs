//! What a run gave beside what is known.

use stats::Interval;

/// How far off a mean may be, in standard errors.
const ERRORS: f64 = 4.0;
/// How far off one may be besides, as a part of what was computed.
const PART: f64 = 0.01;
/// A run that may be off by more than this part of what is expected says little.
const WIDE: f64 = 0.25;

/// The half width of an interval of 95 %, in standard errors.
const NORMAL_P975: f64 = 1.959_963_984_540_054;

/// A mean and its standard error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Estimate {
    pub(crate) mean: f64,
    pub(crate) error: f64,
    /// What the standard error is made of: so many independent numbers, less one.
    pub(crate) freedom: f64,
}

impl Estimate {
    /// Of independent samples.
    pub(crate) fn of(samples: &[f64]) -> Self {
        let interval = Interval::of(samples, CONFIDENCE).expect("there are samples");
        let freedom = samples.len().saturating_sub(1);
        let quantile = stats::normal::student_quantile(CONFIDENCE, freedom as u32);
        Self { mean: interval.mean, error: interval.half_width / quantile, freedom: freedom as f64 }
    }

    /// A share of so many independent trials, with the error that it would have were `expected`
    /// true.
    pub(crate) fn share(share: f64, expected: f64, trials: f64) -> Self {
        let error = (expected * (1.0 - expected) / trials).max(0.0).sqrt();
        Self { mean: share, error, freedom: f64::INFINITY }
    }

    /// The same with an error of at least so much: what is hardly ever seen seems to be certain.
    pub(crate) fn with_error_from(self, least: f64) -> Self {
        Self { error: self.error.max(least), ..self }
    }

    /// The root of a mean, by the slope of the root there.
    pub(crate) fn root(self) -> Self {
        let mean = self.mean.max(0.0).sqrt();
        Self { mean, error: self.error / (2.0 * mean.max(f64::MIN_POSITIVE)), ..self }
    }

    /// So many times as much.
    pub(crate) fn times(self, factor: f64) -> Self {
        Self { mean: self.mean * factor, error: self.error * factor.abs(), ..self }
    }
}

const CONFIDENCE: f64 = 0.95;

/// How what was measured is held against what is known.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Comparison {
    /// They are the same, as far as chance allows.
    Same,
    /// What is known is a limit, or an approximation: the same, but no witness of chance.
    Near,
    /// What was measured is no more.
    AtMost,
    /// What was measured is no less.
    AtLeast,
}

/// A number of a row beside what was measured.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) what: String,
    pub(crate) expected: f64,
    pub(crate) measured: Estimate,
    pub(crate) allowed: f64,
    /// The standard error of what is known.
    reference: f64,
    comparison: Comparison,
}

impl Finding {
    fn new(what: &str, expected: f64, measured: Estimate, comparison: Comparison) -> Self {
        let allowed = ERRORS * measured.error + PART * expected.abs();
        let what = what.to_owned();
        Self { what, expected, measured, allowed, reference: 0.0, comparison }
    }

    /// Of something that was computed.
    pub(crate) fn computed(what: &str, expected: f64, measured: Estimate) -> Self {
        Self::new(what, expected, measured, Comparison::Same)
    }

    /// Of something that was simulated elsewhere, and has an interval of 95 % of its own.
    pub(crate) fn simulated(
        what: &str,
        expected: f64,
        half_width: f64,
        measured: Estimate,
    ) -> Self {
        let reference = half_width / NORMAL_P975;
        let error = (measured.error * measured.error + reference * reference).sqrt();
        let finding = Self::new(what, expected, measured, Comparison::Same);
        Self { allowed: ERRORS * error, reference, ..finding }
    }

    /// Of a limit or an approximation, which may itself be off by `slack` besides.
    pub(crate) fn near(what: &str, expected: f64, slack: f64, measured: Estimate) -> Self {
        let finding = Self::new(what, expected, measured, Comparison::Near);
        Self { allowed: finding.allowed + slack, ..finding }
    }

    /// Of something without chance.
    pub(crate) fn exact(what: &str, expected: f64, measured: f64) -> Self {
        let measured = Estimate { mean: measured, error: 0.0, freedom: f64::INFINITY };
        let finding = Self::new(what, expected, measured, Comparison::Near);
        Self { allowed: 1e-9 * expected.abs().max(1.0), ..finding }
    }

    /// Of an upper bound.
    pub(crate) fn at_most(what: &str, bound: f64, measured: Estimate) -> Self {
        let finding = Self::new(what, bound, measured, Comparison::AtMost);
        Self { allowed: ERRORS * measured.error, ..finding }
    }

    /// Of a lower bound.
    pub(crate) fn at_least(what: &str, bound: f64, measured: Estimate) -> Self {
        let finding = Self::new(what, bound, measured, Comparison::AtLeast);
        Self { allowed: ERRORS * measured.error, ..finding }
    }

    /// Whether it is what it should be.
    pub(crate) fn is_met(&self) -> bool {
        let above = self.measured.mean - self.expected;
        match self.comparison {
            Comparison::Same | Comparison::Near => above.abs() <= self.allowed,
            Comparison::AtMost => above <= self.allowed,
            Comparison::AtLeast => -above <= self.allowed,
        }
    }

    /// Whether hardly anything would have been refused.
    pub(crate) fn says_little(&self) -> bool {
        let equal = matches!(self.comparison, Comparison::Same | Comparison::Near);
        // What hardly ever happens is not seen to happen, and that is all there is to say.
        equal && self.expected.abs() > 1e-3 && self.allowed > WIDE * self.expected.abs()
    }

    /// How far off it is in standard errors, and the degrees of freedom of these.
    pub(crate) fn deviation(&self) -> Option<(f64, f64)> {
        let error = self.measured.error;
        let error = (error * error + self.reference * self.reference).sqrt();
        let counts = self.comparison == Comparison::Same && error > 0.0;
        counts.then(|| ((self.measured.mean - self.expected) / error, self.measured.freedom))
    }

    /// What it is held to, as a sign.
    pub(crate) fn sign(&self) -> &'static str {
        match self.comparison {
            Comparison::Same => "",
            Comparison::Near => "≈ ",
            Comparison::AtMost => "≤ ",
            Comparison::AtLeast => "≥ ",
        }
    }
}
