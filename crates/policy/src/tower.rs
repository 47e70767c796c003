//! tower, the Rust library of services: a choice for each request, in its client.

pub mod p2c;
