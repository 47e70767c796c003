//! A few destinations for each address: scheduler `lblcr` of IPVS.

use std::cmp::Ordering;

use engine::{Span, Time};

use crate::{
    EndpointId, Entry, Level, Parameter, PickContext,
    ipvs::{
        destination::Destination,
        least::Least as _,
        locality::{ByAddress, expiration, is_overloaded, least_of_all},
        service::{Scheduler, Service},
        wlc::WeightedLeastConnection,
    },
};

static PARAMETERS: &[Parameter] = &[expiration(
    "lblcr_expiration",
    "After how long without a connection an address is forgotten, and without a change its set \
     shrinks.",
)];

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "ipvs.lblcr",
    summary: "a set of destinations for each address that is asked for, which grows under load",
    level: Level::Connection,
    on_change: "an address keeps its set; who has gone from the list is passed over in it",
    parameters: PARAMETERS,
    build: |settings, _| {
        let expiration = settings.duration("lblcr_expiration");
        let by_address = ByAddress::new(expiration);
        Box::new(Service::new(LocalityWithReplication { expiration, by_address }))
    },
};

/// **What it does** An address that is asked for has a set of destinations, of which it is given
/// the one with the fewest connections for its weight. If that has more active connections than its
/// weight while some destination has less than half of its own, the least loaded of all is taken,
/// and joins the set. A set that has not changed for a day loses its most loaded.
///
/// **Where it is used** kube-proxy, ipvs mode, scheduler `lblcr`; it is meant for clusters of
/// caches.
///
/// **What it needs to know** The address that the client asked for, the weights, and the
/// connections of this node.
///
/// **When it goes wrong** As [`lblc`](crate::ipvs::lblc::LocalityBasedLeastConnection): all clients
/// of a Service ask for one address. Its set grows until it has every pod that was once without an
/// active connection when the others had some.
///
/// **Reference** `ip_vs_lblcr_schedule` in `net/netfilter/ipvs/ip_vs_lblcr.c` of Linux.
#[derive(Clone, Debug)]
pub struct LocalityWithReplication {
    expiration: Span,
    by_address: ByAddress<Set>,
}

/// The destinations of an address, the last first.
#[derive(Clone, Debug)]
struct Set {
    members: Vec<EndpointId>,
    changed: Time,
}

impl Set {
    fn insert(&mut self, id: EndpointId, now: Time) {
        if !self.members.contains(&id) {
            self.members.insert(0, id);
            self.changed = now;
        }
    }

    /// Those of its members that are in the list and have a weight.
    fn open<'a>(&self, among: &'a [Destination]) -> impl Iterator<Item = &'a Destination> {
        let member = |id: &EndpointId| among.iter().find(|destination| destination.id == *id);
        self.members.iter().filter_map(member).filter(|destination| destination.is_open())
    }

    /// Drops the member with the most connections for its weight.
    fn shrink(&mut self, among: &[Destination], now: Time) {
        let load = |a: &Destination, b: &Destination| a.overhead() * u64::from(b.weight);
        let heavier =
            |a: &&Destination, b: &&Destination| -> Ordering { load(b, a).cmp(&load(a, b)) };
        if let Some(most) = self.open(among).min_by(heavier) {
            self.members.retain(|id| *id != most.id);
            self.changed = now;
        }
    }
}

impl Scheduler for LocalityWithReplication {
    const COUNTS: bool = true;

    fn schedule<'a>(
        &mut self,
        destinations: &'a [Destination],
        context: &mut PickContext<'_>,
    ) -> Option<&'a Destination> {
        let (address, now) = (*context.flow.destination.ip(), context.now);
        let Some(set) = self.by_address.get(address, now) else {
            let chosen = least_of_all(destinations)?;
            let set = Set { members: vec![chosen.id], changed: now };
            self.by_address.insert(address, now, set);
            return Some(chosen);
        };
        let least = WeightedLeastConnection::least(set.open(destinations));
        if set.members.len() > 1 && now.since(set.changed) > self.expiration {
            set.shrink(destinations, now);
        }
        if let Some(least) = least.filter(|it| !is_overloaded(it, destinations)) {
            return Some(least);
        }
        let chosen = least_of_all(destinations)?;
        set.insert(chosen.id, now);
        Some(chosen)
    }
}

#[cfg(test)]
mod tests {
    use engine::Streams;

    use super::*;
    use crate::{Endpoint, Policy, Value};

    fn service() -> (Service<LocalityWithReplication>, Vec<Endpoint>) {
        let all = Endpoint::numbered(&[1, 1, 2]);
        let expiration = Span::from_secs(100);
        let by_address = ByAddress::new(expiration);
        let mut service = Service::new(LocalityWithReplication { expiration, by_address });
        service.update(&all, Time::ZERO);
        (service, all)
    }

    /// Picks, and the connection is established.
    fn connect(
        service: &mut Service<LocalityWithReplication>,
        of: &[Endpoint],
        second: u64,
    ) -> u32 {
        let mut random = Streams::new(1).named("unused");
        let now = Time::from_secs(second);
        let place = service.pick(&mut PickContext::new(now, &mut random)).expect("somebody");
        service.established(of[place].id, now);
        of[place].id.0
    }

    #[test]
    fn a_set_grows_under_load_and_shrinks_in_time() {
        let (mut service, all) = service();
        let first: Vec<u32> = (0..5).map(|_| connect(&mut service, &all, 0)).collect();
        assert_eq!(first, [2, 2, 2, 1, 1], "the second joined, then has fewest for its weight");
        assert_eq!(connect(&mut service, &all, 1), 0, "two are more than its weight");
        assert_eq!(connect(&mut service, &all, 60), 0);
        assert_eq!(connect(&mut service, &all, 101), 2, "1 1/2 for each unit of weight, not 2");
        // All three are loaded the same. More than a hundred seconds after the set changed it loses
        // the first of those, which has this connection all the same.
        assert_eq!(connect(&mut service, &all, 102), 0);
        assert_eq!(connect(&mut service, &all, 103), 1);
    }

    #[test]
    fn an_address_is_forgotten_and_who_is_gone_is_passed_over() {
        let (mut service, all) = service();
        assert_eq!(connect(&mut service, &all, 0), 2);
        assert_eq!(connect(&mut service, &all, 99), 2);
        assert_eq!(
            connect(&mut service, &all, 199),
            1,
            "nobody asked for it for a hundred seconds"
        );
        service.update(&all[..1], Time::from_secs(199));
        assert_eq!(connect(&mut service, &all[..1], 199), 0);
        let mut short = crate::Configured::new(&ENTRY);
        assert!(short.set("lblcr_expiration", Value::Duration(Span::from_secs(1))).is_ok());
        assert!(short.build(1).listens());
    }
}
