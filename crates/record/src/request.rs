//! The fact about one request: one row with all its times.

use std::hash::{Hash, Hasher};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// Small numbers share words: a run hashes one of these for every request, and each word waits for
/// the one before.
impl Hash for Request {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        let pair = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
        let service = self.service.map_or(0, |service| service.0.wrapping_add(1));
        let pod = self.pod.map_or(0, |pod| pod.0.wrapping_add(1));
        let outcome = match self.outcome {
            Outcome::Ok => 0,
            Outcome::Failed(cause) => cause.number(),
        };
        state.write_u64(pair(self.client.0, self.node.0));
        state.write_u64(pair(service, pod));
        state.write_u64(pair(self.attempts, outcome));
        state.write_u64(self.number);
        state.write_u64(self.arrived.as_nanos());
        state.write_u64(self.connected.as_nanos());
        state.write_u64(self.queued.as_nanos());
    }
}
