//! What a balancer may know of a request: whose it is, its key, and where it has failed.

use std::{
    io::Write as _,
    net::{IpAddr, Ipv4Addr, SocketAddrV4},
};

use api::PodId;
use engine::{Span, Time};
use policy::{EndpointId, Flow, Oracle};
use record::Request;

use crate::{client::Client, connection::Caller, kube_proxy::Asked, runtime::Runtime};

/// The first port that Linux gives to a connection, and how many there are (`ip_local_port_range`).
const EPHEMERAL: (u64, u64) = (32_768, 28_232);

/// The port of the controller of Ingresses.
const HTTP: u16 = 80;

/// The ends of a request's connection. Virtual addresses stand for themselves by numbers: what matters
/// to a hash is that they differ.
pub(crate) fn flow(
    client: &Client,
    request: &Request,
    Asked { service, port, caller, .. }: Asked,
    runtime: &Runtime,
) -> Flow {
    let from = match caller {
        Caller::Pod(pod) => runtime.sandbox(pod).map_or(Ipv4Addr::UNSPECIFIED, |it| it.ip),
        Caller::Node(node) => ipv4(node.internal_ip()),
        Caller::Outside(_) => client.config.address,
    };
    let to = numbered(Ipv4Addr::new(10, 96, 0, 1), service.0);
    let source = SocketAddrV4::new(from, own_port(request));
    Flow { source, destination: SocketAddrV4::new(to, port) }
}

/// The ends of the connection by which a request from outside comes to the controller of Ingresses, whose
/// address is the first of TEST-NET-3 to all.
pub(crate) fn flow_in(client: &Client, request: &Request) -> Flow {
    let source = SocketAddrV4::new(client.config.address, own_port(request));
    Flow { source, destination: SocketAddrV4::new(Ipv4Addr::new(203, 0, 113, 1), HTTP) }
}

/// The port that a request's connection comes from: each has one of its own, in an order that nobody
/// knows.
fn own_port(request: &Request) -> u16 {
    let turn = request.number.wrapping_mul(64).wrapping_add(u64::from(request.attempts));
    (EPHEMERAL.0 + turn.wrapping_mul(0x9E37_79B9_7F4A_7C15) % EPHEMERAL.1) as u16
}

fn ipv4(address: IpAddr) -> Ipv4Addr {
    match address {
        IpAddr::V4(address) => address,
        IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
    }
}

fn numbered(first: Ipv4Addr, number: u32) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(first).wrapping_add(number))
}

/// A key: `key-17`, whoever sends it.
#[derive(Default)]
pub(crate) struct RequestKey {
    text: [u8; 16],
    length: usize,
    number: Option<u32>,
}

impl RequestKey {
    /// The key of this number, or none.
    pub(crate) fn new(number: Option<u32>) -> Self {
        let mut key = Self { number, ..Self::default() };
        if let Some(number) = number {
            let mut left = &mut key.text[..];
            write!(left, "key-{number}").expect("it has room for ten digits");
            key.length = 16 - left.len();
        }
        key
    }

    /// Its text.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.text[..self.length]
    }

    /// Its number.
    pub(crate) fn number(&self) -> Option<u32> {
        self.number
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
        assert_eq!(RequestKey::new(Some(17)).as_bytes(), b"key-17");
        assert_eq!(RequestKey::new(Some(u32::MAX)).as_bytes(), b"key-4294967295");
        assert_eq!(RequestKey::new(None).as_bytes(), b"");
    }
}
