//! What NGINX's hashing methods have in common.

use crate::{PickContext, nginx::peers::Peers};

/// After so many servers that cannot be had it is the turn of any.
pub(super) const TRIES: u8 = 20;

/// Servers that are asked for by hash.
#[derive(Clone, Debug)]
pub(super) struct ByHash {
    pub(super) peers: Peers,
}

impl ByHash {
    pub(super) fn new(peers: Peers) -> Self {
        Self { peers }
    }

    /// The first of the places that can be had, and the request begins. It is the turn of any where
    /// none can be had, where there is no choice, and where there is nothing to hash: then the first
    /// is `None`.
    #[inline]
    pub(super) fn pick<I: Iterator<Item = usize>>(
        &mut self,
        context: &PickContext<'_>,
        first: Option<usize>,
        others: impl FnOnce() -> I,
    ) -> Option<usize> {
        let Some(place) = first.filter(|_| self.peers.all().len() > 1) else {
            return self.peers.round_robin(context);
        };
        if !self.peers.is_usable(place, context) {
            return self.pick_another(context, others);
        }
        self.peers.begin(place, context.now);
        Some(place)
    }

    /// Picks of the others, or of all.
    #[cold]
    fn pick_another<I: Iterator<Item = usize>>(
        &mut self,
        context: &PickContext<'_>,
        others: impl FnOnce() -> I,
    ) -> Option<usize> {
        let Some(place) = others().find(|place| self.peers.is_usable(*place, context)) else {
            return self.peers.round_robin(context);
        };
        self.peers.begin(place, context.now);
        Some(place)
    }
}
