//! The cluster's DNS.
//!
//! A simulated request asks [`Dns`] alone: a Service's name to the Service, as far as its own watch
//! told it. *Left out* there: records other than a Service's address, search paths, caches and
//! time-outs. What a name server answers to any question is in the modules, as functions of what it
//! knows: `nslookup` in a simulated pod asks those.
//!
//! | module | what |
//! |---|---|
//! | [`name`], [`reverse`] | names, and those of addresses |
//! | [`record`] | questions and answers |
//! | [`request`] | what a name in the cluster's zone asks for |
//! | [`index`] | what a name server knows |
//! | [`server`] | what it answers: CoreDNS' plugin `kubernetes` |
//! | [`rewrite`] | the short name that only a rewrite rule makes resolve |
//! | [`resolver`] | what a name costs a pod: search list and `ndots` |

pub mod index;
pub mod name;
pub mod record;
pub mod request;
pub mod resolver;
pub mod reverse;
pub mod rewrite;
pub mod server;

#[cfg(test)]
mod tests;

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
