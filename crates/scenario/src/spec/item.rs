//! Reading the scenario document: values with their places, and the complaints about them.
//!
//! Unlike Kubernetes objects it is read by hand, field by field, because most of its values are
//! texts with a meaning of their own, and a complaint points into them.

use std::ops::RangeInclusive;

use engine::{Distribution, Span};

use crate::{
    Code, Diagnostic, Sources,
    diagnostic::{Findings, suggest},
    field_path::{FieldPath, Segment},
    rate::Refusal,
    source::{At, Extent},
    yaml::{Entry, Node, Value},
};

/// A value of the document.
#[derive(Clone, Debug)]
pub(crate) struct Item<'n> {
    pub(crate) node: &'n Node,
    key: Option<Extent>,
    path: FieldPath,
}

impl<'n> Item<'n> {
    /// The root of a document.
    pub(crate) fn root(node: &'n Node) -> Self {
        Self { node, key: None, path: FieldPath::default() }
    }

    /// Where it stands; for a block, its name.
    pub(crate) fn at(&self) -> At {
        let block = matches!(self.node.value, Value::Map(_) | Value::Seq(_) | Value::Null);
        let extent = self.key.filter(|_| block).unwrap_or(self.node.extent);
        At { file: self.node.file, extent }
    }

    /// Its path, such as `spec.clients[0].target`.
    pub(crate) fn path(&self) -> String {
        self.path.to_string()
    }

    /// Where its name stands, or itself where it has none.
    pub(crate) fn name_at(&self) -> At {
        At { file: self.node.file, extent: self.key.unwrap_or(self.node.extent) }
    }

    /// Whether this is a mapping that has a field, which may be null.
    pub(crate) fn has(&self, name: &str) -> bool {
        let Value::Map(entries) = &self.node.value else { return false };
        entries.iter().any(|entry| &*entry.key == name)
    }

    /// A field, where this is a mapping that has it and it is not null; nothing is complained about.
    pub(crate) fn field(&self, name: &str) -> Option<Self> {
        let Value::Map(entries) = &self.node.value else { return None };
        let entry = entries.iter().find(|entry| &*entry.key == name)?;
        let there = !matches!(entry.value.value, Value::Null);
        let step =
            || self.step(Segment::Key(name.to_owned()), Some(entry.key_extent), &entry.value);
        there.then(step)
    }

    /// The items, where this is a list; nothing is complained about.
    pub(crate) fn items(&self) -> Vec<Self> {
        let Value::Seq(items) = &self.node.value else { return Vec::new() };
        let numbered = items.iter().enumerate();
        numbered.map(|(index, node)| self.step(Segment::Index(index), None, node)).collect()
    }

    fn step(&self, segment: Segment, key: Option<Extent>, node: &'n Node) -> Self {
        let mut path = self.path.clone();
        path.0.push(segment);
        Self { node, key, path }
    }
}

/// The fields of a mapping.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'n> {
    entries: &'n [Entry],
    owner: Item<'n>,
    /// Whether it was a mapping of fields that are known; if not, that was reported, and what is
    /// missing may only be misspelt.
    whole: bool,
}

impl<'n> Fields<'n> {
    /// The fields of a mapping that is not there.
    pub(crate) fn none(owner: &Item<'n>) -> Self {
        Self { entries: &[], owner: owner.clone(), whole: true }
    }

    /// Whether all of its fields are known.
    pub(crate) fn is_whole(&self) -> bool {
        self.whole
    }

    /// Where the mapping stands.
    pub(crate) fn at(&self) -> At {
        self.owner.name_at()
    }

    /// A field that is there and not null.
    pub(crate) fn get(&self, name: &str) -> Option<Item<'n>> {
        let entry = self.entries.iter().find(|entry| name_of(&entry.key, &[name]) == name)?;
        let segment = Segment::Key(name.to_owned());
        let there = !matches!(entry.value.value, Value::Null);
        there.then(|| self.owner.step(segment, Some(entry.key_extent), &entry.value))
    }

    /// All fields, for a mapping whose keys are names.
    pub(crate) fn each(&self) -> impl Iterator<Item = (&'n str, Item<'n>)> {
        self.entries.iter().map(|entry| {
            let segment = Segment::Key(entry.key.to_string());
            (&*entry.key, self.owner.step(segment, Some(entry.key_extent), &entry.value))
        })
    }
}

