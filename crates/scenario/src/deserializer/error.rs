//! Why a value was refused, in words for people who write YAML.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

use super::Mismatch;
use crate::{diagnostic::suggest, source::Extent};

/// A refusal, on its way out of the tree.
#[derive(Debug)]
pub(super) struct Error {
    message: String,
    help: String,
    path: Option<String>,
    /// The refused value and all that it is part of, innermost first.
    pub(super) around: Vec<Extent>,
}

impl Error {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into(), path: None, around: Vec::new() }
    }

    /// Adds a value around the place of the error; the first one is the place itself.
    pub(super) fn placed(mut self, extent: Extent, path: Option<String>) -> Self {
        self.path = self.path.or(path);
        self.around.push(extent);
        self
    }

    pub(super) fn into_mismatch(self, root: Extent) -> Mismatch {
        let extent = self.around.first().copied().unwrap_or(root);
        let path = self.path.unwrap_or_default();
        Mismatch { message: self.message, help: self.help, path, extent }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string(), "see `rollsim schema` for what is allowed here")
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let wanted = wanted(&expected.to_string());
        let help = match (found, wanted) {
            (Unexpected::Bool(_), "a text") => {
                "YAML reads bare yes, no, on, off, y and n as booleans, as kubectl does: put the text in quotes".to_owned()
            }
            (Unexpected::Signed(_) | Unexpected::Unsigned(_) | Unexpected::Float(_), "a text") => {
                "put the text in quotes".to_owned()
            }
            (Unexpected::Str(text), "a number" | "a whole number")
                if text.trim().parse::<f64>().is_ok() =>
            {
                "write the number without quotes".to_owned()
            }
            (
                Unexpected::Str("true" | "false" | "yes" | "no" | "on" | "off"),
                "a boolean",
            ) => "write true or false without quotes".to_owned(),
            (Unexpected::Map, "a list") => "begin each item with `- `".to_owned(),
            _ => format!("write {wanted} here"),
        };
        Self::new(format!("{} where {wanted} is wanted", describe(found)), help)
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let range = match expected.to_string().as_str() {
            "i32" | "a 32-bit integer" => "a whole number from -2147483648 to 2147483647",
            "u32" => "a whole number from 0 to 4294967295",
            "u16" => "a whole number from 0 to 65535",
            "u8" => "a whole number from 0 to 255",
            "u64" => "a whole number that is not negative",
            other => {
                return Self::new(
                    format!("{} is not allowed here", describe(found)),
                    format!("write {other}"),
                );
            }
        };
        let message = format!("{} is out of range", describe(found));
        Self::new(message, format!("write {range}"))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let help = suggest(variant, "choice", expected.iter().copied());
        Self::new(format!("unknown choice `{variant}`"), help)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("`{field}` is missing"), format!("add `{field}: …`"))
    }
}

/// What a Rust or Go type is called by people who write YAML.
fn wanted(expected: &str) -> &'static str {
    match expected {
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number",
        "f32" | "f64" => "a number",
        "a string" | "a borrowed string" | "string" => "a text",
        "a boolean" => "a boolean",
        "IntOrString" => "a number or a text",
        "Quantity" => "a quantity such as 500m or 2Gi",
        text if text.starts_with("a sequence") => "a list",
        text if text.starts_with("one of") || text.starts_with("variant") => "a choice",
        _ => "a mapping",
    }
}

fn describe(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => format!("the boolean {value}"),
        Unexpected::Unsigned(value) => format!("the number {value}"),
        Unexpected::Signed(value) => format!("the number {value}"),
        Unexpected::Float(value) => format!("the number {value}"),
        Unexpected::Str(text) if text.chars().count() > 60 => "a long text".to_owned(),
        Unexpected::Str(text) => format!("the text {text:?}"),
        Unexpected::Unit | Unexpected::Option => "nothing".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a mapping".to_owned(),
        other => other.to_string(),
    }
}
