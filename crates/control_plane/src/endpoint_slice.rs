//! The EndpointSlice controller: keeps the addresses of the pods behind each Service
//! (`pkg/controller/endpointslice/endpointslice_controller.go`, `k8s.io/endpointslice`).
//!
//! A sync that finds its informer older than its own last write gives up and comes back a second
//! later ([`tracker`]). That second is part of how long a rollout's changes take to reach the
//! proxies: a burst of changes commonly costs it once.
//!
//! *Left out:* hints by `topology-mode`, host names of pods, services of two address families, the
//! annotation with the trigger's time (only a metric reads it), the legacy Endpoints object, and the
//! second's delay after somebody else changed a slice of the controller's.

pub mod endpoint;
pub mod memberships;
pub mod reconciler;
pub mod tracker;
pub mod traffic_distribution;
pub mod wanted;

use std::{collections::BTreeMap, sync::Arc};

use api::{
    Change, EndpointSlice, Key, Kind, Object, Service, Verb, endpoint_slice::MANAGED_BY_LABEL,
    service::ServiceType,
};
use engine::Stream;

use crate::{
    api_server::ApiServer,
    controller::{Again, Answer, Controller, Plan, SyncContext},
    informer::Informers,
    work_queue::WorkQueue,
    write::Write,
};
use endpoint::{AddressType, supported_address_types};
use memberships::{get_services_to_update_on_pod_change, selector};
use reconciler::{
    CONTROLLER_NAME, MAX_ENDPOINTS_PER_SLICE, SliceChanges, reconcile_by_address_type,
};
use tracker::{EndpointSliceTracker, Tracked, service_key};
use wanted::WantedEndpoints;

/// The EndpointSlice controller.
#[derive(Debug, Default)]
pub struct EndpointSliceController {
    tracker: EndpointSliceTracker,
    wanted: BTreeMap<Key, WantedEndpoints>,
}

impl Controller for EndpointSliceController {
    fn observe(
        &mut self,
        change: &Change,
        old: Option<&Object>,
        informers: &Informers,
        queue: &mut WorkQueue,
    ) {
        match &change.object {
            Object::Service(service) => queue.add(service.meta.key()),
            Object::Pod(pod) => {
                let old = match (change.verb, old) {
                    (Verb::Modified, Some(Object::Pod(old))) => Some(&**old),
                    _ => None,
                };
                self.wanted.values_mut().for_each(|wanted| wanted.pod_changed(pod));
                let services: Vec<&Service> =
                    informers.services().map(|service| &**service).collect();
                let concerned = get_services_to_update_on_pod_change(&services, old, pod);
                concerned.into_iter().for_each(|key| queue.add(key));
            }
            Object::EndpointSlice(slice) if is_managed(slice) => {
                let by_others = match change.verb {
                    Verb::Added | Verb::Modified => self.tracker.should_sync(slice),
                    Verb::Deleted => {
                        self.tracker.has(slice) && !self.tracker.handle_deletion(slice)
                    }
                };
                service_key(slice).filter(|_| by_others).into_iter().for_each(|key| queue.add(key));
            }
            Object::EndpointSlice(_)
            | Object::Ingress(_)
            | Object::HttpRoute(_)
            | Object::Gateway(_)
            | Object::Endpoints(_)
            | Object::PodDisruptionBudget(_)
            | Object::HorizontalPodAutoscaler(_)
            | Object::Node(_)
            | Object::Deployment(_)
            | Object::ReplicaSet(_) => {}
        }
    }