/// A key as it was meant: a bare `on` is the boolean true to YAML, and kubectl makes the key
/// `true` of it.
fn name_of<'a>(key: &'a str, known: &[&str]) -> &'a str {
    if key == "true" && known.contains(&"on") { "on" } else { key }
}

/// What is read from, and where complaints go.
pub(crate) struct Reading<'a> {
    pub(crate) sources: &'a Sources,
    pub(crate) findings: &'a mut Findings,
    /// How long is simulated, as far as that is known yet.
    pub(crate) duration: Span,
}

impl Reading<'_> {
    /// Complains about a value.
    pub(crate) fn report(
        &mut self,
        code: Code,
        item: &Item<'_>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.findings.push(Diagnostic::new(code, message, help).at(item.at(), ""));
    }

    /// Complains about a place inside a text.
    pub(crate) fn report_inside(
        &mut self,
        code: Code,
        item: &Item<'_>,
        offset: usize,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let at = self.inside(item, offset);
        self.findings.push(Diagnostic::new(code, message, help).at(at, ""));
    }

    /// Where a byte of a text stands in its file: the word that begins there, or the whole text
    /// where escapes or folded lines lie between.
    fn inside(&self, item: &Item<'_>, offset: usize) -> At {
        let whole = item.at();
        let Some(text) = item.node.as_str().filter(|text| text.is_char_boundary(offset)) else {
            return whole;
        };
        let Extent { start, end } = item.node.extent;
        let written = self.sources.file(whole.file).text().get(start as usize..end as usize);
        let shift = match written {
            Some(written) if written == text => 0,
            Some(written) if written.get(1..written.len().saturating_sub(1)) == Some(text) => 1,
            _ => return whole,
        };
        let rest = text.get(offset..).unwrap_or_default();
        let separators = |c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')');
        let length = rest.find(separators).unwrap_or(rest.len());
        // A separator itself, and the end of the text, are pointed at with one caret.
        let length =
            if length == 0 { rest.chars().next().map_or(0, char::len_utf8) } else { length };
        let from = start as usize + shift + offset;
        At { file: whole.file, extent: Extent::new(from, from + length) }
    }

    /// The fields of a mapping; one that is not among `known` is an error, one among `planned` too.
    pub(crate) fn fields<'n>(
        &mut self,
        item: &Item<'n>,
        known: &[&str],
        planned: &[&str],
    ) -> Fields<'n> {
        let mut fields = self.names(item);
        let mut whole = fields.whole;
        for (name, field) in fields.each() {
            let at = field.name_at();
            let name = name_of(name, known);
            if planned.contains(&name) {
                let message = format!("`{}` is not there yet", field.path());
                let help = match name {
                    "calls" => "let a client of its own make the calls: `from: { pods: app=web }`",
                    _ => "leave it out",
                };
                let diagnostic = Diagnostic::new(Code::NotYet, message, help);
                self.findings.push(diagnostic.at(at, "not yet"));
                whole = false;
            } else if !known.contains(&name) {
                // `{ pods: app=shop,tier=web }`, where a comma ends an unquoted text.
                let torn = matches!(field.node.value, Value::Null) && name.contains('=');
                let help = match torn {
                    true => "put a text with a comma in quotes".to_owned(),
                    false => suggest(name, "field", known.iter().copied()),
                };
                let message = format!("unknown field `{}`", field.path());
                let diagnostic = Diagnostic::new(Code::UnknownField, message, help);
                self.findings.push(diagnostic.at(at, "not a field of a Scenario"));
                whole = false;
            }
        }
        fields.whole = whole;
        fields
    }

    /// The fields of a mapping with any names.
    pub(crate) fn names<'n>(&mut self, item: &Item<'n>) -> Fields<'n> {
        let owner = item.clone();
        if let Value::Map(entries) = &item.node.value {
            return Fields { entries, owner, whole: true };
        }
        self.wrong_type(item, "a mapping");
        Fields { entries: &[], owner, whole: false }
    }

    /// A field that must be there.
    pub(crate) fn need<'n>(&mut self, fields: &Fields<'n>, name: &str) -> Option<Item<'n>> {
        let item = fields.get(name);
        if item.is_none() && fields.whole {
            let path =
                fields.owner.step(Segment::Key(name.to_owned()), None, fields.owner.node).path();
            let diagnostic = Diagnostic::new(
                Code::Missing,
                format!("`{path}` is missing"),
                format!("add `{name}: …`"),
            );
            self.findings.push(diagnostic.at(fields.owner.at(), "here"));
        }
        item
    }

    /// The items of a list.
    pub(crate) fn list<'n>(&mut self, item: &Item<'n>) -> Vec<Item<'n>> {
        if !matches!(item.node.value, Value::Seq(_)) {
            self.wrong_type(item, "a list");
        }
        item.items()
    }

    /// A scalar as a text, whatever YAML takes it for.
    pub(crate) fn text(&mut self, item: &Item<'_>) -> Option<String> {
        let text = item.node.scalar_text();
        if text.is_none() {
            self.wrong_type(item, "a text");
        }
        text
    }

    /// A boolean.
    pub(crate) fn boolean(&mut self, item: &Item<'_>) -> Option<bool> {
        if let Value::Bool(value) = item.node.value {
            return Some(value);
        }
        self.wrong_type(item, "true or false");
        None
    }

    /// A whole number of a range.
    pub(crate) fn integer(&mut self, item: &Item<'_>, range: RangeInclusive<i64>) -> Option<i64> {
        match item.node.value {
            Value::Int(value) if range.contains(&value) => return Some(value),
            Value::Int(_) | Value::Float(_) => {
                let message = format!("{}: {} is not allowed", item.path(), item.node.describe());
                let help =
                    format!("write a whole number from {} to {}", range.start(), range.end());
                self.report(Code::BadValue, item, message, help);
            }
            _ => self.wrong_type(item, "a whole number"),
        }
        None
    }

    /// A whole number of a range that fits 32 bits.
    pub(crate) fn small(&mut self, item: &Item<'_>, range: RangeInclusive<u32>) -> Option<u32> {
        let value = self.integer(item, i64::from(*range.start())..=i64::from(*range.end()))?;
        u32::try_from(value).ok()
    }

    /// A finite number of at least `least`.
    pub(crate) fn number(&mut self, item: &Item<'_>, least: f64) -> Option<f64> {
        let value = match item.node.value {
            Value::Int(value) => value as f64,
            Value::Float(value) => value,
            _ => {
                self.wrong_type(item, "a number");
                return None;
            }
        };
        // Nothing that is slower or faster by more can be told from for ever.
        if (least..=1e9).contains(&value) {
            return Some(value);
        }
        let message = format!("{}: {value} is not allowed", item.path());
        self.report(Code::BadValue, item, message, format!("write a number from {least} to 1e9"));
        None
    }

    /// One of a few words.
    pub(crate) fn choice<T: Copy>(&mut self, item: &Item<'_>, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(item)?;
        let found = choices.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let help = suggest(&text, "choice", choices.iter().map(|(word, _)| *word));
            let message = format!("{}: unknown choice `{text}`", item.path());
            self.report(Code::BadValue, item, message, help);
        }
        found
    }

    /// A text that something else reads.
    pub(crate) fn parse<T>(
        &mut self,
        item: &Item<'_>,
        help: &str,
        read: impl Fn(&str) -> Result<T, Refusal>,
    ) -> Option<T> {
        let Some(text) = item.node.scalar_text() else {
            let message =
                format!("{}: {} where a text is wanted", item.path(), item.node.describe());
            self.report(Code::WrongType, item, message, help);
            return None;
        };
        match read(&text) {
            Ok(value) => Some(value),
            Err(refusal) => {
                let code = if refusal.planned { Code::NotYet } else { Code::BadValue };
                let message = format!("{}: {}", item.path(), refusal.message);
                self.report_inside(code, item, refusal.offset, message, help);
                None
            }
        }
    }

    /// A length of time.
    pub(crate) fn span(&mut self, item: &Item<'_>) -> Option<Span> {
        self.parse(item, "write a duration such as 30s or 250ms", |text| {
            text.parse().map_err(|error: engine::ParseSpanError| {
                Refusal::new(error.offset(), error.to_string())
            })
        })
    }

    /// How long something takes.
    pub(crate) fn distribution(&mut self, item: &Item<'_>) -> Option<Distribution> {
        let help = "write 20ms, exp(20ms), uniform(1ms, 5ms), lognormal(20ms, p99=90ms) or pareto(10ms, shape=2.5)";
        self.parse(item, help, |text| {
            text.parse().map_err(|error: engine::ParseDistributionError| {
                Refusal::new(error.offset(), error.to_string())
            })
        })
    }

    pub(crate) fn wrong_type(&mut self, item: &Item<'_>, wanted: &str) {
        let message = format!("{}: {} where {wanted} is wanted", item.path(), item.node.describe());
        self.report(Code::WrongType, item, message, format!("write {wanted} here"));
    }
}
