//! Cilium in place of kube-proxy: a choice for each connection, in eBPF.

pub mod maglev;
pub mod random;
