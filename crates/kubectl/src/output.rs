//! What `kubectl get` prints: a table, names, JSON, YAML, or what a template makes of it.

use serde::Serialize;
use serde_json::{Serializer, Value, json, ser::PrettyFormatter};

use crate::{
    Object,
    json_path::Template,
    object::{enumeration, format_labels},
    printers::{Options, Printer, printer},
    table::{Columns, table},
    yaml,
};

/// `-o`.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// What a template of paths says of the JSON.
    JsonPath(Template),
}

/// What kubectl takes after `-o`: whether it is there, and whether only tables have it.
const FORMATS: [(&str, bool, bool); 14] = [
    ("custom-columns", false, true),
    ("custom-columns-file", false, true),
    ("go-template", false, false),
    ("go-template-file", false, false),
    ("json", true, false),
    ("jsonpath", true, false),
    ("jsonpath-as-json", false, false),
    ("jsonpath-file", false, false),
    ("kyaml", false, false),
    ("name", true, false),
    ("template", false, false),
    ("templatefile", false, false),
    ("wide", true, true),
    ("yaml", true, false),
];

impl Format {
    /// Reads what stands after `-o`, where there is a table or where there is none.
    ///
    /// # Errors
    /// kubectl does not take it, or it is not there yet.
    pub fn parse(text: &str, with_tables: bool) -> Result<Self, String> {
        let known = || FORMATS.iter().filter(|(_, _, tables)| with_tables || !tables);
        let names = |all: &mut dyn Iterator<Item = &(&'static str, bool, bool)>| {
            all.map(|(name, ..)| *name).collect::<Vec<_>>()
        };
        let (name, template) = text.split_once('=').unwrap_or((text, ""));
        let found = known().find(|(known, ..)| *known == name).map(|(_, there, _)| *there);
        match (name, template, found) {
            ("json", "", _) => Ok(Self::Json),
            ("name", "", _) => Ok(Self::Name),
            ("yaml", "", _) => Ok(Self::Yaml),
            ("wide", "", Some(_)) => Ok(Self::Wide),
            ("jsonpath", "", _) => {
                Err("error: template format specified but no template given".to_owned())
            }
            ("jsonpath", text, _) => Template::parse(text)
                .map(Self::JsonPath)
                .map_err(|problem| format!("error: error parsing jsonpath {text}, {problem}")),
            (.., Some(false)) => {
                let there = names(&mut known().filter(|(_, there, _)| *there));
                let there = enumeration(&there);
                Err(format!("error: the output format {text:?} is not simulated yet; {there} are"))
            }
            _ => Err(format!(
                "error: unable to match a printer suitable for the output format {text:?}, allowed \
                 formats are: {}",
                names(&mut known()).join(",")
            )),
        }
    }

    /// Whether it is a table.
    #[must_use]
    pub fn is_table(&self) -> bool {
        matches!(self, Self::Table | Self::Wide)
    }
}

/// How to list objects.
#[derive(Clone, Debug)]
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
    /// `-L`: labels that have columns of their own.
    pub label_columns: Vec<String>,
    /// `--show-labels`.
    pub show_labels: bool,
}

