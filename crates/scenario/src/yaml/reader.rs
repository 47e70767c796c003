//! Text to trees: events of the parser put together, with limits.
//!
//! Nothing here recurses, and nothing grows beyond [`MOST_VALUES`], whatever the text says.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, Tag};

use super::{Entry, Node, Value, call, scalar};
use crate::{
    Code, Diagnostic,
    diagnostic::Findings,
    source::{At, Extent, FileId},
};

/// How deep values may be nested.
const MOST_NESTED: usize = 100;
/// How many values all files may hold together, aliases written out.
const MOST_VALUES: usize = 1_000_000;
/// How many documents a file may hold.
const MOST_DOCUMENTS: usize = 10_000;
/// After so many syntax errors the rest of a file is not looked at.
const MOST_SYNTAX_ERRORS: usize = 10;

/// The trees of all documents of a text that are not empty. A document that cannot be read is
/// reported and left out, and the ones after it are read. `values` counts those of all files.
pub(crate) fn read_documents(
    text: &str,
    file: FileId,
    values: &mut usize,
    findings: &mut Findings,
) -> Vec<Arc<Node>> {
    let open = Vec::new();
    let anchors = BTreeMap::new();
    let ours = false;
    documents(text, Builder { text, file, findings, open, anchors, size: values, ours })
}

/// The trees of a text that is to stand in one of this project's documents.
pub(crate) fn read_values(text: &str, file: FileId, findings: &mut Findings) -> Vec<Arc<Node>> {
    let (open, anchors, size, ours) = (Vec::new(), BTreeMap::new(), &mut 0, true);
    documents(text, Builder { text, file, findings, open, anchors, size, ours })
}

fn documents(text: &str, mut builder: Builder<'_>) -> Vec<Arc<Node>> {
    let mut options = granit_parser::options! {
        flow_nesting_limit: MOST_NESTED + 1,
        block_nesting_limit: MOST_NESTED + 1,
    };
    options.set_emit_comments(false);
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut documents = Vec::new();
    let mut errors = 0;
    while documents.len() <= MOST_DOCUMENTS {
        match builder.document(&mut parser) {
            Ok(Next::Document(root)) => documents.extend(root),
            Ok(Next::End) => return documents,
            Err(Stop::Syntax(error)) => {
                builder.findings.push(syntax_error(&error, text, builder.file));
                errors += 1;
                // Input that hits a limit is hostile; what follows is not worth the time.
                let hostile = *error.kind() == ErrorKind::RecursionLimitExceeded;
                let give_up = hostile || errors == MOST_SYNTAX_ERRORS;
                if give_up || !parser.proceed_next_document().unwrap_or(false) {
                    return documents;
                }
            }
            Err(Stop::Limit(diagnostic)) => {
                builder.findings.push(*diagnostic);
                return documents;
            }
        }
    }
    builder.findings.push(Diagnostic::new(
        Code::TooManyValues,
        format!("more than {MOST_DOCUMENTS} documents in one file"),
        "split the file",
    ));
    documents
}

fn syntax_error(error: &ScanError, text: &str, file: FileId) -> Diagnostic {
    let offset = error.marker().byte_offset().unwrap_or(0).min(text.len());
    let at = At { file, extent: one_character(text, offset) };
    if *error.kind() == ErrorKind::RecursionLimitExceeded {
        return too_deep(at);
    }
    let line_start = text[..at.extent.start as usize].rfind('\n').map_or(0, |index| index + 1);
    let line = text[line_start..].lines().next().unwrap_or_default();
    let help = if line.contains("{{") {
        "this looks like a template: render it first, for example `helm template . | rollsim run -`"
    } else if line.contains('(') && line.matches(": ").count() > 1 {
        "put a text with `: ` in it in quotes, as in arrivals: \"steps(0s: 1/s, 30s: 5/s)\""
    } else if line.trim_start_matches(' ').starts_with('\t') {
        "indent with spaces: YAML does not allow tabs there"
    } else {
        "look at the indentation and at `:`, `-`, brackets and quotes on this line and the one above"
    };
    Diagnostic::new(Code::Syntax, format!("this is not YAML: {}", error.info()), help)
        .at(at, "the reader stopped here")
}

