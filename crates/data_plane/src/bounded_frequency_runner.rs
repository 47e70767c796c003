//! When a proxy syncs: at once after a pause, and then no sooner than a minimal interval after the
//! end of the last sync (`pkg/proxy/runner/bounded_frequency_runner.go`).

use engine::{Span, Time};

/// Decides when a function runs; somebody else runs it and says when it ended.
///
/// Wanting a run while one is under way, or too soon after it, is remembered once.
#[derive(Clone, Debug)]
pub struct BoundedFrequencyRunner {
    min_interval: Span,
    retry_interval: Span,
    max_interval: Span,
    wanted: bool,
    running: bool,
    /// Not before this.
    earliest: Time,
    /// At the latest then, wanted or not.
    latest: Time,
}

impl BoundedFrequencyRunner {
    /// A runner that has not run yet, and waits to be wanted.
    #[must_use]
    pub fn new(min_interval: Span, retry_interval: Span, max_interval: Span) -> Self {
        Self {
            min_interval,
            retry_interval,
            max_interval,
            wanted: false,
            running: false,
            earliest: Time::ZERO,
            latest: Time::MAX,
        }
    }

    /// Wants a run.
    pub fn want(&mut self) {
        self.wanted = true;
    }

    /// Takes a run for having ended so that the next one is not before `time`.
    pub fn hold_until(&mut self, time: Time) {
        self.earliest = self.earliest.max(time);
    }

    /// When the next run is due; `None` while one is under way.
    #[must_use]
    pub fn due(&self) -> Option<Time> {
        if self.running {
            return None;
        }
        Some(if self.wanted { self.earliest } else { self.earliest.max(self.latest) })
    }

    /// Begins a run if one is due.
    pub fn begin(&mut self, now: Time) -> bool {
        let begins = self.due().is_some_and(|due| due <= now);
        if begins {
            self.running = true;
            self.wanted = false;
        }
        begins
    }

    /// Ends the run that is under way.
    pub fn end(&mut self, now: Time, succeeded: bool) {
        debug_assert!(self.running, "only a run that began can end");
        self.running = false;
        self.earliest = now + self.min_interval;
        let pause =
            if succeeded { self.max_interval } else { self.retry_interval.min(self.max_interval) };
        self.latest = now + pause;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_counts_from_the_end_of_a_run() {
        let second = Span::from_secs(1);
        let mut runner = BoundedFrequencyRunner::new(second, second, Span::from_secs(3600));
        let at = Time::from_millis;
        assert!(!runner.begin(at(500)), "nothing wanted it");
        runner.want();
        assert!(runner.begin(at(500)));
        runner.want();
        assert_eq!(runner.due(), None);
        runner.end(at(530), true);
        assert_eq!(runner.due(), Some(at(1530)));
        assert!(!runner.begin(at(1529)));
        assert!(runner.begin(at(1530)));
        runner.end(at(1530), true);
        assert_eq!(runner.due(), Some(at(1530) + Span::from_secs(3600)));
    }
}
