//! `-o jsonpath=…`: a template with paths in braces (`client-go/util/jsonpath`).
//!
//! *Left out:* filters `[?(…)]`, slices `[1:3]`, unions and `..`.

use serde_json::Value;

/// A template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Part>);

/// What a template has in it, one after another.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// It stands for itself.
    Text(String),
    Path(Path),
    /// `{range …}` and what is repeated for each value, up to `{end}`.
    Range(Path, Vec<Part>),
}

/// The way to values: `.items[*].metadata.name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Field(String),
    /// A place in a list; below zero from its end.
    Place(i64),
    /// `[*]`
    All,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// What is wrong with it, or not simulated, in a few words.
    pub fn parse(text: &str) -> Result<Self, String> {
        // The parts of each range that is still open, the whole template first.
        let mut open: Vec<(Option<Path>, Vec<Part>)> = vec![(None, Vec::new())];
        let mut rest = text;
        while !rest.is_empty() {
            let (before, braced) = rest.split_once('{').unwrap_or((rest, ""));
            if !before.is_empty() {
                push(&mut open, Part::Text(before.to_owned()));
            }
            if before.len() == rest.len() {
                break;
            }
            let end = closing_brace(braced).ok_or("unclosed action")?;
            take(braced[..end].trim(), &mut open)?;
            rest = &braced[end + 1..];
        }
        match (open.pop(), open.is_empty()) {
            (Some((_, parts)), true) => Ok(Self(parts)),
            _ => Err("unclosed range".to_owned()),
        }
    }

    /// The text that it makes of a value. What is not there is nothing.
    #[must_use]
    pub fn render(&self, value: &Value) -> String {
        let mut text = String::new();
        render(&self.0, value, &mut text);
        text
    }
}

fn push(open: &mut [(Option<Path>, Vec<Part>)], part: Part) {
    if let Some((_, parts)) = open.last_mut() {
        parts.push(part);
    }
}

/// Where a brace closes what is before it; those in quotes close nothing.
fn closing_brace(text: &str) -> Option<usize> {
    let mut quote = None;
    text.char_indices().find_map(|(place, c)| {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, '}') => return Some(place),
            _ => {}
        }
        None
    })
}

/// Takes in what stands between two braces.
fn take(action: &str, open: &mut Vec<(Option<Path>, Vec<Part>)>) -> Result<(), String> {
    if let Some(path) = action.strip_prefix("range ") {
        open.push((Some(Path::parse(path.trim())?), Vec::new()));
    } else if action == "end" {
        let Some((Some(path), parts)) = open.pop_if(|(path, _)| path.is_some()) else {
            return Err("not in range, nothing to end".to_owned());
        };
        push(open, Part::Range(path, parts));
    } else if let Some(text) = unquoted(action) {
        push(open, Part::Text(text));
    } else {
        push(open, Part::Path(Path::parse(action)?));
    }
    Ok(())
}

/// The text between quotes, with its escapes.
fn unquoted(action: &str) -> Option<String> {
    let quote = action.chars().next().filter(|c| ['"', '\''].contains(c))?;
    let inner = action.strip_prefix(quote)?.strip_suffix(quote)?;
    let mut text = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '\\' => match chars.next()? {
                'n' => '\n',
                't' => '\t',
                other => other,
            },
            plain => plain,
        });
    }
    Some(text)
}

impl Path {
    /// Reads a path; `$`, `@` and a dot at its beginning say nothing.
    ///
    /// # Errors
    /// What is wrong with it, or not simulated, in a few words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut rest = text.trim_start_matches(['$', '@']);
        let mut steps = Vec::new();
        if rest.contains("..") || rest.contains("?(") {
            return Err(format!("{text} has a filter or two dots, which are not simulated yet"));
        }
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix('[') {
                let end = inner.find(']').ok_or("unterminated array")?;
                steps.push(Step::bracketed(&inner[..end])?);
                rest = &inner[end + 1..];
                continue;
            }
            rest = rest.strip_prefix('.').unwrap_or(rest);
            let (name, after) = field_name(rest);
            match name.as_str() {
                "" if after.len() == rest.len() && !after.is_empty() && !after.starts_with('[') => {
                    return Err(format!("unrecognized character in {text}"));
                }
                "" => {}
                "*" => steps.push(Step::All),
                _ => steps.push(Step::Field(name)),
            }
            rest = after;
        }
        Ok(Self(steps))
    }

    /// The values that it leads to.
    #[must_use]
    pub fn find<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        self.0.iter().fold(vec![value], |found, step| {
            found.into_iter().flat_map(|value| step.from(value)).collect()
        })
    }
}

