//! What a CoreDNS with the plugin `kubernetes` answers (`plugin/kubernetes/{handler,kubernetes}.go`,
//! `plugin/backend_lookup.go`).
//!
//! It is a function of what it knows: no watch, no time. *Left out:* transfers of the zone,
//! `multicluster` zones, MX records, and the order of addresses, which `loadbalance` shuffles.

use std::net::IpAddr;

use super::{
    index::{Address, Index, Port},
    name::Name,
    record::{Answer, Data, Question, Rcode, Record, RecordType},
    request::{Domain, Request},
    reverse::address_of,
    rewrite,
};

/// How pods' names are answered (`pods` in the Corefile).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PodMode {
    /// Not at all.
    Disabled,
    /// Whatever address is in the name: what the Corefile of kubeadm says.
    #[default]
    Insecure,
    /// Only those of pods that there are.
    Verified,
}

/// How a server is set up: the part of a Corefile that decides answers.
#[derive(Clone, Debug)]
pub struct Config {
    /// The cluster's zone, and the zones of its addresses.
    pub zones: Vec<Name>,
    /// `ttl`, in seconds: 30 in the Corefile of kubeadm, 5 where nothing is said.
    pub ttl: u32,
    /// `pods`.
    pub pods: PodMode,
    /// `ignore empty_service`: Services without endpoints do not exist.
    pub ignore_empty_service: bool,
    /// `endpoint_pod_names`: endpoints are called like their pods.
    pub endpoint_pod_names: bool,
    /// `zonal`: names that pin or prefer a zone of nodes.
    pub zonal: bool,
    /// `namespaces`; `None` for all.
    pub namespaces: Option<Vec<String>>,
    /// Whether `SERVICE.NAMESPACE.ZONE` is rewritten to `SERVICE.NAMESPACE.svc.ZONE`. CoreDNS does
    /// not by itself.
    pub rewrites_short_names: bool,
    /// The server's own addresses, for the name server of the zone.
    pub addresses: Vec<IpAddr>,
    /// Whether its watches have told it everything.
    pub synced: bool,
}

impl Config {
    /// The Corefile that kubeadm writes, for `zone`.
    #[must_use]
    pub fn kubeadm(zone: &str) -> Self {
        Self {
            zones: vec![Name::of(zone), Name::of("in-addr.arpa"), Name::of("ip6.arpa")],
            ttl: 30,
            pods: PodMode::Insecure,
            ignore_empty_service: false,
            endpoint_pod_names: false,
            zonal: false,
            namespaces: None,
            rewrites_short_names: false,
            addresses: Vec::new(),
            synced: true,
        }
    }

    fn cluster_zone(&self) -> &Name {
        &self.zones[0]
    }
}

/// Who answers for names outside the cluster.
pub type Upstream<'a> = &'a dyn Fn(&Question) -> Vec<Record>;

/// A name server.
#[derive(Clone, Copy)]
pub struct Server<'a> {
    /// How it is set up.
    pub config: &'a Config,
    /// What it knows.
    pub index: &'a Index,
    /// Whom it asks for the rest.
    pub upstream: Upstream<'a>,
}

/// The name does not exist.
struct NoSuchName;

/// Something that a name stands for.
#[derive(Clone, Debug)]
struct Item {
    /// The name it has of its own: a host below its Service, or the Service.
    own_name: Name,
    host: Host,
    port: Option<u16>,
}

#[derive(Clone, Debug)]
enum Host {
    Address(IpAddr),
    Name(String),
}

/// A chain of CNAMEs is followed so far (`plugin/backend_lookup.go`).
const LONGEST_CHAIN: usize = 8;

