//! An object's fields by path.

use jiff::Timestamp;
use serde_json::Value;

use crate::human_duration::human_duration;

/// A JSON object, or a part of one. What is absent reads as empty, as it does in Kubernetes' own
/// types.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a>(&'a Value);

const NOTHING: Value = Value::Null;

impl<'a> Object<'a> {
    /// A view of a value.
    #[must_use]
    pub fn new(value: &'a Value) -> Self {
        Self(value)
    }

    /// The part at a path of field names with dots between them.
    #[must_use]
    pub fn at(self, path: &str) -> Self {
        let found = path.split('.').try_fold(self.0, |value, field| value.get(field));
        Self(found.unwrap_or(&NOTHING))
    }

    /// The field of that very name, dots and all.
    #[must_use]
    pub fn field(self, name: &str) -> Self {
        Self(self.0.get(name).unwrap_or(&NOTHING))
    }

    /// A copy of it.
    #[must_use]
    pub fn to_value(self) -> Value {
        self.0.clone()
    }

    /// Whether there is something.
    #[must_use]
    pub fn is_set(self) -> bool {
        !self.0.is_null()
    }

    /// Whether it is that text.
    #[must_use]
    pub fn is_text(self, text: &str) -> bool {
        self.0.as_str() == Some(text)
    }

    /// The text that it is.
    #[must_use]
    pub fn as_text(self) -> Option<&'a str> {
        self.0.as_str()
    }

    /// The text at a path, empty where there is none.
    #[must_use]
    pub fn text(self, path: &str) -> &'a str {
        self.at(path).0.as_str().unwrap_or_default()
    }

    /// The number at a path, 0 where there is none.
    #[must_use]
    pub fn number(self, path: &str) -> i64 {
        self.at(path).0.as_i64().unwrap_or_default()
    }

    /// The number at a path.
    #[must_use]
    pub fn some_number(self, path: &str) -> Option<i64> {
        self.at(path).0.as_i64()
    }

    /// Whether the flag at a path is set.
    #[must_use]
    pub fn flag(self, path: &str) -> bool {
        self.at(path).0.as_bool().unwrap_or_default()
    }

    /// A number or a text at a path, as text; empty where there is neither.
    #[must_use]
    pub fn int_or_text(self, path: &str) -> String {
        match self.at(path).0 {
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.clone(),
            _ => String::new(),
        }
    }

    /// The elements of the list at a path.
    pub fn list(self, path: &str) -> impl DoubleEndedIterator<Item = Self> + Clone {
        let items: &[Value] = self.at(path).0.as_array().map_or(&[], Vec::as_slice);
        items.iter().map(Self)
    }

    /// The texts in the list at a path.
    pub fn texts(self, path: &str) -> impl Iterator<Item = &'a str> + Clone {
        let items: &[Value] = self.at(path).0.as_array().map_or(&[], Vec::as_slice);
        items.iter().filter_map(Value::as_str)
    }

    /// The entries of the mapping at a path, in the order of their keys.
    #[must_use]
    pub fn entries(self, path: &str) -> Vec<(&'a str, &'a str)> {
        let mapping = self.at(path).0.as_object().into_iter().flatten();
        let mut entries: Vec<(&str, &str)> = mapping
            .map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default()))
            .collect();
        entries.sort_unstable();
        entries
    }

    /// The moment at a path, in whole seconds.
    #[must_use]
    pub fn moment(self, path: &str) -> Option<i64> {
        self.text(path).parse::<Timestamp>().ok().map(Timestamp::as_second)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.text("metadata.name")
    }

    /// Its namespace.
    #[must_use]
    pub fn namespace(self) -> &'a str {
        self.text("metadata.namespace")
    }

    /// How long ago the moment at a path was (`translateTimestampSince`).
    #[must_use]
    pub fn since(self, path: &str, now: Timestamp) -> String {
        let moment = self.text(path).parse::<Timestamp>().ok();
        moment.map_or_else(
            || "<unknown>".to_owned(),
            |moment| human_duration(now.duration_since(moment).as_secs()),
        )
    }

    /// How old it is.
    #[must_use]
    pub fn age(self, now: Timestamp) -> String {
        self.since("metadata.creationTimestamp", now)
    }
}

/// A text, or another one where it is empty.
#[must_use]
pub fn or<'a>(text: &'a str, other: &'a str) -> &'a str {
    if text.is_empty() { other } else { text }
}

/// Texts with commas between them, or `<none>`.
#[must_use]
pub fn listed<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let texts: Vec<&str> = texts.into_iter().collect();
    if texts.is_empty() { "<none>".to_owned() } else { texts.join(",") }
}

/// Texts as a sentence has them: `a, b and c`.
#[must_use]
pub fn enumeration(texts: &[impl AsRef<str>]) -> String {
    let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
    match &texts[..] {
        [others @ .., last] if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        texts => texts.concat(),
    }
}

/// Labels as a selector (`labels.FormatLabels`), `<none>` where there are none.
#[must_use]
pub fn format_labels(entries: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = entries.iter().map(|(key, value)| format!("{key}={value}")).collect();
    listed(pairs.iter().map(String::as_str))
}
