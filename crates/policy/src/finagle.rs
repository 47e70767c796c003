//! Finagle: a choice for each request, in its client.

pub mod aperture;
pub mod p2c;
pub mod p2c_peak_ewma;
