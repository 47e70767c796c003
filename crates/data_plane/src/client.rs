//! A client: who sends requests, where from, where to, and what it does about a failure.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use api::{EnvVar, Labels, NodeId, PodId, ResolvConf, ServiceId};
use engine::{Random, RequestStream, RequestStreams, Span, Streams};
use record::{ClientId, Family};

use crate::{
    arrivals::Arrivals,
    connection::{Caller, Transport},
    dns::{Destination, Dns, names::NameId},
    mesh::Balancing,
    name_cache::{Kept, NameCache},
    planned_arrivals::PlannedArrivals,
    pool::{Keeping, Pool},
    runtime::Sandbox,
    weighted_backends::WeightedBackends,
};

/// Where a client is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In the listening pods of a namespace with these labels, in one of them a request.
    Pods {
        /// Their namespace.
        namespace: String,
        /// Their labels.
        labels: Labels,
    },
    /// On a node.
    Node(NodeId),
    /// On any node, chosen for each request.
    AnyNode,
    /// Outside: comes in through any node.
    Outside,
    /// Outside: comes in through a node that the Service's load balancer chooses.
    OutsideBalanced,
}

/// Where a client's requests go, as its target says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// To what a name means: DNS is asked.
    Name(String),
    /// To an address.
    Address(IpAddr),
    /// To the address that a variable of the sender's environment holds.
    Variable(String),
}

/// The port that a client's requests go to, as its target says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Port {
    /// This one.
    Number(u16),
    /// The one that a variable of the sender's environment holds.
    Variable(String),
}

/// A client as the scenario has it.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub origin: Origin,
    /// Its address, where it is outside.
    pub address: Ipv4Addr,
    /// Where its requests go.
    pub host: Host,
    /// To which port there.
    pub port: Port,
    /// Where an Ingress or an HTTPRoute leads its requests to, where it uses one.
    pub ingress: Option<WeightedBackends>,
    /// Its resolv.conf; `None` where each of its pods has one of its own.
    pub resolv_conf: Option<ResolvConf>,
    /// How many keys its requests are told apart by; 0 where they have none.
    pub keys: u32,
    /// How its senders balance requests themselves; `None` where the nodes' proxies do.
    pub balancing: Option<Balancing>,
    /// What its requests travel by.
    pub transport: Transport,
    /// Which connections each of its senders keeps; `None` where every request has one of its own.
    pub keeping: Option<Keeping>,
    /// What it keeps of the answers of DNS.
    pub name_cache: NameCache,
    /// When its requests come.
    pub arrivals: Arrivals,
    /// How long it waits for an answer to an attempt.
    pub timeout: Span,
    /// Attempts in all.
    pub attempts: u32,
    /// After which failures it tries again.
    pub retry_on: Vec<Family>,
}

/// Where all requests of a client go, and how long it takes to find that out: known beforehand where
/// nothing can change it.
#[derive(Clone, Copy, Debug)]
pub struct Foreseen {
    /// Where.
    pub destination: Destination,
    /// To which port.
    pub port: u16,
    /// How long DNS takes to say so.
    pub wait: Span,
    /// How many questions that costs; none where DNS is not asked.
    pub queries: u32,
}

/// What a sender knows of where to send to, before DNS is asked.
#[derive(Clone, Debug, Default)]
pub struct Directions {
    /// The names that its resolver tries; none where it has an address.
    pub tries: Arc<[NameId]>,
    /// The address.
    pub address: Option<IpAddr>,
    /// The port.
    pub port: Option<u16>,
}

/// Who chooses the pods that a client's requests go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChosenBy {
    /// The rules of the node that a request comes to.
    Rules,
    /// The load balancer in front: a pod, or the node whose rules choose then.
    LoadBalancer,
    /// The balancer beside each sender.
    Sidecar,
}

impl ClientConfig {
    fn chosen_by(&self) -> ChosenBy {
        match (&self.balancing, &self.origin) {
            (Some(_), _) => ChosenBy::Sidecar,
            (None, Origin::OutsideBalanced) => ChosenBy::LoadBalancer,
            (None, _) => ChosenBy::Rules,
        }
    }
}

/// A client at work.
#[derive(Debug)]
pub struct Client {
    /// Who chooses the pods that its requests go to.
    pub chosen_by: ChosenBy,
    /// As the scenario has it.
    pub config: ClientConfig,
    /// When its requests come.
    pub arrivals: PlannedArrivals,
    /// Where its requests go, where that is known beforehand.
    pub foreseen: Option<Foreseen>,
    workload: RequestStreams,
    policy: RequestStreams,
    lookup: RequestStreams,
    keys: RequestStreams,
    /// What all its senders know, where its pods have nothing of their own.
    directions: Directions,
    /// The pods it may send from, and their nodes.
    senders: Vec<(PodId, NodeId)>,
    /// What each of them knows, where that may differ from one to the other.
    directions_of_pods: BTreeMap<PodId, Directions>,
    /// What each of its senders keeps of the answers of DNS.
    pub kept: BTreeMap<Caller, Kept>,
    /// The connections that each of its senders keeps.
    pub pools: BTreeMap<Caller, Pool>,
    /// The Services it called so far.
    called: BTreeSet<ServiceId>,
    /// How many names it looked up, and how many questions that cost.
    pub lookups: Lookups,
}

