//! Who was at an endpoint goes there again.

use engine::{Span, Time};

use super::{LayerEntry, Stage, hand_on};
use crate::{
    Endpoint, EndpointId, Kind, Parameter, PickContext, Policy,
    block::{Affinity, Places},
};

/// Its line in the list of layers.
pub static ENTRY: LayerEntry = LayerEntry {
    name: "kube-proxy.client_ip",
    summary: "a source goes where it was last",
    stage: Stage::Affinity,
    counts_unhealthy: false,
    parameters: &[
        Parameter {
            name: "timeout",
            summary: "How long a source is remembered after its last connection.",
            kind: Kind::Duration { default: Span::from_secs(10_800) },
        },
        Parameter {
            name: "capacity",
            summary: "How many sources are remembered of an endpoint, 0 for any number; the \
                      kernel's list that iptables rules go by has room for 100.",
            kind: Kind::Integer { default: 100, min: 0, max: u64::MAX },
        },
    ],
    wrap: |inside, settings, instance| {
        let capacity = usize::try_from(settings.integer("capacity")).unwrap_or(usize::MAX);
        let capacity = Some(capacity).filter(|capacity| *capacity > 0);
        Box::new(ClientIp::new(inside.build_as(instance), settings.duration("timeout"), capacity))
    },
};

/// **What it does** A source that was at an endpoint within the time-out goes there again, and each
/// connection renews it. Of several such endpoints it is the first of the list. The others are the
/// policy's to choose for.
///
/// **Where it is used** kube-proxy, `sessionAffinity: ClientIP`, one memory for each port of a
/// Service on each node.
///
/// **What it needs to know** The source address of the flow. An endpoint that leaves takes its
/// memory with it; who was there is chosen for anew.
///
/// **When it goes wrong** All clients behind one address have one endpoint. In iptables mode the
/// 101st source at an endpoint pushes out the one that was longest ago there. Two nodes remember
/// two endpoints.
///
/// **Reference** `writeServiceToEndpointRules` in `pkg/proxy/iptables/proxier.go`; `xt_recent` of
/// Linux.
#[derive(Clone, Debug)]
pub struct ClientIp<P> {
    inside: P,
    /// Sources are addresses as numbers.
    affinity: Affinity<EndpointId, u32>,
    places: Places,
}

impl<P: Policy> ClientIp<P> {
    /// Nobody is remembered yet.
    pub fn new(inside: P, timeout: Span, capacity: Option<usize>) -> Self {
        Self { inside, affinity: Affinity::new(timeout, capacity), places: Places::default() }
    }
}

impl<P: Policy> Policy for ClientIp<P> {
    hand_on!(inside: chosen, listens, reads_reports);
    hand_on!(inside: established, ended, withdrawn, probes, reported);

    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        self.places.update(endpoints);
        let ids: Vec<EndpointId> = endpoints.iter().map(|endpoint| endpoint.id).collect();
        self.affinity.update(&ids);
        self.inside.update(endpoints, now);
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let (source, now) = (*context.flow.source.ip(), context.now);
        if source.is_unspecified() {
            return self.inside.pick(context);
        }
        let source = source.to_bits();
        let place = match self.affinity.find_by(|id| self.places.of(id), source, now) {
            Some(place) if self.inside.chosen(place, now) => place,
            _ => self.inside.pick(context)?,
        };
        self.affinity.remember(self.places.id(place), source, now);
        Some(place)
    }

    fn remembers(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddrV4};

    use engine::Streams;

    use super::*;
    use crate::{Flow, ipvs::rr::IpvsRoundRobin};

    struct Node<P>(ClientIp<P>);

    impl<P: Policy> Node<P> {
        /// The place that a source gets, by the last octet of its address.
        fn pick(&mut self, source: u8, secs: u64) -> Option<usize> {
            let mut random = Streams::new(1).named("unused");
            let mut context = PickContext::new(Time::from_secs(secs), &mut random);
            let source = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, source), 4000);
            context.flow = Flow { source, ..Flow::UNKNOWN };
            self.0.pick(&mut context)
        }
    }

    fn node(capacity: Option<usize>) -> Node<IpvsRoundRobin> {
        Node(ClientIp::new(IpvsRoundRobin::default(), Span::from_secs(10), capacity))
    }

    #[test]
    fn a_source_stays_as_long_as_it_comes_back_in_time() {
        let all = Endpoint::numbered(&[1; 3]);
        let mut node = node(None);
        assert_eq!(node.pick(1, 0), None);
        node.0.update(&all, Time::ZERO);
        assert_eq!([node.pick(1, 0), node.pick(2, 0)], [Some(2), Some(1)]);
        assert_eq!([node.pick(1, 10), node.pick(1, 20)], [Some(2); 2], "it slides");
        assert_eq!(node.pick(2, 11), Some(0), "too late");
        // An endpoint moves, then leaves and comes back.
        node.0.update(&[all[2], all[0]], Time::ZERO);
        assert_eq!(node.pick(1, 21), Some(0));
        node.0.update(&all[..1], Time::ZERO);
        assert_eq!(node.pick(1, 22), Some(0));
        node.0.update(&[all[1], all[2], all[0]], Time::ZERO);
        assert_eq!(node.pick(1, 23), Some(2), "where it was last");
    }

    #[test]
    fn a_full_endpoint_forgets_who_was_there_longest_ago() {
        let all = Endpoint::numbered(&[1; 2]);
        let mut node = node(Some(2));
        node.0.update(&all[..1], Time::ZERO);
        (1..=3).for_each(|source| assert_eq!(node.pick(source, source.into()), Some(0)));
        node.0.update(&all, Time::ZERO);
        assert_eq!([3, 1].map(|source| node.pick(source, 4)), [Some(0), Some(1)]);
    }

    /// Picks place 0 first and place 1 later; of what is chosen for it, it would not have place 0.
    #[derive(Clone, Debug, Default)]
    struct Choosy {
        picks: usize,
        chosen: u32,
    }

    impl Policy for Choosy {
        fn update(&mut self, _: &[Endpoint], _: Time) {}

        fn pick(&mut self, _: &mut PickContext<'_>) -> Option<usize> {
            self.picks += 1;
            Some((self.picks - 1).min(1))
        }

        fn chosen(&mut self, place: usize, _: Time) -> bool {
            self.chosen += 1;
            place != 0
        }
    }

    #[test]
    fn the_policy_hears_of_it_and_may_refuse() {
        let mut node = Node(ClientIp::new(Choosy::default(), Span::from_secs(10), None));
        let all = Endpoint::numbered(&[1; 2]);
        node.0.update(&all, Time::ZERO);
        assert_eq!(node.pick(1, 0), Some(0));
        assert_eq!(node.pick(1, 0), Some(1), "refused, so it is chosen anew");
        node.0.update(&all[1..], Time::ZERO);
        node.0.update(&[all[1], all[0]], Time::ZERO);
        assert_eq!(node.pick(1, 0), Some(1));
        assert_eq!((node.0.inside.picks, node.0.inside.chosen), (3, 2));
    }

    #[test]
    fn nobody_stays_whose_address_is_not_known() {
        let mut node = node(None);
        node.0.update(&Endpoint::numbered(&[1; 2]), Time::ZERO);
        let mut random = Streams::new(1).named("unused");
        let mut pick = || node.0.pick(&mut PickContext::new(Time::ZERO, &mut random));
        assert_eq!([pick(), pick(), pick()], [Some(1), Some(0), Some(1)]);
    }
}
