//! Measures of record streams made by hand.

mod containers;
mod expectations;
mod explanations;
mod rollouts;
mod stream;
mod ways;
