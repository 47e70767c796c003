//! Which pods a Service prefers for a connection: its affinity, its policies and its distribution.

use api::{ServiceSpec, SessionAffinity, TrafficDistribution, TrafficPolicy};
use k8s_openapi::api::core::v1 as core;

use super::validation::defaults;

/// Takes these fields over. What is wrong with them was reported, and counts as not said.
pub(super) fn set_traffic(spec: &mut ServiceSpec, written: &core::ServiceSpec) {
    if written.session_affinity.as_deref() == Some("ClientIP") {
        let config = written.session_affinity_config.as_ref();
        let seconds = config.and_then(|config| config.client_ip.as_ref()?.timeout_seconds);
        let timeout_seconds = seconds.unwrap_or(defaults::AFFINITY_SECONDS).max(0).cast_unsigned();
        spec.session_affinity = SessionAffinity::ClientIp { timeout_seconds };
    }
    spec.internal_traffic_policy = policy(written.internal_traffic_policy.as_deref());
    spec.external_traffic_policy = policy(written.external_traffic_policy.as_deref());
    spec.traffic_distribution = match written.traffic_distribution.as_deref() {
        Some("PreferClose" | "PreferSameZone") => Some(TrafficDistribution::PreferSameZone),
        Some("PreferSameNode") => Some(TrafficDistribution::PreferSameNode),
        _ => None,
    };
}

fn policy(written: Option<&str>) -> TrafficPolicy {
    if written == Some("Local") { TrafficPolicy::Local } else { TrafficPolicy::Cluster }
}
