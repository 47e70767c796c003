//! In turn: scheduler `rr` of IPVS, kube-proxy's choice in ipvs mode.

use crate::{
    Entry, Level, PickContext,
    ipvs::{
        destination::Destination,
        service::{Scheduler, Service},
    },
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "ipvs.rr",
    summary: "in turn, what came last first (ipvs mode)",
    level: Level::Connection,
    on_change: "the cursor stays, or falls back to its predecessor where its endpoint goes",
    parameters: &[],
    build: |_, _| Box::<IpvsRoundRobin>::default(),
};

/// A service that is scheduled so.
pub type IpvsRoundRobin = Service<RoundRobin>;

/// **What it does** The next endpoint in the kernel's list after the one of the last connection. An
/// endpoint of weight 0 is passed over: it gets no new connections.
///
/// **Where it is used** kube-proxy, ipvs mode, scheduler `rr`, which is its default; one cursor for
/// each port of a Service on each node.
///
/// **What it needs to know** The list and which weights are 0. The cursor stays where endpoints
/// come and go; if its own goes, it falls back to the one before. A new endpoint comes to the head
/// of the list.
///
/// **When it goes wrong** Many nodes with few connections each: every cursor begins at the same
/// endpoint.
///
/// **Reference** `net/netfilter/ipvs/ip_vs_rr.c`, `ip_vs_ctl.c` of Linux.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoundRobin {
    /// The place of the last connection in the kernel's list; `None` at its head.
    cursor: Option<usize>,
}

impl Scheduler for RoundRobin {
    const COUNTS: bool = false;

    fn add_dest(&mut self, _: &[Destination]) {
        self.cursor = self.cursor.map(|cursor| cursor + 1);
    }

    fn del_dest(&mut self, _: &[Destination], place: usize) {
        self.cursor = match self.cursor {
            Some(cursor) if cursor >= place => cursor.checked_sub(1),
            cursor => cursor,
        };
    }

    fn schedule<'a>(
        &mut self,
        destinations: &'a [Destination],
        _: &mut PickContext<'_>,
    ) -> Option<&'a Destination> {
        let first = self.cursor.map_or(0, |cursor| cursor + 1);
        let mut turns = (first..destinations.len()).chain(0..first.min(destinations.len()));
        let place = turns.find(|place| destinations[*place].is_open())?;
        self.cursor = Some(place);
        Some(&destinations[place])
    }
}

#[cfg(test)]
mod tests {
    use engine::{Streams, Time};

    use super::*;
    use crate::{Endpoint, Policy};

    fn endpoints(ids: &[u32]) -> Vec<Endpoint> {
        let all = Endpoint::numbered(&[1; 10]);
        ids.iter().map(|id| all[*id as usize]).collect()
    }

    /// The ids that come up, where the endpoints of the last update are these.
    fn picks(policy: &mut IpvsRoundRobin, of: &[Endpoint], count: usize) -> Vec<u32> {
        let mut random = Streams::new(1).named("unused");
        let mut pick = || policy.pick(&mut PickContext::new(Time::ZERO, &mut random));
        (0..count).filter_map(|_| pick()).map(|place| of[place].id.0).collect()
    }

    #[test]
    fn what_came_last_is_first_and_a_weight_of_zero_is_passed_over() {
        let mut policy = IpvsRoundRobin::default();
        // Added one after the other, these are 3, 2, 1, 0 in the kernel.
        let mut all = endpoints(&[0, 1, 2, 3]);
        all[2].weight = 0;
        policy.update(&all, Time::ZERO);
        assert_eq!(picks(&mut policy, &all, 7), [3, 1, 0, 3, 1, 0, 3]);
        all.iter_mut().for_each(|endpoint| endpoint.weight = 0);
        policy.update(&all, Time::ZERO);
        assert_eq!(picks(&mut policy, &all, 7), [0; 0]);
    }

    #[test]
    fn the_cursor_falls_back_where_its_endpoint_goes_and_stays_otherwise() {
        let mut policy = IpvsRoundRobin::default();
        let all = endpoints(&[4, 3, 2, 1]);
        policy.update(&all, Time::ZERO);
        assert_eq!(picks(&mut policy, &all, 2), [1, 2]);
        let three = endpoints(&[4, 3, 1]);
        policy.update(&three, Time::ZERO);
        assert_eq!(picks(&mut policy, &three, 4), [3, 4, 1, 3]);
        let more = endpoints(&[4, 3, 1, 9]);
        policy.update(&more, Time::ZERO);
        assert_eq!(picks(&mut policy, &more, 4), [4, 9, 1, 3], "the new one is at the head");
        policy.update(&[], Time::ZERO);
        assert_eq!(picks(&mut policy, &[], 1), [0; 0]);
    }
}
