//! A Network Load Balancer's flow hash.

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
    name: "aws.nlb",
    summary: "hash of a connection and its first sequence number",
    level: Level::Connection,
    on_change: "nothing is kept, so nothing is forgotten; connections stay where they are",
    parameters: &[
        Parameter {
            name: "protocol",
            summary: "TCP, whose first sequence number is hashed too, or UDP, which has none.",
            kind: Kind::Choice { of: &["TCP", "UDP"] },
        },
        Parameter {
            name: "stickiness.enabled",
            summary: "Whether only the client's address counts (stickiness of type source_ip).",
            kind: Kind::Flag { default: false },
        },
    ],
    build: |settings, _| Box::new(Nlb::new(settings)),
};

/// **What it does** A hash of both addresses, both ports, the protocol and, for TCP, the sequence
/// number that the client begins with, leads to a target. As that number is chance, so is the
/// target of each connection over TCP. With stickiness, or over UDP, the same flow has the same
/// target.
///
/// **Where it is used** AWS Network Load Balancers: Services of type `LoadBalancer` on EKS.
///
/// **What it needs to know** The targets that are healthy, and the connection. The hash itself is
/// not public: the kernel's `jhash` stands in, modulo the targets. Weights do not count, but for 0.
///
/// **When it goes wrong** Few connections: targets have shares as by chance. Long connections stay
/// where they are, so a target that comes gets new ones only. Between zones it does not balance
/// where that is not asked for: each zone's address leads to its own targets.
///
/// **Reference** Elastic Load Balancing, Network Load Balancers: Routing algorithm.
#[derive(Clone, Debug)]
pub struct Nlb {
    tcp: bool,
    sticky: bool,
    targets: Remainder,
}

impl Nlb {
    /// As it is set.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self {
            tcp: settings.choice("protocol") == "TCP",
            sticky: settings.flag("stickiness.enabled"),
            targets: Remainder::default(),
        }
    }
}

impl Policy for Nlb {
    fn update(&mut self, endpoints: &[Endpoint], _: Time) {
        self.targets.update(endpoints);
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let hash = if self.sticky {
            flow_hash(&context.flow, Tuple::Two, 0)
        } else {
            let sequence = if self.tcp { (context.random.next_u64() >> 32) as u32 } else { 0 };
            flow_hash(&context.flow, Tuple::Five, sequence)
        };
        self.targets.find(hash.into())
    }
}
