//! The JSON Schema of a Scenario document, for editors and other programs.
//!
//! It says what the reader in `spec` takes, in tables that are those of the page about the scenario
//! file: a field, what it may be, what it means. It is never narrower than the reader, and wider
//! where a value depends on other fields, on the manifests, or on what a text means: that is for
//! `rollsim check` to say.
//!
//! | module | its noun |
//! |---|---|
//! | `form` | what a value may be, written down |
//! | `value` | texts with a meaning: durations, distributions, rates, quantities, labels |
//! | `document`, `cluster`, `images`, `clients`, `timeline` | the fields of each part |
//! | `balancing` | policies and layers, made of the catalogue |
//! | `fields` | the fields one by one, for help about them |

mod balancing;
mod clients;
mod cluster;
mod document;
mod fields;
mod form;
mod images;
mod timeline;
mod value;

pub(crate) use fields::unknown_field;
pub use fields::{FieldHelp, fields};
use serde_json::{Map, Value, json};

/// The JSON Schema (draft 2020-12) of a Scenario document, as text.
///
/// A file may have manifests beside the Scenario, and an editor holds every document of a file
/// against one schema. So it lets documents of other API versions be.
#[must_use]
pub fn schema() -> String {
    let others = json!({
        "type": "object",
        "required": ["apiVersion"],
        "properties": { "apiVersion": { "not": { "pattern": "^rollsim\\.dev/" } } },
    });
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Scenario of rollsim",
        "if": others,
        "else": { "$ref": "#/$defs/scenario" },
        "$defs": definitions(),
    });
    format!("{schema:#}\n")
}

fn definitions() -> Map<String, Value> {
    let parts = [
        ("scenario", document::scenario()),
        ("cluster", cluster::cluster()),
        ("image", images::image()),
        ("client", clients::client()),
        ("step", timeline::step()),
    ];
    let all = parts.into_iter().chain(value::definitions()).chain(balancing::definitions());
    all.map(|(name, form)| (name.to_owned(), form.into_json())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All places of a schema where a keyword has a value.
    fn all_of<'v>(value: &'v Value, keyword: &str, found: &mut Vec<&'v Value>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get(keyword));
                fields.values().for_each(|value| all_of(value, keyword, found));
            }
            Value::Array(items) => items.iter().for_each(|item| all_of(item, keyword, found)),
            _ => {}
        }
    }

    #[test]
    fn every_definition_has_a_name_of_its_own_and_every_reference_leads_to_one() {
        let names = value::definitions().map(|(name, _)| name).into_iter();
        let names: Vec<&str> =
            names.chain(balancing::definitions().map(|(name, _)| name)).collect();
        let all = definitions();
        assert_eq!(all.len(), names.len() + 5, "two definitions have the same name");
        let all = Value::Object(all);
        let mut references = Vec::new();
        all_of(&all, "$ref", &mut references);
        for reference in references {
            let name = reference.as_str().and_then(|it| it.strip_prefix("#/$defs/"));
            assert!(all.get(name.expect("it is one of these")).is_some(), "{reference}");
        }
    }

    #[test]
    fn every_field_is_described_in_a_sentence() {
        let all = Value::Object(definitions());
        let mut mappings = Vec::new();
        all_of(&all, "properties", &mut mappings);
        assert!(mappings.len() > 20, "{}", mappings.len());
        for (name, field) in mappings.into_iter().filter_map(Value::as_object).flatten() {
            let says = field["description"].as_str().unwrap_or_default();
            let whole = says.starts_with(|c: char| !c.is_lowercase()) && says.ends_with('.');
            assert!(whole && !says.contains("  "), "{name}: {says:?}");
        }
    }
}
