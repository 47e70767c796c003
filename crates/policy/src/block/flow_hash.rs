//! A hash of a connection's ends, for those whose own is not public.

use super::jenkins::jhash_3words;
use crate::Flow;

/// The number of TCP among IP's protocols.
const TCP: u32 = 6;

/// What of a connection is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tuple {
    /// Both addresses.
    Two,
    /// Both addresses and the protocol.
    Three,
    /// Both addresses, both ports and the protocol.
    Five,
}

impl Tuple {
    /// The tuple of a setting's word: `2-tuple`, `3-tuple`, anything else is all five.
    #[must_use]
    pub fn named(word: &str) -> Self {
        match word {
            "2-tuple" => Self::Two,
            "3-tuple" => Self::Three,
            _ => Self::Five,
        }
    }
}

/// The stand-in for hash functions that their makers keep to themselves: the kernel's `jhash` of
/// the tuple. It spreads as well as they do; which connection meets which endpoint it cannot tell.
/// `seed` is what sets one device apart from another.
#[must_use]
#[inline]
pub fn flow_hash(flow: &Flow, of: Tuple, seed: u32) -> u32 {
    let (source, destination) = (u32::from(*flow.source.ip()), u32::from(*flow.destination.ip()));
    let ports = (u32::from(flow.source.port()) << 16) | u32::from(flow.destination.port());
    match of {
        Tuple::Two => jhash_3words(source, destination, 0, seed),
        Tuple::Three => jhash_3words(source, destination, 0, seed ^ TCP),
        Tuple::Five => jhash_3words(source, destination, ports, seed ^ TCP),
    }
}

/// The source's address and both ports as a packet has them, in words of a machine that has the low
/// byte first: what programs in the kernel hash of a connection.
#[must_use]
#[inline]
pub fn packet_words(flow: &Flow) -> [u32; 2] {
    let source = u32::from_le_bytes(flow.source.ip().octets());
    let (from, to) = (flow.source.port().swap_bytes(), flow.destination.port().swap_bytes());
    [source, (u32::from(to) << 16) | u32::from(from)]
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddrV4};

    use super::*;

    #[test]
    fn only_what_is_of_the_tuple_matters() {
        let flow = |host, port| Flow {
            source: SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, host), port),
            destination: SocketAddrV4::new(Ipv4Addr::new(10, 96, 0, 1), 80),
        };
        for (of, ports_matter) in [(Tuple::Two, false), (Tuple::Three, false), (Tuple::Five, true)]
        {
            let hash = |host, port| flow_hash(&flow(host, port), of, 0);
            assert_ne!(hash(1, 1000), hash(2, 1000), "{of:?}: another client");
            assert_eq!(hash(1, 1000) != hash(1, 1001), ports_matter, "{of:?}: another port");
        }
    }
}
