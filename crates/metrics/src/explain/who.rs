//! Who chose the pods of the requests that failed, and where they failed.

use std::{collections::BTreeSet, sync::Arc};

use api::{NodeId, ServiceId};
use record::ClientId;

use super::Case;
use crate::{
    collector::Client,
    containers::TargetPorts,
    listing::{Lag, Proxy, Way},
    pods::Pod,
    traffic::Causes,
    words,
};

/// Who they were.
impl<'a> Case<'a> {
    /// Who has to hear of pods before it can send to any.
    pub(super) fn listeners(&self) -> String {
        match self.way {
            Some(Way::Ingress) => "the Ingress controller".to_owned(),
            Some(Way::Sidecars) => self.sidecars(),
            Some(Way::Balancer | Way::Rules) | None => "nodes".to_owned(),
        }
    }

    /// Those beside the senders: sidecars, or libraries in them.
    pub(super) fn sidecars(&self) -> String {
        format!("the balancers beside the senders of {}", self.clients().0)
    }

    /// Who chose the pods: the nodes, the Ingress controller, sidecars, or clients that have their
    /// addresses from DNS.
    pub(super) fn senders(&self) -> String {
        match self.way {
            Some(Way::Ingress) => "the Ingress controller".to_owned(),
            Some(Way::Sidecars) => self.sidecars(),
            Some(Way::Balancer) => "the load balancer".to_owned(),
            Some(Way::Rules) | None if self.by_own_address() => {
                let (clients, many) = self.clients();
                let have = if many { "which have" } else { "which has" };
                format!("{clients}, {have} the pods' own addresses from DNS,")
            }
            Some(Way::Rules) | None => self.nodes(),
        }
    }

    /// The clients whose requests they were.
    pub(super) fn callers(&self) -> impl Iterator<Item = &'a Client> {
        let of_way = |client: &Client| self.way.is_none_or(|way| client.way() == way);
        self.collector.clients.iter().filter(move |client| self.failed(client) && of_way(client))
    }

    /// Whether a client's were among them.
    pub(super) fn failed(&self, client: &Client) -> bool {
        client.tally.causes[self.cause.index()] > 0
    }

    /// Whether all of it went to headless Services.
    pub(super) fn by_own_address(&self) -> bool {
        let service = |id: ServiceId| self.collector.services.get(id.0 as usize);
        let headless = |id| service(id).is_some_and(|service| service.headless);
        self.services().next().is_some() && self.services().all(headless)
    }

    /// The clients whose requests they were, and whether these are several.
    pub(super) fn clients(&self) -> (String, bool) {
        let names: Vec<&str> = self.callers().map(|client| &*client.name).collect();
        (words::names(&names, "client"), names.len() != 1)
    }
}

/// Where the failures of a case were seen.
impl<'a> Case<'a> {
    /// The pods they were sent to.
    pub(super) fn pods(&self) -> impl Iterator<Item = &'a Pod> {
        let Self { collector, cause, .. } = *self;
        let failed = move |id: api::PodId| {
            let tally = collector.pod_tallies.get(id);
            tally.is_some_and(|tally| tally.causes[cause.index()] > 0)
        };
        let pods = collector.pods.iter();
        pods.filter(move |(id, _)| failed(*id)).map(|(_, pod)| pod)
    }

    /// The one Deployment that all of these pods belong to.
    pub(super) fn deployment(&self) -> Option<Arc<str>> {
        let name = |pod: &'a Pod| pod.deployment.as_ref().map(|(name, _)| name);
        let mut names = self.pods().map(name);
        let first = names.next()??;
        names.all(|name| name == Some(first)).then(|| Arc::clone(first))
    }

    pub(super) fn of_deployment(&self) -> String {
        self.deployment().map_or_else(String::new, |name| format!(" of {name}"))
    }

    /// How far those who chose the pods were behind.
    pub(super) fn lag(&self) -> Lag {
        let lag = |of: &dyn Fn(Proxy) -> bool| self.collector.listing.lag(self.services(), of);
        let client = |id: ClientId| self.collector.clients.get(id.0 as usize);
        let by_client = |id| client(id).is_some_and(|client| self.failed(client));
        let causes = |node: NodeId| self.collector.node_causes.get(node.0 as usize);
        match self.way {
            Some(Way::Ingress) => lag(&|proxy| matches!(proxy, Proxy::Ingress(_))),
            Some(Way::Sidecars) => {
                lag(&|proxy| matches!(proxy, Proxy::Sidecar(client, _) if by_client(client)))
            }
            Some(Way::Balancer) => lag(&|proxy| proxy == Proxy::Balancer),
            Some(Way::Rules) | None if self.by_own_address() => Lag::default(),
            Some(Way::Rules) | None => {
                lag(&|proxy| matches!(proxy, Proxy::Node(node) if self.has(causes(node))))
            }
        }
    }

    /// The ports of the pods that they were sent to, as far as the Services tell.
    pub(super) fn targets(&self) -> TargetPorts {
        self.collector.listing.targets(self.services())
    }

    /// Whether those who chose the pods did so by a policy.
    pub(super) fn by_policy(&self) -> bool {
        matches!(self.way, Some(Way::Ingress | Way::Sidecars))
    }

    /// What those did who chose the pods. Who chooses by a policy may not have sent anything to a pod that it
    /// lists.
    pub(super) fn kept(&self) -> &'static str {
        if self.by_policy() { "still listed pods" } else { "kept sending traffic to pods" }
    }

    pub(super) fn services(&self) -> impl Iterator<Item = ServiceId> {
        let services = self.collector.service_causes.iter().enumerate();
        let failed = services.filter(|(_, causes)| self.has(Some(causes)));
        let failed = failed.map(|(place, _)| ServiceId(place as u32));
        let called = |id: &ServiceId, way| self.collector.listing.is_called(*id, way);
        failed.filter(move |id| self.way.is_none_or(|way| called(id, way)))
    }

    pub(super) fn services_or(&self, other: &str) -> String {
        let services: Vec<ServiceId> = self.services().collect();
        if services.is_empty() { other.to_owned() } else { self.names_of(&services) }
    }

    pub(super) fn names_of(&self, services: &[ServiceId]) -> String {
        let name = |service: &ServiceId| self.collector.services.get(service.0 as usize);
        let mut names: Vec<&str> = Vec::new();
        for service in services.iter().filter_map(name) {
            // One that is deleted and comes again has its name twice.
            if !names.contains(&&*service.name) {
                names.push(&service.name);
            }
        }
        words::names(&names, "Service")
    }

    pub(super) fn nodes(&self) -> String {
        let causes = &self.collector.node_causes;
        let names = self.collector.nodes.iter().enumerate();
        let names = names.filter(|(place, _)| self.has(causes.get(*place)));
        let names: BTreeSet<&str> = names.map(|(_, name)| &**name).collect();
        let names: Vec<&str> = names.into_iter().collect();
        if names.is_empty() { "a node".to_owned() } else { words::names(&names, "node") }
    }

    pub(super) fn has(&self, causes: Option<&Causes>) -> bool {
        causes.is_some_and(|causes| causes[self.cause.index()] > 0)
    }
}
