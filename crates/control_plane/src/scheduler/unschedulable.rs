//! Pods that fitted nowhere (`pkg/scheduler/backend/queue`).
//!
//! The back-off of a pod counts from its failure, not from the change that may let it fit: a pod
//! that has waited for long is tried at once.

use std::collections::BTreeMap;

use api::Key;
use engine::{Span, Time};

/// The first and the longest back-off of a pod that fitted nowhere.
const BACK_OFF: (Span, Span) = (Span::from_secs(1), Span::from_secs(10));

/// Pods that fitted nowhere.
#[derive(Debug, Default)]
pub(super) struct Unschedulable {
    pods: BTreeMap<Key, SetAside>,
    /// When the earliest planned retry comes.
    planned: Option<Time>,
}

#[derive(Debug)]
struct SetAside {
    failures: u32,
    failed_at: Time,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing changed since it failed.
    Waits,
    /// Something did, but its back-off is not over.
    BacksOff,
    /// It is to be tried again.
    Queued,
}

impl SetAside {
    /// When its back-off is over.
    fn expiry(&self) -> Time {
        let (first, most) = (BACK_OFF.0.as_nanos(), BACK_OFF.1.as_nanos());
        let doublings = self.failures.saturating_sub(1).min(8);
        self.failed_at + Span::from_nanos((first << doublings).min(most))
    }
}

impl Unschedulable {
    /// Takes in a pod that fitted nowhere, and says how often it did not.
    pub(super) fn failed(&mut self, pod: Key, now: Time) -> u32 {
        let new = SetAside { failures: 0, failed_at: now, state: State::Waits };
        let known = self.pods.entry(pod).or_insert(new);
        known.failures = known.failures.saturating_add(1);
        known.failed_at = now;
        known.state = State::Waits;
        known.failures
    }

    /// Forgets a pod that found a node, or is gone.
    pub(super) fn forget(&mut self, pod: &Key) {
        self.pods.remove(pod);
    }

    /// Any of them may fit now.
    pub(super) fn something_changed(&mut self) {
        for pod in self.pods.values_mut().filter(|pod| pod.state == State::Waits) {
            pod.state = State::BacksOff;
        }
    }

    /// The pods whose back-off is over, the longest over first.
    pub(super) fn take_due(&mut self, now: Time) -> Vec<Key> {
        let mut due: Vec<(Time, Key)> = Vec::new();
        for (key, pod) in &mut self.pods {
            if pod.state == State::BacksOff && pod.expiry() <= now {
                pod.state = State::Queued;
                due.push((pod.expiry(), key.clone()));
            }
        }
        due.sort();
        due.into_iter().map(|(_, key)| key).collect()
    }

    /// When to take what is due next; `None` where nothing is to come, or a retry is planned by then.
    pub(super) fn next_retry(&mut self, now: Time) -> Option<Time> {
        let backing_off = self.pods.values().filter(|pod| pod.state == State::BacksOff);
        let next = backing_off.map(SetAside::expiry).min()?;
        if self.planned.is_some_and(|planned| now < planned && planned <= next) {
            return None;
        }
        self.planned = Some(next);
        Some(next)
    }
}
