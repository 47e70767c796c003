//! How a proxy writes its rules, and in what the ways differ.
//!
//! *Left out:* what writing costs; `Config::sync_duration` of the proxy is that.

use std::net::IpAddr;

use api::Cidr;

/// `--proxy-mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The default on Linux.
    #[default]
    Iptables,
    /// Generally available since 1.33.
    Nftables,
    /// Deprecated.
    Ipvs,
}

impl Mode {
    /// Whether a virtual address of a Service refuses ports that it does not have, and the rest of
    /// the range for virtual addresses is dropped.
    #[must_use]
    pub fn guards_cluster_ips(self) -> bool {
        self == Self::Nftables
    }

    /// Whether the port of a health check is let through explicitly.
    #[must_use]
    pub fn accepts_health_checks(self) -> bool {
        self == Self::Iptables
    }

    /// Whether the node's own endpoints being gone leads to those of the cluster, where the policy
    /// asks for local ones, rather than to nothing.
    #[must_use]
    pub fn local_falls_back_to_cluster(self) -> bool {
        self == Self::Ipvs
    }

    /// Whether an open UDP flow ends with the endpoint that it goes to, even where there is no other
    /// (`expire_nodest_conn`, which kube-proxy sets to 1).
    #[must_use]
    pub fn ends_flows_with_their_endpoints(self) -> bool {
        self == Self::Ipvs
    }

    /// How many sources an affinity list holds; the oldest makes room (`xt_recent`'s
    /// `ip_list_tot`).
    #[must_use]
    pub fn affinity_capacity(self) -> Option<usize> {
        (self == Self::Iptables).then_some(100)
    }

    /// Whether node ports answer at an address of the node.
    #[must_use]
    pub fn has_node_ports(self, address: IpAddr, allowed: &[Cidr], localhost: bool) -> bool {
        let loopback_served = self == Self::Iptables && localhost && address.is_ipv4();
        (!address.is_loopback() || loopback_served)
            && allowed.iter().any(|range| range.contains(address))
    }
}
