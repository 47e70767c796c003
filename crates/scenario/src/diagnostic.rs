//! What is wrong with a file, or worth knowing about it.
//!
//! A diagnostic says what and where; how it looks is for `render`.

use crate::{
    Code, Place,
    source::{At, Sources},
};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The scenario can be run, but perhaps not as meant.
    Warning,
    /// The scenario cannot be run.
    Error,
}

impl Severity {
    /// `error` or `warning`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A stretch of text that a diagnostic points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub at: At,
    /// What is to be said about it; may be empty.
    pub text: String,
    /// Whether it is what the diagnostic is about, rather than what explains it.
    pub primary: bool,
}

/// One finding about the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which kind of finding; `rollsim explain` has more about it.
    pub code: Code,
    /// What, in a fragment that begins with a small letter.
    pub message: String,
    /// Where; empty only where there is no text to point at.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: String,
}

impl Diagnostic {
    /// A finding without a place so far.
    pub(crate) fn new(code: Code, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code, message: message.into(), labels: Vec::new(), help: help.into() }
    }

    /// Points at what the finding is about.
    #[must_use]
    pub(crate) fn at(self, at: At, text: impl Into<String>) -> Self {
        self.label(at, text, true)
    }

    /// Points at what explains the finding.
    #[must_use]
    pub(crate) fn because_of(self, at: At, text: impl Into<String>) -> Self {
        self.label(at, text, false)
    }

    fn label(mut self, at: At, text: impl Into<String>, primary: bool) -> Self {
        self.labels.push(Label { at, text: text.into(), primary });
        self
    }

    /// How bad it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// Whether it keeps the scenario from being run.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity() == Severity::Error
    }

    /// File, line and column of the first primary label.
    #[must_use]
    pub fn place(&self, sources: &Sources) -> Option<Place> {
        let label = self.labels.iter().find(|label| label.primary)?;
        Some(sources.place(label.at))
    }
}

/// More findings than these help nobody; what is left out is counted.
const MOST_DIAGNOSTICS: usize = 100;

/// Findings as they come up.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    list: Vec<Diagnostic>,
    /// Whether there were more, and whether errors were among them.
    left_out: bool,
    left_out_errors: bool,
}

impl Findings {
    /// Adds a finding, unless it was made before or there are too many.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        if self.list.len() < MOST_DIAGNOSTICS {
            if !self.list.contains(&diagnostic) {
                self.list.push(diagnostic);
            }
        } else {
            self.left_out = true;
            self.left_out_errors |= diagnostic.is_error();
        }
    }

    /// Adds a finding, if there is one.
    pub(crate) fn extend(&mut self, diagnostic: Option<Diagnostic>) {
        diagnostic.into_iter().for_each(|it| self.push(it));
    }

    /// Adds those of other findings that are worth it.
    pub(crate) fn append(&mut self, other: Self, is_worth_it: impl Fn(&Diagnostic) -> bool) {
        self.left_out |= other.left_out;
        self.left_out_errors |= other.left_out_errors;
        other.list.into_iter().filter(is_worth_it).for_each(|diagnostic| self.push(diagnostic));
    }

    /// Whether what is found from now on is only counted.
    pub(crate) fn is_full(&self) -> bool {
        self.list.len() >= MOST_DIAGNOSTICS
    }

    /// Whether there are so many, errors among them, that looking on is in vain; what is not
    /// looked at then is taken to have errors too.
    pub(crate) fn give_up(&mut self) -> bool {
        let hopeless = self.is_full() && self.any_error();
        self.left_out |= hopeless;
        self.left_out_errors |= hopeless;
        hopeless
    }

    /// Whether one of them is an error.
    pub(crate) fn any_error(&self) -> bool {
        self.left_out_errors || self.list.iter().any(Diagnostic::is_error)
    }

    /// All of them in the order of the files.
    pub(crate) fn into_list(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_key(|diagnostic| {
            let first = diagnostic.labels.iter().find(|label| label.primary);
            (first.is_none(), first.map(|label| label.at))
        });
        if self.left_out {
            let code =
                if self.left_out_errors { Code::TooManyErrors } else { Code::TooManyWarnings };
            self.list.push(Diagnostic::new(
                code,
                "there are more findings than are shown",
                "correct those above and look again",
            ));
        }
        self.list
    }
}

/// The candidate that was probably meant.
pub(crate) fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // Beyond these nobody meant any of them, and the comparison is quadratic.
    if word.len() > 100 {
        return None;
    }
    let lower = word.to_lowercase();
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= 100)
        .map(|candidate| {
            let close = strsim::jaro_winkler(&lower, &candidate.to_lowercase());
            (strsim::osa_distance(&lower, &candidate.to_lowercase()), close, candidate)
        })
        .filter(|(distance, close, candidate)| {
            *distance * 3 <= candidate.len().max(word.len()) || *close > 0.9
        })
        .min_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)))
        .map(|(.., candidate)| candidate)
}

/// `did you mean X?`, or a list of what there is.
pub(crate) fn suggest<'a, C: IntoIterator<Item = &'a str>>(
    word: &str,
    what: &str,
    candidates: C,
) -> String {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    if let Some(candidate) = did_you_mean(word, candidates.iter().copied()) {
        return format!("did you mean `{candidate}`?");
    }
    match candidates.as_slice() {
        [] => format!("there is no {what} at all"),
        [only] => format!("the only {what} is `{only}`"),
        many => {
            let shown: Vec<String> = many.iter().take(20).map(|c| format!("`{c}`")).collect();
            let more = if many.len() > 20 { ", …" } else { "" };
            let several = match what.strip_suffix('y') {
                Some(stem) => format!("{stem}ies"),
                None => format!("{what}s"),
            };
            format!("there are the {several} {}{more}", shown.join(", "))
        }
    }
}
