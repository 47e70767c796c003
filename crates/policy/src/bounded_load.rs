//! Consistent hashing with bounded loads, as its paper has it.

pub mod ring;