/// How often a client asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lookups {
    /// Names looked up.
    pub names: u64,
    /// Questions to DNS for them.
    pub queries: u64,
}

impl Lookups {
    /// Counts a name that cost so many questions; none of what was not asked for.
    #[inline]
    pub fn count(&mut self, queries: u32) {
        self.names += u64::from(queries > 0);
        self.queries += u64::from(queries);
    }
}

impl Client {
    /// A client that has not sent anything. Its streams are named after it, so that another client
    /// beside it shifts nothing.
    #[must_use]
    pub fn new(config: ClientConfig, dns: &mut Dns, streams: &Streams) -> Self {
        let name = &config.name;
        let mut client = Self {
            chosen_by: config.chosen_by(),
            arrivals: PlannedArrivals::new(
                config.arrivals.clone(),
                streams.requests(&format!("client/{name}/arrivals")),
            ),
            foreseen: None,
            workload: streams.requests(&format!("client/{name}/workload")),
            policy: streams.requests(&format!("client/{name}/policy")),
            lookup: streams.requests(&format!("client/{name}/lookup")),
            keys: streams.requests(&format!("client/{name}/keys")),
            directions: Directions::default(),
            senders: Vec::new(),
            directions_of_pods: BTreeMap::new(),
            kept: BTreeMap::new(),
            pools: BTreeMap::new(),
            called: BTreeSet::new(),
            lookups: Lookups::default(),
            config,
        };
        let own = client.config.resolv_conf.clone().unwrap_or_default();
        client.directions = client.directions_in(&own, &[], dns);
        client
    }

    /// What a sender knows that has this in its resolv.conf and this in its environment.
    fn directions_in(
        &self,
        conf: &ResolvConf,
        environment: &[EnvVar],
        dns: &mut Dns,
    ) -> Directions {
        let value = |name: &str| environment.iter().find(|it| it.name == name);
        let tries = match &self.config.host {
            Host::Name(name) => dns.tries(name, conf).into(),
            Host::Address(_) | Host::Variable(_) => Arc::default(),
        };
        let address = match &self.config.host {
            Host::Name(_) => None,
            Host::Address(address) => Some(*address),
            Host::Variable(name) => value(name).and_then(|it| it.value.parse().ok()),
        };
        let port = match &self.config.port {
            Port::Number(number) => Some(*number),
            Port::Variable(name) => value(name).and_then(|it| it.value.parse().ok()),
        };
        Directions { tries, address, port }
    }

    /// Whether what its pods know may differ from one to the other.
    fn depends_on_the_pod(&self) -> bool {
        self.config.resolv_conf.is_none()
            || matches!(self.config.host, Host::Variable(_))
            || matches!(self.config.port, Port::Variable(_))
    }

    /// Looks ahead: where all its requests go, if neither names nor Services change during the run.
    pub fn foresee(&mut self, dns: &mut Dns, services_change: bool) {
        let knows = self.config.ingress.is_none()
            && self.config.name_cache == NameCache::None
            && self.config.keeping.is_none();
        if self.depends_on_the_pod() || !knows {
            return;
        }
        let Some(port) = self.directions.port else { return };
        self.foreseen = match self.directions.address {
            Some(address) => dns.service_at(address).map(|service| Foreseen {
                destination: Destination::Service(service),
                port,
                wait: Span::ZERO,
                queries: 0,
            }),
            None if services_change => None,
            None => dns.foreseeable(&self.directions.tries).map(|(service, wait, queries)| {
                Foreseen { destination: Destination::Service(service), port, wait, queries }
            }),
        };
    }

    /// A request's private draws for the workload.
    #[inline]
    #[must_use]
    pub fn workload_stream(&self, number: u64) -> RequestStream {
        self.workload.request(number)
    }

    /// The number of a request's key, if it has one: the same whenever it is asked.
    #[must_use]
    pub fn key(&self, number: u64) -> Option<u32> {
        let keys = self.config.keys;
        (keys > 0).then(|| self.keys.request(number).below(keys))
    }

    /// A request's private draws for one attempt's balancing.
    #[must_use]
    pub fn policy_stream(&self, number: u64, attempt: u32) -> RequestStream {
        self.policy.request(of_attempt(number, attempt))
    }

