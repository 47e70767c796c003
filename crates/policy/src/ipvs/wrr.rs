//! Weighted turns: scheduler `wrr` of IPVS.

use crate::{
    Entry, Level, PickContext,
    block::Rounds,
    ipvs::{
        destination::Destination,
        service::{Scheduler, Service},
    },
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "ipvs.wrr",
    summary: "weights in falling rounds, what came last first",
    level: Level::Connection,
    on_change: "the cursor returns to the head of the list; the round stays if there is still such \
                a one",
    parameters: &[],
    build: |_, _| Box::<IpvsWeightedRoundRobin>::default(),
};

/// A service that is scheduled so.
pub type IpvsWeightedRoundRobin = Service<WeightedRoundRobin>;

/// **What it does** Rounds of falling levels over the kernel's list: a destination is taken in each
/// round whose level its weight reaches. With equal weights it is plain round robin.
///
/// **Where it is used** kube-proxy, ipvs mode, scheduler `wrr`.
///
/// **What it needs to know** The list and its weights. With each that comes, goes or changes, it
/// goes on at the head of the list, in the round that it was in. So a service that gets its
/// destinations one by one begins with the last round, the one in which all have a turn.
///
/// **When it goes wrong** Weights are served in bursts, the heaviest first. Many changes favour the
/// head of the list: what came last.
///
/// **Reference** `ip_vs_wrr_schedule`, `ip_vs_wrr_dest_changed` in `net/netfilter/ipvs/ip_vs_wrr.c`
/// of Linux.
#[derive(Clone, Debug, Default)]
pub struct WeightedRoundRobin {
    rounds: Rounds,
}

impl WeightedRoundRobin {
    /// For a service that has these destinations already: it begins with the first round.
    #[must_use]
    pub fn for_service(destinations: &[Destination]) -> Self {
        Self { rounds: Rounds::new(weights(destinations)) }
    }

    /// The highest level, and by how much levels fall.
    #[must_use]
    pub fn levels(&self) -> (u32, u32) {
        self.rounds.levels()
    }
}

fn weights(destinations: &[Destination]) -> impl Iterator<Item = u32> {
    destinations.iter().map(|destination| destination.weight)
}

impl Scheduler for WeightedRoundRobin {
    const COUNTS: bool = false;

    fn add_dest(&mut self, destinations: &[Destination]) {
        self.rounds.change(weights(destinations));
    }

    fn del_dest(&mut self, destinations: &[Destination], _: usize) {
        self.rounds.change(weights(destinations));
    }

    fn upd_dest(&mut self, destinations: &[Destination]) {
        self.rounds.change(weights(destinations));
    }

    fn schedule<'a>(
        &mut self,
        destinations: &'a [Destination],
        _: &mut PickContext<'_>,
    ) -> Option<&'a Destination> {
        let place = self.rounds.next(destinations.len(), |place| destinations[place].weight)?;
        Some(&destinations[place])
    }
}

#[cfg(test)]
mod tests {
    use engine::{Streams, Time};

    use super::*;
    use crate::{Endpoint, Policy};

    #[test]
    fn destinations_come_one_by_one_and_changes_go_to_the_head() {
        let mut all = Endpoint::numbered(&[1, 3]);
        let mut policy = IpvsWeightedRoundRobin::default();
        let mut random = Streams::new(1).named("unused");
        let mut picks = |policy: &mut IpvsWeightedRoundRobin, count: usize| -> Vec<usize> {
            let mut pick = || policy.pick(&mut PickContext::new(Time::ZERO, &mut random));
            (0..count).filter_map(|_| pick()).collect()
        };
        policy.update(&all, Time::ZERO);
        assert_eq!(picks(&mut policy, 7), [1, 0, 1, 1, 1, 0, 1], "the last round is the first");
        all[0].weight = 2;
        policy.update(&all, Time::ZERO);
        assert_eq!(picks(&mut policy, 5), [1, 1, 0, 1, 0], "the first round is begun anew");
        all[1].weight = 0;
        policy.update(&all, Time::ZERO);
        assert_eq!(picks(&mut policy, 2), [0, 0]);
        policy.update(&[], Time::ZERO);
        assert_eq!(picks(&mut policy, 2), [0; 0]);
    }
}
