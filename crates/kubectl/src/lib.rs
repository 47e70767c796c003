//! What kubectl prints of Kubernetes objects.
//!
//! Objects are JSON, as an API server sends them. This crate opens no file, asks no cluster and has
//! no clock: the moment is handed in.
//!
//! | module | what |
//! |---|---|
//! | [`object`] | an object's fields by path |
//! | [`mod@human_duration`] | the column AGE |
//! | [`printers`] | a kind's columns and cells |
//! | [`table`] | columns side by side |
//! | [`quantity`] | CPU and memory, added up |
//! | [`resource`] | what kinds are called on a command line |
//! | [`selector`] | `-l` |
//! | [`field_selector`] | `--field-selector` |
//! | [`sort_by`] | `--sort-by` |
//! | [`json_path`] | `-o jsonpath=…` |
//! | [`command`] | a command line, and what it prints |
//! | [`mod@expose`] | the Service that `kubectl expose` makes |
//! | [`polymorphic`] | what is asked of several kinds |
//! | [`output`] | `-o`, and the plain table |
//! | [`wire`] | the simulated cluster's objects as JSON |

pub mod command;
pub mod expose;
pub mod field_selector;
pub mod human_duration;
pub mod json_path;
pub mod object;
pub mod output;
pub mod polymorphic;
pub mod printers;
pub mod quantity;
pub mod resource;
pub mod selector;
pub mod sort_by;
pub mod table;
pub mod wire;
mod yaml;

pub use human_duration::human_duration;
pub use object::Object;
