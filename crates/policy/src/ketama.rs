//! ketama, the consistent hash of memcached's clients.

pub mod continuum;
