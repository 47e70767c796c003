//! The hash of an Azure Load Balancer.

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
    name: "azure.flow_hash",
    summary: "hash of a connection, or of its addresses only",
    level: Level::Connection,
    on_change: "nothing is kept, so nothing is forgotten; most new connections of a client move",
    parameters: &[Parameter {
        name: "loadDistribution",
        summary: "What is hashed: addresses, ports and protocol; both addresses; or these and the \
                  protocol.",
        kind: Kind::Choice { of: &["Default", "SourceIP", "SourceIPProtocol"] },
    }],
    build: |settings, _| Box::new(AzureFlowHash::new(settings)),
};

/// **What it does** A hash of the connection leads to a server: of five parts, so that each
/// connection of a client may meet another; or of the addresses only, so that all of them meet one.
///
/// **Where it is used** Azure Load Balancer: Services of type `LoadBalancer` on AKS, where
/// `sessionAffinity: ClientIP` means `SourceIP`.
///
/// **What it needs to know** The servers that are healthy, and the connection. The hash itself is
/// not public: the kernel's `jhash` stands in, modulo the servers. Weights do not count, but for 0.
///
/// **When it goes wrong** Few connections: servers have shares as by chance. With `SourceIP`, a
/// gateway with many clients behind it has one server.
///
/// **Reference** Azure Load Balancer distribution modes.
#[derive(Clone, Debug)]
pub struct AzureFlowHash {
    tuple: Tuple,
    servers: Remainder,
}

impl AzureFlowHash {
    /// As it is set.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let tuple = match settings.choice("loadDistribution") {
            "SourceIP" => Tuple::Two,
            "SourceIPProtocol" => Tuple::Three,
            _ => Tuple::Five,
        };
        Self { tuple, servers: Remainder::default() }
    }
}

impl Policy for AzureFlowHash {
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        self.servers.update(endpoints);
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        self.servers.find(flow_hash(&context.flow, self.tuple, 0).into())
    }
}
