//! Traefik: a choice for each request.

pub mod hrw;
pub mod wrr;
