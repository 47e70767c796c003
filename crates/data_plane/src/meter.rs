//! What a program would say of its own load: how much comes, how much of it that keeps busy, and how
//! long requests take.

use engine::{Span, Time};

/// A rate that forgets: what came a time constant ago counts 1/e of what comes now.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rate {
    per_second: f64,
    at: Time,
}

/// The time constant, in seconds: reports of gRPC and Envoy are of the last few seconds.
const MEMORY_SECONDS: f64 = 3.0;

impl Rate {
    /// So much comes now.
    fn add(&mut self, amount: f64, now: Time) {
        self.per_second = self.at(now) + amount / MEMORY_SECONDS;
        self.at = now;
    }

    /// So much comes in a second.
    pub(crate) fn at(&self, now: Time) -> f64 {
        let age = now.max(self.at).since(self.at).as_secs_f64();
        self.per_second * libm::exp(-age / MEMORY_SECONDS)
    }
}

/// The load of a program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meter {
    /// Requests.
    pub(crate) requests: Rate,
    /// Seconds of work.
    pub(crate) work: Rate,
    /// The last requests: how many there were already when each came, and how long it took.
    last: [(u32, Span); LAST],
    /// How many came.
    came: usize,
}

/// So many requests are remembered.
const LAST: usize = 64;

impl Default for Meter {
    fn default() -> Self {
        let (requests, work) = (Rate::default(), Rate::default());
        Self { requests, work, last: [(0, Span::ZERO); LAST], came: 0 }
    }
}

impl Meter {
    /// A request was accepted that will take so much work, and so long.
    pub(crate) fn admit(&mut self, now: Time, in_flight: u32, work: Span, latency: Span) {
        self.requests.add(1.0, now);
        self.work.add(work.as_secs_f64(), now);
        self.last[self.came % LAST] = (in_flight, latency);
        self.came += 1;
    }

    /// How long a request takes that comes when there are so many: the median of those that came when
    /// there were about as many, nothing where none ever came.
    pub(crate) fn latency(&self, in_flight: u32) -> Span {
        let known = &self.last[..self.came.min(LAST)];
        let distance = |(then, _): &(u32, Span)| then.abs_diff(in_flight);
        let Some(nearest) = known.iter().map(distance).min() else { return Span::ZERO };
        let mut latencies = [Span::ZERO; LAST];
        let mut count = 0;
        for (_, latency) in known.iter().filter(|it| distance(it) == nearest) {
            latencies[count] = *latency;
            count += 1;
        }
        latencies[..count].sort_unstable();
        latencies[count / 2]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_load_is_what_it_says_and_is_forgotten() {
        let mut meter = Meter::default();
        let mut now = Time::ZERO;
        for _ in 0..3000 {
            now += Span::from_millis(10);
            meter.admit(now, 2, Span::from_millis(4), Span::from_millis(7));
        }
        assert!((meter.requests.at(now) - 100.0).abs() < 1.0, "{}", meter.requests.at(now));
        assert!((meter.work.at(now) - 0.4).abs() < 0.01, "{}", meter.work.at(now));
        assert_eq!(meter.latency(2), Span::from_millis(7));
        meter.admit(now, 9, Span::from_millis(4), Span::from_millis(90));
        assert_eq!(meter.latency(8), Span::from_millis(90), "there were as many then");
        let (then, later) = (meter.requests.at(now), now + Span::from_secs(3));
        let left = meter.requests.at(later) / then;
        assert!((left - libm::exp(-1.0)).abs() < 1e-9, "{left}");
    }
}
