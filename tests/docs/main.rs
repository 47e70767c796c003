//! The pages stay true: what they say is held against the code and against a real run.
//!
//! Names that the code knows are read off its source, so that a new field, cause, record or flag
//! fails here until its page has it. Examples are loaded, and command lines compared with the
//! arguments there are.

mod defaults;
mod examples;
mod formats;
mod left_out;
mod page;
mod rehearsal;
mod rust_source;
mod schema;
