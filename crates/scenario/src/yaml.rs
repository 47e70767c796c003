//! YAML as kubectl reads it, with the place of every key and value.
//!
//! kubectl hands files to `sigs.k8s.io/yaml`, which is YAML 1.1 in Go's dialect and then JSON; the
//! rules of [`scalar`] are that library's. `granit-parser` does the syntax.

mod call;
mod node;
mod reader;
mod scalar;

pub(crate) use node::{Entry, Node, Value};
pub(crate) use reader::{read_documents, read_values};
