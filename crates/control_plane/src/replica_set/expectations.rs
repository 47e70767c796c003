//! What a ReplicaSet has asked for and not seen yet (`pkg/controller/controller_utils.go`).
//!
//! An informer lags behind the API server. A controller that counted pods again before its own
//! creates had come round would create them twice; so it waits until it has seen what it asked for.

use std::collections::{BTreeMap, BTreeSet};

use api::Key;
use engine::{Span, Time};

/// After this long nobody waits any more (`ExpectationsTimeout`).
const TIMEOUT: Span = Span::from_secs(5 * 60);

/// What each ReplicaSet waits for, by the ReplicaSet's key.
#[derive(Debug, Default)]
pub struct Expectations {
    by_set: BTreeMap<Key, Expected>,
}

/// Creations are counted, since nobody knows the name that the API server will give; deletions are
/// known by name, since a pod's deletion is seen twice: when it is asked for and when it is over.
#[derive(Debug)]
struct Expected {
    creations: usize,
    deletions: BTreeSet<Key>,
    since: Time,
}

impl Expectations {
    /// Expects so many pods to come; whatever was expected before is forgotten.
    pub fn expect_creations(&mut self, set: &Key, count: usize, now: Time) {
        let expected = Expected { creations: count, deletions: BTreeSet::new(), since: now };
        self.by_set.insert(set.clone(), expected);
    }

    /// Expects these pods to go; whatever was expected before is forgotten.
    pub fn expect_deletions(&mut self, set: &Key, pods: BTreeSet<Key>, now: Time) {
        let expected = Expected { creations: 0, deletions: pods, since: now };
        self.by_set.insert(set.clone(), expected);
    }

    /// A pod of the ReplicaSet came, or will never come.
    pub fn creation_observed(&mut self, set: &Key) {
        if let Some(expected) = self.by_set.get_mut(set) {
            expected.creations = expected.creations.saturating_sub(1);
        }
    }

    /// A pod of the ReplicaSet goes, or will not go.
    pub fn deletion_observed(&mut self, set: &Key, pod: &Key) {
        if let Some(expected) = self.by_set.get_mut(set) {
            expected.deletions.remove(pod);
        }
    }

    /// Whether the ReplicaSet may count its pods again: it has seen everything, or waited too long.
    #[must_use]
    pub fn satisfied(&self, set: &Key, now: Time) -> bool {
        self.by_set.get(set).is_none_or(|expected| {
            let fulfilled = expected.creations == 0 && expected.deletions.is_empty();
            fulfilled || now.since(expected.since) > TIMEOUT
        })
    }

    /// Forgets a ReplicaSet.
    pub fn delete(&mut self, set: &Key) {
        self.by_set.remove(set);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key::new("default", name)
    }

    #[test]
    fn creations_are_counted_down() {
        let mut expectations = Expectations::default();
        let (set, now) = (key("web"), Time::from_secs(1));
        assert!(expectations.satisfied(&set, now), "nothing was asked for");
        expectations.expect_creations(&set, 2, now);
        expectations.creation_observed(&set);
        assert!(!expectations.satisfied(&set, now));
        expectations.creation_observed(&set);
        assert!(expectations.satisfied(&set, now));
        expectations.creation_observed(&set);
        assert!(expectations.satisfied(&set, now), "one more than asked for does no harm");
    }

    #[test]
    fn a_deletion_counts_once_however_often_it_is_seen() {
        let mut expectations = Expectations::default();
        let (set, now) = (key("web"), Time::from_secs(1));
        expectations.expect_deletions(&set, BTreeSet::from([key("a"), key("b")]), now);
        expectations.deletion_observed(&set, &key("a"));
        expectations.deletion_observed(&set, &key("a"));
        expectations.deletion_observed(&set, &key("stranger"));
        assert!(!expectations.satisfied(&set, now));
        expectations.deletion_observed(&set, &key("b"));
        assert!(expectations.satisfied(&set, now));
    }

    #[test]
    fn nobody_waits_longer_than_five_minutes() {
        let mut expectations = Expectations::default();
        let (set, now) = (key("web"), Time::from_secs(1));
        expectations.expect_creations(&set, 1, now);
        assert!(!expectations.satisfied(&set, now + TIMEOUT));
        assert!(expectations.satisfied(&set, now + TIMEOUT + Span::from_nanos(1)));
        expectations.delete(&set);
        assert!(expectations.satisfied(&set, now));
    }
}
