//! A connection's arrival at a pod: accepted, refused, or never answered.
//!
//! A connection is not a request. Proxies balance connections; a program accepts them. A request has one of
//! its own, or goes over one that its sender keeps; over UDP those of one socket are one flow.

use api::{NodeId, PodId, Protocol};
use record::{Cause, ClientId};

use crate::{
    runtime::Runtime,
    server::{Listener, ServerId},
};

/// What a client's requests travel by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Transport {
    /// TCP, each request over a connection of its own.
    #[default]
    Tcp,
    /// UDP, a request and its answer being a datagram each.
    Udp {
        /// Whether all requests of a sender come from one socket, and so from one port: then a node
        /// takes them for one flow.
        one_socket: bool,
    },
}

impl Transport {
    /// The protocol, as ports have it.
    #[must_use]
    #[inline]
    pub fn protocol(self) -> Protocol {
        match self {
            Self::Tcp => Protocol::Tcp,
            Self::Udp { .. } => Protocol::Udp,
        }
    }
}

/// Who opens a connection: a proxy tells sources apart by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Caller {
    /// A program on the node itself, from the node's address.
    Node(NodeId),
    /// A pod, from its own.
    Pod(PodId),
    /// A client outside: all its requests come from one address.
    Outside(ClientId),
}

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// The program took it.
    Accepted(ServerId),
    /// The pod's address answered that nobody listens, or that the connection is no more.
    Refused(Cause),
    /// Nobody answered: the address is routed nowhere.
    Unanswered,
}

/// What becomes of a connection to a port of a pod.
#[must_use]
#[inline]
pub fn connect(runtime: &Runtime, pod: PodId, port: u16) -> Connection {
    let Some(listener) = runtime.listener_of(pod, port) else { return Connection::Unanswered };
    let Some(server) = listener else { return Connection::Refused(Cause::RefusedWrongPort) };
    match runtime.server(server).listener() {
        Listener::Open => Connection::Accepted(server),
        Listener::NotYet => Connection::Refused(Cause::RefusedNotListening),
        Listener::Closed => Connection::Refused(Cause::RefusedListenerClosed),
    }
}