    fn reconcile(&mut self, key: &Key, informers: &Informers, sync: &mut SyncContext<'_>) -> Plan {
        let existing: Vec<Arc<EndpointSlice>> =
            informers.slices_of(key).filter(|slice| is_managed(slice)).cloned().collect();
        let Some(service) = informers.service(key) else { return self.collect(key, existing) };
        // A name for a host outside has no endpoints, whatever it selects. Slices that a Service had
        // before it became one are not deleted either (`syncService`).
        if service.spec.kind == ServiceType::ExternalName {
            return Plan::default();
        }
        let Some(labels) = selector(service) else { return Plan::default() };
        if self.tracker.stale_slices(key, existing.iter().map(|slice| &**slice)) {
            return Plan { again: Again::Failed, ..Plan::default() };
        }
        let (existing, orphans): (Vec<_>, Vec<_>) =
            existing.into_iter().partition(|slice| is_owned(slice, service));
        let mut plan = Plan::default();
        let wanted = self.wanted.entry(key.clone()).or_default();
        if !wanted.update(service, labels, address_type(service), informers) {
            // A node may be heard of yet; the other pods are not to wait for it.
            plan.again = Again::Failed;
        }
        let changes = reconcile_by_address_type(
            service,
            &existing,
            wanted.endpoints(),
            MAX_ENDPOINTS_PER_SLICE,
        );
        finalize(service, changes, sync.random, &mut plan);
        self.delete_slices(orphans, &mut plan);
        plan
    }

    fn answered(&mut self, _key: &Key, write: &Write, answer: Answer<'_>) {
        let Answer::Stored(Object::EndpointSlice(slice)) = answer else { return };
        match write {
            Write::Create(_) | Write::Update(_) | Write::UpdateStatus(_) => {
                self.tracker.update(slice);
            }
            Write::Delete { .. } => self.tracker.expect_deletion(slice),
            Write::DeleteCollection { .. } | Write::FinalizeNamespace { .. } => {}
        }
    }
}

impl EndpointSliceController {
    /// Deletes the slices of a Service that is gone. In Kubernetes the garbage collector does it.
    fn collect(&mut self, service: &Key, slices: Vec<Arc<EndpointSlice>>) -> Plan {
        let mut plan = Plan::default();
        self.wanted.remove(service);
        if slices.is_empty() {
            self.tracker.delete_service(service);
        }
        self.delete_slices(slices, &mut plan);
        plan
    }

    /// Deletes slices, but for those whose deletion was asked for already.
    fn delete_slices(&self, slices: Vec<Arc<EndpointSlice>>, plan: &mut Plan) {
        let expected = Some(Tracked::DeletionExpected);
        for slice in slices.iter().filter(|slice| self.tracker.tracked(slice) != expected) {
            plan.then(delete(slice));
        }
    }
}

/// Whether this controller writes the slice; other writers' slices are left alone.
fn is_managed(slice: &EndpointSlice) -> bool {
    slice.meta.labels.get(MANAGED_BY_LABEL).is_some_and(|name| name == CONTROLLER_NAME)
}

/// Whether a slice is of this very Service, and not of one of the same name before it: those go with
/// their owner.
fn is_owned(slice: &EndpointSlice, service: &Service) -> bool {
    slice.meta.owner.as_ref().is_none_or(|owner| owner.uid == service.meta.uid)
}

/// The family of a Service's slices. The API server gives a headless one the cluster's, IPv4.
fn address_type(service: &Service) -> AddressType {
    let families: &[AddressType] = if service.spec.headless { &[AddressType::IPv4] } else { &[] };
    let supported = supported_address_types(families, service.spec.cluster_ip);
    supported.last().copied().expect("a Service has at least one address family")
}

/// The calls, one after the other: creates, updates, deletes.
fn finalize(service: &Service, changes: SliceChanges, random: &mut Stream, plan: &mut Plan) {
    for mut slice in changes.create {
        slice.meta.name = ApiServer::generate_name(&format!("{}-", service.meta.name), random);
        plan.then(Write::Create(Object::EndpointSlice(Arc::new(slice))));
    }
    for slice in changes.update {
        plan.then(Write::Update(Object::EndpointSlice(Arc::new(slice))));
    }
    for slice in changes.delete {
        plan.then(delete(&slice));
    }
}

fn delete(slice: &EndpointSlice) -> Write {
    Write::Delete { kind: Kind::EndpointSlice, key: slice.meta.key(), uid: slice.meta.uid.clone() }
}

#[cfg(test)]
mod tests;