fn too_deep(at: At) -> Diagnostic {
    Diagnostic::new(
        Code::TooDeep,
        format!("values are nested more than {MOST_NESTED} deep"),
        "no Kubernetes object is; look for brackets that are not closed",
    )
    .at(at, "this is too deep")
}

fn one_character(text: &str, offset: usize) -> Extent {
    let start = (0..=offset).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
    let length = text[start..].chars().next().map_or(0, char::len_utf8);
    Extent::new(start, start + length)
}

enum Next {
    Document(Option<Arc<Node>>),
    End,
}

enum Stop {
    Syntax(ScanError),
    Limit(Box<Diagnostic>),
}

/// A sequence or mapping that is not closed yet.
struct Open {
    start: usize,
    anchor: usize,
    size_before: usize,
    content: Content,
}

enum Content {
    Seq(Vec<Arc<Node>>),
    Map { pairs: Vec<Pair>, key: Option<(Key, Extent)> },
}

/// A key, where it stands, and its value; the same key may come again.
pub(super) type Pair = (Key, Extent, Arc<Node>);

#[derive(Clone)]
pub(super) enum Key {
    Text(Box<str>),
    /// `<<`, unquoted.
    Merge,
    /// Reported; its value is dropped.
    Bad,
}

/// What an anchor stands for, and how many values that are.
struct Anchored {
    node: Arc<Node>,
    size: usize,
}

struct Builder<'a> {
    text: &'a str,
    file: FileId,
    findings: &'a mut Findings,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Anchored>,
    /// Values so far, aliases written out.
    size: &'a mut usize,
    /// Whether the text is to stand in one of this project's documents.
    ours: bool,
}

