//! The better of two: scheduler `twos` of IPVS.

use crate::{
    Entry, Level, PickContext,
    ipvs::{
        destination::Destination,
        least::Least as _,
        service::{Scheduler, Service},
        wlc::WeightedLeastConnection,
    },
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "ipvs.twos",
    summary: "the less loaded of two drawn by weight",
    level: Level::Connection,
    on_change: "counters belong to destinations; a new one begins at 0, so it wins whenever it is \
                drawn",
    parameters: &[],
    build: |_, _| Box::<IpvsPowerOfTwos>::default(),
};

/// A service that is scheduled so.
pub type IpvsPowerOfTwos = Service<PowerOfTwos>;

/// **What it does** Draws twice by weight, the same destination perhaps, and takes the second if it
/// has fewer connections for its weight than the first. An active one counts as 256, an inactive
/// one as 1.
///
/// **Where it is used** kube-proxy, ipvs mode, scheduler `twos`.
///
/// **What it needs to know** The weights, and the connections of this node.
///
/// **When it goes wrong** Of numbers from 0 to the sum W of all weights, the first destination has
/// one more than its weight: its share of the draws is (w + 1)/(W + 1), 2/3 where two weigh 1.
///
/// **Reference** `ip_vs_twos_schedule` in `net/netfilter/ipvs/ip_vs_twos.c` of Linux.
#[derive(Clone, Copy, Debug, Default)]
pub struct PowerOfTwos;

impl PowerOfTwos {
    /// Chooses with two draws of 32 bits.
    #[must_use]
    pub fn choose(destinations: &[Destination], draws: [u32; 2]) -> Option<&Destination> {
        let open = || destinations.iter().filter(|destination| destination.is_open());
        let total: u64 = open().map(|destination| u64::from(destination.weight)).sum();
        let drawn = |draw: u32| {
            let mut left = u64::from(draw) % (total + 1);
            open().find(|destination| {
                let found = left <= u64::from(destination.weight);
                left = left.saturating_sub(u64::from(destination.weight));
                found
            })
        };
        let (first, second) = (drawn(draws[0])?, drawn(draws[1])?);
        WeightedLeastConnection::least([first, second].into_iter())
    }
}

impl Scheduler for PowerOfTwos {
    const COUNTS: bool = true;

    fn schedule<'a>(
        &mut self,
        destinations: &'a [Destination],
        context: &mut PickContext<'_>,
    ) -> Option<&'a Destination> {
        let mut draw = || (context.random.next_u64() >> 32) as u32;
        Self::choose(destinations, [draw(), draw()])
    }
}
