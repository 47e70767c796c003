//! What the controller manager has heard of the API server: a copy of the objects, as old as its
//! watches are slow, shared by all its controllers (`SharedInformerFactory`).
//!
//! Left out: resyncs and relists, which change nothing while no watch breaks.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use api::{
    Change, Deployment, EndpointSlice, Key, Kind, Labels, Node, Object, Pod, ReplicaSet, Service,
    Uid, Verb,
};

/// The objects as last heard of, with the indices that controllers look things up by.
#[derive(Debug, Default)]
pub struct Informers {
    objects: BTreeMap<(Kind, Key), Object>,
    /// What each object controls: controllers go through all of it at every sync.
    by_owner: BTreeMap<(Kind, Uid), BTreeMap<Key, Object>>,
    slices_by_service: BTreeMap<Key, BTreeSet<Key>>,
    nodes: BTreeMap<Arc<str>, Arc<Node>>,
}

macro_rules! getters {
    ($($(#[$doc:meta])* $get:ident, $list:ident: $kind:ident;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $get(&self, key: &Key) -> Option<&Arc<$kind>> {
            match self.objects.get(&(Kind::$kind, key.clone())) {
                Some(Object::$kind(object)) => Some(object),
                _ => None,
            }
        }

        /// All of this kind, in the order of their keys.
        pub fn $list(&self) -> impl Iterator<Item = &Arc<$kind>> {
            let least = Key::new("", "");
            self.objects
                .range((Kind::$kind, least)..)
                .map_while(|(_, object)| match object {
                    Object::$kind(object) => Some(object),
                    _ => None,
                })
        }
    )*};
}

impl Informers {
    getters! {
        /// A Deployment.
        deployment, deployments: Deployment;
        /// A ReplicaSet.
        replica_set, replica_sets: ReplicaSet;
        /// A Pod.
        pod, pods: Pod;
        /// A Service.
        service, services: Service;
        /// An EndpointSlice.
        endpoint_slice, endpoint_slices: EndpointSlice;
    }

    /// Takes in a change and gives back what was known before it.
    pub fn observe(&mut self, change: &Change) -> Option<Object> {
        let object = &change.object;
        let id = (object.kind(), object.key());
        let old = match change.verb {
            Verb::Added | Verb::Modified => self.objects.insert(id, object.clone()),
            Verb::Deleted => self.objects.remove(&id),
        };
        if let Some(old) = &old {
            self.index(old, false);
        }
        if change.verb != Verb::Deleted {
            self.index(object, true);
        }
        old
    }

    /// A node, by name.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<&Arc<Node>> {
        self.nodes.get(name)
    }

    /// ReplicaSets that a Deployment controls, in the order of their keys.
    pub fn replica_sets_of(&self, owner: &Uid) -> impl Iterator<Item = &Arc<ReplicaSet>> {
        self.owned(Kind::ReplicaSet, owner).filter_map(|object| match object {
            Object::ReplicaSet(set) => Some(set),
            _ => None,
        })
    }

    /// Pods that a ReplicaSet controls, in the order of their keys.
    pub fn pods_of(&self, owner: &Uid) -> impl Iterator<Item = &Arc<Pod>> {
        self.owned(Kind::Pod, owner).filter_map(|object| match object {
            Object::Pod(pod) => Some(pod),
            _ => None,
        })
    }

    /// Pods of a namespace that carry all these labels, in the order of their keys.
    pub fn pods_with(
        &self,
        namespace: &Arc<str>,
        labels: &Labels,
    ) -> impl Iterator<Item = &Arc<Pod>> {
        self.objects
            .range((Kind::Pod, Key::new(namespace.clone(), ""))..)
            .map_while(move |((_, key), object)| match object {
                Object::Pod(pod) if key.namespace == *namespace => Some(pod),
                _ => None,
            })
            .filter(move |pod| api::selector::matches_all(labels, &pod.meta.labels))
    }

    /// EndpointSlices of a Service, in the order of their keys.
    pub fn slices_of(&self, service: &Key) -> impl Iterator<Item = &Arc<EndpointSlice>> {
        self.slices_by_service
            .get(service)
            .into_iter()
            .flatten()
            .filter_map(|key| self.endpoint_slice(key))
    }

    fn owned(&self, kind: Kind, owner: &Uid) -> impl Iterator<Item = &Object> {
        self.by_owner.get(&(kind, owner.clone())).into_iter().flat_map(BTreeMap::values)
    }

    fn index(&mut self, object: &Object, present: bool) {
        let key = object.key();
        let place = |set: &mut BTreeSet<Key>| {
            if present {
                set.insert(key.clone())
            } else {
                set.remove(&key)
            };
        };
        if let Some(owner) = &object.meta().owner {
            let owned = self.by_owner.entry((object.kind(), owner.uid.clone())).or_default();
            match present {
                true => owned.insert(key.clone(), object.clone()),
                false => owned.remove(&key),
            };
        }
        match object {
            Object::EndpointSlice(slice) => {
                let service = Key::new(slice.meta.namespace.clone(), slice.service_name.clone());
                place(self.slices_by_service.entry(service).or_default());
            }
            Object::Node(node) if present => {
                self.nodes.insert(node.meta.name.clone(), node.clone());
            }
            Object::Node(node) => drop(self.nodes.remove(&node.meta.name)),
            _ => {}
        }
    }
}
