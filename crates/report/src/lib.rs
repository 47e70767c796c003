//! Measures to text, figures and HTML.
//!
//! One [`Report`] goes in, the same facts come out in four forms. This crate draws and computes
//! nothing: every number it shows was measured before, at most divided for a share or rounded for
//! a reader. It reads no file, writes none and asks no terminal, so the same report is the same
//! bytes everywhere.
//!
//! | module | what |
//! |---|---|
//! | [`report`] | what is reported: the measures and what was concluded from them |
//! | `verdict` | the whole result in one sentence |
//! | `number` | numbers as readers see them |
//! | `lookups` | what clients asked DNS |
//! | `kept_connections` | the connections that they kept |
//! | `rollout` | what is said of a rollout |
//! | `window` | which part of a run is worth drawing |
//! | [`mod@text`] | for a terminal, in kubectl's look |
//! | [`mod@json`] | for programs: the contract |
//! | [`figure`] | three figures as SVG, and PNG from the same SVG |
//! | [`mod@html`] | one offline page with all of it |
//! | [`comparison`] | several variants: text, JSON, the sentences and two figures |
//!
//! *Left out:* CSV.

pub mod comparison;
pub mod figure;
pub mod html;
pub mod json;
mod kept_connections;
mod lookups;
mod number;
pub mod report;
mod rollout;
pub mod text;
mod verdict;
mod window;

#[cfg(test)]
#[path = "../tests/example/mod.rs"]
mod example;

pub use comparison::ComparisonReport;
pub use figure::{Figure, comparison_figures, figures, png};
pub use html::html;
pub use json::json;
pub use report::{Advice, Edit, Report};
pub use text::{Style, text};
