//! An error about a field (`apimachinery/pkg/util/validation/field`).

use std::fmt;

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldError {
    /// The field's path, as Kubernetes writes it.
    pub(crate) path: String,
    pub(crate) problem: Problem,
}

/// The kinds of errors; values are texts as JSON has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// It is missing.
    Required,
    /// Its value may not be.
    Invalid {
        /// The value.
        value: String,
        /// Why not.
        detail: String,
    },
    /// Its value is none of those that there are.
    Unsupported {
        /// The value.
        value: String,
        /// Those that there are.
        supported: Vec<&'static str>,
    },
    /// It may not be set.
    Forbidden(String),
    /// It is there twice.
    Duplicate(String),
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, problem } = self;
        match problem {
            Problem::Required => write!(f, "{path}: Required value"),
            Problem::Invalid { value, detail } => {
                write!(f, "{path}: Invalid value: {value}: {detail}")
            }
            Problem::Unsupported { value, supported } => {
                let supported: Vec<String> =
                    supported.iter().map(|value| format!("{value:?}")).collect();
                let supported = supported.join(", ");
                write!(f, "{path}: Unsupported value: {value:?}: supported values: {supported}")
            }
            Problem::Forbidden(detail) => write!(f, "{path}: Forbidden: {detail}"),
            Problem::Duplicate(value) => write!(f, "{path}: Duplicate value: {value}"),
        }
    }
}

/// Errors as they are found.
#[derive(Debug, Default)]
pub(super) struct Errors(pub(super) Vec<FieldError>);

impl Errors {
    fn add(&mut self, path: impl Into<String>, problem: Problem) {
        self.0.push(FieldError { path: path.into(), problem });
    }

    pub(super) fn required(&mut self, path: impl Into<String>) {
        self.add(path, Problem::Required);
    }

    pub(super) fn invalid(
        &mut self,
        path: impl Into<String>,
        value: impl fmt::Display,
        detail: impl Into<String>,
    ) {
        self.add(path, Problem::Invalid { value: value.to_string(), detail: detail.into() });
    }

    /// A text that a check has something against.
    pub(super) fn check(
        &mut self,
        path: impl Into<String>,
        text: &str,
        check: fn(&str) -> Result<(), String>,
    ) {
        if let Err(detail) = check(text) {
            self.invalid(path, quoted(text), detail);
        }
    }

    /// A text that has to be one of a few.
    pub(super) fn one_of(
        &mut self,
        path: impl Into<String>,
        value: &str,
        supported: &[&'static str],
    ) {
        if !supported.contains(&value) {
            let supported = supported.to_vec();
            self.add(path, Problem::Unsupported { value: value.to_owned(), supported });
        }
    }

    pub(super) fn forbidden(&mut self, path: impl Into<String>, detail: impl Into<String>) {
        self.add(path, Problem::Forbidden(detail.into()));
    }

    pub(super) fn duplicate(&mut self, path: impl Into<String>, value: impl fmt::Display) {
        self.add(path, Problem::Duplicate(value.to_string()));
    }
}

/// A text as a value is shown.
pub(super) fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// A list of texts as a value is shown: JSON; a list that is not there is `null`.
pub(super) fn listed(texts: &[String]) -> String {
    if texts.is_empty() {
        return "null".to_owned();
    }
    let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", texts.join(","))
}