impl Builder<'_> {
    fn document<'i>(
        &mut self,
        parser: &mut Parser<'i, granit_parser::StrInput<'i>>,
    ) -> Result<Next, Stop> {
        self.open.clear();
        self.anchors.clear();
        let mut root = None;
        for event in parser.by_ref() {
            let (event, span) = event.map_err(Stop::Syntax)?;
            let complete = match event {
                Event::StreamEnd => return Ok(Next::End),
                Event::DocumentEnd => {
                    let root = root.filter(|node: &Arc<Node>| !matches!(node.value, Value::Null));
                    return Ok(Next::Document(root));
                }
                Event::Scalar(text, style, anchor, tag) => {
                    Some(self.scalar(&text, style, anchor, tag, span)?)
                }
                Event::Alias(anchor) => Some(self.alias(anchor, span)?),
                Event::SequenceStart(_, anchor, _) => {
                    self.begin(span, anchor, Content::Seq(Vec::new()))?;
                    None
                }
                Event::MappingStart(_, anchor, _) => {
                    self.begin(span, anchor, Content::Map { pairs: Vec::new(), key: None })?;
                    None
                }
                Event::SequenceEnd | Event::MappingEnd => Some((self.end(span)?, false)),
                _ => None,
            };
            if let Some((node, merge)) = complete {
                // A collection is complete with its end, and stands where it begins.
                let at = self.extent_of(span);
                let at = if at.end == node.extent.end { node.extent } else { at };
                match self.open.last_mut() {
                    None => root = Some(node),
                    Some(Open { content: Content::Seq(items), .. }) => items.push(node),
                    Some(Open { content: Content::Map { pairs, key }, .. }) => match key.take() {
                        Some((name, extent)) => pairs.push((name, extent, node)),
                        None => {
                            let name = if merge { Key::Merge } else { self.key(&node, at) };
                            self.set_key(name, at);
                        }
                    },
                }
            }
        }
        Ok(Next::End)
    }

    fn set_key(&mut self, name: Key, extent: Extent) {
        if let Some(Open { content: Content::Map { key, .. }, .. }) = self.open.last_mut() {
            *key = Some((name, extent));
        }
    }

    fn key(&mut self, node: &Node, extent: Extent) -> Key {
        if let Some(text) = scalar::key_text(&node.value) {
            return Key::Text(text);
        }
        let template = self.text[extent.start as usize..].starts_with('{');
        let help = if template {
            "if this is a template, render it first: `helm template . | rollsim run -`"
        } else {
            "write a text as the key"
        };
        let message = format!("{} cannot be a key", node.describe());
        self.report(Diagnostic::new(Code::BadKey, message, help), extent, "not a text");
        Key::Bad
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<Cow<'_, Tag>>,
        span: Span,
    ) -> Result<(Arc<Node>, bool), Stop> {
        let extent = self.extent_of(span);
        let plain = style == ScalarStyle::Plain;
        let core_tag = tag.as_ref().and_then(|tag| tag.core_suffix());
        let value = match (tag.is_some(), core_tag) {
            (true, Some(core)) => scalar::resolve_tagged(core, text),
            (false, _) if plain => scalar::resolve(text),
            _ => Ok(Value::String(text.into())),
        };
        let value = value.unwrap_or_else(|reason| {
            let help = "write a finite number, or put a text in quotes";
            self.report(Diagnostic::new(Code::BadScalar, reason, help), extent, "refused");
            Value::Null
        });
        let node = Arc::new(Node { file: self.file, extent, value });
        self.grow(1, extent)?;
        self.remember(anchor, &node, 1);
        Ok((node, plain && tag.is_none() && text == "<<"))
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(Arc<Node>, bool), Stop> {
        let extent = self.extent_of(span);
        let Some(anchored) = self.anchors.get(&anchor) else {
            return Err(Stop::Limit(Box::new(
                Diagnostic::new(
                    Code::Syntax,
                    "an alias stands inside the value it stands for",
                    "write the value out",
                )
                .at(self.at(extent), "this would never end"),
            )));
        };
        let (node, size) = (anchored.node.clone(), anchored.size);
        self.grow(size, extent)?;
        Ok((node, false))
    }

    fn begin(&mut self, span: Span, anchor: usize, content: Content) -> Result<(), Stop> {
        let extent = self.extent_of(span);
        if self.open.len() == MOST_NESTED {
            return Err(Stop::Limit(Box::new(too_deep(self.at(extent)))));
        }
        let size_before = *self.size;
        self.grow(1, extent)?;
        let start = extent.start as usize;
        self.open.push(Open { start, anchor, size_before, content });
        Ok(())
    }

    fn end(&mut self, span: Span) -> Result<Arc<Node>, Stop> {
        let open = self.open.pop().expect("the parser closes only what it opened");
        let extent = Extent::new(open.start, self.extent_of(span).end as usize);
        let value = match open.content {
            Content::Seq(items) if self.is_ours() => {
                Value::Seq(call::whole_items(items, self.text))
            }
            Content::Seq(items) => Value::Seq(items),
            Content::Map { pairs, .. } if self.is_ours() => {
                Value::Map(self.mapping(call::whole_pairs(pairs, self.text))?)
            }
            Content::Map { pairs, .. } => Value::Map(self.mapping(pairs)?),
        };
        let node = Arc::new(Node { file: self.file, extent, value });
        self.remember(open.anchor, &node, *self.size - open.size_before);
        Ok(node)
    }

    /// Whether the document says already that it is one of this project's.
    fn is_ours(&self) -> bool {
        if self.ours {
            return true;
        }
        let Some(Open { content: Content::Map { pairs, .. }, .. }) = self.open.first() else {
            return false;
        };
        // It is among the first fields, or was forgotten.
        pairs.iter().take(10).any(|(key, _, value)| {
            matches!(key, Key::Text(key) if &**key == "apiVersion")
                && value.as_str().is_some_and(|version| version.starts_with("rollsim.dev/"))
        })
    }

    /// Unique keys: the last of a key counts, and a merge counts as if it were written out where
    /// it stands, which is how kubectl's library does it.
    fn mapping(&mut self, pairs: Vec<Pair>) -> Result<Vec<Entry>, Stop> {
        let mut entries: Vec<Entry> = Vec::with_capacity(pairs.len());
        let mut index: BTreeMap<Box<str>, (usize, bool)> = BTreeMap::new();
        for (key, key_extent, value) in pairs {
            match key {
                Key::Bad => {}
                Key::Merge => {
                    for entry in self.merged(&value, key_extent)? {
                        put(&mut entries, &mut index, entry, true);
                    }
                }
                Key::Text(key) => {
                    let entry = Entry { key, key_extent, value };
                    if let Some(first) = put(&mut entries, &mut index, entry.clone(), false) {
                        self.duplicate(&entry, first);
                    }
                }
            }
        }
        Ok(entries)
    }

    fn merged(&mut self, value: &Node, extent: Extent) -> Result<Vec<Entry>, Stop> {
        let parts: Vec<&Node> = match &value.value {
            Value::Seq(items) => items.iter().rev().map(|item| &**item).collect(),
            _ => vec![value],
        };
        let mut merged = Vec::new();
        for part in parts {
            if let Value::Map(entries) = &part.value {
                self.grow(entries.len(), extent)?;
                merged.extend(entries.iter().cloned());
            } else {
                let diagnostic = Diagnostic::new(
                    Code::BadScalar,
                    format!("`<<` merges mappings, and this is {}", part.describe()),
                    "write `<<: *name` with the anchor of a mapping",
                );
                self.report(diagnostic, extent, "cannot be merged");
            }
        }
        Ok(merged)
    }

    fn duplicate(&mut self, entry: &Entry, first: Extent) {
        let diagnostic = Diagnostic::new(
            Code::DuplicateKey,
            format!(
                "key `{}` is set twice in the same mapping; kubectl keeps the last one",
                entry.key
            ),
            "delete one of the two",
        )
        .at(self.at(entry.key_extent), "this value wins")
        .because_of(self.at(first), "first set here, silently dropped");
        self.findings.push(diagnostic);
    }

    fn grow(&mut self, values: usize, extent: Extent) -> Result<(), Stop> {
        *self.size = self.size.saturating_add(values);
        if *self.size <= MOST_VALUES {
            return Ok(());
        }
        Err(Stop::Limit(Box::new(
            Diagnostic::new(
                Code::TooManyValues,
                format!("more than {MOST_VALUES} values, aliases written out"),
                "look for aliases of aliases, or split the file",
            )
            .at(self.at(extent), "the limit is reached here"),
        )))
    }

    fn remember(&mut self, anchor: usize, node: &Arc<Node>, size: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, Anchored { node: node.clone(), size });
        }
    }

    fn report(&mut self, diagnostic: Diagnostic, extent: Extent, text: &str) {
        let at = self.at(extent);
        self.findings.push(diagnostic.at(at, text));
    }

    fn at(&self, extent: Extent) -> At {
        At { file: self.file, extent }
    }

    fn extent_of(&self, span: Span) -> Extent {
        let start = span.start.byte_offset().unwrap_or(0).min(self.text.len());
        let end = span.end.byte_offset().unwrap_or(start).min(self.text.len());
        Extent::new(start, end)
    }
}

/// Sets a key; returns where it was set before, unless one of the two came from a merge.
fn put(
    entries: &mut Vec<Entry>,
    index: &mut BTreeMap<Box<str>, (usize, bool)>,
    entry: Entry,
    merged: bool,
) -> Option<Extent> {
    match index.get_mut(&entry.key) {
        Some((at, was_merged)) => {
            let before = entries[*at].key_extent;
            let report = !merged && !*was_merged;
            *was_merged = merged;
            entries[*at] = entry;
            report.then_some(before)
        }
        None => {
            index.insert(entry.key.clone(), (entries.len(), merged));
            entries.push(entry);
            None
        }
    }
}
