//! The kubelet's prober: one worker for every probe of every container
//! (`pkg/kubelet/prober/worker.go`).
//!
//! A worker exists from the time its pod is worked on; it asks once a period from then on, as soon as
//! its container is seen to run, over all restarts. A result counts after as many in a row as its
//! threshold says. Nobody else decides readiness.
//!
//! *Left out:* the jitter after a kubelet's own restart, probe errors that are no
//! answers, and time-outs: a program answers at once or not at all.

use api::{Probe, runtime_interface::ProbeKind};
use engine::{Span, Time};

/// What a worker is to do at a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tick {
    /// Ask the program.
    Ask,
    /// Not now.
    Skip,
}

/// A change of a worker's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It stays what it was.
    Unchanged,
    /// It passes now.
    Success,
    /// It fails now.
    Failure,
}

/// One probe's worker.
#[derive(Clone, Debug)]
pub struct Worker {
    /// Which probe.
    pub kind: ProbeKind,
    /// The probe as written.
    pub probe: Probe,
    /// The port it asks at, `None` for a command inside the container.
    pub port: Option<u16>,
    /// Ticks of another generation are stale.
    pub generation: u32,
    passing: bool,
    known: bool,
    last: bool,
    run: u32,
    on_hold: bool,
}

impl Worker {
    /// A worker for a container that was just started. Readiness begins as failed, liveness as
    /// passed, start-up as unknown.
    #[must_use]
    pub fn new(kind: ProbeKind, probe: Probe, port: Option<u16>) -> Self {
        Self {
            kind,
            probe,
            port,
            generation: 0,
            passing: kind == ProbeKind::Liveness,
            known: kind != ProbeKind::Startup,
            last: false,
            run: 0,
            on_hold: false,
        }
    }

    /// Its container was started again: what was known of the one before is void. Its turns go on.
    pub fn begin_anew(&mut self) {
        let generation = self.generation;
        *self = Self { generation, ..Self::new(self.kind, self.probe.clone(), self.port) };
    }

    /// Whether its result is Success.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.known && self.passing
    }

    /// Its period.
    #[must_use]
    pub fn period(&self) -> Span {
        Span::from_secs(u64::from(self.probe.period_seconds.max(1)))
    }

    /// What to do at a tick, in a container that has run since `started`; `startup_passed` where it
    /// has no start-up probe or that has passed.
    #[must_use]
    pub fn tick(&self, now: Time, started: Time, startup_passed: bool) -> Tick {
        let running_seconds = now.since(started).as_nanos() / 1_000_000_000;
        let early = running_seconds < u64::from(self.probe.initial_delay_seconds);
        let of_its_time = (self.kind == ProbeKind::Startup) != startup_passed;
        if self.on_hold || early || !of_its_time { Tick::Skip } else { Tick::Ask }
    }

    /// Takes in an answer.
    pub fn answer(&mut self, success: bool) -> Verdict {
        if self.on_hold {
            return Verdict::Unchanged;
        }
        self.run = if self.last == success { self.run + 1 } else { 1 };
        self.last = success;
        let threshold =
            if success { self.probe.success_threshold } else { self.probe.failure_threshold };
        if self.run < threshold || (self.known && self.passing == success) {
            return Verdict::Unchanged;
        }
        self.known = true;
        self.passing = success;
        // A container that is to be killed, or has started up, is not asked again by this worker
        // until it is another container.
        let final_word = match self.kind {
            ProbeKind::Startup => true,
            ProbeKind::Liveness => !success,
            ProbeKind::Readiness => false,
        };
        if final_word {
            self.on_hold = true;
            self.run = 0;
        }
        if success { Verdict::Success } else { Verdict::Failure }
    }

    /// Whether the last answer was a failure, and the first in a row.
    #[must_use]
    pub fn began_to_fail(&self) -> bool {
        !self.last && self.run == 1
    }
}

#[cfg(test)]
mod tests {
    use api::pod::ProbeHandler;

    use super::*;

    fn worker(kind: ProbeKind) -> Worker {
        Worker::new(kind, Probe::new(ProbeHandler::Exec), None)
    }

    #[test]
    fn readiness_turns_at_its_thresholds() {
        let mut worker = worker(ProbeKind::Readiness);
        assert!(!worker.passes());
        assert_eq!(worker.answer(true), Verdict::Success);
        assert_eq!(worker.answer(false), Verdict::Unchanged);
        assert_eq!(worker.answer(false), Verdict::Unchanged);
        assert!(worker.passes());
        assert_eq!(worker.answer(false), Verdict::Failure);
        assert!(!worker.passes());
    }

    #[test]
    fn liveness_holds_after_it_failed() {
        let mut worker = worker(ProbeKind::Liveness);
        assert!(worker.passes());
        for _ in 0..2 {
            assert_eq!(worker.answer(false), Verdict::Unchanged);
        }
        assert_eq!(worker.answer(false), Verdict::Failure);
        assert_eq!(worker.answer(true), Verdict::Unchanged, "on hold until restarted");
        assert_eq!(worker.tick(Time::from_secs(9), Time::ZERO, true), Tick::Skip);
    }

    #[test]
    fn only_the_startup_probe_runs_until_it_has_passed() {
        let now = Time::from_secs(5);
        assert_eq!(worker(ProbeKind::Readiness).tick(now, Time::ZERO, false), Tick::Skip);
        let mut startup = worker(ProbeKind::Startup);
        assert_eq!(startup.tick(now, Time::ZERO, false), Tick::Ask);
        assert_eq!(startup.answer(true), Verdict::Success);
        assert_eq!(startup.tick(now, Time::ZERO, true), Tick::Skip);
    }

    #[test]
    fn the_initial_delay_counts_whole_seconds() {
        let mut worker = worker(ProbeKind::Readiness);
        worker.probe.initial_delay_seconds = 5;
        let tick = |millis| worker.tick(Time::from_millis(millis), Time::ZERO, true);
        assert_eq!(tick(4_999), Tick::Skip);
        assert_eq!(tick(5_000), Tick::Ask);
    }
}
