//! The fields of the Scenario document one by one, for help about them: the schema, read back.

use serde_json::{Map, Value};

use super::definitions;
use crate::{diagnostic::suggest, field_path::Segment};

/// A field of the Scenario document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldHelp {
    /// Its path, such as `spec.clients[].target`: `[]` stands for an item or a name.
    pub path: String,
    /// What it means, in a sentence.
    pub meaning: String,
    /// What may be written, in sentences; empty where it has fields of its own.
    pub takes: Vec<String>,
}

/// All fields but those of policies and layers, of which the catalogue has the help.
#[must_use]
pub fn fields() -> Vec<FieldHelp> {
    let all = definitions();
    let mut found = Vec::new();
    collect(&all, &all["scenario"], "", &mut found);
    found
}

fn collect(all: &Map<String, Value>, form: &Value, path: &str, found: &mut Vec<FieldHelp>) {
    for form in forms(all, form) {
        for (name, field) in form["properties"].as_object().into_iter().flatten() {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            // Two forms of a mapping may have the same field.
            if found.iter().any(|known| known.path == path) {
                continue;
            }
            let (place, meaning) = (found.len(), word(&field["description"]));
            found.push(FieldHelp { path: path.clone(), meaning, takes: takes(all, field) });
            collect(all, field, &path, found);
            if found.len() > place + 1 {
                found[place].takes.clear();
            }
        }
        for inside in [&form["items"], &form["additionalProperties"]] {
            if inside.is_object() {
                collect(all, inside, &format!("{path}[]"), found);
            }
        }
    }
}

/// The forms that a form may be one of, without those of policies and layers.
fn forms<'v>(all: &'v Map<String, Value>, form: &'v Value) -> Vec<&'v Value> {
    if let Some(name) = form["$ref"].as_str().and_then(|it| it.strip_prefix("#/$defs/")) {
        let of_catalogue = name.contains('.') || name.starts_with("policy") || name == "layer";
        return if of_catalogue { Vec::new() } else { forms(all, &all[name]) };
    }
    match form["anyOf"].as_array() {
        Some(several) => several.iter().flat_map(|it| forms(all, it)).chain([form]).collect(),
        None => vec![form],
    }
}

/// What may be written for a field that has none of its own.
fn takes(all: &Map<String, Value>, field: &Value) -> Vec<String> {
    let mut said = Vec::new();
    for form in forms(all, field) {
        let own =
            form["description"].as_str().filter(|it| Some(*it) != field["description"].as_str());
        said.extend(own.map(str::to_owned));
        let words = |list: &Value| -> Option<String> {
            let words = list.as_array()?.iter().filter(|it| !it.is_null());
            let words: Vec<String> = words.map(word).collect();
            (!words.is_empty()).then(|| words.join(", "))
        };
        said.extend(words(&form["enum"]).map(|words| format!("One of {words}.")));
        said.extend(words(&form["examples"]).map(|words| format!("Such as {words}.")));
        if let (Some(least), Some(most)) = (form["minimum"].as_i64(), form["maximum"].as_i64()) {
            said.push(format!("A number from {least} to {most}."));
        }
    }
    let default = &field["default"];
    if !default.is_null() {
        said.push(format!("By default {}.", word(default)));
    }
    said
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether a path leads to no field, as far as that can be told without the document: its first step that
/// leads nowhere, and what may have been meant. Steps are below `spec`.
pub(crate) fn unknown_field(steps: &[Segment]) -> Option<(String, String)> {
    let all = definitions();
    let spec = &all["scenario"]["properties"]["spec"];
    let (mut at, mut path) = (forms(&all, spec), "spec".to_owned());
    for step in steps {
        let Segment::Key(name) = step else { return None };
        // Items and names are the document's to say, and so is what has no fields.
        let any_name =
            |form: &&Value| form["items"].is_object() || form["additionalProperties"].is_object();
        let known: Vec<&Map<String, Value>> =
            at.iter().filter_map(|form| form["properties"].as_object()).collect();
        if known.is_empty() || at.iter().any(any_name) {
            return None;
        }
        path = format!("{path}.{name}");
        let below: Vec<&Value> = known.iter().filter_map(|fields| fields.get(name)).collect();
        if below.is_empty() {
            let names = known.iter().flat_map(|fields| fields.keys()).map(String::as_str);
            return Some((path, suggest(name, "field", names)));
        }
        at = below.into_iter().flat_map(|form| forms(&all, form)).collect();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_says_what_it_means_and_what_it_takes() {
        let all = fields();
        let field = |path: &str| all.iter().find(|it| it.path == path).expect(path);
        let takes = |path: &str| field(path).takes.join(" ");
        assert!(field("spec.cluster.controlPlane").takes.is_empty(), "it has fields of its own");
        assert!(takes("spec.cluster.controlPlane.writeTime").contains("Such as 20ms, exp(20ms), "));
        assert!(takes("spec.cluster.controlPlane.clientQPS").contains("Such as 20/s, unlimited."));
        assert!(takes("spec.cluster.proxy.mode").contains("One of nftables, iptables, ipvs."));
        assert!(takes("spec.cluster.nodes.count").contains("A number from 1 to 5000."));
        assert!(takes("spec.clients[].timeout").contains("By default 1s."));
        assert!(takes("spec.images[].start").contains("exp(20ms)"));
        assert!(all.iter().all(|it| it.meaning.ends_with('.')), "{all:?}");
    }

    #[test]
    fn what_leads_nowhere_is_told_without_the_document() {
        let cases = [
            ("cluster.controlPlane.foo", Some("spec.cluster.controlPlane.foo")),
            ("clusta.controlPlane", Some("spec.clusta")),
            ("cluster.controlPlane.writeTime", None),
            ("clients.shop.foo", None),
            ("images.web:v1.foo", None),
            ("balancing.envoy.random", None),
            ("duration.x", None),
        ];
        for (path, unknown) in cases {
            let steps: Vec<Segment> =
                path.split('.').map(|step| Segment::Key(step.to_owned())).collect();
            let found = unknown_field(&steps).map(|(path, _)| path);
            assert_eq!(found.as_deref(), unknown, "{path}");
        }
    }
}
