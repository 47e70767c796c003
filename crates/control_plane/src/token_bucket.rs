//! The limit a client puts on itself (`flowcontrol.NewTokenBucketRateLimiter`).

use engine::{Span, Time};

/// A token bucket: so many calls a second, so many at once after a pause.
///
/// It is kept as the time at which the bucket would be full again, which is exact in integers.
#[derive(Clone, Debug)]
pub struct TokenBucket {
    interval: Option<Span>,
    burst: u32,
    full_at: Time,
}

impl TokenBucket {
    /// A full bucket of `burst` tokens that gains `per_second`; `None` for no limit.
    #[must_use]
    pub fn new(per_second: Option<f64>, burst: u32) -> Self {
        let interval = per_second.map(|rate| Span::from_secs_f64(1.0 / rate));
        Self { interval, burst: burst.max(1), full_at: Time::ZERO }
    }

    /// Takes a token and says from when on it may be used.
    pub fn take(&mut self, now: Time) -> Time {
        let Some(interval) = self.interval else { return now };
        let slack = Span::from_nanos(interval.as_nanos().saturating_mul(u64::from(self.burst - 1)));
        let earliest = Time::from_nanos(self.full_at.as_nanos().saturating_sub(slack.as_nanos()));
        self.full_at = self.full_at.max(now) + interval;
        earliest.max(now)
    }

    /// Takes a token if there is one now.
    pub fn try_take(&mut self, now: Time) -> bool {
        let full_at = self.full_at;
        let granted = self.take(now) == now;
        if !granted {
            self.full_at = full_at;
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_at_once_and_the_rest_at_the_rate() {
        let mut bucket = TokenBucket::new(Some(20.0), 30);
        let start = Time::from_secs(10);
        let granted: Vec<u64> =
            (0..32).map(|_| bucket.take(start).since(start).as_nanos() / 1_000_000).collect();
        assert!(granted[..30].iter().all(|&wait| wait == 0));
        assert_eq!(granted[30..], [50, 100]);
        let later = Time::from_secs(20);
        assert_eq!(bucket.take(later), later, "it fills up in a pause");
        assert_eq!(TokenBucket::new(None, 1).take(later), later);
    }

    #[test]
    fn who_does_not_want_to_wait_takes_nothing() {
        let mut bucket = TokenBucket::new(Some(1.0), 1);
        assert!(bucket.try_take(Time::from_secs(10)));
        assert!((0..5).all(|_| !bucket.try_take(Time::from_secs(10))));
        assert!(bucket.try_take(Time::from_secs(11)), "the refusals cost nothing");
    }
}
