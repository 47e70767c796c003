//! What the cluster's name servers would answer at the moment, for names that are asked for often.
//!
//! An answer is worked out once, by the same [`Server`] that `nslookup` asks, and again after a change
//! that may have made another one of it.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use api::{Change, EndpointSlice, Key, Object, PodId, Service, ServiceId, Verb};
use engine::Span;

use super::{
    Destination,
    cache::Reply,
    index::{self, Index},
    name::Name,
    record::{Answer, Data, Question, Rcode, RecordType},
    request::Request,
    server::{Config, Server},
};

/// A name's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NameId(pub u32);

/// The names that are asked for, and what is answered.
#[derive(Debug)]
pub struct Names {
    config: Config,
    system: Vec<index::Service>,
    services: BTreeMap<Key, Arc<Service>>,
    slices: BTreeMap<Key, Arc<EndpointSlice>>,
    names: Vec<Name>,
    /// Of the same names, where the answer is known.
    replies: Vec<Option<Reply>>,
    /// What all answers are made from, where one was made since the last change.
    facts: Option<Facts>,
    /// The Service of each address that one ever had: it keeps its number.
    by_address: BTreeMap<IpAddr, ServiceId>,
}

/// What the objects say.
#[derive(Debug)]
struct Facts {
    index: Index,
    pods: BTreeMap<IpAddr, PodId>,
}

impl Names {
    /// Name servers that know only the Services that no manifest has.
    #[must_use]
    pub fn new(config: Config, system: Vec<index::Service>) -> Self {
        Self {
            config,
            system,
            services: BTreeMap::new(),
            slices: BTreeMap::new(),
            names: Vec::new(),
            replies: Vec::new(),
            facts: None,
            by_address: BTreeMap::new(),
        }
    }

    /// Takes in a change to a Service or an EndpointSlice.
    pub fn observe(&mut self, change: &Change) {
        let gone = change.verb == Verb::Deleted;
        match &change.object {
            Object::Service(service) => {
                let address = service.spec.cluster_ip;
                self.by_address.extend(address.map(|address| (address, service.id)));
                put(&mut self.services, service.meta.key(), (!gone).then(|| service.clone()));
                self.forget();
            }
            Object::EndpointSlice(slice) => {
                put(&mut self.slices, slice.meta.key(), (!gone).then(|| slice.clone()));
                let key = Key::new(slice.meta.namespace.clone(), slice.service_name.clone());
                let service = self.services.get(&key);
                // An address of a Service's own does not depend on who is behind it.
                if service.is_none_or(|service| service.spec.headless) {
                    self.forget();
                }
            }
            _ => {}
        }
    }

    fn forget(&mut self) {
        self.facts = None;
        self.replies.fill(None);
    }

    /// The number of a name.
    pub fn number(&mut self, name: &Name) -> NameId {
        let place = self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.clone());
            self.replies.push(None);
            self.names.len() - 1
        });
        NameId(place as u32)
    }

    /// Where an address leads: to the Service whose it is or was.
    #[must_use]
    pub fn service_at(&self, address: IpAddr) -> Option<ServiceId> {
        self.by_address.get(&address).copied()
    }

    /// The Service of a key.
    #[must_use]
    pub fn service_named(&self, key: &Key) -> Option<ServiceId> {
        self.services.get(key).map(|service| service.id)
    }

    /// What is answered at the moment.
    pub fn reply(&mut self, name: NameId) -> Reply {
        let place = name.0 as usize;
        if let Some(reply) = &self.replies[place] {
            return reply.clone();
        }
        let reply = self.work_out(&self.names[place].clone());
        self.replies[place] = Some(reply.clone());
        reply
    }

    fn work_out(&mut self, name: &Name) -> Reply {
        if self.facts.is_none() {
            self.facts = Some(self.facts());
        }
        let facts = self.facts.as_ref().expect("they were made a line above");
        // Nothing outside the cluster is simulated.
        let nobody = |_: &Question| Vec::new();
        let server = Server { config: &self.config, index: &facts.index, upstream: &nobody };
        let ask = |record_type| server.answer(&Question { name: name.clone(), record_type });
        let answers = [RecordType::A, RecordType::Aaaa].map(ask);
        let mut destinations = Vec::new();
        for answer in &answers {
            let service = self.service_of(answer);
            destinations.extend(answer.addresses().map(|ip| self.destination(ip, service, facts)));
        }
        let found = answers.iter().find(|answer| answer.addresses().next().is_some());
        let rcode = found.map_or(answers[0].rcode, |_| Rcode::NoError);
        let answered = answers.iter().any(|answer| !answer.answer.is_empty());
        let ttls = found.map(|answer| answer.answer.iter().map(|record| record.ttl).min());
        let ttl = ttls.flatten().unwrap_or(self.config.ttl);
        let ttl = Span::from_secs(u64::from(ttl));
        Reply { rcode, answered, destinations: destinations.into(), ttl }
    }

    fn destination(&self, ip: IpAddr, service: Option<ServiceId>, facts: &Facts) -> Destination {
        if let Some(service) = self.service_at(ip) {
            return Destination::Service(service);
        }
        match facts.pods.get(&ip) {
            Some(pod) => Destination::Pod { pod: *pod, service },
            None => Destination::Nobody,
        }
    }

    /// The Service that the addresses of an answer are in the name of.
    fn service_of(&self, answer: &Answer) -> Option<ServiceId> {
        let is_address = |data: &Data| matches!(data, Data::Address(_));
        let record = answer.answer.iter().find(|record| is_address(&record.data))?;
        let name = answer.rewritten.as_ref().unwrap_or(&record.name);
        let request = Request::parse(name, &self.config.zones[0], self.config.zonal).ok()?;
        let key = Key::new(request.namespace, request.service);
        self.services.get(&key).map(|service| service.id)
    }

    fn facts(&self) -> Facts {
        let services = self.services.values().cloned().map(Object::Service);
        let slices = self.slices.values().cloned().map(Object::EndpointSlice);
        let objects: Vec<Object> = services.chain(slices).collect();
        let mut index = Index::of(&objects);
        index.add_missing(&self.system);
        let endpoints = self.slices.values().flat_map(|slice| &slice.endpoints);
        let pods = endpoints.filter_map(|it| Some((it.address, it.target.as_ref()?.0))).collect();
        Facts { index, pods }
    }
}

fn put<T>(objects: &mut BTreeMap<Key, T>, key: Key, object: Option<T>) {
    match object {
        Some(object) => drop(objects.insert(key, object)),
        None => drop(objects.remove(&key)),
    }
}
