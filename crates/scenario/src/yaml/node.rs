//! The tree of a document.

use std::sync::Arc;

use crate::source::{Extent, FileId};

/// A value and where it stands.
#[derive(Debug)]
pub(crate) struct Node {
    /// Its file, and that of its key: a value may have come from elsewhere than what is around it.
    pub(crate) file: FileId,
    /// Where it stands; for an alias, where its anchor does.
    pub(crate) extent: Extent,
    /// What it is.
    pub(crate) value: Value,
}

/// What JSON knows; aliases share their nodes.
#[derive(Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    String(Box<str>),
    Seq(Vec<Arc<Node>>),
    Map(Vec<Entry>),
}

/// A key with its value; keys are unique in their mapping.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: Box<str>,
    pub(crate) key_extent: Extent,
    pub(crate) value: Arc<Node>,
}

impl Node {
    /// The value of a key, where this is a mapping that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Arc<Self>> {
        let Value::Map(entries) = &self.value else { return None };
        entries.iter().find(|entry| &*entry.key == key).map(|entry| &entry.value)
    }

    /// The text, where this is one.
    pub(crate) fn as_str(&self) -> Option<&str> {
        if let Value::String(text) = &self.value { Some(text) } else { None }
    }

    /// What a scalar says, whatever its type; numbers in Go's shortest form.
    pub(crate) fn scalar_text(&self) -> Option<String> {
        match &self.value {
            Value::Bool(value) => Some(value.to_string()),
            Value::Int(value) => Some(value.to_string()),
            Value::Float(value) => Some(value.to_string()),
            Value::String(text) => Some(text.to_string()),
            Value::Null | Value::Seq(_) | Value::Map(_) => None,
        }
    }

    /// `a sequence`, `the text "x"`: for messages.
    pub(crate) fn describe(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Bool(value) => format!("the boolean {value}"),
            Value::Int(value) => format!("the number {value}"),
            Value::Float(value) => format!("the number {value}"),
            Value::String(text) => format!("the text {:?}", shortened(text)),
            Value::Seq(_) => "a sequence".to_owned(),
            Value::Map(_) => "a mapping".to_owned(),
        }
    }
}

/// A text short enough for a message.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
