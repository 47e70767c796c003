//! Walking into mappings, sequences and variants, with the path kept up to date.

use std::sync::Arc;

use serde::de::{self, DeserializeSeed, IntoDeserializer, value::StrDeserializer};

use super::{Context, Deserializer, Error};
use crate::{
    field_path::Segment,
    yaml::{Entry, Node},
};

/// Deserializes a value one step down; what was refused before is passed over by the caller.
fn step_down<'de, S: DeserializeSeed<'de>>(
    seed: S,
    node: &'de Node,
    segment: Segment,
    cx: &mut Context<'de>,
) -> Result<S::Value, Error> {
    cx.path.push(segment);
    let depth = cx.path.len();
    let result = seed.deserialize(Deserializer { node, cx });
    cx.path.truncate(depth - 1);
    result
}

pub(super) struct SeqReader<'de, 'c> {
    items: std::iter::Enumerate<std::slice::Iter<'de, Arc<Node>>>,
    cx: &'c mut Context<'de>,
}

impl<'de, 'c> SeqReader<'de, 'c> {
    pub(super) fn new(items: &'de [Arc<Node>], cx: &'c mut Context<'de>) -> Self {
        Self { items: items.iter().enumerate(), cx }
    }
}

impl<'de> de::SeqAccess<'de> for SeqReader<'de, '_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let refused = &self.cx.refused;
        let Some((index, node)) = self.items.find(|(_, item)| !refused.contains(&item.extent))
        else {
            return Ok(None);
        };
        step_down(seed, node, Segment::Index(index), self.cx).map(Some)
    }
}

pub(super) struct MapReader<'de, 'c> {
    entries: std::slice::Iter<'de, Entry>,
    current: Option<&'de Entry>,
    cx: &'c mut Context<'de>,
}

impl<'de, 'c> MapReader<'de, 'c> {
    pub(super) fn new(entries: &'de [Entry], cx: &'c mut Context<'de>) -> Self {
        Self { entries: entries.iter(), current: None, cx }
    }
}

impl<'de> de::MapAccess<'de> for MapReader<'de, '_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let refused = &self.cx.refused;
        self.current = self.entries.find(|entry| !refused.contains(&entry.value.extent));
        let Some(entry) = self.current else { return Ok(None) };
        seed.deserialize(key(&entry.key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let entry = self.current.expect("serde asks for a key before its value");
        step_down(seed, &entry.value, Segment::Key(entry.key.to_string()), self.cx)
    }
}

fn key(text: &str) -> StrDeserializer<'_, Error> {
    text.into_deserializer()
}
