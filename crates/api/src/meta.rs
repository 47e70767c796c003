//! Names, labels, owners and timestamps: what every object carries.

use std::{collections::BTreeMap, fmt, sync::Arc};

/// Labels or annotations of an object, in the order of their keys.
pub type Labels = BTreeMap<String, String>;

/// Namespace and name of an object; together with a kind it identifies one object.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The namespace, empty for objects without one (nodes).
    pub namespace: Arc<str>,
    /// The name.
    pub name: Arc<str>,
}

impl Key {
    /// The key `namespace/name`.
    pub fn new(namespace: impl Into<Arc<str>>, name: impl Into<Arc<str>>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            f.write_str(&self.name)
        } else {
            write!(f, "{}/{}", self.namespace, self.name)
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The unique id of one life of an object: a deleted and recreated object gets another.
///
/// Kubernetes compares UIDs as strings where it breaks ties, and so do we.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Uid(pub Arc<str>);

impl From<&str> for Uid {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

/// A moment as API objects store it: whole seconds, as `metav1.Time` serialises them.
///
/// Ages computed from it are off by up to a second, in Kubernetes and therefore here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The moment in nanoseconds on the clock it was truncated from.
    #[must_use]
    pub fn as_nanos(self) -> i64 {
        self.0.saturating_mul(1_000_000_000)
    }
}

/// The controller that owns an object (`metadata.ownerReferences` with `controller: true`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// `Deployment` or `ReplicaSet`.
    pub kind: crate::Kind,
    /// The owner's name, in the same namespace.
    pub name: Arc<str>,
    /// The owner's unique id.
    pub uid: Uid,
}

/// `metadata` of an object.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Meta {
    /// Namespace, empty for cluster-wide objects.
    pub namespace: Arc<str>,
    /// Name.
    pub name: Arc<str>,
    /// Unique id, given by the API server.
    pub uid: Uid,
    /// Labels.
    pub labels: Labels,
    /// Annotations.
    pub annotations: Labels,
    /// The controlling owner.
    pub owner: Option<Owner>,
    /// When the API server stored it first; `None` on an object not stored yet.
    pub creation_timestamp: Option<Timestamp>,
    /// When it is to be gone at the latest; set by a graceful delete.
    pub deletion_timestamp: Option<Timestamp>,
    /// The grace period of that delete, in seconds.
    pub deletion_grace_period_seconds: Option<u32>,
    /// The store's revision at its last write.
    pub resource_version: u64,
    /// How often its spec was written.
    pub generation: u64,
}

impl Meta {
    /// Metadata with a namespace and a name, as a client sends it.
    pub fn new(namespace: impl Into<Arc<str>>, name: impl Into<Arc<str>>) -> Self {
        Self { namespace: namespace.into(), name: name.into(), ..Self::default() }
    }

    /// The object's key.
    #[must_use]
    pub fn key(&self) -> Key {
        Key { namespace: self.namespace.clone(), name: self.name.clone() }
    }

    /// Whether a delete was asked for.
    #[must_use]
    pub fn is_terminating(&self) -> bool {
        self.deletion_timestamp.is_some()
    }
}
