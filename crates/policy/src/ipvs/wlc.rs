//! The fewest connections for its weight: scheduler `wlc` of IPVS.

use crate::{
    Entry, Level,
    ipvs::{destination::Destination, least::Least, service::Service},
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "ipvs.wlc",
    summary: "the fewest connections for its weight, an active one counted as 256",
    level: Level::Connection,
    on_change: "counters belong to destinations; a new one begins at 0, so it is taken until it is \
                level",
    parameters: &[],
    build: |_, _| Box::<IpvsWeightedLeastConnection>::default(),
};

/// A service that is scheduled so.
pub type IpvsWeightedLeastConnection = Service<WeightedLeastConnection>;

/// **What it does** The destination with the fewest connections for its weight, where an active one
/// counts as 256 and an inactive one as 1; the first in the kernel's list of several.
///
/// **Where it is used** kube-proxy, ipvs mode, scheduler `wlc`; the kernel's own default.
///
/// **What it needs to know** The weights, and the connections of this node, as
/// [`LeastConnection`](crate::ipvs::lc::LeastConnection).
///
/// **When it goes wrong** As that one: a new pod gets every new connection until it is level. As
/// long as nobody has any, it is the first one whatever the weights.
///
/// **Reference** `ip_vs_wlc_schedule` in `net/netfilter/ipvs/ip_vs_wlc.c` of Linux.
#[derive(Clone, Copy, Debug, Default)]
pub struct WeightedLeastConnection;

impl Least for WeightedLeastConnection {
    fn load(destination: &Destination) -> u64 {
        destination.overhead()
    }
}
