//! The heaviest: scheduler `fo` of IPVS.

use crate::{
    Entry, Level, PickContext,
    ipvs::{
        destination::Destination,
        service::{Scheduler, Service},
    },
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "ipvs.fo",
    summary: "always the heaviest",
    level: Level::Connection,
    on_change: "nothing is kept: the heaviest that is left",
    parameters: &[],
    build: |_, _| Box::<IpvsWeightedFailover>::default(),
};

/// A service that is scheduled so.
pub type IpvsWeightedFailover = Service<WeightedFailover>;

/// **What it does** Always the heaviest destination; the first in the kernel's list of several.
///
/// **Where it is used** kube-proxy, ipvs mode, scheduler `fo`.
///
/// **What it needs to know** The weights. It counts nothing.
///
/// **When it goes wrong** kube-proxy gives every pod the weight 1: one pod has everything, the one
/// that came last.
///
/// **Reference** `ip_vs_fo_schedule` in `net/netfilter/ipvs/ip_vs_fo.c` of Linux.
#[derive(Clone, Copy, Debug, Default)]
pub struct WeightedFailover;

impl Scheduler for WeightedFailover {
    const COUNTS: bool = false;

    fn schedule<'a>(
        &mut self,
        destinations: &'a [Destination],
        _: &mut PickContext<'_>,
    ) -> Option<&'a Destination> {
        heaviest(destinations.iter())
    }
}

/// The heaviest of these that are open, the first of several.
pub(super) fn heaviest<'a>(
    destinations: impl Iterator<Item = &'a Destination>,
) -> Option<&'a Destination> {
    let open = destinations.filter(|destination| destination.is_open());
    open.min_by_key(|destination| std::cmp::Reverse(destination.weight))
}
