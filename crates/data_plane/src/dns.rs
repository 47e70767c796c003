//! The cluster's DNS, as far as a request asks it: a Service's name to the Service.
//!
//! It knows what its own watch told it. *Left out:* records other than a Service's address, search
//! paths, caches and time-outs.

use std::collections::BTreeMap;

use api::{Change, Key, Object, ServiceId, Verb};

/// The names it knows.
#[derive(Debug, Default)]
pub struct Dns {
    services: BTreeMap<Key, ServiceId>,
    /// Grows with every change, so that a client knows when to ask again.
    version: u64,
}

impl Dns {
    /// Takes in a change to a Service.
    pub fn observe(&mut self, change: &Change) {
        if let Object::Service(service) = &change.object {
            match change.verb {
                Verb::Added | Verb::Modified => {
                    self.services.insert(service.meta.key(), service.id);
                }
                Verb::Deleted => drop(self.services.remove(&service.meta.key())),
            }
            self.version += 1;
        }
    }

    /// The Service of a name; `None` is NXDOMAIN.
    #[must_use]
    pub fn resolve(&self, name: &Key) -> Option<ServiceId> {
        self.services.get(name).copied()
    }

    /// Changes when any answer may have.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }
}
