//! Objects as `kubectl get -o yaml` prints them: mappings and lists in block style, plain or quoted
//! scalars, and texts after `|`. No more of YAML than that.

use serde_json::{Map, Value};

/// Reads an object.
pub(crate) fn read(text: &str) -> Value {
    let lines: Vec<(usize, &str)> = text
        .lines()
        .map(|line| (line.len() - line.trim_start().len(), line.trim_start()))
        .collect();
    value(&mut &lines[..], 0)
}

/// The block that begins here, at this indentation or deeper.
fn value(lines: &mut &[(usize, &str)], indent: usize) -> Value {
    match lines.first() {
        Some((_, line)) if line.starts_with("- ") => list(lines, indent),
        _ => mapping(lines, indent),
    }
}

fn list(lines: &mut &[(usize, &str)], indent: usize) -> Value {
    let mut items = Vec::new();
    while let Some((at, line)) = lines.first().copied()
        && at == indent
        && let Some(rest) = line.strip_prefix("- ")
    {
        if rest.contains(": ") || rest.ends_with(':') {
            // The item is a mapping that begins behind the dash.
            let mut own: Vec<(usize, &str)> = vec![(at + 2, rest)];
            *lines = &lines[1..];
            while let Some(next) = lines.first().filter(|(deeper, _)| *deeper > at) {
                own.push(*next);
                *lines = &lines[1..];
            }
            items.push(mapping(&mut &own[..], at + 2));
        } else {
            items.push(scalar(rest));
            *lines = &lines[1..];
        }
    }
    Value::Array(items)
}

fn mapping(lines: &mut &[(usize, &str)], indent: usize) -> Value {
    let mut fields = Map::new();
    while let Some((at, line)) = lines.first().copied()
        && at == indent
        && let Some((key, rest)) = line.split_once(':')
    {
        *lines = &lines[1..];
        let found = match rest.trim() {
            "" => {
                let below = lines.first().copied().unwrap_or((0, ""));
                // Lists stand as deep as the key that they belong to.
                let is_list = below.0 == indent && below.1.starts_with("- ");
                match below.0 > indent || is_list {
                    true => value(lines, below.0),
                    false => Value::Null,
                }
            }
            "|" => {
                let mut text = String::new();
                while let Some((_, line)) = lines.first().filter(|(deeper, _)| *deeper > indent) {
                    text += line;
                    text.push('\n');
                    *lines = &lines[1..];
                }
                Value::String(text)
            }
            plain => scalar(plain),
        };
        fields.insert(key.to_owned(), found);
    }
    Value::Object(fields)
}

fn scalar(text: &str) -> Value {
    match text {
        "{}" => Value::Object(Map::new()),
        "[]" => Value::Array(Vec::new()),
        _ => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
    }
}
