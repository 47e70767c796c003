//! ingress-nginx: a choice for each request, in the Lua of its workers.

pub mod chash;
pub mod ewma;
pub mod round_robin;
