//! A controller's queue of keys, as in client-go: a key waits at most once, is worked on by at most
//! one worker, and comes again if it was added meanwhile; failures come back later and later.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use api::Key;
use engine::{Span, Time};

use crate::token_bucket::TokenBucket;

/// How a failed key comes back: `first · 2ⁿ`, at most `most`, and in all no more than 10 a second
/// after a burst of 100 (`workqueue.DefaultTypedControllerRateLimiter`).
#[derive(Clone, Copy, Debug)]
pub struct BackOff {
    /// After the first failure.
    pub first: Span,
    /// At most.
    pub most: Span,
    /// Failures in a row after which a key is dropped (`maxRetries`); `None` for never.
    pub most_retries: Option<u32>,
}

impl BackOff {
    /// 5 ms to 1000 s and for ever: what a controller uses that says nothing else.
    pub const DEFAULT: Self =
        Self { first: Span::from_millis(5), most: Span::from_secs(1000), most_retries: None };
    /// The same, but a key is dropped after 15 failures: the Deployment controller's.
    pub const DEPLOYMENT: Self = Self { most_retries: Some(15), ..Self::DEFAULT };
    /// 1 s to 1000 s and 15 failures: the EndpointSlice controller's.
    pub const ENDPOINT_SLICE: Self = Self { first: Span::from_secs(1), ..Self::DEPLOYMENT };
    /// 5 ms to 60 s: the namespace controller's (`nsControllerRateLimiter`).
    pub const NAMESPACE: Self = Self { most: Span::from_secs(60), ..Self::DEFAULT };
    /// 5 s to 300 s: the Service controller's.
    pub const SERVICE: Self =
        Self { first: Span::from_secs(5), most: Span::from_secs(300), ..Self::DEFAULT };
}

/// The queue.
#[derive(Debug)]
pub struct WorkQueue {
    waiting: VecDeque<Key>,
    dirty: BTreeSet<Key>,
    processing: BTreeSet<Key>,
    failures: BTreeMap<Key, u32>,
    /// Keys that are added later, and when.
    delayed: BTreeMap<Key, Time>,
    back_off: BackOff,
    overall: TokenBucket,
}

impl WorkQueue {
    /// An empty queue.
    #[must_use]
    pub fn new(back_off: BackOff) -> Self {
        Self {
            waiting: VecDeque::new(),
            dirty: BTreeSet::new(),
            processing: BTreeSet::new(),
            failures: BTreeMap::new(),
            delayed: BTreeMap::new(),
            back_off,
            overall: TokenBucket::new(Some(10.0), 100),
        }
    }

    /// Adds a key; it waits once, however often it is added.
    pub fn add(&mut self, key: Key) {
        if self.dirty.insert(key.clone()) && !self.processing.contains(&key) {
            self.waiting.push_back(key);
        }
    }

    /// Adds what keys there are.
    pub fn extend(&mut self, keys: impl IntoIterator<Item = Key>) {
        keys.into_iter().for_each(|key| self.add(key));
    }

    /// Plans to add a key at a moment; says whether it is to be woken then. A key has one such
    /// moment, the earliest: `AddAfter` does nothing where an earlier one is to come.
    #[must_use]
    pub fn add_at(&mut self, key: &Key, at: Time) -> bool {
        let earlier = self.delayed.get(key).is_some_and(|planned| *planned <= at);
        if !earlier {
            self.delayed.insert(key.clone(), at);
        }
        !earlier
    }

    /// Adds a key whose moment this is. One that came earlier after all is not added twice.
    pub fn add_due(&mut self, key: Key, now: Time) {
        if self.delayed.get(&key) == Some(&now) {
            self.delayed.remove(&key);
            self.add(key);
        }
    }

    /// The next key to work on.
    pub fn take(&mut self) -> Option<Key> {
        let key = self.waiting.pop_front()?;
        self.dirty.remove(&key);
        self.processing.insert(key.clone());
        Some(key)
    }

