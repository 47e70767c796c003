//! A client: who sends requests, where from, where to, and what it does about a failure.

use api::{Key, Labels, NodeId, PodId, ServiceId};
use engine::{Distribution, Random, RequestStream, RequestStreams, Span, Streams, Time};
use record::{ClientId, Family};

use crate::{arrivals::Arrivals, connection::Caller, dns::Dns};

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
}

/// A client as the scenario has it.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub origin: Origin,
    /// The Service its target names.
    pub service: Key,
    /// The port it asks for.
    pub port: u16,
    /// Whether it asks DNS for the Service; else it has its address.
    pub asks_dns: bool,
    /// When its requests come.
    pub arrivals: Arrivals,
    /// How long it waits for an answer to an attempt.
    pub timeout: Span,
    /// Attempts in all.
    pub attempts: u32,
    /// After which failures it tries again.
    pub retry_on: Vec<Family>,
}

/// Draws for arrivals depend on nothing but their number. Taken several at once, the processor works
/// on all their logarithms side by side.
const DRAWN_AT_ONCE: usize = 16;

/// A client at work.
#[derive(Debug)]
pub struct Client {
    /// As the scenario has it.
    pub config: ClientConfig,
    begin: Time,
    /// When its next request is wanted.
    due: Time,
    /// How long it waits for DNS before it connects, where that is always the same.
    pub dns_wait: Option<Span>,
    gaps: RequestStreams,
    /// What was drawn for arrivals: of the requests from the last multiple of its length on.
    drawn: [f64; DRAWN_AT_ONCE],
    workload: RequestStreams,
    policy: RequestStreams,
    /// Requests so far.
    number: u64,
    /// The pods it may send from, and their nodes.
    origins: Vec<(PodId, NodeId)>,
    resolved: (u64, Option<ServiceId>),
}

impl Client {
    /// A client that has not sent anything. Its streams are named after it, so that another client
    /// beside it shifts nothing.
    #[must_use]
    pub fn new(config: ClientConfig, dns_delay: &Distribution, streams: &Streams) -> Self {
        let name = &config.name;
        Self {
            begin: Time::ZERO,
            due: Time::ZERO,
            dns_wait: if config.asks_dns { dns_delay.constant() } else { Some(Span::ZERO) },
            gaps: streams.requests(&format!("client/{name}/arrivals")),
            workload: streams.requests(&format!("client/{name}/workload")),
            policy: streams.requests(&format!("client/{name}/policy")),
            drawn: [0.0; DRAWN_AT_ONCE],
            number: 0,
            origins: Vec::new(),
            resolved: (u64::MAX, None),
            config,
        }
    }

    /// When its first request comes.
    pub fn begin(&mut self, now: Time) -> Option<Time> {
        self.begin = now;
        self.due = self.config.arrivals.first(now, &mut self.gaps.request(0))?;
        // The first came of its own; those after it come of this batch.
        self.draw_arrivals(0);
        Some(self.due)
    }

    /// The request that is due: its number, when it was wanted, and its private draws for the
    /// workload.
    #[inline]
    pub fn take_request(&mut self) -> (u64, Time, RequestStream) {
        let number = self.number;
        self.number += 1;
        (number, self.due, self.workload.request(number))
    }

    /// When the request after the one taken last comes.
    #[inline]
    pub fn next_arrival(&mut self) -> Option<Time> {
        let place = self.number as usize % DRAWN_AT_ONCE;
        if place == 0 {
            self.draw_arrivals(self.number);
        }
        self.due = self.config.arrivals.next(self.begin, self.due, self.drawn[place])?;
        Some(self.due)
    }

    fn draw_arrivals(&mut self, first: u64) {
        for (number, drawn) in (first..).zip(&mut self.drawn) {
            *drawn = self.config.arrivals.draw(&mut self.gaps.request(number));
        }
    }

    /// A request's private draws for one attempt's balancing.
    #[must_use]
    pub fn policy_stream(&self, number: u64, attempt: u32) -> RequestStream {
        // Attempts are few: 64 of them have streams of their own.
        self.policy.request(number.wrapping_mul(64).wrapping_add(u64::from(attempt.min(63))))
    }

    /// The node a request is sent from, and by whom, `None` where nobody is there to send it. `id` is
    /// this client's.
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
            Origin::Outside => Some((any_node(), Caller::Outside(id))),
            Origin::Pods { .. } if self.origins.is_empty() => None,
            Origin::Pods { .. } => {
                let place = random.below(self.origins.len() as u32) as usize;
                let (pod, node) = self.origins[place];
                Some((node, Caller::Pod(pod)))
            }
        }
    }

    /// The Service its target names; asked anew when DNS has news.
    pub fn resolve(&mut self, dns: &Dns) -> Option<ServiceId> {
        if self.resolved.0 != dns.version() {
            self.resolved = (dns.version(), dns.resolve(&self.config.service));
        }
        self.resolved.1
    }

    /// Whether it tries again after this many attempts and such a failure.
    #[must_use]
    pub fn retries(&self, attempts: u32, family: Family) -> bool {
        attempts < self.config.attempts && self.config.retry_on.contains(&family)
    }

    /// Whether it sends from pods of this namespace with these labels.
    #[must_use]
    pub fn sends_from(&self, namespace: &str, labels: &Labels) -> bool {
        match &self.config.origin {
            Origin::Pods { namespace: wanted, labels: selector } => {
                wanted == namespace && api::selector::matches_all(selector, labels)
            }
            Origin::Node(_) | Origin::AnyNode | Origin::Outside => false,
        }
    }

    /// A pod it sends from began to run.
    pub fn add_origin(&mut self, pod: PodId, node: NodeId) {
        if !self.origins.iter().any(|(known, _)| *known == pod) {
            self.origins.push((pod, node));
        }
    }

    /// A pod it may have sent from ended.
    pub fn remove_origin(&mut self, pod: PodId) {
        self.origins.retain(|(known, _)| *known != pod);
    }
}
