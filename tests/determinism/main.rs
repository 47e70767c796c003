//! The same bytes, whoever asks and however often: one fingerprint for a scenario and a seed.
//!
//! That a debug build and a release build agree is seen by running these tests in both: the
//! committed fingerprints, which `tests/scenarios` compares, are the same file for both.

mod common_numbers;
#[path = "../scenarios/files.rs"]
mod files;
#[path = "../scenarios/rehearsal.rs"]
mod rehearsal;
mod twice;
