//! The fact about one request: one row with all its times.

use api::{NodeId, PodId, ServiceId};
use engine::{Span, Time};

use crate::Cause;

/// A client's dense number in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ClientId(pub u32);

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Its answer came in time.
    Ok,
    /// It failed, its last attempt for this cause.
    Failed(Cause),
}

/// A finished request. When it finished is the time of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    /// Who sent it.
    pub client: ClientId,
    /// Its number among the requests of that client, from 0.
    pub number: u64,
    /// The Service it was sent to, `None` where the name did not resolve.
    pub service: Option<ServiceId>,
    /// When the client wanted it.
    pub arrived: Time,
    /// The node its last attempt was sent from: whose proxy chose the pod.
    pub node: NodeId,
    /// The pod its last attempt was sent to, `None` where no pod was chosen.
    pub pod: Option<PodId>,
    /// When its last attempt chose that pod.
    pub connected: Time,
    /// How long it waited for a worker in the pod.
    pub queued: Span,
    /// Attempts it took.
    pub attempts: u32,
    /// How it ended.
    pub outcome: Outcome,
}
