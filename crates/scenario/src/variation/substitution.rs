//! Putting a value into the tree of a document.

use std::sync::Arc;

use super::{NAME, Variant, Variation};
use crate::{
    Code, Diagnostic, Sources,
    diagnostic::{Findings, suggest},
    document::ScenarioDocument,
    field_path::Segment,
    source::{At, Extent, FileId},
    yaml::{Entry, Node, Value, read_values},
};

/// The document with a variant's values in it; as it was where that cannot be done.
pub(crate) fn substituted(
    document: Option<ScenarioDocument>,
    (variation, variant): (&Variation, &Variant),
    sources: &mut Sources,
    findings: &mut Findings,
) -> Option<ScenarioDocument> {
    let file = sources.add(NAME.to_owned(), variation.text.to_string());
    let Some(mut document) = document else {
        let message = "there is no Scenario whose fields could vary";
        let help = "write a document of kind Scenario beside the manifests";
        let at = At { file, extent: variation.fields[0].name };
        findings.push(Diagnostic::new(Code::BadVariation, message, help).at(at, ""));
        return None;
    };
    for (field, place) in variation.fields.iter().zip(&variant.places) {
        let value = value(&variation.text, file, field.values[*place], findings);
        let name = field.name;
        let substitution = Substitution { file, name, value };
        let spec = Segment::Key("spec".to_owned());
        let steps: Vec<Segment> = [spec].into_iter().chain(field.steps.iter().cloned()).collect();
        match substitution.placed(&document.root, &steps, "") {
            Ok(root) => document.root = root,
            Err(diagnostic) => findings.push(*diagnostic),
        }
    }
    Some(document)
}

/// What a value of the options says. It is read where it stands, with blanks in front of it, so
/// that its parts have their places.
fn value(text: &str, file: FileId, extent: Extent, findings: &mut Findings) -> Arc<Node> {
    let alone = " ".repeat(extent.start as usize) + extent.of(text);
    let mut values = read_values(&alone, file, findings);
    if values.len() > 1 {
        let message = "this is more than one value";
        let help = "write one YAML value between the commas";
        let at = At { file, extent };
        findings.push(Diagnostic::new(Code::BadVariation, message, help).at(at, ""));
    }
    // A value of null is no document to the reader.
    values.pop().unwrap_or_else(|| Arc::new(Node { file, extent, value: Value::Null }))
}

/// A value on its way down a tree. What it goes through is copied; all else is shared.
struct Substitution {
    file: FileId,
    /// Where the field's name stands.
    name: Extent,
    value: Arc<Node>,
}

type Placed = Result<Arc<Node>, Box<Diagnostic>>;

impl Substitution {
    /// `node` with the value at the end of `steps`; `path` is how far down it is.
    fn placed(&self, node: &Node, steps: &[Segment], path: &str) -> Placed {
        if steps.is_empty() {
            return Ok(self.value.clone());
        }
        match &node.value {
            Value::Map(entries) => self.in_mapping(node, entries, steps, path),
            Value::Seq(items) => self.in_list(node, items, steps, path),
            Value::Null => self.in_mapping(node, &[], steps, path),
            _ => {
                let message = format!("`{path}` is {}, which has no fields", node.describe());
                let help = format!("let `{path}` vary itself, with mappings as its values");
                Err(self.refusal(message, help))
            }
        }
    }

    fn in_mapping(&self, node: &Node, old: &[Entry], steps: &[Segment], path: &str) -> Placed {
        let Some((key, taken)) = longest(steps, |key| old.iter().any(|entry| is_key(entry, key)))
            .or_else(|| joined(steps, 1).map(|key| (key, 1)))
        else {
            let message = format!("`{path}` is a mapping, and has no numbered items");
            return Err(self.refusal(message, "write the name of a field"));
        };
        let (rest, below) = (&steps[taken..], deeper(path, &key));
        let mut entries = old.to_vec();
        let there = entries.iter().position(|entry| is_key(entry, &key));
        if rest.is_empty() && matches!(self.value.value, Value::Null) {
            // A field that is null is one that nobody wrote.
            there.map(|place| entries.remove(place));
        } else if let Some(place) = there {
            entries[place].value = self.placed(&entries[place].value, rest, &below)?;
            if rest.is_empty() {
                entries[place].key_extent = self.name;
            }
        } else {
            let nothing = Node { file: self.file, extent: self.name, value: Value::Null };
            let value = self.placed(&nothing, rest, &below)?;
            entries.push(Entry { key: key.into(), key_extent: self.name, value });
        }
        Ok(Arc::new(Node { file: node.file, extent: node.extent, value: Value::Map(entries) }))
    }

    /// Items go by their `name`, or by their number.
    fn in_list(&self, node: &Node, old: &[Arc<Node>], steps: &[Segment], path: &str) -> Placed {
        let name_of = |item: &Node| item.get("name").and_then(|name| name.scalar_text());
        let named = |name: &str| old.iter().position(|it| name_of(it).as_deref() == Some(name));
        let found = match &steps[0] {
            Segment::Index(place) => (*place < old.len()).then_some((*place, 1)),
            Segment::Key(_) => longest(steps, |name| named(name).is_some())
                .and_then(|(name, taken)| Some((named(&name)?, taken))),
        };
        let Some((place, taken)) = found else {
            let wanted = match &steps[0] {
                Segment::Key(name) => name.clone(),
                Segment::Index(place) => place.to_string(),
            };
            let names: Vec<String> = old.iter().filter_map(|item| name_of(item)).collect();
            let help = suggest(&wanted, "name", names.iter().map(String::as_str));
            return Err(self.refusal(format!("`{path}` has no item `{wanted}`"), help));
        };
        let mut items = old.to_vec();
        let below = format!("{path}[{place}]");
        items[place] = self.placed(&items[place], &steps[taken..], &below)?;
        Ok(Arc::new(Node { file: node.file, extent: node.extent, value: Value::Seq(items) }))
    }

    fn refusal(&self, message: String, help: impl Into<String>) -> Box<Diagnostic> {
        let at = At { file: self.file, extent: self.name };
        Box::new(Diagnostic::new(Code::BadVariation, message, help).at(at, ""))
    }
}

/// The longest name that the first steps make and that is there, and how many steps that takes:
/// images have dots in their names.
fn longest(steps: &[Segment], is_there: impl Fn(&str) -> bool) -> Option<(String, usize)> {
    let lengths = (1..=steps.len()).rev();
    let names = lengths.filter_map(|taken| Some((joined(steps, taken)?, taken)));
    names.into_iter().find(|(name, _)| is_there(name))
}

/// The first steps as one name, where they are names.
fn joined(steps: &[Segment], taken: usize) -> Option<String> {
    let name = |step: &Segment| match step {
        Segment::Key(name) => Some(name.clone()),
        Segment::Index(_) => None,
    };
    let names: Option<Vec<String>> = steps.get(..taken)?.iter().map(name).collect();
    names.map(|names| names.join("."))
}

/// A bare `on` is the boolean true to YAML, and the key of it is `true`.
fn is_key(entry: &Entry, key: &str) -> bool {
    *entry.key == *key || (key == "on" && &*entry.key == "true")
}

fn deeper(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