/// The name that a text begins with, up to the next dot or bracket, and the rest. A backslash makes
/// a dot part of the name.
fn field_name(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut chars = text.char_indices();
    while let Some((place, c)) = chars.next() {
        match c {
            '.' | '[' | ' ' => return (name, &text[place..]),
            '\\' => name.extend(chars.next().map(|(_, escaped)| escaped)),
            _ => name.push(c),
        }
    }
    (name, "")
}

impl Step {
    fn bracketed(inner: &str) -> Result<Self, String> {
        if inner == "*" {
            return Ok(Self::All);
        }
        if let Some(name) = unquoted(inner) {
            return Ok(Self::Field(name));
        }
        let place = inner.parse().map(Self::Place);
        place.map_err(|_| format!("[{inner}] is not simulated yet; [0], [-1], [*] and ['x'] are"))
    }

    fn from<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        match (self, value) {
            (Self::Field(name), _) => value.get(name).into_iter().collect(),
            (Self::All, Value::Object(fields)) => fields.values().collect(),
            (Self::All, _) => value.as_array().into_iter().flatten().collect(),
            (Self::Place(place), _) => {
                let items = value.as_array().map_or(&[][..], Vec::as_slice);
                let from_end = items.len() as i64 + place;
                let place = if *place < 0 { from_end } else { *place };
                usize::try_from(place).ok().and_then(|place| items.get(place)).into_iter().collect()
            }
        }
    }
}

fn render(parts: &[Part], value: &Value, text: &mut String) {
    for part in parts {
        match part {
            Part::Text(own) => text.push_str(own),
            Part::Path(path) => {
                let found: Vec<String> = path.find(value).into_iter().map(plain).collect();
                text.push_str(&found.join(" "));
            }
            Part::Range(path, parts) => {
                path.find(value).into_iter().for_each(|each| render(parts, each, text));
            }
        }
    }
}

/// A text as it is, anything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_template_is_filled_in() {
        let pods = json!({ "items": [
            {
                "metadata": { "name": "a", "annotations": { "sim/x.y": "1" } },
                "status": { "podIP": "10.0.0.1" },
                "spec": { "ports": [80, 9090, 53] },
            },
            { "metadata": { "name": "b" }, "status": { "podIP": "10.0.0.2" } },
        ] });
        let cases = [
            ("{.items[0].spec.ports[*]}", "80 9090 53"),
            ("{.items[*].metadata.name}", "a b"),
            ("{$.items[-1].metadata.name}!", "b!"),
            ("{.items[0].metadata.annotations.sim/x\\.y}", "1"),
            ("{.items[0].metadata['name']}", "a"),
            ("{.items[1].status}", "{\"podIP\":\"10.0.0.2\"}"),
            ("{.items[7].metadata.name}{.nosuch}", ""),
            ("{.items[0].spec.*}", "[80,9090,53]"),
            ("no braces", "no braces"),
            (
                "{range .items[*]}{.metadata.name}{\"\\t\"}{.status.podIP}{\"\\n\"}{end}",
                "a\t10.0.0.1\nb\t10.0.0.2\n",
            ),
            ("{range .items[*]}{@.metadata.name}{'}'}{end}", "a}b}"),
        ];
        for (text, expected) in cases {
            let template = Template::parse(text).expect("it is a template");
            assert_eq!(template.render(&pods), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_template_says_why() {
        let cases = [
            ("{.a", "unclosed action"),
            ("{.a[}", "unterminated array"),
            ("{end}", "not in range, nothing to end"),
            ("{range .items[*]}", "unclosed range"),
            ("{.items[?(@.a==1)].b}", "has a filter or two dots, which are not simulated yet"),
            ("{..name}", "has a filter or two dots"),
            ("{.items[1:3]}", "[1:3] is not simulated yet"),
            ("{a b}", "unrecognized character"),
        ];
        for (text, expected) in cases {
            let problem = Template::parse(text).expect_err("it is none");
            assert!(problem.contains(expected), "{text}: {problem}");
        }
    }
}
