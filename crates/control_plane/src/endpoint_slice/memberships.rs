//! Which Services a pod's change concerns (`k8s.io/endpointslice/util/controller_utils.go`).

use std::collections::BTreeSet;

use api::{Key, Pod, Service, selector::matches_all};

/// What changed of a pod, as far as Services care.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct PodChange {
    /// Its endpoint looks different.
    pub endpoint: bool,
    /// Other Services may select it.
    pub labels: bool,
}

/// Compares two versions of a pod (`podEndpointsChanged`).
///
/// Kubernetes compares deletion timestamps by their addresses in memory, so that every change of a
/// pod that is being deleted counts. That is how it learns that such a pod has ended.
#[must_use]
pub fn pod_endpoints_changed(old: &Pod, new: &Pod) -> PodChange {
    PodChange {
        endpoint: old.meta.is_terminating()
            || new.meta.is_terminating()
            || old.is_ready() != new.is_ready()
            || old.status.pod_ip != new.status.pod_ip,
        labels: old.meta.labels != new.meta.labels,
    }
}

/// The Services that select a pod. One without a selector selects none.
#[must_use]
pub fn get_pod_service_memberships<'a>(
    services: impl IntoIterator<Item = &'a Service>,
    pod: &Pod,
) -> BTreeSet<Key> {
    services
        .into_iter()
        .filter(|service| {
            service.meta.namespace == pod.meta.namespace
                && selector(service).is_some_and(|labels| matches_all(labels, &pod.meta.labels))
        })
        .map(|service| service.meta.key())
        .collect()
}

/// A Service's selector. An empty one does not survive being stored, and is none.
#[must_use]
pub fn selector(service: &Service) -> Option<&api::Labels> {
    service.spec.selector.as_ref().filter(|labels| !labels.is_empty())
}

/// The Services to look at after a pod's change, of those that selected it before and do now: all
/// where its endpoint looks different, else those that gained or lost it.
#[must_use]
pub fn determine_needed_service_updates(
    old: &BTreeSet<Key>,
    new: &BTreeSet<Key>,
    pod_changed: bool,
) -> BTreeSet<Key> {
    if pod_changed { old | new } else { old ^ new }
}

/// The Services that a pod's change concerns; `old` is the pod as it was known.
#[must_use]
pub fn get_services_to_update_on_pod_change(
    services: &[&Service],
    old: Option<&Pod>,
    new: &Pod,
) -> BTreeSet<Key> {
    let memberships = |pod| get_pod_service_memberships(services.iter().copied(), pod);
    let Some(old) = old else { return memberships(new) };
    let change = pod_endpoints_changed(old, new);
    if change == PodChange::default() {
        return BTreeSet::new();
    }
    let selected = memberships(new);
    if !change.labels {
        return selected;
    }
    determine_needed_service_updates(&memberships(old), &selected, change.endpoint)
}
