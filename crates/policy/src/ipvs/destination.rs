//! A destination of the kernel's IP virtual server, and its connections.

use std::net::SocketAddrV4;

use crate::{Endpoint, EndpointId};

/// A destination: an endpoint as the kernel has it.
#[derive(Clone, Copy, Debug)]
pub struct Destination {
    /// The endpoint.
    pub id: EndpointId,
    /// Its address.
    pub address: SocketAddrV4,
    /// Its weight: 0 takes no new connections.
    pub weight: u32,
    /// What it weighed when it last took new connections.
    pub last_weight: u32,
    /// Where it is in the list of the last update.
    pub place: usize,
    /// Its established connections.
    pub active: u32,
    /// Its connections that are not established yet.
    pub opening: u32,
    /// Its connections that have ended and are not forgotten yet.
    pub closing: u32,
}

impl Destination {
    /// An endpoint in its place, without connections.
    #[must_use]
    pub fn new(endpoint: &Endpoint, place: usize) -> Self {
        let Endpoint { id, address, weight, .. } = *endpoint;
        let last_weight = weight;
        Self { id, address, weight, last_weight, place, active: 0, opening: 0, closing: 0 }
    }

    /// Takes in its weight. Says whether that is another than before.
    pub(super) fn reweigh(&mut self, weight: u32) -> bool {
        if weight > 0 {
            self.last_weight = weight;
        }
        std::mem::replace(&mut self.weight, weight) != weight
    }

    /// Whether it takes new connections.
    #[must_use]
    #[inline]
    pub fn is_open(&self) -> bool {
        self.weight > 0
    }

    /// What its connections count: 256 for an active one, 1 for an inactive one.
    #[must_use]
    #[inline]
    pub fn overhead(&self) -> u64 {
        (u64::from(self.active) << 8) + u64::from(self.opening + self.closing)
    }

    /// A connection of it is established, and active from now on.
    pub fn establish(&mut self) {
        if self.opening > 0 {
            self.opening -= 1;
            self.active += 1;
        }
    }

    /// A connection of it has ended, and is inactive from now on. One that failed is taken for one
    /// that was never established, as long as there is one. Says whether it had any.
    pub fn close(&mut self, failed: bool) -> bool {
        let was_active = self.active > 0 && !(failed && self.opening > 0);
        let count = if was_active { &mut self.active } else { &mut self.opening };
        let Some(left) = count.checked_sub(1) else { return false };
        *count = left;
        self.closing += 1;
        true
    }

    /// Nothing was sent to open the last connection.
    pub fn withdraw(&mut self) {
        self.opening = self.opening.saturating_sub(1);
    }

    /// A connection that had ended is forgotten.
    pub fn forget(&mut self) {
        self.closing = self.closing.saturating_sub(1);
    }

    /// Whether it has no connection, nor remembers one.
    pub(super) fn is_idle(&self) -> bool {
        self.active + self.opening + self.closing == 0
    }
}
