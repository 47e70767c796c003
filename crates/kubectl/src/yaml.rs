//! JSON as YAML, in the one way that kubectl writes it.
//!
//! A library for YAML writes other quotes and other indents; people compare this text with what a
//! cluster prints.

use serde_json::Value;

/// A value as a YAML document. Keys are sorted.
pub(crate) fn to_yaml(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Object(fields) if !fields.is_empty() => write_fields(&mut text, value, 0),
        Value::Array(items) if !items.is_empty() => write_items(&mut text, items, 0),
        _ => {
            text.push_str(&scalar(value, 0));
            text.push('\n');
        }
    }
    text
}

fn write_fields(text: &mut String, value: &Value, indent: usize) {
    let mut fields: Vec<_> = value.as_object().into_iter().flatten().collect();
    fields.sort_unstable_by_key(|(key, _)| key.as_str());
    for (place, (key, value)) in fields.into_iter().enumerate() {
        if place > 0 {
            pad(text, indent);
        }
        text.push_str(&string(key, indent));
        text.push(':');
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                text.push('\n');
                pad(text, indent + 2);
                write_fields(text, value, indent + 2);
            }
            // A list begins where its key does.
            Value::Array(items) if !items.is_empty() => {
                text.push('\n');
                pad(text, indent);
                write_items(text, items, indent);
            }
            _ => {
                text.push(' ');
                text.push_str(&scalar(value, indent + 2));
                text.push('\n');
            }
        }
    }
}

fn write_items(text: &mut String, items: &[Value], indent: usize) {
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            pad(text, indent);
        }
        text.push_str("- ");
        match item {
            Value::Object(fields) if !fields.is_empty() => write_fields(text, item, indent + 2),
            Value::Array(inner) if !inner.is_empty() => write_items(text, inner, indent + 2),
            _ => {
                text.push_str(&scalar(item, indent + 2));
                text.push('\n');
            }
        }
    }
}

fn pad(text: &mut String, indent: usize) {
    text.extend(std::iter::repeat_n(' ', indent));
}

fn scalar(value: &Value, indent: usize) -> String {
    match value {
        Value::String(text) => string(text, indent),
        Value::Array(_) => "[]".to_owned(),
        Value::Object(_) => "{}".to_owned(),
        other => other.to_string(),
    }
}

/// A text, in quotes where without them it would be something else.
fn string(text: &str, indent: usize) -> String {
    if text.contains('\n') {
        return block(text, indent);
    }
    if !is_plain(text) {
        return if text.contains('\'') || text.chars().any(char::is_control) || reads_as_scalar(text)
        {
            Value::from(text).to_string()
        } else {
            format!("'{text}'")
        };
    }
    text.to_owned()
}

fn block(text: &str, indent: usize) -> String {
    let mut lines = if text.ends_with('\n') { "|".to_owned() } else { "|-".to_owned() };
    for line in text.trim_end_matches('\n').split('\n') {
        lines.push('\n');
        if !line.is_empty() {
            pad(&mut lines, indent);
            lines.push_str(line);
        }
    }
    lines
}

/// Whether YAML 1.1 would read a plain text as a number, a truth value, nothing, or a time.
fn reads_as_scalar(text: &str) -> bool {
    const WORDS: [&str; 11] =
        ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", ".nan"];
    let lower = text.to_ascii_lowercase();
    let number = text.replace('_', "");
    let is_number = number.parse::<f64>().is_ok_and(f64::is_finite)
        || number.strip_prefix("0x").is_some_and(|hex| u64::from_str_radix(hex, 16).is_ok());
    let digits = |range: std::ops::Range<usize>| {
        text.get(range).is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let is_date = text.len() >= 10 && digits(0..4) && &text[4..5] == "-" && digits(5..7);
    text.is_empty() || WORDS.contains(&lower.as_str()) || is_number || is_date
}

fn is_plain(text: &str) -> bool {
    let special = |c: char| "-?:,[]{}#&*!|>'\"%@`".contains(c);
    let first_is_special = text.chars().next().is_some_and(|c| special(c) || c == ' ');
    // A dash may begin a text if something else than a space follows.
    let dash = text.starts_with(['-', '?', ':'])
        && text.chars().nth(1).is_some_and(|c| !c.is_whitespace() && !special(c));
    !reads_as_scalar(text)
        && (!first_is_special || dash)
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with([':', ' '])
        && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_written_as_kubectl_does() {
        let value = json!({
            "spec": { "ports": [{ "port": 80, "name": "http" }], "empty": {}, "none": [] },
            "metadata": { "annotations": { "revision": "2", "text": "a\nb\n" }, "name": "web" },
            "args": ["-c", "yes", "a: b", "2026-11-22T11:42:41Z", "*"],
        });
        let expected = "args:\n- -c\n- \"yes\"\n- 'a: b'\n- \"2026-11-22T11:42:41Z\"\n- '*'\n\
                        metadata:\n  annotations:\n    revision: \"2\"\n    text: |\n      a\n      b\n  \
                        name: web\nspec:\n  empty: {}\n  none: []\n  ports:\n  - name: http\n    port: 80\n";
        assert_eq!(to_yaml(&value), expected);
    }
}
