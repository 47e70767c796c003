//! One destination for each address: scheduler `lblc` of IPVS.

use crate::{
    EndpointId, Entry, Level, Parameter, PickContext,
    ipvs::{
        destination::Destination,
        locality::{ByAddress, expiration, is_overloaded, least_of_all},
        service::{Scheduler, Service},
    },
};

static PARAMETERS: &[Parameter] = &[expiration(
    "lblc_expiration",
    "After how long without a connection an address is forgotten.",
)];

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "ipvs.lblc",
    summary: "one destination for each address that is asked for, the least loaded at first",
    level: Level::Connection,
    on_change: "an address keeps its destination, as long as that is in the list and has a weight",
    parameters: PARAMETERS,
    build: |settings, _| {
        let expiration = settings.duration("lblc_expiration");
        let by_address = ByAddress::new(expiration);
        Box::new(Service::new(LocalityBasedLeastConnection { by_address }))
    },
};

/// **What it does** An address that is asked for belongs to the destination which had the fewest
/// connections for its weight when it was first asked for. It is given to another only if that one
/// goes, has no weight, or has more active connections than its weight while some other has less
/// than half of its own.
///
/// **Where it is used** kube-proxy, ipvs mode, scheduler `lblc`; it is meant for clusters of
/// caches.
///
/// **What it needs to know** The address that the client asked for, the weights, and the
/// connections of this node.
///
/// **When it goes wrong** The clients of a Service all ask for one address, the cluster IP. So a
/// node sends everything to one pod; and where every weight is 1, no pod counts as less than half
/// loaded but one without any active connection.
///
/// **Reference** `ip_vs_lblc_schedule` in `net/netfilter/ipvs/ip_vs_lblc.c` of Linux.
#[derive(Clone, Debug)]
pub struct LocalityBasedLeastConnection {
    by_address: ByAddress<EndpointId>,
}

impl Scheduler for LocalityBasedLeastConnection {
    const COUNTS: bool = true;

    fn schedule<'a>(
        &mut self,
        destinations: &'a [Destination],
        context: &mut PickContext<'_>,
    ) -> Option<&'a Destination> {
        let address = *context.flow.destination.ip();
        let Some(kept) = self.by_address.get(address, context.now) else {
            let chosen = least_of_all(destinations)?;
            self.by_address.insert(address, context.now, chosen.id);
            return Some(chosen);
        };
        let before = destinations.iter().find(|destination| destination.id == *kept);
        if let Some(before) = before.filter(|it| it.is_open() && !is_overloaded(it, destinations)) {
            return Some(before);
        }
        let chosen = least_of_all(destinations)?;
        *kept = chosen.id;
        Some(chosen)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddrV4};

    use engine::{Streams, Time};

    use super::*;
    use crate::{Configured, Endpoint, Flow};

    #[test]
    fn an_address_stays_until_its_destination_is_overloaded_or_goes() {
        let mut policy = Configured::new(&ENTRY).build(1);
        let all = Endpoint::numbered(&[1, 1, 2]);
        policy.update(&all, Time::ZERO);
        let mut random = Streams::new(1).named("unused");
        let mut pick = |policy: &mut Box<dyn crate::Policy>, last_octet: u8, second| {
            let mut context = PickContext::new(Time::from_secs(second), &mut random);
            let address = SocketAddrV4::new(Ipv4Addr::new(10, 96, 0, last_octet), 80);
            context.flow = Flow { destination: address, ..Flow::UNKNOWN };
            policy.pick(&mut context)
        };
        for _ in 0..2 {
            assert_eq!(pick(&mut policy, 1, 0), Some(2), "it stays");
            policy.established(all[2].id, Time::ZERO);
        }
        assert_eq!(pick(&mut policy, 2, 0), Some(1), "another address");
        policy.established(all[1].id, Time::ZERO);
        assert_eq!(pick(&mut policy, 1, 0), Some(2), "two are not more than its weight");
        policy.established(all[2].id, Time::ZERO);
        assert_eq!(pick(&mut policy, 1, 0), Some(0), "three are, and here is nobody");
        policy.update(&all[1..], Time::ZERO);
        assert_eq!(pick(&mut policy, 1, 0), Some(0), "it went");
        let day = 24 * 60 * 60;
        assert_eq!(pick(&mut policy, 1, day - 1), Some(0), "kept");
        policy.update(&[], Time::ZERO);
        assert_eq!(pick(&mut policy, 1, day), None);
    }
}