    /// Ends the work on a key; if it was added meanwhile it waits again.
    pub fn done(&mut self, key: &Key) {
        self.processing.remove(key);
        if self.dirty.contains(key) {
            self.waiting.push_back(key.clone());
        }
    }

    /// Forgets a key's failures.
    pub fn forget(&mut self, key: &Key) {
        self.failures.remove(key);
    }

    /// Counts a failure and says when the key is to come back; `None` where it failed too often.
    pub fn retry_at(&mut self, key: &Key, now: Time) -> Option<Time> {
        let failures = self.failures.entry(key.clone()).or_insert(0);
        *failures = failures.saturating_add(1);
        if self.back_off.most_retries.is_some_and(|most| *failures > most) {
            self.failures.remove(key);
            return None;
        }
        let doublings = (*failures - 1).min(40);
        let delay = self.back_off.first.as_nanos().saturating_mul(1 << doublings);
        let delay = Span::from_nanos(delay.min(self.back_off.most.as_nanos()));
        Some((now + delay).max(self.overall.take(now)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_waits_once_and_comes_again_if_added_while_worked_on() {
        let mut queue = WorkQueue::new(BackOff::DEFAULT);
        let key = Key::new("default", "web");
        queue.add(key.clone());
        queue.add(key.clone());
        assert_eq!(queue.take(), Some(key.clone()));
        assert_eq!(queue.take(), None);
        queue.add(key.clone());
        assert_eq!(queue.take(), None, "one worker at a time");
        queue.done(&key);
        assert_eq!(queue.take(), Some(key.clone()));
        queue.done(&key);
        assert_eq!(queue.take(), None);
    }

    #[test]
    fn a_key_is_added_once_at_the_earliest_of_its_moments() {
        let mut queue = WorkQueue::new(BackOff::DEFAULT);
        let key = Key::new("default", "web");
        let at = Time::from_secs;
        assert!(queue.add_at(&key, at(10)));
        assert!(!queue.add_at(&key, at(12)), "it comes earlier");
        assert!(queue.add_at(&key, at(5)));
        queue.add_due(key.clone(), at(5));
        assert_eq!(queue.take(), Some(key.clone()));
        queue.done(&key);
        assert!(queue.add_at(&key, at(20)), "the next moment is a new one");
        queue.add_due(key.clone(), at(10));
        assert_eq!(queue.take(), None, "that moment was given up for an earlier one");
        queue.add_due(key.clone(), at(20));
        assert_eq!(queue.take(), Some(key));
    }

    #[test]
    fn only_some_controllers_drop_a_key() {
        let key = Key::new("default", "web");
        let dropped = |back_off| {
            let mut queue = WorkQueue::new(back_off);
            (0..100).position(|_| queue.retry_at(&key, Time::ZERO).is_none())
        };
        assert_eq!(dropped(BackOff::DEPLOYMENT), Some(15));
        assert_eq!(dropped(BackOff::ENDPOINT_SLICE), Some(15));
        assert_eq!(dropped(BackOff::DEFAULT), None);
    }

    #[test]
    fn failures_double_the_delay_until_the_key_is_dropped() {
        let mut queue = WorkQueue::new(BackOff::DEPLOYMENT);
        let key = Key::new("default", "web");
        let now = Time::from_secs(1);
        let delays: Vec<_> =
            (0..3).map(|_| queue.retry_at(&key, now).map(|at| at.since(now))).collect();
        let millis = |n| Some(Span::from_millis(n));
        assert_eq!(delays, [millis(5), millis(10), millis(20)]);
        queue.forget(&key);
        assert_eq!(queue.retry_at(&key, now).map(|at| at.since(now)), millis(5));
        for _ in 0..14 {
            assert!(queue.retry_at(&key, now).is_some());
        }
        assert_eq!(queue.retry_at(&key, now), None);
    }
}
