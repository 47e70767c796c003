//! Functions in flow collections: `{ start: uniform(1ms, 5ms), stop: 1s }`.
//!
//! YAML ends an unquoted text of a flow collection at a comma, so that the second argument becomes
//! a key of its own. In the documents of this project, and only there, such a text goes on to its
//! closing parenthesis, because people would not think of putting it in quotes.

use std::sync::Arc;

use super::{Node, Value, reader::Pair};
use crate::source::Extent;

/// How many arguments are looked for before a parenthesis counts as not closed.
const MOST_ARGUMENTS: usize = 20;

/// Pairs in which keys without a value that are the rest of a function are put back into it.
pub(super) fn whole_pairs(pairs: Vec<Pair>, text: &str) -> Vec<Pair> {
    let mut whole: Vec<Pair> = Vec::with_capacity(pairs.len());
    let mut rest = pairs.into_iter().peekable();
    while let Some((key, extent, value)) = rest.next() {
        let mut joined = value;
        if is_open(&joined, text) {
            let followers = rest.clone().take(MOST_ARGUMENTS);
            let arguments = followers.take_while(|(.., value)| matches!(value.value, Value::Null));
            let extents = arguments.map(|(_, extent, _)| extent);
            if let Some((node, taken)) = close(&joined, extents, text) {
                joined = node;
                rest.by_ref().take(taken).for_each(drop);
            }
        }
        whole.push((key, extent, joined));
    }
    whole
}

/// Items in which those that are the rest of a function are put back into it.
pub(super) fn whole_items(items: Vec<Arc<Node>>, text: &str) -> Vec<Arc<Node>> {
    let mut whole: Vec<Arc<Node>> = Vec::with_capacity(items.len());
    let mut rest = items.into_iter();
    while let Some(mut item) = rest.next() {
        if is_open(&item, text) {
            let followers = rest.as_slice().iter().take(MOST_ARGUMENTS);
            let extents: Vec<Extent> = followers.map(|node| node.extent).collect();
            if let Some((node, taken)) = close(&item, extents.into_iter(), text) {
                item = node;
                rest.by_ref().take(taken).for_each(drop);
            }
        }
        whole.push(item);
    }
    whole
}

/// Whether a value is an unquoted text with a parenthesis that is not closed.
fn is_open(node: &Node, text: &str) -> bool {
    let Value::String(value) = &node.value else { return false };
    let written = text.get(node.extent.start as usize..node.extent.end as usize);
    written == Some(&**value) && depth(value) > 0
}

fn depth(text: &str) -> i32 {
    text.bytes().fold(0, |depth, byte| match byte {
        b'(' => depth + 1,
        b')' => depth - 1,
        _ => depth,
    })
}

/// The text up to where its parentheses are closed, and how many arguments that took.
fn close(
    open: &Node,
    arguments: impl Iterator<Item = Extent>,
    text: &str,
) -> Option<(Arc<Node>, usize)> {
    let start = open.extent.start as usize;
    for (index, argument) in arguments.enumerate() {
        let written = text.get(start..argument.end as usize)?;
        if depth(written) == 0 {
            let extent = Extent::new(start, argument.end as usize);
            let node = Node { file: open.file, extent, value: Value::String(written.into()) };
            return Some((Arc::new(node), index + 1));
        }
    }
    None
}
