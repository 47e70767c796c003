//! What lblc and lblcr of IPVS share: memory by the address that was asked for.

use std::net::Ipv4Addr;

use engine::{Span, Time};

use crate::{
    Kind, Parameter,
    ipvs::{destination::Destination, least::Least as _, wlc::WeightedLeastConnection},
};

/// After how long without use an address is forgotten where nobody says.
const A_DAY: Span = Span::from_secs(24 * 60 * 60);

/// The parameter for that.
pub(super) const fn expiration(name: &'static str, summary: &'static str) -> Parameter {
    Parameter { name, summary, kind: Kind::Duration { default: A_DAY } }
}

/// Something kept for each address that was asked for. The kernel looks for what is out of use
/// every half hour; here it is gone to the second.
#[derive(Clone, Debug)]
pub(super) struct ByAddress<T> {
    expiration: Span,
    entries: Vec<(Ipv4Addr, Time, T)>,
}

impl<T> ByAddress<T> {
    pub(super) fn new(expiration: Span) -> Self {
        Self { expiration, entries: Vec::new() }
    }

    /// What is kept for an address, which is in use now.
    pub(super) fn get(&mut self, address: Ipv4Addr, now: Time) -> Option<&mut T> {
        let expiration = self.expiration;
        self.entries.retain(|(_, used, _)| now.since(*used) < expiration);
        let entry = self.entries.iter_mut().find(|(known, ..)| *known == address);
        entry.map(|(_, used, kept)| {
            *used = now;
            kept
        })
    }

    /// Keeps something for an address for which nothing is kept.
    pub(super) fn insert(&mut self, address: Ipv4Addr, now: Time, kept: T) {
        self.entries.push((address, now, kept));
    }
}

/// The destination with the fewest connections for its weight, as `wlc` counts.
pub(super) fn least_of_all(destinations: &[Destination]) -> Option<&Destination> {
    WeightedLeastConnection::least(destinations.iter())
}

/// Whether a destination has more active connections than its weight while another one has less
/// than half as many as its own.
pub(super) fn is_overloaded(destination: &Destination, among: &[Destination]) -> bool {
    destination.active > destination.weight
        && among.iter().any(|it| u64::from(it.active) * 2 < u64::from(it.weight))
}
