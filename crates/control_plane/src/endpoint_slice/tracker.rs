//! What the controller knows of its own writes to EndpointSlices
//! (`k8s.io/endpointslice/util/endpointslice_tracker.go`).
//!
//! The informer lags behind the API server. The tracker remembers the generation of each slice as it
//! was last written, so that a sync can see that its informer is out of date and leave it for later.

use std::collections::BTreeMap;

use api::{EndpointSlice, Key, Uid};

/// The generations of slices as last written, by Service and slice.
#[derive(Clone, Debug, Default)]
pub struct EndpointSliceTracker {
    by_service: BTreeMap<Key, BTreeMap<Uid, Tracked>>,
}

/// What is known of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tracked {
    /// It was written, and this is its generation.
    Generation(u64),
    /// It was deleted.
    DeletionExpected,
}

impl EndpointSliceTracker {
    /// Whether anything is known of the slice.
    #[must_use]
    pub fn has(&self, slice: &EndpointSlice) -> bool {
        self.tracked(slice).is_some()
    }

    /// What is known of the slice.
    #[must_use]
    pub fn tracked(&self, slice: &EndpointSlice) -> Option<Tracked> {
        self.by_service.get(&service_key(slice)?)?.get(&slice.meta.uid).copied()
    }

    /// Whether somebody else wrote the slice since, so that its Service is to be looked at.
    #[must_use]
    pub fn should_sync(&self, slice: &EndpointSlice) -> bool {
        match self.tracked(slice) {
            Some(Tracked::Generation(known)) => slice.meta.generation > known,
            Some(Tracked::DeletionExpected) | None => true,
        }
    }

    /// Whether these slices of a Service are older than what was written of them.
    #[must_use]
    pub fn stale_slices<'a>(
        &self,
        service: &Key,
        slices: impl IntoIterator<Item = &'a EndpointSlice>,
    ) -> bool {
        let Some(known) = self.by_service.get(service) else { return false };
        let mut seen = BTreeMap::new();
        for slice in slices {
            seen.insert(&slice.meta.uid, slice.meta.generation);
        }
        known.iter().any(|(uid, tracked)| match (tracked, seen.get(uid)) {
            (Tracked::Generation(written), Some(seen)) => written > seen,
            (Tracked::Generation(_), None) | (Tracked::DeletionExpected, Some(_)) => true,
            (Tracked::DeletionExpected, None) => false,
        })
    }

    /// The slice was written, and this is how it was stored.
    pub fn update(&mut self, slice: &EndpointSlice) {
        self.track(slice, Tracked::Generation(slice.meta.generation));
    }

    /// The slice was deleted, and the informer will hear of it.
    pub fn expect_deletion(&mut self, slice: &EndpointSlice) {
        self.track(slice, Tracked::DeletionExpected);
    }

    /// The informer heard that the slice is gone. Gives back whether that was to be expected.
    pub fn handle_deletion(&mut self, slice: &EndpointSlice) -> bool {
        let Some(service) = service_key(slice) else { return true };
        let Some(known) = self.by_service.get_mut(&service) else { return true };
        !matches!(known.remove(&slice.meta.uid), Some(Tracked::Generation(_)))
    }

    /// The Service is gone.
    pub fn delete_service(&mut self, service: &Key) {
        self.by_service.remove(service);
    }

    fn track(&mut self, slice: &EndpointSlice, tracked: Tracked) {
        if let Some(service) = service_key(slice) {
            self.by_service.entry(service).or_default().insert(slice.meta.uid.clone(), tracked);
        }
    }
}

/// The key of the Service that a slice belongs to; `None` where it names none
/// (`ServiceControllerKey`).
#[must_use]
pub fn service_key(slice: &EndpointSlice) -> Option<Key> {
    (!slice.service_name.is_empty())
        .then(|| Key { namespace: slice.meta.namespace.clone(), name: slice.service_name.clone() })
}
