//! What a controller is: it observes changes, and brings one key at a time a step closer to its spec.

use api::{Change, Key, Object, Timestamp};
use engine::{Span, Time};

use crate::{
    informer::Informers,
    work_queue::WorkQueue,
    write::{ApiError, Write},
};

/// A control loop over the controller manager's informers.
///
/// It changes nothing itself: it says what it wants written, and the manager sends that to the API
/// server under the controller's client limit.
pub trait Controller {
    /// Queues the keys that a change touches. `old` is what was known before, and `informers`
    /// already know the change.
    fn observe(
        &mut self,
        change: &Change,
        old: Option<&Object>,
        informers: &Informers,
        queue: &mut WorkQueue,
    );

    /// Brings one key one step closer to its spec, as far as `informers` know the world.
    fn reconcile(&mut self, key: &Key, informers: &Informers, sync: &mut SyncContext<'_>) -> Plan;

    /// The object that an event is about which tells people of a call that was carried out.
    fn announces(&self, _write: &Write, _informers: &Informers) -> Option<Key> {
        None
    }

    /// Whether a write that meets a conflict is tried once more on a fresh copy, before the key is.
    fn rereads(&self, _write: &Write) -> bool {
        false
    }

    /// Whether the plan goes on where a write is refused because its namespace is being deleted. Others end
    /// there, and the key is not tried again.
    fn goes_on_without(&self, _write: &Write) -> bool {
        false
    }

    /// Hears how a call of a plan ended. Calls of a batch after a failed batch are never sent, and
    /// reported as [`Answer::Skipped`].
    fn answered(&mut self, _key: &Key, _write: &Write, _answer: Answer<'_>) {}
}

/// What a reconcile may know besides objects.
pub struct SyncContext<'a> {
    /// The moment, in the run's time.
    pub now: Time,
    /// The moment as the API server's clock has it, in nanoseconds; timestamps are truncations of it.
    pub wall_nanos: i64,
    /// For names and for choices that Kubernetes leaves to chance.
    pub random: &'a mut engine::Stream,
}

impl SyncContext<'_> {
    /// The moment as an API object would store it.
    #[must_use]
    pub fn timestamp(&self) -> Timestamp {
        Timestamp(self.wall_nanos.div_euclid(1_000_000_000))
    }
}

/// How a call ended.
#[derive(Clone, Copy, Debug)]
pub enum Answer<'a> {
    /// The object as stored; for a delete, as it was.
    Stored(&'a Object),
    /// The API server refused.
    Refused(ApiError),
    /// It was never sent, since one before it failed.
    Skipped,
}

/// What a reconcile wants.
#[derive(Debug, Default)]
pub struct Plan {
    /// Calls to send, batch after batch; those of one batch at the same time.
    pub batches: Vec<Vec<Write>>,
    /// Look at the key again after so long.
    pub requeue_after: Option<Span>,
    /// Whether to look again after a back-off.
    pub again: Again,
}

/// Whether a key comes back after a back-off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Again {
    /// It does not.
    #[default]
    No,
    /// It does although all went well, so that this is no failure: it is rate limited and forgotten.
    RateLimited,
    /// It does because something could not be done.
    Failed,
}

impl Plan {
    /// Appends a call that waits for all before it.
    pub fn then(&mut self, write: Write) {
        self.batches.push(vec![write]);
    }
}
