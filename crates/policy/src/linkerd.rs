//! Linkerd: a choice for each request, in the proxy of its client.

pub mod ewma;
