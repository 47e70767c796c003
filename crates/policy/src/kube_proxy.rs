//! What kube-proxy has a node's kernel do: a choice for each connection, which nobody remembers.

pub mod iptables;
pub mod nftables;
pub mod random;
