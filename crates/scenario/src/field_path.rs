//! Paths of fields, as Kubernetes' own errors write them: `spec.ports[0].port`.
//!
//! A path says where a value is in any tree; it knows nothing of files.

use std::{fmt, str::FromStr};

use crate::{
    source::Extent,
    yaml::{Node, Value},
};

/// One step into a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    /// Into a mapping.
    Key(String),
    /// Into a sequence.
    Index(usize),
}

/// Steps from the root of a document to a value.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct FieldPath(pub(crate) Vec<Segment>);

/// What a path led to.
#[derive(Clone, Debug)]
pub(crate) struct Found<'a> {
    /// The part of the path that is there.
    pub(crate) path: FieldPath,
    /// The value at its end.
    pub(crate) node: &'a Node,
    /// Where the name of the last field stands, if the last step was into a mapping.
    pub(crate) key: Option<Extent>,
    /// Whether the whole path is there.
    pub(crate) exact: bool,
}

impl Found<'_> {
    /// Where a reader looks for it: its name if it has one, else itself.
    pub(crate) fn name_extent(&self) -> Extent {
        self.key.unwrap_or(self.node.extent)
    }

    /// Where its value stands, or its name where the value is a block or empty.
    pub(crate) fn value_extent(&self) -> Extent {
        match (&self.node.value, self.key) {
            (Value::Seq(_) | Value::Map(_) | Value::Null, Some(key)) => key,
            _ => self.node.extent,
        }
    }
}

impl FieldPath {
    /// Follows the path as far as it goes.
    pub(crate) fn find<'a>(&self, root: &'a Node) -> Found<'a> {
        let mut found = Found { path: Self::default(), node: root, key: None, exact: true };
        for segment in &self.0 {
            let step = match (segment, &found.node.value) {
                (Segment::Key(name), Value::Map(entries)) => entries
                    .iter()
                    .find(|entry| *entry.key == **name)
                    .map(|entry| (&*entry.value, Some(entry.key_extent))),
                (Segment::Index(index), Value::Seq(items)) => {
                    items.get(*index).map(|item| (&**item, None))
                }
                _ => None,
            };
            let Some((node, key)) = step else {
                found.exact = false;
                return found;
            };
            found.path.0.push(segment.clone());
            (found.node, found.key) = (node, key);
        }
        found
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(name) if is_plain(name) => {
                    write!(f, "{}{name}", if index == 0 { "" } else { "." })?;
                }
                Segment::Key(name) => write!(f, "[{name:?}]")?,
                Segment::Index(number) => write!(f, "[{number}]")?,
            }
        }
        Ok(())
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

/// A text that is not a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotAPath;

impl FromStr for FieldPath {
    type Err = NotAPath;

    fn from_str(text: &str) -> Result<Self, NotAPath> {
        let mut segments = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(quoted) = rest.strip_prefix("[\"") {
                let (name, after) = quoted.split_once("\"]").ok_or(NotAPath)?;
                segments.push(Segment::Key(name.to_owned()));
                rest = after;
            } else if let Some(inside) = rest.strip_prefix('[') {
                let (number, after) = inside.split_once(']').ok_or(NotAPath)?;
                segments.push(Segment::Index(number.parse().map_err(|_| NotAPath)?));
                rest = after;
            } else {
                let name = rest.strip_prefix('.').unwrap_or(rest);
                let end = name.find(['.', '[']).unwrap_or(name.len());
                if end == 0 {
                    return Err(NotAPath);
                }
                segments.push(Segment::Key(name[..end].to_owned()));
                rest = &name[end..];
            }
        }
        Ok(Self(segments))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_as_they_are_written() {
        for text in ["", "spec", "spec.ports[0].port", "images[\"web:v1\"].start", "a[1][2].b"] {
            let path: FieldPath = text.parse().expect(text);
            assert_eq!(path.to_string(), text);
        }
        for text in ["spec..a", "a[", "a[x]", "a[\"b", "."] {
            assert_eq!(text.parse::<FieldPath>(), Err(NotAPath), "{text}");
        }
    }
}
