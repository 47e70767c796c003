//! A new connection, and what becomes of it.
//!
//! *Left out:* fragments and ICMP.

use std::net::{IpAddr, SocketAddr};

use api::Protocol;

/// The first packet of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Who sends it.
    pub source: IpAddr,
    /// Where to.
    pub destination: SocketAddr,
    /// Its protocol.
    pub protocol: Protocol,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// It goes to one of these endpoints, to each with the same probability.
    Forward {
        /// They, in the order of the rules.
        endpoints: &'a [SocketAddr],
        /// Whether its source becomes the node's address.
        masquerade: bool,
    },
    /// The sender is told: a connection is refused.
    Reject,
    /// Nobody is told: a connection times out.
    Drop,
    /// It is let through to the node itself.
    Accept,
    /// No rule is for it.
    NotHandled,
}

impl Verdict<'_> {
    /// Whether an endpoint that was chosen sees the node as the source. A pod that reaches itself
    /// must, or it would answer itself past the translation.
    #[must_use]
    pub fn masquerades(&self, packet: &Packet, endpoint: SocketAddr) -> bool {
        match self {
            Verdict::Forward { masquerade, .. } => *masquerade || endpoint.ip() == packet.source,
            _ => false,
        }
    }
}
