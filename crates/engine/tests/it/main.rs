//! What the engine promises, checked from outside.

extern crate rollsim_engine as engine;

mod agenda;
mod distribution;
mod queue;
mod streams;
