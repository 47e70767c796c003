//! Label selectors: read as one types them after `-l` (`labels.Parse`), and written so.

use crate::{Object, object::or};

/// What all of a selector's terms say.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Selector(Vec<Term>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Term {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    DoesNotExist(String),
}

impl Selector {
    /// Reads `app=web,tier!=db,env in (a, b),canary,!old`.
    ///
    /// # Errors
    /// What is wrong, as the API server says it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let terms = split(text).into_iter().filter(|term| !term.is_empty());
        terms.map(term).collect::<Result<_, _>>().map(Self)
    }

    /// Whether an object has such labels.
    #[must_use]
    pub fn matches(&self, object: Object<'_>) -> bool {
        let labels = object.at("metadata.labels");
        self.0.iter().all(|term| {
            let is = |key: &str, values: &[String]| {
                values.iter().any(|value| labels.field(key).is_text(value))
            };
            match term {
                Term::In(key, values) => is(key, values),
                Term::NotIn(key, values) => !is(key, values),
                Term::Exists(key) => labels.field(key).is_set(),
                Term::DoesNotExist(key) => !labels.field(key).is_set(),
            }
        })
    }
}

/// A workload's selector as one types it (`metav1.FormatLabelSelector`): by its keys, and each key's
/// values in order; `<none>` of one that says nothing.
#[must_use]
pub fn format_label_selector(selector: Object<'_>) -> String {
    let labels = selector.entries("matchLabels").into_iter();
    let mut terms: Vec<(&str, String)> =
        labels.map(|(key, value)| (key, format!("{key}={value}"))).collect();
    terms.extend(selector.list("matchExpressions").map(|expression| {
        let key = expression.text("key");
        let mut values: Vec<&str> = expression.texts("values").collect();
        values.sort_unstable();
        let values = values.join(",");
        let term = match expression.text("operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            _ => format!("!{key}"),
        };
        (key, term)
    }));
    terms.sort_by_key(|(key, _)| *key);
    let terms: Vec<String> = terms.into_iter().map(|(_, term)| term).collect();
    or(&terms.join(","), "<none>").to_owned()
}

/// At commas that are not in brackets.
fn split(text: &str) -> Vec<&str> {
    let (mut terms, mut from, mut depth) = (Vec::new(), 0, 0);
    for (place, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                terms.push(text[from..place].trim());
                from = place + 1;
            }
            _ => {}
        }
    }
    terms.push(text[from..].trim());
    terms
}

fn term(text: &str) -> Result<Term, String> {
    if let Some((key, values)) = set(text, " notin ") {
        return Ok(Term::NotIn(key, values));
    }
    if let Some((key, values)) = set(text, " in ") {
        return Ok(Term::In(key, values));
    }
    let equality = |key: &str, value: &str| {
        let value = value.trim();
        match value.contains('=') {
            true => Err("found '=', expected: ',' or 'end of string'".to_owned()),
            false => Ok((key.trim().to_owned(), vec![value.to_owned()])),
        }
    };
    if let Some((key, value)) = text.split_once("!=") {
        return equality(key, value).map(|(key, values)| Term::NotIn(key, values));
    }
    if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return equality(key, value).map(|(key, values)| Term::In(key, values));
    }
    Ok(match text.strip_prefix('!') {
        Some(key) => Term::DoesNotExist(key.trim().to_owned()),
        None => Term::Exists(text.to_owned()),
    })
}

fn set(text: &str, word: &str) -> Option<(String, Vec<String>)> {
    let (key, values) = text.split_once(word)?;
    let values = values.trim().strip_prefix('(')?.strip_suffix(')')?;
    let values = values.split(',').map(|value| value.trim().to_owned());
    Some((key.trim().to_owned(), values.collect()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn terms_are_what_kubectl_takes() {
        let object = json!({ "metadata": { "labels": { "app": "web", "tier": "fe" } } });
        for (text, expected) in [
            ("", true),
            ("app=web", true),
            ("app==web,tier!=db", true),
            ("app in (a, web),tier notin (db)", true),
            ("app,!old", true),
            ("app=shop", false),
            ("!app", false),
            ("old", false),
        ] {
            let selector = Selector::parse(text).expect("it is well-formed");
            assert_eq!(selector.matches(Object::new(&object)), expected, "{text}");
        }
        let wrong = Selector::parse("a=b=c");
        assert_eq!(wrong, Err("found '=', expected: ',' or 'end of string'".to_owned()));
    }

    #[test]
    fn a_selector_is_written_by_its_keys() {
        let selector = json!({
            "matchLabels": { "tier": "fe", "app": "web" },
            "matchExpressions": [
                { "key": "app-of", "operator": "NotIn", "values": ["z", "b"] },
                { "key": "tier", "operator": "Exists" },
                { "key": "aged", "operator": "DoesNotExist" },
                { "key": "app", "operator": "In", "values": ["web", "api"] },
            ],
        });
        let expected = "!aged,app=web,app in (api,web),app-of notin (b,z),tier=fe,tier";
        assert_eq!(format_label_selector(Object::new(&selector)), expected);
        assert_eq!(format_label_selector(Object::new(&json!({}))), "<none>");
    }
}
