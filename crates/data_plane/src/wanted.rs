//! What a balancer may know of a request: whose it is, its key, and where it has failed.

use std::{
    io::Write as _,
    net::{Ipv4Addr, SocketAddrV4},
};

use api::PodId;
use engine::{Span, Time};
use policy::{EndpointId, Flow, Oracle};
use record::Request;

use crate::{client::Client, connection::Caller, kube_proxy::Asked, runtime::Runtime};

/// The first port that Linux gives to a connection, and how many there are (`ip_local_port_range`).
const EPHEMERAL: (u64, u64) = (32_768, 28_232);

/// The ends of a request's connection. Nodes and virtual addresses stand for themselves by numbers: what
/// matters to a hash is that they differ.
pub(crate) fn flow(
    client: &Client,
    request: &Request,
    Asked { service, port, caller, .. }: Asked,
    runtime: &Runtime,
) -> Flow {
    let from = match caller {
        Caller::Pod(pod) => runtime.sandbox(pod).map_or(Ipv4Addr::UNSPECIFIED, |it| it.ip),
        Caller::Node(node) => numbered(Ipv4Addr::new(172, 18, 0, 2), node.0),
        Caller::Outside(_) => client.config.address,
    };
    // Each connection has a port of its own, in an order that nobody knows.
    let turn = request.number.wrapping_mul(64).wrapping_add(u64::from(request.attempts));
    let own = EPHEMERAL.0 + turn.wrapping_mul(0x9E37_79B9_7F4A_7C15) % EPHEMERAL.1;
    let to = numbered(Ipv4Addr::new(10, 96, 0, 1), service.0);
    Flow { source: SocketAddrV4::new(from, own as u16), destination: SocketAddrV4::new(to, port) }
}

fn numbered(first: Ipv4Addr, number: u32) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(first).wrapping_add(number))
}

/// The text of a key: `key-17`.
#[derive(Default)]
pub(crate) struct KeyText {
    text: [u8; 16],
    length: usize,
}

impl KeyText {
    /// The key of this number, or none.
    pub(crate) fn new(number: Option<u32>) -> Self {
        let mut key = Self::default();
        if let Some(number) = number {
            let mut left = &mut key.text[..];
            write!(left, "key-{number}").expect("it has room for ten digits");
            key.length = 16 - left.len();
        }
        key
    }

    /// Its bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.text[..self.length]
    }
}

/// Where a request has failed before.
pub(crate) fn tried(request: &Request) -> Option<EndpointId> {
    let pod: Option<PodId> = request.pod.filter(|_| request.attempts > 1);
    pod.map(|pod| EndpointId(pod.0))
}

/// What is true of all pods at a moment.
pub(crate) struct Truth<'a> {
    pub(crate) runtime: &'a Runtime,
    pub(crate) now: Time,
}

impl Oracle for Truth<'_> {
    fn queue_length(&self, endpoint: EndpointId) -> u32 {
        let server = self.runtime.first_server(PodId(endpoint.0));
        server.map_or(0, |server| server.in_flight(self.now))
    }

    fn work_left(&self, endpoint: EndpointId) -> Span {
        let server = self.runtime.first_server(PodId(endpoint.0));
        server.map_or(Span::ZERO, |server| server.work_left(self.now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_its_number_in_words() {
        assert_eq!(KeyText::new(Some(17)).as_bytes(), b"key-17");
        assert_eq!(KeyText::new(Some(u32::MAX)).as_bytes(), b"key-4294967295");
        assert_eq!(KeyText::new(None).as_bytes(), b"");
    }
}
