//! The UDP flows that a node's connection tracking remembers.
//!
//! All datagrams from one socket to one port of a Service are a flow. The first goes where the rules
//! send it, and the others follow, whatever the rules say by then, until nothing came for a while or
//! the proxy has the flow forgotten because its endpoint is gone.
//!
//! *Left out:* flows of sockets that send once, whose source port another one takes over soon after;
//! and the size of the table.

use std::collections::BTreeMap;

use api::{PodId, ServiceId};
use engine::{Span, Time};
use record::ClientId;

use super::{Asked, Target};

/// How long a flow without an answer is remembered (`nf_conntrack_udp_timeout` of Linux).
const UNREPLIED: Span = Span::from_secs(30);
/// How long one that was answered is (`nf_conntrack_udp_timeout_stream`), and how old it has to be.
const STREAM: Span = Span::from_secs(120);
const STREAM_AFTER: Span = Span::from_secs(2);

/// A flow that is remembered.
#[derive(Clone, Copy, Debug)]
struct Flow {
    target: Target,
    since: Time,
    until: Time,
    answered: bool,
}

impl Flow {
    /// Another datagram of it passes.
    fn refresh(&mut self, now: Time) {
        let stream = self.answered && now.since(self.since) > STREAM_AFTER;
        self.until = now + if stream { STREAM } else { UNREPLIED };
    }
}

/// The flows of a node, by the client whose socket it is, what they ask for and who does.
#[derive(Debug, Default)]
pub(super) struct Flows(BTreeMap<(ClientId, Asked), Flow>);

impl Flows {
    /// Where a datagram of a known flow goes.
    pub(super) fn follow(&mut self, socket: (ClientId, Asked), now: Time) -> Option<Target> {
        let flow = self.0.get_mut(&socket).filter(|flow| now < flow.until)?;
        flow.refresh(now);
        Some(flow.target)
    }

    /// The first datagram of a flow was sent somewhere.
    pub(super) fn open(&mut self, socket: (ClientId, Asked), target: Target, now: Time) {
        let flow = Flow { target, since: now, until: now + UNREPLIED, answered: false };
        self.0.insert(socket, flow);
    }

    /// An answer came back from a pod; one to a flow that went on elsewhere is nobody's.
    pub(super) fn answered(&mut self, socket: (ClientId, Asked), pod: PodId, now: Time) {
        let flow = self.0.get_mut(&socket);
        if let Some(flow) = flow.filter(|it| now < it.until && it.target.pod == Some(pod)) {
            flow.answered = true;
            flow.refresh(now);
        }
    }

    /// Forgets the flows to a Service that lead nowhere, by their ports and targets. Gives back how
    /// many that were; those whose time is over go, too, and do not count.
    pub(super) fn forget(
        &mut self,
        service: ServiceId,
        now: Time,
        is_stale: impl Fn(u16, &Target) -> bool,
    ) -> u32 {
        let mut count = 0;
        self.0.retain(|(_, asked), flow| {
            let over = flow.until <= now;
            let stale = asked.service == service && is_stale(asked.port, &flow.target);
            count += u32::from(stale && !over);
            !stale && !over
        });
        count
    }

    /// Whether there is none at all.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use api::{NodeId, Protocol};

    use std::net::Ipv4Addr;

    use super::*;
    use crate::connection::Caller;

    /// The socket of a client of this number to a port, on a node.
    fn socket(client: u32, port: u16) -> (ClientId, Asked) {
        let caller = Caller::Node(NodeId(0));
        let asked = Asked { service: ServiceId(1), protocol: Protocol::Udp, port, caller };
        (ClientId(client), asked)
    }

    fn asked() -> (ClientId, Asked) {
        socket(0, 53)
    }

    fn target(pod: u32) -> Target {
        Target { pod: Some(PodId(pod)), port: 5353, address: Ipv4Addr::LOCALHOST }
    }

    /// A flow that was opened at 10 s and in which `what` happened: whether it is known at a moment.
    #[test]
    fn a_flow_is_remembered_for_a_while_after_its_last_datagram() {
        let nothing = |_: &mut Flows| {};
        let follow = |at: u64| {
            move |flows: &mut Flows| {
                flows.follow(asked(), second(at));
            }
        };
        let from = |pod: u32, at: u64| {
            move |flows: &mut Flows| flows.answered(asked(), PodId(pod), second(at))
        };
        let answer = |at: u64| from(7, at);
        let known = |what: &dyn Fn(&mut Flows), at: u64| {
            let mut flows = Flows::default();
            flows.open(asked(), target(7), second(10));
            what(&mut flows);
            flows.follow(asked(), second(at)) == Some(target(7))
        };
        assert!(known(&nothing, 39) && !known(&nothing, 40), "30 s without an answer");
        assert!(known(&follow(35), 64) && !known(&follow(35), 65), "30 s from the last datagram");
        assert!(!known(&answer(11), 41), "answered, but too young to be a stream");
        assert!(known(&answer(13), 132) && !known(&answer(13), 133), "120 s where it is a stream");
        assert!(!known(&answer(41), 42), "an answer after its end revives nothing");
        assert!(!known(&from(8, 13), 41), "an answer of another pod is not its");
    }

    fn second(second: u64) -> Time {
        Time::from_secs(second)
    }

    #[test]
    fn flows_of_one_port_are_forgotten_by_their_targets() {
        let mut flows = Flows::default();
        let (other_port, other_client) = (socket(0, 54), socket(1, 53));
        flows.open(asked(), target(7), second(0));
        flows.open(other_port, target(7), second(0));
        flows.open(other_client, target(8), second(0));
        let stale = |port: u16, it: &Target| port == 53 && *it == target(7);
        assert_eq!(flows.forget(ServiceId(1), second(1), stale), 1);
        assert_eq!(flows.follow(asked(), second(1)), None);
        assert_eq!(flows.follow(other_port, second(1)), Some(target(7)));
        assert_eq!(flows.follow(other_client, second(1)), Some(target(8)));
        assert_eq!(flows.forget(ServiceId(1), second(60), |_, _| true), 0, "they were over");
        assert!(flows.is_empty());
    }
}
