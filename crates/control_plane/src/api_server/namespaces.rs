//! Namespaces that are being deleted: nothing new comes into them.
//!
//! A namespace is no object here. It is there as long as something is in it. One that is being deleted is there
//! until the namespace controller has found it empty.

use std::{collections::BTreeSet, sync::Arc};

use api::{Key, Kind};

use super::{ApiServer, objection::Objection};
use crate::{Cx, write::ApiError};

/// What became of namespaces that were deleted.
#[derive(Debug, Default)]
pub(super) struct Namespaces {
    terminating: BTreeSet<Arc<str>>,
    /// Those that were gone at some time, whether or not they came again.
    deleted: BTreeSet<Arc<str>>,
}

impl ApiServer {
    /// Why a namespace cannot be deleted. That some never can, the scenario says.
    #[must_use]
    pub fn objection_to_deletion_of_namespace(&self, namespace: &str) -> Option<Objection> {
        let missing = || Objection::NotFound { resource: "namespaces", name: namespace.to_owned() };
        (!self.has_namespace(namespace)).then(missing)
    }

    /// Why a new object cannot be stored: its namespace is being deleted.
    #[must_use]
    pub fn objection_to_new(&self, kind: Kind, key: &Key) -> Option<Objection> {
        let closed = self.get(kind, key).is_none() && self.is_terminating(&key.namespace);
        closed.then(|| Objection::NamespaceTerminating { kind, key: key.clone() })
    }

    /// Lets nothing new into a namespace from now on, and says whether that is new. What is in it is for the
    /// namespace controller.
    pub fn delete_namespace(&mut self, namespace: &Arc<str>) -> bool {
        self.namespaces.terminating.insert(namespace.clone())
    }

    /// Whether a namespace was gone at some time, with all that was in it.
    #[must_use]
    pub fn was_deleted(&self, namespace: &str) -> bool {
        self.namespaces.deleted.contains(namespace)
    }

    /// Deletes all objects of a kind in a namespace, at once.
    pub(super) fn delete_collection(&mut self, kind: Kind, namespace: &Arc<str>, cx: &mut Cx<'_>) {
        let all = self.list(kind).filter(|object| object.meta().namespace == *namespace);
        let all: Vec<_> = all.map(|object| (object.key(), object.meta().uid.clone())).collect();
        for (key, uid) in all {
            self.delete(kind, &key, &uid, None, cx).expect("it is there");
        }
    }

    pub(super) fn admit_to_namespace(&self, namespace: &str) -> Result<(), ApiError> {
        if self.is_terminating(namespace) { Err(ApiError::NamespaceTerminating) } else { Ok(()) }
    }

    /// The namespace is gone, and may be made anew.
    pub(super) fn finalize_namespace(&mut self, namespace: &Arc<str>) {
        self.namespaces.terminating.remove(namespace);
        self.namespaces.deleted.insert(namespace.clone());
    }

    fn is_terminating(&self, namespace: &str) -> bool {
        self.namespaces.terminating.contains(namespace)
    }

    fn has_namespace(&self, namespace: &str) -> bool {
        let has_something = || self.objects.keys().any(|(_, key)| *key.namespace == *namespace);
        self.is_terminating(namespace) || has_something()
    }
}
