//! The list of policies.

use crate::{
    CiliumRandom, IngressNginxRoundRobin, IptablesCascade, IpvsRoundRobin, NftablesNumgen, Policy,
    Random,
};

/// A policy as people name it.
#[derive(Debug)]
pub struct Entry {
    /// The name people know.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// Makes one, with its defaults.
    pub build: fn() -> Box<dyn Policy>,
}

/// All of them.
pub static CATALOGUE: &[Entry] = &[
    Entry {
        name: "kube-proxy.random",
        summary: "uniformly at random, per connection (iptables and nftables mode)",
        build: || Box::<Random>::default(),
    },
    Entry {
        name: "kube-proxy.iptables",
        summary: "rule by rule with the kernel's 31 bits, per connection",
        build: || Box::<IptablesCascade>::default(),
    },
    Entry {
        name: "kube-proxy.nftables",
        summary: "the kernel's 32 bits scaled to the list, per connection",
        build: || Box::<NftablesNumgen>::default(),
    },
    Entry {
        name: "ipvs.rr",
        summary: "in turn, what came last first, per connection (ipvs mode)",
        build: || Box::<IpvsRoundRobin>::default(),
    },
    Entry {
        name: "cilium.random",
        summary: "32 random bits modulo the list, per connection",
        build: || Box::<CiliumRandom>::default(),
    },
    Entry {
        name: "ingress-nginx.round_robin",
        summary: "in turn from a random start, weights in falling rounds, per request",
        build: || Box::<IngressNginxRoundRobin>::default(),
    },
];

/// The policy of a name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Entry> {
    CATALOGUE.iter().find(|entry| entry.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct_and_found() {
        for (place, entry) in CATALOGUE.iter().enumerate() {
            let found = by_name(entry.name).expect("a listed name is found");
            assert!(
                std::ptr::eq(found, &raw const CATALOGUE[place]),
                "{} stands twice",
                entry.name
            );
        }
        assert!(by_name("nobody").is_none());
    }
}
