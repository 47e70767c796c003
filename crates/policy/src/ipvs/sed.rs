//! The shortest expected delay: scheduler `sed` of IPVS.

use crate::{
    Entry, Level,
    ipvs::{destination::Destination, least::Least, service::Service},
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "ipvs.sed",
    summary: "the fewest active connections for its weight, the new one included",
    level: Level::Connection,
    on_change: "counters belong to destinations; a new one begins at 0, so it is taken until it is \
                level",
    parameters: &[],
    build: |_, _| Box::<IpvsShortestExpectedDelay>::default(),
};

/// A service that is scheduled so.
pub type IpvsShortestExpectedDelay = Service<ShortestExpectedDelay>;

/// **What it does** The destination that would have the fewest active connections for its weight if
/// it got this one; the first in the kernel's list of several.
///
/// **Where it is used** kube-proxy, ipvs mode, scheduler `sed`.
///
/// **What it needs to know** The weights, and the active connections of this node.
///
/// **When it goes wrong** Connections that come in faster than they are established all go to one
/// destination: none of them is active yet. A light destination stays idle while heavy ones are
/// busy.
///
/// **Reference** `ip_vs_sed_schedule` in `net/netfilter/ipvs/ip_vs_sed.c` of Linux.
#[derive(Clone, Copy, Debug, Default)]
pub struct ShortestExpectedDelay;

impl Least for ShortestExpectedDelay {
    fn load(destination: &Destination) -> u64 {
        u64::from(destination.active) + 1
    }
}
