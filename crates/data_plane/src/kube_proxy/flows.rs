//! The UDP flows that a node's connection tracking remembers.
//!
//! All datagrams from one socket to one port of a Service are a flow. The first goes where the rules
//! send it, and the others follow, whatever the rules say by then, until nothing came for a while or
//! the proxy has the flow forgotten because its endpoint is gone.
//!
//! *Left out:* flows of sockets that send once, whose source port another one takes over soon after;
//! and the size of the table.

use std::collections::BTreeMap;

use api::{Protocol, ServiceId};
use engine::{Span, Time};

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

/// The flows of a node, by what they ask for and who does.
#[derive(Debug, Default)]
pub(super) struct Flows(BTreeMap<Asked, Flow>);

impl Flows {
    /// Where a datagram of a known flow goes.
    pub(super) fn follow(&mut self, asked: Asked, now: Time) -> Option<Target> {
        let flow = self.0.get_mut(&asked).filter(|flow| now < flow.until)?;
        flow.refresh(now);
        Some(flow.target)
    }

    /// The first datagram of a flow was sent somewhere.
    pub(super) fn open(&mut self, asked: Asked, target: Target, now: Time) {
        let flow = Flow { target, since: now, until: now + UNREPLIED, answered: false };
        self.0.insert(asked, flow);
    }

    /// An answer came back.
    pub(super) fn answered(&mut self, asked: Asked, now: Time) {
        if let Some(flow) = self.0.get_mut(&asked) {
            flow.answered = true;
            flow.refresh(now);
        }
    }

    /// Forgets the flows to a port whose endpoints will not do. Gives back how many that were.
    pub(super) fn forget(
        &mut self,
        (service, port): (ServiceId, u16),
        is_stale: impl Fn(&Target) -> bool,
    ) -> u32 {
        let before = self.0.len();
        self.0.retain(|asked, flow| {
            let here = (asked.service, asked.port) == (service, port);
            !(here && asked.protocol == Protocol::Udp && is_stale(&flow.target))
        });
        (before - self.0.len()) as u32
    }
}

#[cfg(test)]
mod tests {
    use api::{NodeId, PodId};

    use super::*;
    use crate::connection::Caller;

    fn asked() -> Asked {
        let caller = Caller::Node(NodeId(0));
        Asked { service: ServiceId(1), protocol: Protocol::Udp, port: 53, caller }
    }

    fn target(pod: u32) -> Target {
        Target { pod: Some(PodId(pod)), port: 5353 }
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
        let answer = |at: u64| move |flows: &mut Flows| flows.answered(asked(), second(at));
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
    }

    fn second(second: u64) -> Time {
        Time::from_secs(second)
    }

    #[test]
    fn flows_of_one_port_are_forgotten_by_their_targets() {
        let mut flows = Flows::default();
        let other_port = Asked { port: 54, ..asked() };
        let other_caller = Asked { caller: Caller::Node(NodeId(1)), ..asked() };
        flows.open(asked(), target(7), second(0));
        flows.open(other_port, target(7), second(0));
        flows.open(other_caller, target(8), second(0));
        assert_eq!(flows.forget((ServiceId(1), 53), |it| *it == target(7)), 1);
        assert_eq!(flows.follow(asked(), second(1)), None);
        assert_eq!(flows.follow(other_port, second(1)), Some(target(7)));
        assert_eq!(flows.follow(other_caller, second(1)), Some(target(8)));
    }
}
