//! Traefik: a choice for each request.

pub mod hrw;
pub mod leasttime;
pub mod p2c;
pub mod wrr;
