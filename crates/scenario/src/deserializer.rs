//! A serde deserializer over a tree, which finds everything that is wrong with it in one go.
//!
//! [`deserialize`] never stops at the first value of a wrong type: it reports the value, leaves it
//! out and reads again. Fields that a type does not have are reported with the fields it does
//! have, because every type names them to `deserialize_struct`. Types hold no places: a later
//! check finds the place of a field by its path.

mod access;
mod error;

use std::collections::BTreeSet;

use serde::{
    Deserialize,
    de::{self, IntoDeserializer, Visitor},
    forward_to_deserialize_any,
};

use self::{
    access::{MapReader, SeqReader},
    error::Error,
};
use crate::{
    field_path::{FieldPath, Segment},
    source::Extent,
    yaml::{Entry, Node, Value},
};

/// A value that its type refuses.
#[derive(Debug)]
pub(crate) struct Mismatch {
    /// What is wrong, as a fragment.
    pub(crate) message: String,
    /// What could be done.
    pub(crate) help: String,
    /// The path of the value.
    pub(crate) path: String,
    /// Where it stands.
    pub(crate) extent: Extent,
}

/// A field that its type does not have.
#[derive(Debug)]
pub(crate) struct UnknownField {
    /// Its path.
    pub(crate) path: String,
    /// Its name.
    pub(crate) name: String,
    /// Where its name stands.
    pub(crate) extent: Extent,
    /// The type.
    pub(crate) owner: &'static str,
    /// The fields the type has.
    pub(crate) fields: &'static [&'static str],
}

/// A field that is there and was asked about.
#[derive(Debug)]
pub(crate) struct KnownField<'de> {
    /// The name of the type.
    pub(crate) owner: &'static str,
    /// The name of the field.
    pub(crate) name: &'de str,
    /// Its path.
    pub(crate) path: FieldPath,
    /// Where its name stands.
    pub(crate) extent: Extent,
    /// Its value.
    pub(crate) node: &'de Node,
}

/// What reading a tree as a type came to.
#[derive(Debug)]
pub(crate) struct Read<'de, T> {
    /// The value, without what is in `mismatches`; `None` where nothing was left.
    pub(crate) value: Option<T>,
    pub(crate) mismatches: Vec<Mismatch>,
    pub(crate) unknown: Vec<UnknownField>,
    pub(crate) known: Vec<KnownField<'de>>,
}

/// Values of wrong types that are reported per document.
const MOST_MISMATCHES: usize = 10;
/// Fields that are reported per document, unknown or asked about.
const MOST_FIELDS: usize = 1000;

/// Whether a field of a type is one to note where it is there.
pub(crate) type Asked = fn(owner: &str, field: &str) -> bool;

/// Reads a tree as a type, and notes the fields that are asked about.
pub(crate) fn deserialize<'de, T: Deserialize<'de>>(root: &'de Node, asked: Asked) -> Read<'de, T> {
    let mut mismatches = Vec::new();
    let mut refused = BTreeSet::new();
    loop {
        let mut cx =
            Context { path: vec![], refused, asked, unknown: Vec::new(), known: Vec::new() };
        let result = T::deserialize(Deserializer { node: root, cx: &mut cx });
        let Context { unknown, known, refused: before, .. } = cx;
        refused = before;
        let value = match result {
            Ok(value) => Some(value),
            Err(error) => {
                // Leaving out what was left out before changes nothing: leave out what is around it.
                let culprit = error.around.iter().find(|extent| !refused.contains(*extent));
                let next = culprit.copied().filter(|_| mismatches.len() < MOST_MISMATCHES);
                mismatches.push(error.into_mismatch(root.extent));
                if let Some(extent) = next.filter(|extent| *extent != root.extent) {
                    refused.insert(extent);
                    continue;
                }
                None
            }
        };
        return Read { value, mismatches, unknown, known };
    }
}

struct Context<'de> {
    path: Vec<Segment>,
    asked: Asked,
    /// Values that were refused in an earlier reading and are left out of this one.
    refused: BTreeSet<Extent>,
    unknown: Vec<UnknownField>,
    known: Vec<KnownField<'de>>,
}

/// The newtype that takes any scalar as a text: `cpu: 1`.
const LENIENT: &str = "Quantity";

struct Deserializer<'de, 'c> {
    node: &'de Node,
    cx: &'c mut Context<'de>,
}

impl<'de> Deserializer<'de, '_> {
    /// Says where an error happened, if nothing deeper has said so.
    fn placed<T>(node: &Node, cx: &Context<'_>, result: Result<T, Error>) -> Result<T, Error> {
        result.map_err(|error| {
            let path = FieldPath(cx.path.clone()).to_string();
            error.placed(node.extent, Some(path))
        })
    }

    fn visit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Self { node, cx } = self;
        let result = match &node.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Int(value) => visitor.visit_i64(*value),
            Value::Float(value) => visitor.visit_f64(*value),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Seq(items) => visitor.visit_seq(SeqReader::new(items, cx)),
            Value::Map(entries) => visitor.visit_map(MapReader::new(entries, cx)),
        };
        Self::placed(node, cx, result)
    }

    /// Notes the fields of a mapping that its type does not have, and those that are asked about.
    fn note(
        &mut self,
        entries: &'de [Entry],
        owner: &'static str,
        fields: &'static [&'static str],
    ) {
        for entry in entries {
            let (name, extent) = (&*entry.key, entry.key_extent);
            let known = fields.contains(&name);
            let noted = self.cx.known.len() + self.cx.unknown.len();
            if (known && !(self.cx.asked)(owner, name)) || noted >= MOST_FIELDS {
                continue;
            }
            let mut path = FieldPath(self.cx.path.clone());
            path.0.push(Segment::Key(name.to_owned()));
            if known {
                self.cx.known.push(KnownField { owner, name, path, extent, node: &entry.value });
            } else {
                let (path, name) = (path.to_string(), name.to_owned());
                self.cx.unknown.push(UnknownField { path, name, extent, owner, fields });
            }
        }
    }
}

impl<'de> de::Deserializer<'de> for Deserializer<'de, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.visit(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name == LENIENT
            && let Some(text) = self.node.scalar_text()
        {
            let result = visitor.visit_newtype_struct(text.into_deserializer());
            return Self::placed(self.node, self.cx, result);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if let Value::Map(entries) = &self.node.value {
            self.note(entries, name, fields);
        }
        self.visit(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
