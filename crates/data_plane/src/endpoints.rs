//! Which of a Service's endpoints a node's proxy uses (`pkg/proxy/topology.go`).

use std::sync::Arc;

/// An endpoint as a proxy knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointInfo {
    /// Whether it is on the proxy's own node.
    pub is_local: bool,
    /// Its conditions.
    pub ready: bool,
    /// Whether it would answer.
    pub serving: bool,
    /// Whether it is being deleted.
    pub terminating: bool,
    /// Zones it is meant for; empty for no hint.
    pub zone_hints: Vec<Arc<str>>,
    /// Nodes it is meant for; empty for no hint.
    pub node_hints: Vec<Arc<str>>,
}

/// What of a Service matters for the choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServiceInfo {
    /// `internalTrafficPolicy: Local`.
    pub internal_policy_local: bool,
    /// `externalTrafficPolicy: Local`.
    pub external_policy_local: bool,
    /// Whether it is reachable from outside: a node port, a load balancer address, an external IP.
    pub externally_accessible: bool,
}

impl ServiceInfo {
    /// Whether any of its addresses leads to endpoints of the whole cluster.
    #[must_use]
    pub fn uses_cluster_endpoints(&self) -> bool {
        !self.internal_policy_local || self.externally_accessible
    }

    /// Whether any of its addresses leads to this node's endpoints only.
    #[must_use]
    pub fn uses_local_endpoints(&self) -> bool {
        self.internal_policy_local || (self.external_policy_local && self.externally_accessible)
    }
}

/// Where a proxy is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place<'a> {
    /// Its node.
    pub node: &'a str,
    /// Its zone.
    pub zone: Option<&'a str>,
    /// Whether hints for nodes count (`PreferSameTrafficDistribution`, on by default in 1.36).
    pub prefer_same: bool,
}

/// The choice: places in the list that was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Categorized {
    /// For addresses that lead to the whole cluster; `None` where there are none.
    pub cluster: Option<Vec<usize>>,
    /// For addresses that lead to this node only; `None` where there are none.
    pub local: Option<Vec<usize>>,
    /// All that anything leads to.
    pub all: Vec<usize>,
    /// Whether there is any usable endpoint in the cluster.
    pub has_any: bool,
}

/// How near an endpoint must be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nearness {
    Any,
    SameZone,
    SameNode,
}

/// Chooses among endpoints. Where no ready one is left, those that still serve while they are being
/// deleted are used, so that a rollout of a single replica loses nothing by it (KEP-1669).
#[must_use]
pub fn categorize_endpoints(
    endpoints: &[EndpointInfo],
    service: ServiceInfo,
    place: Place<'_>,
) -> Categorized {
    let chosen = |wanted: &dyn Fn(&EndpointInfo) -> bool| -> Vec<usize> {
        let numbered = endpoints.iter().enumerate();
        numbered.filter(|(_, endpoint)| wanted(endpoint)).map(|(index, _)| index).collect()
    };
    let usable =
        |endpoint: &EndpointInfo| endpoint.ready || (endpoint.serving && endpoint.terminating);
    let mut result = Categorized::default();
    if service.uses_cluster_endpoints() {
        let nearness = nearness(endpoints, place);
        let mut cluster = chosen(&|endpoint| endpoint.ready && is_near(endpoint, nearness, place));
        if cluster.is_empty() {
            cluster = chosen(&|endpoint| endpoint.serving && endpoint.terminating);
        }
        result.has_any = !cluster.is_empty();
        result.cluster = Some(cluster);
    }
    if service.uses_local_endpoints() {
        let mut local = chosen(&|endpoint| endpoint.is_local && endpoint.ready);
        if local.is_empty() {
            local =
                chosen(&|endpoint| endpoint.is_local && endpoint.serving && endpoint.terminating);
        }
        result.has_any |= endpoints.iter().any(usable);
        result.local = Some(local);
    }
    result.all = result.cluster.iter().chain(&result.local).flatten().copied().collect();
    result.all.sort_unstable();
    result.all.dedup();
    result
}

/// Hints of a kind count only where every ready endpoint has one and one of them is for this place.
fn nearness(endpoints: &[EndpointInfo], place: Place<'_>) -> Nearness {
    let ready = || endpoints.iter().filter(|endpoint| endpoint.ready);
    if ready().next().is_none() {
        return Nearness::Any;
    }
    let node_hints = place.prefer_same
        && ready().all(|endpoint| !endpoint.node_hints.is_empty())
        && ready().any(|endpoint| endpoint.node_hints.iter().any(|node| **node == *place.node));
    if node_hints {
        return Nearness::SameNode;
    }
    let zone_hints = place.zone.is_some_and(|zone| {
        ready().all(|endpoint| !endpoint.zone_hints.is_empty())
            && ready().any(|endpoint| endpoint.zone_hints.iter().any(|hint| **hint == *zone))
    });
    if zone_hints { Nearness::SameZone } else { Nearness::Any }
}

fn is_near(endpoint: &EndpointInfo, nearness: Nearness, place: Place<'_>) -> bool {
    match nearness {
        Nearness::Any => true,
        Nearness::SameNode => endpoint.node_hints.iter().any(|node| **node == *place.node),
        Nearness::SameZone => endpoint.zone_hints.iter().any(|hint| Some(&**hint) == place.zone),
    }
}
