//! What a controller tells people: Event objects, one call each (`client-go/tools/record`).
//!
//! The objects themselves are not kept, nobody here reads them. But each is a call of the
//! controller's own client, so it takes a token from the bucket that the controller's writes wait
//! for: in a large rollout every second call of the ReplicaSet controller is an event.
//!
//! One event is sent at a time. About one object there may be 25, and another one every five
//! minutes; the rest is dropped (`EventSourceObjectSpamFilter`). Putting similar events together,
//! which Kubernetes does from the eleventh on, is still a call for each.

use std::collections::{BTreeMap, VecDeque};

use api::Key;
use engine::Time;

use crate::token_bucket::TokenBucket;

/// Events about one object: so many at once, and one more in so many seconds.
const SPAM_BURST: u32 = 25;
const SPAM_SECONDS: f64 = 300.0;

/// The events of one controller on their way.
#[derive(Debug, Default)]
pub struct EventSink {
    waiting: VecDeque<Key>,
    sending: bool,
    spam: BTreeMap<Key, TokenBucket>,
}

impl EventSink {
    /// Takes in an event about an object.
    pub fn push(&mut self, about: Key) {
        self.waiting.push_back(about);
    }

    /// Begins to send the next event, if none is being sent and one is not spam.
    pub fn begin(&mut self, now: Time) -> bool {
        while !self.sending {
            let Some(about) = self.waiting.pop_front() else { return false };
            let new = || TokenBucket::new(Some(1.0 / SPAM_SECONDS), SPAM_BURST);
            self.sending = self.spam.entry(about).or_insert_with(new).try_take(now);
            if self.sending {
                return true;
            }
        }
        false
    }

    /// The event that was being sent has arrived.
    pub fn end(&mut self) {
        self.sending = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_no_more_than_25_about_one_object() {
        let mut sink = EventSink::default();
        let (web, api) = (Key::new("default", "web"), Key::new("default", "api"));
        for _ in 0..30 {
            sink.push(web.clone());
        }
        sink.push(api);
        let now = Time::from_secs(1);
        let mut sent = 0;
        while sink.begin(now) {
            assert!(!sink.begin(now), "one is on its way");
            sink.end();
            sent += 1;
        }
        assert_eq!(sent, 26);
        sink.push(web.clone());
        assert!(!sink.begin(Time::from_secs(200)));
        sink.push(web);
        assert!(sink.begin(Time::from_secs(302)), "a token came back");
    }
}
