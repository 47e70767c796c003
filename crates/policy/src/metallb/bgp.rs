//! A router that knows several ways to a Service's address.

use engine::Time;

use crate::{
    Endpoint, Entry, Kind, Level, Parameter, PickContext, Policy, Settings,
    block::{
        Remainder,
        flow_hash::{Tuple, flow_hash},
    },
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "metallb.bgp",
    summary: "a router's hash of a connection, over all nodes that announce the address",
    level: Level::Connection,
    on_change: "nothing is kept: most connections come to other nodes, established ones too",
    parameters: &[Parameter {
        name: "hash",
        summary: "What the router hashes: addresses, ports and protocol; addresses and protocol; \
                  or addresses.",
        kind: Kind::Choice { of: &["5-tuple", "3-tuple", "2-tuple"] },
    }],
    build: |settings, _| Box::new(Bgp::new(settings)),
};

/// **What it does** Every node announces the address, and the router spreads connections over them
/// by a hash, modulo the nodes.
///
/// **Where it is used** MetalLB, Cilium and Calico in BGP mode, with a router that has several next
/// hops of equal cost (ECMP).
///
/// **What it needs to know** The nodes that announce, and the connection. A router's hash is its
/// maker's own: the kernel's `jhash` stands in. Weights do not count, but for 0.
///
/// **When it goes wrong** A node that comes or goes moves most connections, also those that are
/// established: packets come to nodes that know nothing of them, unless the router's hash is
/// resilient or all nodes choose alike. This chooses for new ones only. With fewer parts in the
/// hash, clients behind a gateway have one node.
///
/// **Reference** MetalLB, concepts, BGP: load-balancing behavior, and limitations.
#[derive(Clone, Debug)]
pub struct Bgp {
    tuple: Tuple,
    nodes: Remainder,
}

impl Bgp {
    /// As it is set.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self { tuple: Tuple::named(settings.choice("hash")), nodes: Remainder::default() }
    }
}

impl Policy for Bgp {
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        self.nodes.update(endpoints);
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        self.nodes.find(flow_hash(&context.flow, self.tuple, 0).into())
    }
}
