//! Measures of record streams made by hand.

mod expectations;
mod explanations;
mod rollouts;
mod stream;
mod ways;
