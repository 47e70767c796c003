//! ingress-nginx: a choice for each request, in the Lua of its workers.

pub mod ring;
pub mod round_robin;
