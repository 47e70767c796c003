//! Hints by `spec.trafficDistribution`: for whom an endpoint is meant
//! (`k8s.io/endpointslice/trafficdist/trafficdist.go`).
//!
//! *Left out:* hints by `topology-mode: Auto`, which share endpoints out by the zones' processors.

use api::{Endpoint, TrafficDistribution};

/// Writes an endpoint's hints, or takes them away. Only a ready endpoint has any. One that has no
/// zone has no hint for one, which switches such hints off at every proxy.
pub fn set_hints(endpoint: &mut Endpoint, distribution: Option<TrafficDistribution>) {
    endpoint.for_zones.clear();
    endpoint.for_nodes.clear();
    let Some(distribution) = distribution.filter(|_| endpoint.ready) else { return };
    endpoint.for_zones.extend(endpoint.zone.clone());
    if distribution == TrafficDistribution::PreferSameNode {
        endpoint.for_nodes.extend(endpoint.node_name.clone());
    }
}
