//! The API server: the objects, their revisions, and the watches on them.
//!
//! Every write passes through here, and here only it becomes a fact of the record. A watch is one
//! ordered stream per watcher: a change is delivered after its own lag, never before the change
//! ahead of it. Nobody programs how stale a reader is; it falls out of that. Writes that come at once wait
//! for each other in the [`write_queue`].
//!
//! Left out: admission, authorisation, validation of what an object says by itself (the scenario did
//! that), watch bookmarks and restarts, deletion in the foreground and deletion that leaves orphans.

mod allocated_values;
pub mod allocation;
mod namespaces;
pub mod objection;
pub mod write_queue;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::IpAddr,
    sync::Arc,
};

use api::{
    Change, EndpointSlice, Key, Kind, Object, Pod, PodId, PodStatus, ServiceId, Timestamp, Uid,
    Verb,
};
use engine::{Distribution, Random, Source, Stream, Streams, Time};
use record::Record;

use self::namespaces::Namespaces;
use crate::{
    Cx,
    event::{Event, class},
    facts,
    write::{ApiError, Write},
};

/// Letters that make no words: generated names and hashes are of these
/// (`k8s.io/apimachinery/pkg/util/rand`).
pub const SAFE_LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// A watch's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WatcherId(pub u32);

/// What a watch is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interest {
    /// All objects of a kind.
    Kind(Kind),
    /// The pods bound to a node, as that node's kubelet watches.
    PodsOn(Arc<str>),
}

impl Interest {
    fn covers(&self, object: &Object) -> bool {
        match (self, object) {
            (Self::Kind(kind), object) => *kind == object.kind(),
            (Self::PodsOn(node), Object::Pod(pod)) => pod.node_name.as_ref() == Some(node),
            (Self::PodsOn(_), _) => false,
        }
    }
}

#[derive(Debug)]
struct Watcher {
    interest: Interest,
    /// Changes on their way, oldest first.
    pending: VecDeque<Change>,
    /// When the youngest of them arrives.
    last_delivery: Time,
}

/// The API server.
#[derive(Debug)]
pub struct ApiServer {
    objects: BTreeMap<(Kind, Key), Object>,
    resource_version: u64,
    /// The resource version of the last write of a Service.
    services_version: u64,
    namespaces: Namespaces,
    watchers: Vec<Watcher>,
    /// Every change and when it was made, where somebody looks on from outside the cluster.
    journal: Option<Vec<(Time, Change)>>,
    watch_lag: Distribution,
    lags: Stream,
    identities: Stream,
    node_ports: Stream,
    /// What the wall clock shows when the run's clock shows zero, in nanoseconds past a whole
    /// second: where in a second a run begins is chance.
    wall_offset_nanos: i64,
    pods: u32,
    /// The address of each Service that there ever was, by its number; `None` of one without.
    addresses: Vec<Option<IpAddr>>,
    /// Node ports that somebody is about to ask for.
    reserved_node_ports: BTreeSet<u16>,
}

impl ApiServer {
    /// An empty store whose watches lag by `watch_lag`.
    #[must_use]
    pub fn new(watch_lag: Distribution, streams: &Streams) -> Self {
        let mut wall_clock = streams.named("api-server/wall-clock");
        Self {
            objects: BTreeMap::new(),
            resource_version: 0,
            services_version: 0,
            namespaces: Namespaces::default(),
            journal: None,
            watchers: Vec::new(),
            watch_lag,
            lags: streams.named("api-server/watch-lag"),
            wall_offset_nanos: i64::from(wall_clock.below(1_000_000_000)),
            identities: streams.named("api-server/identities"),
            node_ports: streams.named("api-server/node-ports"),
            pods: 0,
            addresses: Vec::new(),
            reserved_node_ports: BTreeSet::new(),
        }
    }

    /// Opens a watch, which begins with what is written from now on.
    pub fn watch(&mut self, interest: Interest) -> WatcherId {
        self.watchers.push(Watcher {
            interest,
            pending: VecDeque::new(),
            last_delivery: Time::ZERO,
        });
        WatcherId(self.watchers.len() as u32 - 1)
    }

    /// The next change on a watch: what its [`Event::Watch`] announced.
    pub fn next_change(&mut self, watcher: WatcherId) -> Change {
        let pending = &mut self.watchers[watcher.0 as usize].pending;
        pending.pop_front().expect("every Watch event was scheduled with a pending change")
    }

