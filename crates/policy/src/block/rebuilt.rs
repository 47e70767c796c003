//! Balancers that are built anew with each change.

use crate::Endpoint;

/// What a balancer was built of that is built anew whenever its list changes.
#[derive(Clone, Debug, Default)]
pub struct Rebuilt {
    endpoints: Vec<Endpoint>,
}

impl Rebuilt {
    /// Takes in a list. Whether there is a new balancer: there is none where nothing has changed
    /// but since when the endpoints are ready.
    pub fn update(&mut self, endpoints: &[Endpoint]) -> bool {
        let shown = |it: &Endpoint| (it.id, it.address, it.weight);
        if self.endpoints.iter().map(shown).eq(endpoints.iter().map(shown)) {
            return false;
        }
        self.endpoints = endpoints.to_vec();
        true
    }
}
