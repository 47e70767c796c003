//! The heaviest until it is full: scheduler `ovf` of IPVS.

use crate::{
    Entry, Level, PickContext,
    ipvs::{
        destination::Destination,
        fo::heaviest,
        service::{Scheduler, Service},
    },
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "ipvs.ovf",
    summary: "the heaviest that has no more active connections than its weight",
    level: Level::Connection,
    on_change: "counters belong to destinations; a new one begins at 0, so it is taken until it is \
                full",
    parameters: &[],
    build: |_, _| Box::<IpvsWeightedOverflow>::default(),
};

/// A service that is scheduled so.
pub type IpvsWeightedOverflow = Service<WeightedOverflow>;

/// **What it does** The heaviest destination of those whose active connections are not more than
/// their weight; the first in the kernel's list of several. Nobody where all have more.
///
/// **Where it is used** kube-proxy, ipvs mode, scheduler `ovf`.
///
/// **What it needs to know** The weights, and the active connections of this node.
///
/// **When it goes wrong** A weight is a number of connections here. kube-proxy gives every pod the
/// weight 1, so that from a node each pod has two connections at a time, and what is beyond is
/// refused.
///
/// **Reference** `ip_vs_ovf_schedule` in `net/netfilter/ipvs/ip_vs_ovf.c` of Linux.
#[derive(Clone, Copy, Debug, Default)]
pub struct WeightedOverflow;

impl Scheduler for WeightedOverflow {
    const COUNTS: bool = true;

    fn schedule<'a>(
        &mut self,
        destinations: &'a [Destination],
        _: &mut PickContext<'_>,
    ) -> Option<&'a Destination> {
        heaviest(destinations.iter().filter(|it| it.active <= it.weight))
    }
}