/// Objects in their order; those of one kind make up a table.
#[must_use]
pub fn list(objects: &[Value], single: bool, listing: &Listing) -> String {
    match &listing.format {
        Format::Table | Format::Wide => tables(objects, listing),
        Format::Name => {
            let lines = objects.iter().map(|it| format!("{}\n", qualified_name(Object::new(it))));
            lines.collect()
        }
        Format::Json => to_json(&sorted(&document(objects, single))),
        Format::Yaml => yaml::to_yaml(&document(objects, single)),
        Format::JsonPath(template) => template.render(&document(objects, single)),
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
    let mut rows = Vec::with_capacity(objects.len() + 1);
    if !listing.no_headers {
        rows.push(header(printer, listing));
    }
    rows.extend(objects.iter().map(|object| row(Object::new(object), printer, listing)));
    table(&rows)
}

fn namespaced(printer: &Printer, listing: &Listing) -> bool {
    listing.with_namespace && printer.kind != "Node"
}

fn header(printer: &Printer, listing: &Listing) -> Vec<String> {
    let columns = printer.shown(listing.format == Format::Wide);
    let mut header: Vec<String> = columns.iter().map(|column| column.name.to_owned()).collect();
    if namespaced(printer, listing) {
        header.insert(0, "NAMESPACE".to_owned());
    }
    header.extend(listing.label_columns.iter().map(|label| {
        let (_, name) = label.rsplit_once('/').unwrap_or(("", label));
        name.to_uppercase()
    }));
    if listing.show_labels {
        header.push("LABELS".to_owned());
    }
    header
}

fn row(object: Object<'_>, printer: &Printer, listing: &Listing) -> Vec<String> {
    let options = Options { now: listing.now, wide: listing.format == Format::Wide };
    let mut row = printer.row(object, &options);
    if listing.with_kind {
        row[0] = qualified_name(object);
    }
    if namespaced(printer, listing) {
        row.insert(0, object.namespace().to_owned());
    }
    let labels = object.at("metadata.labels");
    row.extend(listing.label_columns.iter().map(|label| match labels.field(label).as_text() {
        Some(value) => value.to_owned(),
        None => "<none>".to_owned(),
    }));
    if listing.show_labels {
        row.push(format_labels(&object.entries("metadata.labels")));
    }
    row
}

/// What `get -w` prints, object by object: the head of the table once, columns that only grow.
#[derive(Clone, Debug, Default)]
pub struct Watched {
    columns: Columns,
    begun: bool,
}

impl Watched {
    /// Objects that are printed together.
    #[must_use]
    pub fn print(&mut self, objects: &[Value], listing: &Listing) -> String {
        let Some(first) = objects.first() else { return String::new() };
        let begun = std::mem::replace(&mut self.begun, true);
        match listing.format {
            Format::Table | Format::Wide => {
                let Some(printer) = printer(Object::new(first).text("kind")) else {
                    return String::new();
                };
                let head = (!begun && !listing.no_headers).then(|| header(printer, listing));
                let rows = objects.iter().map(|object| row(Object::new(object), printer, listing));
                self.columns.lines(&head.into_iter().chain(rows).collect::<Vec<_>>())
            }
            Format::Yaml => {
                let documents = objects.iter().enumerate().map(|(place, object)| {
                    let line = if begun || place > 0 { "---\n" } else { "" };
                    format!("{line}{}", list(std::slice::from_ref(object), true, listing))
                });
                documents.collect()
            }
            Format::Json | Format::Name | Format::JsonPath(_) => {
                let each = objects.iter().map(|it| list(std::slice::from_ref(it), true, listing));
                each.collect()
            }
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_there_or_it_is_said_which_are() {
        assert_eq!(Format::parse("wide", true), Ok(Format::Wide));
        assert_eq!(Format::parse("yaml", false), Ok(Format::Yaml));
        let path = Format::parse("jsonpath={.items}", true).expect("it is a template");
        assert!(matches!(path, Format::JsonPath(_)), "{path:?}");
        let cases = [
            ("go-template={{.a}}", true, "simulated yet; json, jsonpath, name, wide and yaml are"),
            ("kyaml", false, "is not simulated yet; json, jsonpath, name and yaml are"),
            ("jsonpath={.a", true, "error: error parsing jsonpath {.a, unclosed action"),
            ("jsonpath", true, "error: template format specified but no template given"),
            ("wide", false, "allowed formats are: go-template,go-template-file,json,jsonpath,"),
            ("nosuch", true, "allowed formats are: custom-columns,custom-columns-file,go-"),
        ];
        for (text, with_tables, expected) in cases {
            let problem = Format::parse(text, with_tables).expect_err("it is not there");
            assert!(problem.contains(expected), "{text}: {problem}");
        }
    }
}
