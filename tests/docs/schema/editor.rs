//! YAML as an editor reads it: version 1.2 to the letter, without what rollsim's own reader is kind
//! enough to understand.

use granit_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value, json};

/// A list or a mapping that is not closed yet, a mapping with the name of its next value.
enum Open {
    List(Vec<Value>),
    Mapping(Map<String, Value>, Option<String>),
}

/// The documents of a text.
pub(crate) fn documents(text: &str) -> Vec<Value> {
    let (mut documents, mut open) = (Vec::new(), Vec::new());
    for event in Parser::new_from_str(text) {
        let (event, _) = event.unwrap_or_else(|error| panic!("{error}:\n{text}"));
        let value = match event {
            Event::Scalar(text, ScalarStyle::Plain, ..) => plain(&text),
            Event::Scalar(text, ..) => text.into(),
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::Mapping(Map::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop().expect("it was opened") {
                Open::List(items) => items.into(),
                Open::Mapping(fields, _) => fields.into(),
            },
            Event::Alias(_) => panic!("aliases are not for examples:\n{text}"),
            _ => continue,
        };
        match open.last_mut() {
            None => documents.push(value),
            Some(Open::List(items)) => items.push(value),
            Some(Open::Mapping(fields, name)) => match name.take() {
                Some(name) => drop(fields.insert(name, value)),
                None => *name = Some(value.as_str().map_or(value.to_string(), str::to_owned)),
            },
        }
    }
    documents
}

/// An unquoted scalar (the core schema of YAML 1.2).
fn plain(text: &str) -> Value {
    let number = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => json!(true),
        "false" | "False" | "FALSE" => json!(false),
        _ if !number => text.into(),
        _ => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(number), _) => json!(number),
            (_, Ok(number)) => json!(number),
            _ => text.into(),
        },
    }
}
