//! What `kubectl get` prints: a table, names, JSON or YAML.

use serde::Serialize;
use serde_json::{Serializer, Value, json, ser::PrettyFormatter};

use crate::{
    Object,
    object::format_labels,
    printers::{Options, Printer, printer},
    table::table,
    yaml,
};

/// `-o`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A table.
    Table,
    /// A table with more columns.
    Wide,
    /// `kind.group/name`, a line each.
    Name,
    /// JSON.
    Json,
    /// YAML.
    Yaml,
}

/// How to list objects.
#[derive(Clone, Copy, Debug)]
pub struct Listing {
    /// In what form.
    pub format: Format,
    /// The moment from which ages count.
    pub now: jiff::Timestamp,
    /// Whether the namespace is a column (`-A`).
    pub with_namespace: bool,
    /// Whether the kind stands in front of each name, as it does where several are listed.
    pub with_kind: bool,
    /// `--no-headers`.
    pub no_headers: bool,
    /// `--show-labels`.
    pub show_labels: bool,
}

/// Objects in their order; those of one kind make up a table.
#[must_use]
pub fn list(objects: &[Value], single: bool, listing: &Listing) -> String {
    match listing.format {
        Format::Table | Format::Wide => tables(objects, listing),
        Format::Name => {
            let lines = objects.iter().map(|it| format!("{}\n", qualified_name(Object::new(it))));
            lines.collect()
        }
        Format::Json => to_json(&sorted(&document(objects, single))),
        Format::Yaml => yaml::to_yaml(&document(objects, single)),
    }
}

/// One object stands for itself, several are a List.
fn document(objects: &[Value], single: bool) -> Value {
    match objects {
        [only] if single => only.clone(),
        all => json!({
            "apiVersion": "v1", "kind": "List", "metadata": { "resourceVersion": "" }, "items": all,
        }),
    }
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(key, _)| key.as_str());
            fields.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

/// JSON with kubectl's four spaces.
fn to_json(value: &Value) -> String {
    let mut text = Vec::new();
    let formatter = PrettyFormatter::with_indent(b"    ");
    let written = value.serialize(&mut Serializer::with_formatter(&mut text, formatter));
    written.expect("a value is JSON, and memory takes it");
    text.push(b'\n');
    String::from_utf8(text).expect("JSON is text")
}

fn tables(objects: &[Value], listing: &Listing) -> String {
    let kind = |object: &Value| Object::new(object).text("kind").to_owned();
    let groups = objects.chunk_by(|left, right| kind(left) == kind(right));
    let tables: Vec<String> = groups
        .filter_map(|group| Some(group_table(group, printer(&kind(&group[0]))?, listing)))
        .collect();
    tables.join("\n")
}

fn group_table(objects: &[Value], printer: &Printer, listing: &Listing) -> String {
    let wide = listing.format == Format::Wide;
    let options = Options { now: listing.now, wide };
    let namespaced = listing.with_namespace && printer.kind != "Node";
    let mut rows = Vec::with_capacity(objects.len() + 1);
    if !listing.no_headers {
        let mut header: Vec<String> =
            printer.shown(wide).iter().map(|column| column.name.to_owned()).collect();
        if namespaced {
            header.insert(0, "NAMESPACE".to_owned());
        }
        if listing.show_labels {
            header.push("LABELS".to_owned());
        }
        rows.push(header);
    }
    for object in objects.iter().map(Object::new) {
        let mut row = printer.row(object, &options);
        if listing.with_kind {
            row[0] = qualified_name(object);
        }
        if namespaced {
            row.insert(0, object.namespace().to_owned());
        }
        if listing.show_labels {
            row.push(format_labels(&object.entries("metadata.labels")));
        }
        rows.push(row);
    }
    table(&rows)
}

/// `deployment.apps/web`, `pod/web-0`.
#[must_use]
pub fn qualified_name(object: Object<'_>) -> String {
    let kind = object.text("kind").to_ascii_lowercase();
    let group = object.text("apiVersion").split_once('/').map(|(group, _)| group);
    match group {
        Some(group) => format!("{kind}.{group}/{}", object.name()),
        None => format!("{kind}/{}", object.name()),
    }
}
