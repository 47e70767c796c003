//! By the destination's address: scheduler `dh` of IPVS.

use crate::{
    Entry, Level, PickContext,
    ipvs::{
        buckets::{self, Buckets},
        destination::Destination,
        service::{Scheduler, Service},
    },
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "ipvs.dh",
    summary: "hash of the address that was asked for, in 256 buckets",
    level: Level::Connection,
    on_change: "the buckets are filled anew: most addresses move; connections stay where they are",
    parameters: &[],
    build: |_, _| Box::<IpvsDestinationHash>::default(),
};

/// A service that is scheduled so.
pub type IpvsDestinationHash = Service<DestinationHash>;

/// **What it does** 256 buckets are dealt out to the destinations in the kernel's order, one to
/// each in turn. A connection goes to the destination of the bucket of the address that it asks
/// for.
///
/// **Where it is used** kube-proxy, ipvs mode, scheduler `dh`. It is made for caches in front of
/// many addresses.
///
/// **What it needs to know** The list, which weights are 0, and the address that was asked for.
///
/// **When it goes wrong** Always, for a Service: its address is one, so one destination gets every
/// connection.
///
/// **Reference** `ip_vs_dh_reassign`, `ip_vs_dh_schedule` in `net/netfilter/ipvs/ip_vs_dh.c` of
/// Linux.
#[derive(Clone, Debug, Default)]
pub struct DestinationHash {
    buckets: Buckets,
}

impl Scheduler for DestinationHash {
    const COUNTS: bool = false;

    fn updated(&mut self, destinations: &[Destination]) {
        self.buckets.fill((0..destinations.len()).cycle());
    }

    fn schedule<'a>(
        &mut self,
        destinations: &'a [Destination],
        context: &mut PickContext<'_>,
    ) -> Option<&'a Destination> {
        let bucket = buckets::hash_32(u32::from(*context.flow.destination.ip()));
        self.buckets.at(destinations, bucket as usize).filter(|it| it.is_open())
    }
}