    /// The node a request is sent from, and by whom, `None` where nobody is there to send it. `id` is
    /// this client's.
    #[inline]
    pub fn caller(
        &self,
        id: ClientId,
        nodes: u32,
        random: &mut impl Random,
    ) -> Option<(NodeId, Caller)> {
        let mut any_node = || NodeId(random.below(nodes));
        match &self.config.origin {
            Origin::Node(node) => Some((*node, Caller::Node(*node))),
            Origin::AnyNode => {
                let node = any_node();
                Some((node, Caller::Node(node)))
            }
            Origin::Outside | Origin::OutsideBalanced => Some((any_node(), Caller::Outside(id))),
            Origin::Pods { .. } if self.senders.is_empty() => None,
            Origin::Pods { .. } => {
                let place = random.below(self.senders.len() as u32) as usize;
                let (pod, node) = self.senders[place];
                Some((node, Caller::Pod(pod)))
            }
        }
    }

    /// The Service that it would send to at this moment, as far as one is known.
    pub fn present_service(&self, dns: &mut Dns) -> Option<ServiceId> {
        let first = self.senders.first().map(|(pod, _)| Caller::Pod(*pod));
        let directions = first.map_or(&self.directions, |caller| self.directions_of(caller));
        match directions.address {
            Some(address) => dns.service_at(address),
            None => dns.service_of(&directions.tries),
        }
    }

    /// What a sender of it knows of where to send to.
    #[must_use]
    pub fn directions_of(&self, caller: Caller) -> &Directions {
        let own = match caller {
            Caller::Pod(pod) => self.directions_of_pods.get(&pod),
            Caller::Node(_) | Caller::Outside(_) => None,
        };
        own.unwrap_or(&self.directions)
    }

    /// A request's private draws for looking a name up, once an attempt.
    #[must_use]
    pub fn lookup_stream(&self, number: u64, attempt: u32) -> RequestStream {
        self.lookup.request(of_attempt(number, attempt))
    }

    /// Notes that it calls a Service. Gives back whether it never did before.
    pub fn calls(&mut self, service: ServiceId) -> bool {
        self.called.insert(service)
    }

    /// Whether a sender of it is still there: a pod that has ended is not.
    #[must_use]
    pub fn is_there(&self, caller: Caller) -> bool {
        match caller {
            Caller::Pod(pod) => self.senders.iter().any(|(sender, _)| *sender == pod),
            Caller::Node(_) | Caller::Outside(_) => true,
        }
    }

    /// Whether it tries again after this many attempts and such a failure. A pod that has ended since
    /// tries nothing any more.
    #[must_use]
    pub fn retries(&self, caller: Caller, attempts: u32, family: Family) -> bool {
        attempts < self.config.attempts
            && self.config.retry_on.contains(&family)
            && self.is_there(caller)
    }

    /// Whether somebody else than its sender and the rules' policy hears that its connections have
    /// ended: a load balancer, or the node's table of flows.
    #[must_use]
    pub fn has_its_ends_told(&self) -> bool {
        let ClientConfig { transport, origin, .. } = &self.config;
        *transport != Transport::Tcp || *origin == Origin::OutsideBalanced
    }

    /// Whether it sends from pods of this namespace with these labels.
    #[must_use]
    pub fn sends_from(&self, namespace: &str, labels: &Labels) -> bool {
        match &self.config.origin {
            Origin::Pods { namespace: wanted, labels: selector } => {
                wanted == namespace && api::selector::matches_all(selector, labels)
            }
            Origin::Node(_) | Origin::AnyNode | Origin::Outside | Origin::OutsideBalanced => false,
        }
    }

    /// The program in a container of a pod that it sends from began to listen.
    pub fn add_sender(&mut self, pod: PodId, container: u8, sandbox: &Sandbox, dns: &mut Dns) {
        // A container that was started again has another environment, and nothing in its caches.
        self.kept.remove(&Caller::Pod(pod));
        if self.depends_on_the_pod() {
            let environment = &sandbox.environments[usize::from(container)];
            let directions = self.directions_in(&sandbox.resolv_conf, environment, dns);
            self.directions_of_pods.insert(pod, directions);
        }
        let sender = (pod, sandbox.node);
        if !self.senders.contains(&sender) {
            self.senders.push(sender);
        }
    }

    /// A pod it may have sent from ended. Gives back the connections that it kept.
    pub fn remove_sender(&mut self, pod: PodId) -> Pool {
        self.senders.retain(|(sender, _)| *sender != pod);
        self.directions_of_pods.remove(&pod);
        self.kept.remove(&Caller::Pod(pod));
        let pool = self.pools.get_mut(&Caller::Pod(pod));
        pool.map(Pool::begin_anew).unwrap_or_default()
    }
}

/// The stream of one attempt of a request. Attempts are few: 64 of them have streams of their own.
fn of_attempt(number: u64, attempt: u32) -> u64 {
    number.wrapping_mul(64).wrapping_add(u64::from(attempt.min(63)))
}
