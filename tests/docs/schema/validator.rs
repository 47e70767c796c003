//! A validator for the keywords that the schema of a Scenario has. Any other keyword is a panic, so
//! that nothing of the schema is passed over.

use std::{cell::RefCell, collections::BTreeMap};

use regex::Regex;
use serde_json::{Map, Value};

/// Keywords that say something to people only.
const NOTES: [&str; 6] = ["$schema", "$defs", "title", "description", "default", "examples"];

/// A schema, ready to hold values against.
pub(crate) struct Validator<'s> {
    root: &'s Value,
    patterns: RefCell<BTreeMap<&'s str, Regex>>,
}

impl<'s> Validator<'s> {
    pub(crate) fn new(root: &'s Value) -> Self {
        Self { root, patterns: RefCell::default() }
    }

    /// Whether a document is as the schema wants it.
    pub(crate) fn accepts(&self, document: &Value) -> bool {
        self.fits(self.root, document)
    }

    /// What a reference leads to.
    pub(crate) fn resolve(&self, reference: &str) -> &'s Value {
        let name = reference.strip_prefix("#/$defs/").expect("references are to definitions");
        self.root["$defs"].get(name).unwrap_or_else(|| panic!("there is no definition {name}"))
    }

    fn fits(&self, form: &'s Value, value: &Value) -> bool {
        match form {
            Value::Bool(all) => *all,
            Value::Object(keywords) => keywords
                .iter()
                .all(|(keyword, wanted)| self.meets(keywords, keyword, wanted, value)),
            other => panic!("{other} is no schema"),
        }
    }

    fn meets(
        &self,
        form: &'s Map<String, Value>,
        keyword: &str,
        wanted: &'s Value,
        value: &Value,
    ) -> bool {
        let each = |value: &'s Value| value.as_array().expect("it is a list").iter();
        let size = wanted.as_u64().unwrap_or(0) as usize;
        match (keyword, value) {
            (note, _) if NOTES.contains(&note) => true,
            ("$ref", _) => self.fits(self.resolve(wanted.as_str().expect("it is a text")), value),
            ("type", _) => match wanted {
                Value::Array(names) => names.iter().any(|name| is_of_type(value, name)),
                name => is_of_type(value, name),
            },
            ("enum", _) => each(wanted).any(|word| word == value),
            ("const", _) => same(wanted, value),
            ("not", _) => !self.fits(wanted, value),
            ("anyOf", _) => each(wanted).any(|form| self.fits(form, value)),
            ("oneOf", _) => each(wanted).filter(|form| self.fits(form, value)).count() == 1,
            ("if", _) => {
                let branch = if self.fits(wanted, value) { "then" } else { "else" };
                form.get(branch).is_none_or(|form| self.fits(form, value))
            }
            ("then" | "else", _) => form.contains_key("if"),
            ("minimum", Value::Number(_)) => value.as_f64() >= wanted.as_f64(),
            ("maximum", Value::Number(_)) => value.as_f64() <= wanted.as_f64(),
            ("exclusiveMinimum", Value::Number(_)) => value.as_f64() > wanted.as_f64(),
            ("exclusiveMaximum", Value::Number(_)) => value.as_f64() < wanted.as_f64(),
            ("pattern", Value::String(text)) => self.matches(wanted, text),
            ("minLength", Value::String(text)) => text.chars().count() >= size,
            ("maxLength", Value::String(text)) => text.chars().count() <= size,
            ("items", Value::Array(items)) => items.iter().all(|item| self.fits(wanted, item)),
            ("minItems", Value::Array(items)) => items.len() >= size,
            ("maxItems", Value::Array(items)) => items.len() <= size,
            ("minProperties", Value::Object(fields)) => fields.len() >= size,
            ("maxProperties", Value::Object(fields)) => fields.len() <= size,
            ("required", Value::Object(fields)) => {
                each(wanted).all(|name| fields.contains_key(name.as_str().unwrap_or_default()))
            }
            (
                "properties" | "patternProperties" | "additionalProperties",
                Value::Object(fields),
            ) => fields.iter().all(|(name, value)| self.field_fits(form, keyword, name, value)),
            (
                "minimum"
                | "maximum"
                | "exclusiveMinimum"
                | "exclusiveMaximum"
                | "pattern"
                | "minLength"
                | "maxLength"
                | "items"
                | "minItems"
                | "maxItems"
                | "minProperties"
                | "maxProperties"
                | "required"
                | "properties"
                | "patternProperties"
                | "additionalProperties",
                _,
            ) => true,
            (other, _) => panic!("the validator does not know {other}"),
        }
    }

    /// Whether one field of a mapping is as one of the three keywords about fields wants it.
    fn field_fits(
        &self,
        form: &'s Map<String, Value>,
        keyword: &str,
        name: &str,
        value: &Value,
    ) -> bool {
        let listed = form.get("properties").and_then(|fields| fields.get(name));
        let patterns = form.get("patternProperties").and_then(Value::as_object);
        let mut like = patterns.into_iter().flatten().filter(|(it, _)| self.is_match(it, name));
        match keyword {
            "properties" => listed.is_none_or(|form| self.fits(form, value)),
            "patternProperties" => like.all(|(_, form)| self.fits(form, value)),
            _ => {
                let other = listed.is_none() && like.next().is_none();
                !other || self.fits(&form["additionalProperties"], value)
            }
        }
    }

    fn matches(&self, pattern: &'s Value, text: &str) -> bool {
        self.is_match(pattern.as_str().expect("it is a text"), text)
    }

    fn is_match(&self, pattern: &'s str, text: &str) -> bool {
        let mut patterns = self.patterns.borrow_mut();
        let read = || Regex::new(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        patterns.entry(pattern).or_insert_with(read).is_match(text)
    }
}

fn is_of_type(value: &Value, name: &Value) -> bool {
    match name.as_str().expect("a type is a text") {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        other => panic!("there is no type {other}"),
    }
}

/// Whether two values are the same; 0 and 0.0 are.
fn same(one: &Value, other: &Value) -> bool {
    one == other || (one.is_number() && one.as_f64() == other.as_f64())
}
