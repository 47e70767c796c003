//! The cluster's DNS: what its name servers answer, and what it costs a client to hear it.
//!
//! Names are answered by the same functions whether a request asks or `nslookup` in a simulated pod;
//! for requests, caches and the network come between.
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
//! | [`names`] | the answers to what requests ask for, kept until a change |
//! | [`cache`] | how long an answer is kept on its way |
//! | [`lookup`] | a name's way through caches and network, in time |

pub mod cache;
pub mod index;
pub mod lookup;
pub mod name;
pub mod names;
pub mod record;
pub mod request;
pub mod resolver;
pub mod reverse;
pub mod rewrite;
pub mod server;

#[cfg(test)]
mod tests;

use std::net::IpAddr;

use api::{Change, Key, NodeId, PodId, ResolvConf, ServiceId};
use engine::{Random, Span, Time};

use lookup::{Caches, Lookup};
use names::{NameId, Names};

/// Where an address leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// To whatever the sender's node makes of a Service's address.
    Service(ServiceId),
    /// Straight to a pod.
    Pod {
        /// The pod.
        pod: PodId,
        /// The Service in whose name the address was given, a headless one.
        service: Option<ServiceId>,
    },
    /// To nobody in the cluster.
    Nobody,
}

/// How the cluster's DNS is set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// How its servers answer.
    pub server: server::Config,
    /// The Services that no manifest has.
    pub system: Vec<index::Service>,
    /// What is between them and their clients.
    pub lookup: lookup::Config,
}

/// The cluster's DNS.
#[derive(Debug)]
pub struct Dns {
    names: Names,
    caches: Caches,
}

impl Dns {
    /// The DNS of a cluster of so many nodes.
    #[must_use]
    pub fn new(config: Config, nodes: usize) -> Self {
        Self {
            names: Names::new(config.server, config.system),
            caches: Caches::new(config.lookup, nodes),
        }
    }

    /// Takes in a change to a Service or an EndpointSlice.
    pub fn observe(&mut self, change: &Change) {
        self.names.observe(change);
    }

    /// The names that a resolver tries for a host, by number; none of what is no name.
    pub fn tries(&mut self, host: &str, conf: &ResolvConf) -> Vec<NameId> {
        let tries = resolver::tries(host, conf).unwrap_or_default();
        tries.iter().map(|name| self.names.number(name)).collect()
    }

    /// Looks a name up, from a node.
    pub fn look_up(
        &mut self,
        tries: &[NameId],
        node: NodeId,
        now: Time,
        random: &mut impl Random,
    ) -> Lookup {
        self.caches.look_up(tries, (&mut self.names, node), now, random)
    }

    /// Where a name leads at the moment and how long it takes to hear so, if it is one Service's
    /// address and every lookup takes the same time: then requests need not ask, as long as no Service
    /// changes.
    pub fn foreseeable(&mut self, tries: &[NameId]) -> Option<(ServiceId, Span, u32)> {
        let replies = tries.iter().map(|name| self.names.reply(*name));
        let replies: Vec<_> = replies.collect();
        let place = replies.iter().position(cache::Reply::ends_search)?;
        let [Destination::Service(service)] = replies[place].destinations[..] else { return None };
        let tries = place as u32 + 1;
        Some((service, self.caches.constant_wait(tries)?, tries * lookup::QUERIES_PER_TRY))
    }

    /// The Service that a name leads to at the moment.
    pub fn service_of(&mut self, tries: &[NameId]) -> Option<ServiceId> {
        let mut replies = tries.iter().map(|name| self.names.reply(*name));
        match *replies.find(cache::Reply::ends_search)?.destinations.first()? {
            Destination::Service(service) => Some(service),
            Destination::Pod { service, .. } => service,
            Destination::Nobody => None,
        }
    }

    /// The Service of a key.
    #[must_use]
    pub fn service_named(&self, key: &Key) -> Option<ServiceId> {
        self.names.service_named(key)
    }

    /// The Service whose an address is, or was.
    #[must_use]
    pub fn service_at(&self, address: IpAddr) -> Option<ServiceId> {
        self.names.service_at(address)
    }
}
