//! Thresholds: `success_rate >= 99.9%`, read and held against what was measured.
//!
//! An expectation is a quantity, a comparison and a bound in the quantity's unit, with a scope in
//! front where it is not about the whole run:
//!
//! ```text
//! success_rate >= 99.9%                      rates have percentages
//! latency.p99 < 200ms                        mean p50 p90 p95 p99 p999 max, of answered requests
//! requests.failed == 0                       total ok failed in_flight attempts
//! failed{cause=refused.listener-closed} == 0 one cause, or a family: failed{cause=refused}
//! balance.max_over_mean < 1.5                jain cv max_over_mean max_over_share
//! rollout.duration < 90s                     the longest one
//! rollout.complete == true                   all, but those that a later one overtook
//! rollout.pods_max <= 5                      the most pods of any, rollout.available_min likewise
//! client(shop) success_rate >= 99%           of one client's requests
//! during(rollout) latency.p95 < 1s           of the requests that arrived during any rollout
//! ```
//!
//! The comparisons are `<`, `<=`, `>`, `>=`, `==` and `!=`. What cannot be measured, because no
//! request finished or no rollout began, does not hold.

use std::cmp::Ordering;

use engine::Span;

use crate::{
    measures::{Lookups, Measures},
    quantity::{CauseFilter, Part, Quantity, Source, Unit},
    syntax, words,
};

pub use crate::syntax::ExpectationError;

/// A threshold that a run is held against.
#[derive(Clone, Debug)]
pub struct Expectation {
    pub(crate) text: String,
    pub(crate) scope: Scope,
    pub(crate) subject: Subject,
    pub(crate) comparison: Comparison,
    /// In the unit of the subject.
    pub(crate) bound: f64,
}

/// Whose requests it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Run,
    DuringRollout,
    Client(String),
}

/// What it is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject {
    Quantity(&'static Quantity),
    Failed(CauseFilter),
}

/// Which side of the bound is the good one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
    Different,
}

/// How an expectation fared.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The expectation, as written.
    pub text: String,
    /// What was measured: rates as fractions, latencies and durations in milliseconds, true as 1.
    /// `None` where it could not be.
    pub measured: Option<f64>,
    /// Whether the expectation holds.
    pub passed: bool,
    /// What was measured, to be read: `99.79%`, `231 ms`, or `not measured: no rollout began`.
    pub words: String,
}

impl Expectation {
    /// Reads an expectation, for example `latency.p99 < 200ms`.
    ///
    /// # Errors
    /// Where the text is none: an unknown name, a bound in the wrong unit and so on.
    ///
    /// ```
    /// use rollsim_metrics::Expectation;
    ///
    /// let error = Expectation::parse("latency.p99 < 200").expect_err("it has no unit");
    /// assert_eq!(error.offset(), 14);
    /// assert_eq!(error.to_string(), "`latency.p99` is a time: its bound is a duration");
    /// assert_eq!(error.help(), Some("write `200ms`, say"));
    /// ```
    pub fn parse(text: &str) -> Result<Self, ExpectationError> {
        syntax::parse(text)
    }

    /// The client it is about, where it is about one. Whether there is such a client cannot be
    /// known here.
    #[must_use]
    pub fn client(&self) -> Option<&str> {
        match &self.scope {
            Scope::Client(name) => Some(name),
            Scope::Run | Scope::DuringRollout => None,
        }
    }

    /// Holds it against what was measured.
    #[must_use]
    pub fn check(&self, measures: &Measures) -> Verdict {
        let text = self.text.clone();
        match self.measure(measures) {
            Ok(measured) => Verdict {
                text,
                measured: Some(measured),
                passed: self.comparison.holds(measured.total_cmp(&self.bound)),
                words: self.subject.unit().words(measured),
            },
            Err(why) => Verdict {
                text,
                measured: None,
                passed: false,
                words: format!("not measured: {why}"),
            },
        }
    }

    /// The measured value, or why there is none.
    fn measure(&self, measures: &Measures) -> Result<f64, String> {
        let compute = match self.subject {
            Subject::Failed(causes) => {
                return self.part(measures)?.failed(causes).ok_or_else(|| self.nothing_finished());
            }
            Subject::Quantity(quantity) => &quantity.source,
        };
        match compute {
            Source::Traffic(compute) => {
                compute(&self.part(measures)?).ok_or_else(|| self.nothing_finished())
            }
            Source::Lookups(compute) => {
                let asked = measures.clients.iter().filter(|client| self.is_about(&client.name));
                compute(&Lookups::of(asked)).ok_or_else(|| "no name was looked up".to_owned())
            }
            Source::Balance(compute) => {
                let measured = measures.balance.is_measured();
                let value = measured.then(|| compute(&measures.balance));
                value.filter(|value| !value.is_nan()).ok_or_else(|| {
                    "no request went to a pod of a Service that is called".to_owned()
                })
            }
            Source::Rollouts(_) if measures.rollouts.is_empty() => {
                Err("no rollout began".to_owned())
            }
            Source::Rollouts(compute) => compute(&measures.rollouts)
                .ok_or_else(|| "a rollout was not complete when the run ended".to_owned()),
        }
    }

    fn part<'a>(&self, measures: &'a Measures) -> Result<Part<'a>, String> {
        match &self.scope {
            Scope::Run => Ok(Part::all(measures)),
            Scope::DuringRollout if measures.rollouts.is_empty() => {
                Err("no rollout began".to_owned())
            }
            Scope::DuringRollout => Ok(Part::of(&measures.during_rollout)),
            Scope::Client(name) => {
                let client = measures.clients.iter().find(|client| *client.name == **name);
                let client = client.ok_or_else(|| format!("there is no client `{name}`"))?;
                Ok(Part::of(&client.traffic))
            }
        }
    }

    /// Whether it is about this client, perhaps among others.
    fn is_about(&self, client: &str) -> bool {
        self.client().is_none_or(|name| name == client)
    }

    fn nothing_finished(&self) -> String {
        let what = match self.subject.unit() {
            Unit::Time => "no request was answered",
            _ => "no request finished",
        };
        match &self.scope {
            Scope::Run => what.to_owned(),
            Scope::DuringRollout => format!("{what} of those that arrived during a rollout"),
            Scope::Client(name) => format!("{what} of those that {name} sent"),
        }
    }
}

impl Subject {
    pub(crate) fn unit(self) -> Unit {
        match self {
            Self::Quantity(quantity) => quantity.unit,
            Self::Failed(_) => Unit::Count,
        }
    }
}

impl Comparison {
    /// Whether it holds of a measured value that compares so with the bound.
    fn holds(self, measured: Ordering) -> bool {
        match self {
            Self::Less => measured.is_lt(),
            Self::AtMost => measured.is_le(),
            Self::More => measured.is_gt(),
            Self::AtLeast => measured.is_ge(),
            Self::Equal => measured.is_eq(),
            Self::Different => measured.is_ne(),
        }
    }
}

impl Unit {
    /// A measured value, to be read.
    fn words(self, measured: f64) -> String {
        match self {
            Self::Rate => words::percentage(measured),
            Self::Time => words::exact_span(Span::from_secs_f64(measured / 1e3)),
            Self::Number => words::decimal(measured, 3),
            Self::Count => words::count(measured as u64),
            Self::Truth => (measured > 0.0).to_string(),
        }
    }
}
