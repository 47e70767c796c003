//! The node that answers for a Service's address on the local network.

use std::net::Ipv4Addr;

use engine::Time;

use crate::{Endpoint, Entry, Level, PickContext, Policy, block::open_places};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "metallb.l2",
    summary: "one node gets everything for an address",
    level: Level::Connection,
    on_change: "the election is held anew: all connections move if the node goes or a better one \
                comes",
    parameters: &[],
    build: |_, _| Box::<Layer2>::default(),
};

/// **What it does** Of all nodes, the one whose name with the Service's address has the lowest
/// SHA-256 answers for that address, and gets all its connections.
///
/// **Where it is used** MetalLB in layer 2 mode: Services of type `LoadBalancer` on bare metal.
///
/// **What it needs to know** The nodes that are ready, and the address that was asked for. A
/// balancer does not hear the nodes' names, so their addresses stand in.
///
/// **When it goes wrong** It is no load balancing: one node's network card is the limit. When the
/// node goes, everything waits until others have heard where the address is now.
///
/// **Reference** `ShouldAnnounce` in `speaker/layer2_controller.go`.
#[derive(Clone, Debug, Default)]
pub struct Layer2 {
    nodes: Vec<(usize, String)>,
    /// The last address that was asked for, and the place of its node.
    elected: Option<(Ipv4Addr, Option<usize>)>,
}

impl Layer2 {
    fn elect(&self, address: Ipv4Addr) -> Option<usize> {
        let ballot = |name: &str| hmac_sha256::Hash::hash(format!("{name}#{address}").as_bytes());
        let first = self.nodes.iter().min_by_key(|(_, name)| ballot(name))?;
        Some(first.0)
    }
}

impl Policy for Layer2 {
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        let name = |place: usize| (place, endpoints[place].address.ip().to_string());
        self.nodes = open_places(endpoints).into_iter().map(name).collect();
        self.elected = None;
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let address = *context.flow.destination.ip();
        match self.elected {
            Some((of, place)) if of == address => place,
            _ => {
                let place = self.elect(address);
                self.elected = Some((address, place));
                place
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddrV4;

    use engine::Streams;

    use super::*;

    #[test]
    fn one_node_has_an_address_and_addresses_are_spread() {
        let mut random = Streams::new(1).named("unused");
        let mut pick = |policy: &mut Layer2, service: u8, client: u16| {
            let mut context = PickContext::new(Time::ZERO, &mut random);
            context.flow.source = SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 1), client);
            context.flow.destination = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, service), 80);
            policy.pick(&mut context)
        };
        let all = Endpoint::numbered(&[1; 5]);
        let mut policy = Layer2::default();
        policy.update(&all, Time::ZERO);
        let first: Vec<_> = (0..100).filter_map(|it| pick(&mut policy, it, 1)).collect();
        let again: Vec<_> = (0..100).filter_map(|it| pick(&mut policy, it, 2)).collect();
        assert_eq!(first, again);
        assert!((0..5).all(|node| first.contains(&node)), "each node has some address");
        policy.update(&all[..4], Time::ZERO);
        let after: Vec<_> = (0..100).filter_map(|it| pick(&mut policy, it, 3)).collect();
        assert!(first.iter().zip(&after).all(|(first, after)| *first == 4 || first == after));
    }
}
