//! What a client of the API server can ask for, and why it may be refused.

use std::{fmt, sync::Arc};

use api::{Key, Kind, Object, Uid};

/// A call that changes an object.
#[derive(Clone, Debug)]
pub enum Write {
    /// Store a new object.
    Create(Object),
    /// Replace spec and metadata; refused if the stored object's resource version is another.
    Update(Object),
    /// Replace the status; refused if the stored object's resource version is another.
    UpdateStatus(Object),
    /// Delete.
    Delete {
        /// The object's kind.
        kind: Kind,
        /// Its key.
        key: Key,
        /// Its uid; another object of that name is left alone.
        uid: Uid,
    },
    /// Delete all objects of a kind in a namespace, which need no time to end.
    DeleteCollection {
        /// The kind.
        kind: Kind,
        /// The namespace.
        namespace: Arc<str>,
    },
    /// Take the finalizer off a namespace in which nothing is left: then it is gone.
    FinalizeNamespace {
        /// The namespace.
        namespace: Arc<str>,
    },
}

impl Write {
    /// The same, whatever was written meanwhile.
    #[must_use]
    pub fn unconditional(mut self) -> Self {
        match &mut self {
            Self::Create(object) | Self::Update(object) | Self::UpdateStatus(object) => {
                object.meta_mut().resource_version = 0;
            }
            Self::Delete { .. }
            | Self::DeleteCollection { .. }
            | Self::FinalizeNamespace { .. } => {}
        }
        self
    }
}

/// Why the API server refused a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiError {
    /// There is an object of that name.
    AlreadyExists,
    /// There is none.
    NotFound,
    /// Somebody wrote it since the caller read it.
    Conflict,
    /// Its namespace is being deleted (`NamespaceTerminatingCause`): what asks for it gives up.
    NamespaceTerminating,
    /// The object is not valid, or not as a successor of the one that is there, or what it needs is
    /// not left: there is an [`Objection`](crate::api_server::objection::Objection) to it.
    Invalid,
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AlreadyExists => "AlreadyExists",
            Self::NotFound => "NotFound",
            Self::Conflict => "Conflict",
            Self::NamespaceTerminating => "Forbidden",
            Self::Invalid => "Invalid",
        })
    }
}
