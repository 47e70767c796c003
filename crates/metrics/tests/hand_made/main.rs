//! Measures of record streams made by hand.

mod containers;
mod expectations;
mod explanations;
mod rollouts;
mod steps;
mod stream;
mod ways;
