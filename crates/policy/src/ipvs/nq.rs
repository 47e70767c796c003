//! Never queue: scheduler `nq` of IPVS.

use crate::{
    Entry, Level, PickContext,
    ipvs::{
        destination::Destination,
        sed::ShortestExpectedDelay,
        service::{Scheduler, Service},
    },
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "ipvs.nq",
    summary: "one without active connections, else as sed",
    level: Level::Connection,
    on_change: "counters belong to destinations; a new one begins at 0, so it is taken until it is \
                level",
    parameters: &[],
    build: |_, _| Box::<IpvsNeverQueue>::default(),
};

/// A service that is scheduled so.
pub type IpvsNeverQueue = Service<NeverQueue>;

/// **What it does** The first destination without active connections; where there is none, the
/// [shortest expected delay](crate::ipvs::sed::ShortestExpectedDelay).
///
/// **Where it is used** kube-proxy, ipvs mode, scheduler `nq`.
///
/// **What it needs to know** The weights, and the active connections of this node.
///
/// **When it goes wrong** As `sed`, but that a slow destination is not left idle.
///
/// **Reference** `ip_vs_nq_schedule` in `net/netfilter/ipvs/ip_vs_nq.c` of Linux.
#[derive(Clone, Copy, Debug, Default)]
pub struct NeverQueue;

impl Scheduler for NeverQueue {
    const COUNTS: bool = true;

    fn schedule<'a>(
        &mut self,
        destinations: &'a [Destination],
        context: &mut PickContext<'_>,
    ) -> Option<&'a Destination> {
        let mut open = destinations.iter().filter(|destination| destination.is_open());
        let idle = open.find(|destination| destination.active == 0);
        idle.or_else(|| ShortestExpectedDelay.schedule(destinations, context))
    }
}