    /// A stored object.
    #[must_use]
    pub fn get(&self, kind: Kind, key: &Key) -> Option<&Object> {
        self.objects.get(&(kind, key.clone()))
    }

    /// A stored pod.
    #[must_use]
    pub fn pod(&self, key: &Key) -> Option<&Arc<Pod>> {
        match self.get(Kind::Pod, key) {
            Some(Object::Pod(pod)) => Some(pod),
            _ => None,
        }
    }

    /// All stored objects of a kind, in the order of their keys.
    pub fn list(&self, kind: Kind) -> impl Iterator<Item = &Object> {
        self.objects
            .range((kind, Key::new("", ""))..)
            .take_while(move |((k, _), _)| *k == kind)
            .map(|(_, object)| object)
    }

    /// Grows with every write of a Service.
    #[must_use]
    pub fn services_version(&self) -> u64 {
        self.services_version
    }

    /// The API server's clock, in nanoseconds.
    #[must_use]
    pub fn wall_nanos(&self, now: Time) -> i64 {
        now.as_nanos() as i64 + self.wall_offset_nanos
    }

    /// Its clock as objects store it.
    #[must_use]
    pub fn timestamp(&self, now: Time) -> Timestamp {
        Timestamp(self.wall_nanos(now).div_euclid(1_000_000_000))
    }

    /// Carries out a call; gives back the object as stored or as it was, where it is about one.
    ///
    /// # Errors
    /// As the API server would refuse it; nothing is changed then.
    pub fn write(&mut self, write: &Write, cx: &mut Cx<'_>) -> Result<Option<Object>, ApiError> {
        match write {
            Write::Create(object) => self.create(object.clone(), cx).map(Some),
            Write::Update(object) => self.update(object.clone(), cx).map(Some),
            Write::UpdateStatus(object) => self.update_status(object, cx).map(Some),
            Write::Delete { kind, key, uid } => self.delete(*kind, key, uid, None, cx).map(Some),
            Write::DeleteCollection { kind, namespace } => {
                self.delete_collection(*kind, namespace, cx);
                Ok(None)
            }
            Write::FinalizeNamespace { namespace } => {
                self.finalize_namespace(namespace);
                Ok(None)
            }
        }
    }

    /// Stores a new object, giving it identity, dates and (a Service that needs one) an address.
    ///
    /// # Errors
    /// [`ApiError::AlreadyExists`], [`ApiError::NamespaceTerminating`]; of a Service
    /// [`ApiError::Invalid`] where there is an objection to it.
    pub fn create(&mut self, mut object: Object, cx: &mut Cx<'_>) -> Result<Object, ApiError> {
        if self.get(object.kind(), &object.key()).is_some() {
            return Err(ApiError::AlreadyExists);
        }
        self.admit_to_namespace(&object.meta().namespace)?;
        let created = self.timestamp(cx.now);
        let uid = self.new_uid();
        let meta = object.meta_mut();
        meta.uid = uid;
        meta.creation_timestamp = Some(created);
        meta.generation = 1;
        match &mut object {
            Object::Pod(pod) => {
                Arc::make_mut(pod).id = PodId(self.pods);
                self.pods += 1;
            }
            Object::Service(service) => {
                let service = Arc::make_mut(service);
                self.admit(service, None).map_err(|_| ApiError::Invalid)?;
                self.allocate(service);
            }
            Object::EndpointSlice(slice) if slice.service.is_none() => {
                let id = self.service_of(slice);
                Arc::make_mut(slice).service = id;
            }
            Object::Node(_)
            | Object::Deployment(_)
            | Object::ReplicaSet(_)
            | Object::EndpointSlice(_)
            | Object::Ingress(_)
            | Object::HttpRoute(_)
            | Object::Gateway(_)
            | Object::Endpoints(_)
            | Object::PodDisruptionBudget(_)
            | Object::HorizontalPodAutoscaler(_) => {}
        }
        Ok(self.store(Verb::Added, object, cx))
    }

