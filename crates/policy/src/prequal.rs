//! Prequal, as the paper of that name describes it: probes find out where a request waits least.

pub mod hcl;
