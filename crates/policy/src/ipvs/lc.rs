//! The fewest connections: scheduler `lc` of IPVS.

use crate::{
    Entry, Level,
    ipvs::{destination::Destination, least::Least, service::Service},
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "ipvs.lc",
    summary: "the fewest connections, an active one counted as 256",
    level: Level::Connection,
    on_change: "counters belong to destinations; a new one begins at 0, so it is taken until it is \
                level",
    parameters: &[],
    build: |_, _| Box::<IpvsLeastConnection>::default(),
};

/// A service that is scheduled so.
pub type IpvsLeastConnection = Service<LeastConnection>;

/// **What it does** The destination with the fewest connections, where an active one counts as 256
/// and an inactive one as 1; the first in the kernel's list of several. Of weights it asks only
/// whether they are 0.
///
/// **Where it is used** kube-proxy, ipvs mode, scheduler `lc`.
///
/// **What it needs to know** The connections of this node, and no others'. A connection is active
/// from when it is established to its end, and inactive before and for two minutes after.
///
/// **When it goes wrong** A new pod has none, so it gets every new connection until it is level.
/// Nodes with a few connections each all begin at the same destination.
///
/// **Reference** `ip_vs_lc_schedule` in `net/netfilter/ipvs/ip_vs_lc.c` of Linux.
#[derive(Clone, Copy, Debug, Default)]
pub struct LeastConnection;

impl Least for LeastConnection {
    fn load(destination: &Destination) -> u64 {
        destination.overhead()
    }

    fn weight(_: &Destination) -> u32 {
        1
    }
}