impl Server<'_> {
    /// Answers a question.
    #[must_use]
    pub fn answer(&self, question: &Question) -> Answer {
        let zones = self.config.zones.iter().filter(|zone| question.name.is_in(zone));
        let Some(zone) = zones.max_by_key(|zone| zone.as_str().len()) else {
            let records = (self.upstream)(question);
            let rcode = if records.is_empty() { Rcode::NxDomain } else { Rcode::NoError };
            return Answer { answer: records, ..Answer::empty(rcode) };
        };
        let rewritten = rewrite::short_name(&question.name, self.config.cluster_zone());
        match rewritten.filter(|_| self.config.rewrites_short_names) {
            Some(longer) => {
                let asked = Question { name: longer.clone(), ..question.clone() };
                let mut answer = self.in_zone(&asked, zone);
                // `answer auto`: the client hears of the name that it asked for.
                for record in answer.answer.iter_mut().filter(|record| record.name == longer) {
                    record.name = question.name.clone();
                }
                Answer { rewritten: Some(longer), ..answer }
            }
            None => self.in_zone(question, zone),
        }
    }

    fn in_zone(&self, question: &Question, zone: &Name) -> Answer {
        let zone = question.name.zone_as_asked(zone);
        let mut answer = Answer::empty(Rcode::NoError);
        let at_apex = question.name == zone;
        let found = match question.record_type {
            RecordType::A | RecordType::Aaaa => self
                .addresses(question, &zone, &mut Vec::new())
                .map(|records| answer.answer = records),
            RecordType::Txt => {
                answer.answer.extend(self.version(question, &zone));
                Ok(())
            }
            RecordType::Cname => self.items(question, &zone).map(|items| {
                let first = items.into_iter().next();
                answer.answer.extend(first.and_then(|item| match item.host {
                    Host::Name(target) => Some(self.cname(&question.name, &target)),
                    Host::Address(_) => None,
                }));
            }),
            RecordType::Ptr => self
                .names_of(question, &zone)
                .map(|names| answer.answer = self.ptrs(&question.name, names)),
            RecordType::Srv => self
                .items(question, &zone)
                .map(|items| self.srvs(&question.name, &items, &mut answer)),
            RecordType::Soa => {
                answer.answer.extend(at_apex.then(|| self.soa(&zone)));
                Ok(())
            }
            RecordType::Ns if at_apex => {
                let server = zone.below("ns.dns");
                answer.answer.push(self.record(&zone, Data::Ns(server.clone())));
                let own = self.config.addresses.iter().map(|ip| Data::Address(*ip));
                answer.additional.extend(own.map(|data| self.record(&server, data)));
                Ok(())
            }
            // Whether the name exists is found out as for its addresses.
            RecordType::Ns | RecordType::Other => {
                let question = Question { record_type: RecordType::A, ..question.clone() };
                self.addresses(&question, &zone, &mut Vec::new()).map(drop)
            }
        };
        if found.is_err() {
            answer = Answer::empty(Rcode::NxDomain);
            if !self.config.synced {
                answer.rcode = Rcode::ServFail;
            }
        }
        if answer.answer.is_empty() {
            answer.authority.push(self.soa(&zone));
        }
        answer
    }

    /// `A` and `AAAA`: addresses, and CNAMEs with what they lead to.
    fn addresses(
        &self,
        question: &Question,
        zone: &Name,
        chain: &mut Vec<Record>,
    ) -> Result<Vec<Record>, NoSuchName> {
        let mut records: Vec<Record> = Vec::new();
        for item in self.items(question, zone)? {
            match item.host {
                Host::Address(ip) => {
                    let wanted = ip.is_ipv4() == (question.record_type == RecordType::A);
                    let record = self.record(&question.name, Data::Address(ip));
                    if wanted && !records.contains(&record) {
                        records.push(record);
                    }
                }
                Host::Name(target) => {
                    let cname = self.cname(&question.name, &target);
                    records.extend(self.behind(question, zone, cname, chain));
                }
            }
        }
        Ok(records)
    }

    /// A CNAME and what it leads to; nothing where it leads nowhere inside the zone.
    fn behind(
        &self,
        question: &Question,
        zone: &Name,
        cname: Record,
        chain: &mut Vec<Record>,
    ) -> Vec<Record> {
        let Data::Cname(target) = cname.data.clone() else { return Vec::new() };
        let loops = question.name.lower() == target.lower();
        if loops || chain.len() >= LONGEST_CHAIN || chain.contains(&cname) {
            return Vec::new();
        }
        chain.push(cname.clone());
        let next = Question { name: target, ..question.clone() };
        let inside = next.name.is_in(zone);
        let found = match inside {
            true => self.addresses(&next, zone, chain).unwrap_or_default(),
            false => (self.upstream)(&next),
        };
        if inside && found.is_empty() {
            return Vec::new();
        }
        std::iter::once(cname).chain(found).collect()
    }

    /// `SRV`: a target for each port of each item, and the targets' addresses. A weight is a
    /// hundredth's share of all items, also of those that have the same target.
    fn srvs(&self, name: &Name, items: &[Item], answer: &mut Answer) {
        let weight = (100 / items.len().max(1)).max(1) as u16;
        for item in items {
            let (Host::Address(ip), Some(port)) = (&item.host, item.port) else { continue };
            let target = item.own_name.clone();
            let address = self.record(&target, Data::Address(*ip));
            let srv = self.record(name, Data::Srv { weight, port, target });
            if !answer.answer.contains(&srv) {
                answer.answer.push(srv);
            }
            if !answer.additional.contains(&address) {
                answer.additional.push(address);
            }
        }
    }

    /// What a name in the zone stands for; nothing for one that exists only as part of others.
    fn items(&self, question: &Question, zone: &Name) -> Result<Vec<Item>, NoSuchName> {
        if question.name.lower() == zone.below("ns.dns").lower() {
            let item = |ip: &IpAddr| Item {
                own_name: question.name.clone(),
                host: Host::Address(*ip),
                port: None,
            };
            return Ok(self.config.addresses.iter().map(item).collect());
        }
        let request = Request::parse(&question.name, zone, self.config.zonal);
        let request = request.map_err(|_| NoSuchName)?;
        let Some(domain) = request.domain else { return Ok(Vec::new()) };
        // The zones of addresses have names of addresses only.
        if is_reverse(zone) || !self.exposes(&request.namespace) {
            return Err(NoSuchName);
        }
        if request.service.is_empty() {
            return Ok(Vec::new());
        }
        match domain {
            Domain::Pod => self.pod(&request, zone),
            Domain::Service => self.service(&request, zone),
        }
    }

    /// Whether a namespace is answered for. The one of a name that does not exist is not.
    fn exposes(&self, namespace: &str) -> bool {
        match &self.config.namespaces {
            Some(namespaces) => namespaces.iter().any(|known| known == namespace),
            None => namespace.is_empty() || self.index.has_namespace(namespace),
        }
    }

    fn pod(&self, request: &Request, zone: &Name) -> Result<Vec<Item>, NoSuchName> {
        let dashed = &request.service;
        let is_v4 = dashed.matches('-').count() == 3 && !dashed.contains("--");
        let text = dashed.replace('-', if is_v4 { "." } else { ":" });
        let ip: IpAddr = text.parse().map_err(|_| NoSuchName)?;
        let there = match self.config.pods {
            PodMode::Disabled => false,
            PodMode::Insecure => true,
            PodMode::Verified => self.index.has_pod(ip, &request.namespace),
        };
        let own_name = zone.below(&format!("{dashed}.{}.pod", request.namespace));
        let item = Item { own_name, host: Host::Address(ip), port: None };
        if there { Ok(vec![item]) } else { Err(NoSuchName) }
    }

    fn service(&self, request: &Request, zone: &Name) -> Result<Vec<Item>, NoSuchName> {
        let Request { namespace, service: name, .. } = request;
        let service = self.index.service(namespace, name).ok_or(NoSuchName)?;
        let own_name = zone.below(&format!("{name}.{namespace}.svc"));
        let plain = request.endpoint.is_empty() && request.zonal.is_none();
        if let Some(target) = &service.external_name {
            let no_port = request.port.is_empty() && request.protocol.is_empty();
            let item = Item { own_name, host: Host::Name(target.clone()), port: None };
            return if plain && no_port { Ok(vec![item]) } else { Err(NoSuchName) };
        }
        if service.headless || !request.endpoint.is_empty() {
            return self.endpoints(request, &own_name);
        }
        let mut endpoints = self.index.endpoints(namespace, name).iter();
        let empty = endpoints.all(|endpoints| endpoints.addresses.is_empty());
        if !plain || (self.config.ignore_empty_service && empty) {
            return Err(NoSuchName);
        }
        let asked: Vec<&Port> =
            service.ports.iter().filter(|port| asks_for(request, port)).collect();
        let items = asked.iter().flat_map(|port| {
            let item = |ip: &IpAddr| Item {
                own_name: own_name.clone(),
                host: Host::Address(*ip),
                port: port.number,
            };
            service.cluster_ips.iter().map(item)
        });
        if asked.is_empty() { Err(NoSuchName) } else { Ok(items.collect()) }
    }

    fn endpoints(&self, request: &Request, service: &Name) -> Result<Vec<Item>, NoSuchName> {
        let all = self.index.endpoints(&request.namespace, &request.service);
        let label = |address: &Address| address.label(self.config.endpoint_pod_names);
        let named = |address: &Address| {
            request.endpoint.is_empty() || label(address).eq_ignore_ascii_case(&request.endpoint)
        };
        let in_zone = |address: &Address| {
            request.zonal.as_ref().is_none_or(|zonal| address.zone == zonal.zone)
        };
        let pick = |only_in_zone: bool| -> Vec<Item> {
            let mut items = Vec::new();
            for endpoints in all {
                let addresses = endpoints.addresses.iter().filter(|it| named(it));
                for address in addresses.filter(|it| !only_in_zone || in_zone(it)) {
                    for port in endpoints.ports.iter().filter(|port| asks_for(request, port)) {
                        items.push(Item {
                            own_name: service.below(&label(address)),
                            host: Host::Address(address.ip),
                            port: port.number,
                        });
                    }
                }
            }
            items
        };
        let mut items = pick(true);
        if items.is_empty() && request.zonal.as_ref().is_some_and(|zonal| zonal.prefer) {
            items = pick(false);
        }
        if items.is_empty() { Err(NoSuchName) } else { Ok(items) }
    }

    /// The names of an address: the Service that has it, or every endpoint that does.
    fn names_of(&self, question: &Question, zone: &Name) -> Result<Vec<Name>, NoSuchName> {
        let Some(ip) = address_of(&question.name) else {
            return self.items(question, zone).map(|_| Vec::new());
        };
        let cluster = self.config.cluster_zone();
        let mut services = self.index.services().filter(|it| self.exposes(&it.namespace));
        if let Some(service) = services.find(|service| service.cluster_ips.contains(&ip)) {
            return Ok(vec![cluster.below(&format!("{}.{}.svc", service.name, service.namespace))]);
        }
        let endpoints = self.index.all_endpoints().filter(|it| self.exposes(&it.namespace));
        let names: Vec<Name> = endpoints
            .flat_map(|slice| {
                let service = format!("{}.{}.svc", slice.service, slice.namespace);
                let here = slice.addresses.iter().filter(|address| address.ip == ip);
                here.map(move |address| {
                    let label = address.label(self.config.endpoint_pod_names);
                    cluster.below(&format!("{label}.{service}"))
                })
            })
            .collect();
        if names.is_empty() { Err(NoSuchName) } else { Ok(names) }
    }

    fn ptrs(&self, name: &Name, names: Vec<Name>) -> Vec<Record> {
        let mut records: Vec<Record> = Vec::new();
        for target in names {
            let record = self.record(name, Data::Ptr(target));
            if !records.contains(&record) {
                records.push(record);
            }
        }
        records
    }

    /// `dns-version`: the version of the schema, for a day's third.
    fn version(&self, question: &Question, zone: &Name) -> Option<Record> {
        let name = question.name.lower();
        (name.before(zone) == Some("dns-version")).then(|| Record {
            name: question.name.clone(),
            ttl: 28_800,
            data: Data::Txt("1.1.0".to_owned()),
        })
    }

    fn cname(&self, name: &Name, target: &str) -> Record {
        self.record(name, Data::Cname(Name::of(target)))
    }

    fn soa(&self, zone: &Name) -> Record {
        let (server, mailbox) = (zone.below("ns.dns"), zone.below("hostmaster"));
        self.record(zone, Data::Soa { server, mailbox, minimum: self.config.ttl })
    }

    fn record(&self, name: &Name, data: Data) -> Record {
        Record { name: name.clone(), ttl: self.config.ttl, data }
    }
}

/// Whether a request asks for a port: by its name and protocol, or for any.
fn asks_for(request: &Request, port: &Port) -> bool {
    let fits = |asked: &str, has: &str| asked.is_empty() || asked.eq_ignore_ascii_case(has);
    fits(&request.port, &port.name) && fits(&request.protocol, &port.protocol)
}

fn is_reverse(zone: &Name) -> bool {
    ["in-addr.arpa.", "ip6.arpa."].iter().any(|suffix| zone.is_in(&Name::of(*suffix)))
}