    /// Replaces an object's spec and metadata.
    ///
    /// # Errors
    /// [`ApiError::NotFound`]; [`ApiError::Conflict`] where the caller's copy is out of date; of a
    /// Service [`ApiError::Invalid`] where there is an objection to it.
    pub fn update(&mut self, mut object: Object, cx: &mut Cx<'_>) -> Result<Object, ApiError> {
        let stored = self.current(&object)?;
        // Without a resource version a write is unconditional.
        let based_on = object.meta().resource_version;
        if based_on != 0 && based_on != stored.meta().resource_version {
            return Err(ApiError::Conflict);
        }
        copy_status(stored, &mut object);
        object.meta_mut().resource_version = stored.meta().resource_version;
        if let (Object::Service(old), Object::Service(new)) = (stored, &mut object) {
            let (old, new) = (old.clone(), Arc::make_mut(new));
            self.admit(new, Some(&old)).map_err(|_| ApiError::Invalid)?;
            self.reallocate(&old, new);
        }
        let stored = self.current(&object)?;
        if object == *stored {
            return Ok(object);
        }
        if spec_differs(stored, &object) {
            object.meta_mut().generation += 1;
        }
        Ok(self.store(Verb::Modified, object, cx))
    }

    /// Replaces an object's status; unconditionally where the caller's copy has no resource version.
    ///
    /// # Errors
    /// [`ApiError::NotFound`], or [`ApiError::Conflict`] where the caller's copy is out of date.
    pub fn update_status(&mut self, object: &Object, cx: &mut Cx<'_>) -> Result<Object, ApiError> {
        let stored = self.current(object)?;
        let based_on = object.meta().resource_version;
        if based_on != 0 && based_on != stored.meta().resource_version {
            return Err(ApiError::Conflict);
        }
        let mut merged = stored.clone();
        copy_status(object, &mut merged);
        if merged == *stored {
            return Ok(merged);
        }
        Ok(self.store(Verb::Modified, merged, cx))
    }

    /// Patches a pod's status, as kubelets do: whatever else was written meanwhile stays.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] where the pod is gone, or is another of that name.
    pub fn patch_pod_status(
        &mut self,
        key: &Key,
        uid: &Uid,
        status: PodStatus,
        cx: &mut Cx<'_>,
    ) -> Result<(), ApiError> {
        let stored = self.pod(key).filter(|pod| pod.meta.uid == *uid).ok_or(ApiError::NotFound)?;
        if stored.status == status {
            return Ok(());
        }
        let mut pod = Pod::clone(stored);
        pod.status = status;
        self.store(Verb::Modified, Object::Pod(Arc::new(pod)), cx);
        Ok(())
    }

    /// Binds a pod to a node.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] where the pod is gone or another, [`ApiError::Conflict`] where it is
    /// bound or being deleted.
    pub fn bind(
        &mut self,
        key: &Key,
        uid: &Uid,
        node: &Arc<str>,
        cx: &mut Cx<'_>,
    ) -> Result<(), ApiError> {
        let stored = self.pod(key).filter(|pod| pod.meta.uid == *uid).ok_or(ApiError::NotFound)?;
        if stored.node_name.is_some() || stored.meta.is_terminating() {
            return Err(ApiError::Conflict);
        }
        let mut pod = Pod::clone(stored);
        pod.node_name = Some(node.clone());
        let id = pod.id;
        if let Some(Object::Node(node)) = self.get(Kind::Node, &Key::new("", node.clone())) {
            cx.recorder.record(cx.now, &Record::PodScheduled { pod: id, node: node.id });
        }
        self.store(Verb::Modified, Object::Pod(Arc::new(pod)), cx);
        Ok(())
    }

    /// Begins to keep a journal of every change. It has no lag and takes no part in the run.
    pub fn keep_journal(&mut self) {
        self.journal = Some(Vec::new());
    }

