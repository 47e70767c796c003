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
    /// none can be had, where there is no choice, and where there is nothing to hash.
    #[inline]
    pub(super) fn pick(
        &mut self,
        context: &PickContext<'_>,
        hashed: bool,
        mut tries: impl Iterator<Item = usize>,
    ) -> Option<usize> {
        let peers = &mut self.peers;
        let by_hash = hashed && peers.all().len() > 1;
        let found = by_hash.then(|| tries.find(|place| peers.is_usable(*place, context)));
        if let Some(place) = found.flatten() {
            peers.begin(place, context.now);
            return Some(place);
        }
        peers.round_robin(context)
    }
}
