//! Namespaces that are being deleted: nothing new comes into them.
//!
//! A namespace is no object here. It is there as long as something is in it, and is gone with the last.

use std::{collections::BTreeSet, sync::Arc};

use api::{Key, Kind};

use super::{ApiServer, objection::Objection};
use crate::{Cx, write::ApiError};

/// Those that nobody may delete (`NamespaceLifecycle`).
const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

/// The namespaces that are being deleted.
#[derive(Debug, Default)]
pub(super) struct Terminating(BTreeSet<Arc<str>>);

impl ApiServer {
    /// Why a namespace cannot be deleted.
    #[must_use]
    pub fn objection_to_deletion_of_namespace(&self, namespace: &str) -> Option<Objection> {
        if IMMORTAL.contains(&namespace) {
            return Some(Objection::ImmortalNamespace(namespace.to_owned()));
        }
        let missing = || Objection::NotFound { resource: "namespaces", name: namespace.to_owned() };
        (!self.has_namespace(namespace)).then(missing)
    }

    /// Why a new object cannot be stored: its namespace is being deleted.
    #[must_use]
    pub fn objection_to_new(&self, kind: Kind, key: &Key) -> Option<Objection> {
        let closed = self.get(kind, key).is_none() && self.is_terminating(&key.namespace);
        closed.then(|| Objection::NamespaceTerminating { kind, key: key.clone() })
    }

    /// Lets nothing new into a namespace from now on. What is in it is for the namespace controller.
    pub fn delete_namespace(&mut self, namespace: Arc<str>) {
        self.terminating.0.insert(namespace);
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

    /// A namespace of which the last object is gone is gone, too, and may be made anew.
    pub(super) fn forget_empty_namespace(&mut self, namespace: &str) {
        if self.is_terminating(namespace) && !self.has_namespace(namespace) {
            self.terminating.0.remove(namespace);
        }
    }

    fn is_terminating(&self, namespace: &str) -> bool {
        self.terminating.0.contains(namespace)
    }

    fn has_namespace(&self, namespace: &str) -> bool {
        self.objects.keys().any(|(_, key)| *key.namespace == *namespace)
    }
}