    /// The journal so far, which goes on empty.
    pub fn take_journal(&mut self) -> Vec<(Time, Change)> {
        self.journal.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Deletes an object. A pod that is bound and has not ended gets its grace period first
    /// (`CheckGracefulDelete`); to delete it again can only shorten that.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] where it is gone or another of that name.
    pub fn delete(
        &mut self,
        kind: Kind,
        key: &Key,
        uid: &Uid,
        grace: Option<u32>,
        cx: &mut Cx<'_>,
    ) -> Result<Object, ApiError> {
        let stored = self.get(kind, key).filter(|o| o.meta().uid == *uid);
        let stored = stored.ok_or(ApiError::NotFound)?.clone();
        if let Object::Pod(pod) = &stored {
            let wanted = grace.unwrap_or(pod.spec.termination_grace_period_seconds);
            let ended = pod.node_name.is_none() || pod.is_terminal();
            let grace = if ended { 0 } else { wanted };
            if grace > 0 {
                if pod.meta.deletion_grace_period_seconds.is_some_and(|given| given <= grace) {
                    return Ok(stored);
                }
                let mut pod = Pod::clone(pod);
                let deadline = self.timestamp(cx.now).0 + i64::from(grace);
                pod.meta.deletion_timestamp = Some(Timestamp(deadline));
                pod.meta.deletion_grace_period_seconds = Some(grace);
                return Ok(self.store(Verb::Modified, Object::Pod(Arc::new(pod)), cx));
            }
        }
        Ok(self.store(Verb::Deleted, stored, cx))
    }

    /// A name with five random letters behind it (`metadata.generateName`).
    pub fn generate_name(stem: &str, random: &mut Stream) -> Arc<str> {
        let mut name = String::with_capacity(stem.len() + 5);
        name.push_str(stem);
        for _ in 0..5 {
            let letter = random.below(SAFE_LETTERS.len() as u32);
            name.push(char::from(SAFE_LETTERS[letter as usize]));
        }
        name.into()
    }

    /// The number of the Service that a slice's label names. Kubernetes leaves that to who reads it.
    fn service_of(&self, slice: &EndpointSlice) -> Option<ServiceId> {
        let key = Key::new(slice.meta.namespace.clone(), slice.service_name.clone());
        match self.get(Kind::Service, &key)? {
            Object::Service(service) => Some(service.id),
            _ => None,
        }
    }

    fn current(&self, object: &Object) -> Result<&Object, ApiError> {
        self.get(object.kind(), &object.key())
            .filter(|stored| stored.meta().uid == object.meta().uid)
            .ok_or(ApiError::NotFound)
    }

    fn store(&mut self, verb: Verb, mut object: Object, cx: &mut Cx<'_>) -> Object {
        self.resource_version += 1;
        object.meta_mut().resource_version = self.resource_version;
        if object.kind() == Kind::Service {
            self.services_version = self.resource_version;
        }
        let id = (object.kind(), object.key());
        let old = match verb {
            Verb::Added | Verb::Modified => self.objects.insert(id, object.clone()),
            Verb::Deleted => self.objects.remove(&id),
        };
        facts::record_write(verb, old.as_ref(), &object, &self.objects, cx);
        let change = Change { verb, object: object.clone() };
        self.publish(&change, cx);
        if let Some(journal) = &mut self.journal {
            journal.push((cx.now, change));
        }
        object
    }

    fn publish(&mut self, change: &Change, cx: &mut Cx<'_>) {
        for (index, watcher) in self.watchers.iter_mut().enumerate() {
            if !watcher.interest.covers(&change.object) {
                continue;
            }
            let arrival = cx.now + self.watch_lag.sample(&mut self.lags);
            watcher.last_delivery = watcher.last_delivery.max(arrival);
            watcher.pending.push_back(change.clone());
            cx.agenda.at(
                watcher.last_delivery,
                Source { class: class::WATCH, entity: index as u32 },
                Event::Watch { watcher: WatcherId(index as u32) },
            );
        }
    }

    fn new_uid(&mut self) -> Uid {
        Uid(format!("{:016x}", self.identities.next_u64()).into())
    }
}

/// Gives `to` the status of `from`.
fn copy_status(from: &Object, to: &mut Object) {
    match (from, to) {
        (Object::Deployment(from), Object::Deployment(to)) => {
            Arc::make_mut(to).status = from.status.clone();
        }
        (Object::ReplicaSet(from), Object::ReplicaSet(to)) => {
            Arc::make_mut(to).status = from.status.clone();
        }
        (Object::Pod(from), Object::Pod(to)) => Arc::make_mut(to).status = from.status.clone(),
        (Object::Service(from), Object::Service(to)) => {
            Arc::make_mut(to).status = from.status.clone();
        }
        _ => {}
    }
}

/// Whether two versions of an object differ in more than metadata and status.
fn spec_differs(old: &Object, new: &Object) -> bool {
    match (old, new) {
        (Object::Deployment(old), Object::Deployment(new)) => old.spec != new.spec,
        (Object::ReplicaSet(old), Object::ReplicaSet(new)) => old.spec != new.spec,
        (Object::Service(old), Object::Service(new)) => old.spec != new.spec,
        (Object::EndpointSlice(_), Object::EndpointSlice(_)) => true,
        (Object::Ingress(old), Object::Ingress(new)) => old.spec != new.spec,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
