//! `kubectl describe` of kinds that a `CustomResourceDefinition` has brought: all their fields, as they are.

use serde_json::{Map, Value};

use super::{
    Options,
    lines::{annotations, labels},
};
use crate::{Object, table::elastic};

/// What the head says of `metadata` already.
const SAID: [&str; 4] = ["annotations", "labels", "name", "namespace"];

/// Words that are written in capitals.
const ACRONYMS: [&str; 5] = ["API", "URL", "UID", "OSB", "GUID"];

/// What is known of an object.
#[must_use]
pub fn describe_custom(object: Object<'_>, options: Options) -> String {
    let mut text = format!("Name:\t{}\nNamespace:\t{}\n", object.name(), object.namespace());
    text.push_str(&labels("Labels", &object.entries("metadata.labels")));
    text.push_str(&annotations("Annotations", &object.entries("metadata.annotations")));
    let mut whole = object.to_value();
    if let Some(Value::Object(meta)) = whole.get_mut("metadata") {
        meta.retain(|name, _| !SAID.contains(&&**name));
    }
    item(&whole, 0, &mut text);
    if options.events {
        text.push_str("Events:\t<none>\n");
    }
    elastic(&text)
}

/// Fields by their names, a level of a mapping two columns further in.
fn fields(all: &Map<String, Value>, level: usize, text: &mut String) {
    let mut names: Vec<&String> = all.keys().collect();
    names.sort();
    for name in names {
        text.push_str(&format!("{}{}:", "  ".repeat(level), label(name)));
        match &all[name] {
            Value::Object(inner) => {
                text.push('\n');
                fields(inner, level + 1, text);
            }
            Value::Array(items) => {
                text.push('\n');
                items.iter().for_each(|it| item(it, level + 1, text));
            }
            value => text.push_str(&format!("\t{}\n", plain(value))),
        }
    }
}

fn item(value: &Value, level: usize, text: &mut String) {
    match value {
        Value::Object(inner) => fields(inner, level, text),
        value => text.push_str(&format!("{}{}\n", "  ".repeat(level), plain(value))),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `gatewayClassName` as `Gateway Class Name`.
fn label(name: &str) -> String {
    if name.contains(|letter: char| !letter.is_alphabetic() && letter != '-') {
        return name.to_owned();
    }
    let mut words: Vec<String> = Vec::new();
    for letter in name.chars() {
        match words.last_mut() {
            Some(word) if !letter.is_uppercase() => word.push(letter),
            _ => words.push(letter.to_uppercase().collect()),
        }
    }
    let capital = |word: String| {
        let upper = word.to_uppercase();
        if ACRONYMS.contains(&&*upper) { upper } else { word }
    };
    words.into_iter().map(capital).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_fields_become_words() {
        let cases = [
            ("apiVersion", "API Version"),
            ("gatewayClassName", "Gateway Class Name"),
            ("uid", "UID"),
            ("kind", "Kind"),
            ("example.com/x", "example.com/x"),
        ];
        for (name, expected) in cases {
            assert_eq!(label(name), expected);
        }
    }
}
