//! Traefik: a choice for each request.

pub mod wrr;
