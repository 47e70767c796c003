//! The endpoints of a Service's port that a proxy chooses among, and what its rules are made of them.
//! Proxies mostly know the same slices, so that one works it out for all.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use api::{Endpoint, Key, Protocol};

use super::{
    Target,
    known_slice::{KnownSlice, merged},
};
use crate::{
    endpoints::{EndpointInfo, Place, ServiceInfo},
    proxy::{mode::Mode, port_rules::PortRules},
};

/// An endpoint that may become a target.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) port: u16,
    pub(super) endpoint: Arc<Endpoint>,
}

/// The endpoints of a port, in the order of their addresses.
pub(super) struct Candidates {
    /// What they are made of.
    slices: Vec<Arc<KnownSlice>>,
    pub(super) all: Vec<Candidate>,
    /// Whether any is meant for some zones or nodes.
    hinted: bool,
    /// The rules of them, where they are the same on every node.
    everywhere: Option<(ServiceInfo, Mode, Arc<PortRules<Target>>)>,
}

/// The endpoints of each port as some proxy knew them last.
#[derive(Default)]
pub(super) struct CandidateLists(BTreeMap<Key, BTreeMap<(String, Protocol), Candidates>>);

impl CandidateLists {
    /// The endpoints of a Service's port that is known by its name and protocol, of these slices.
    pub(super) fn of(
        &mut self,
        service: &Key,
        (name, protocol): (&str, Protocol),
        slices: &BTreeMap<Arc<str>, Arc<KnownSlice>>,
    ) -> &mut Candidates {
        let ports = self.0.entry(service.clone()).or_default();
        let make = || Candidates::new(slices.values().cloned().collect(), (name, protocol));
        let known = ports.entry((name.to_owned(), protocol)).or_insert_with(make);
        let same = known.slices.len() == slices.len()
            && known.slices.iter().zip(slices.values()).all(|(a, b)| Arc::ptr_eq(a, b));
        if !same {
            *known = make();
        }
        known
    }

    /// A proxy does not know this Service, not yet or no more. Who does works it out once again.
    pub(super) fn forget(&mut self, service: &Key) {
        self.0.remove(service);
    }
}

impl Candidate {
    /// What a connection to it goes to.
    pub(super) fn target(&self) -> Target {
        let pod = self.endpoint.target.as_ref().map(|(pod, _)| *pod);
        // The cluster's addresses are of IPv4; one of IPv6 that somebody wrote leads nowhere.
        let address = match self.endpoint.address {
            IpAddr::V4(address) => address,
            IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
        };
        Target { pod, port: self.port, address }
    }

    fn info(&self, place: Place<'_>) -> EndpointInfo {
        let endpoint = &self.endpoint;
        EndpointInfo {
            is_local: endpoint.node_name.as_deref() == Some(place.node),
            ready: endpoint.ready,
            serving: endpoint.serving,
            terminating: endpoint.terminating,
            zone_hints: endpoint.for_zones.clone(),
            node_hints: endpoint.for_nodes.clone(),
        }
    }
}

impl Candidates {
    fn new(slices: Vec<Arc<KnownSlice>>, port: (&str, Protocol)) -> Self {
        let all = merged(&slices, port);
        let is_hinted =
            |it: &Candidate| !it.endpoint.for_zones.is_empty() || !it.endpoint.for_nodes.is_empty();
        Self { hinted: all.iter().any(is_hinted), slices, all, everywhere: None }
    }

    /// The rules of a Service's port in a place.
    pub(super) fn rules(
        &mut self,
        service: ServiceInfo,
        place: Place<'_>,
        mode: Mode,
    ) -> Arc<PortRules<Target>> {
        let depends_on_place = self.hinted || service.uses_local_endpoints();
        if let Some((of, by, rules)) = &self.everywhere
            && !depends_on_place
            && (*of, *by) == (service, mode)
        {
            return rules.clone();
        }
        let infos: Vec<EndpointInfo> = self.all.iter().map(|it| it.info(place)).collect();
        let target = |index: usize| self.all[index].target();
        let rules = Arc::new(PortRules::new(service, &infos, place, mode, target));
        if !depends_on_place {
            self.everywhere = Some((service, mode, rules.clone()));
        }
        rules
    }
}
