//! Balancers that are built anew with each change.

use engine::Time;

use crate::{Ended, Endpoint};

/// Since when a balancer is there that is built anew whenever its list changes. What was picked by
/// the one before is not counted by the one after it.
#[derive(Clone, Debug, Default)]
pub struct Rebuilt {
    endpoints: Vec<Endpoint>,
    at: Time,
}

impl Rebuilt {
    /// Takes in a list. Whether there is a new balancer: there is none where nothing has changed
    /// but since when the endpoints are ready.
    pub fn update(&mut self, endpoints: &[Endpoint], now: Time) -> bool {
        let shown = |it: &Endpoint| (it.id, it.address, it.weight);
        if self.endpoints.iter().map(shown).eq(endpoints.iter().map(shown)) {
            return false;
        }
        self.endpoints = endpoints.to_vec();
        self.at = now;
        true
    }

    /// Whether a pick was made by this balancer.
    #[must_use]
    pub fn picked(&self, ended: &Ended) -> bool {
        ended.now.since(self.at) >= ended.latency
    }
}
