//! What is known of how one endpoint answers.

use engine::{Span, Time};

use crate::Reply;

/// What is known of how one endpoint answers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Monitor {
    /// Errors since the last good answer.
    consecutive_5xx: u32,
    /// Errors since the last answer of its own.
    consecutive_gateway: u32,
    /// Of this interval.
    pub(super) answers: Answers,
    /// Of the interval before.
    pub(super) before: Answers,
    /// By how much an ejection lasts longer than the shortest.
    multiplier: u32,
    ejected: Option<Ejection>,
    /// When its last ejection was over.
    returned: Option<Time>,
}

/// Answers of an interval.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Answers {
    all: u32,
    good: u32,
}

#[derive(Clone, Copy, Debug)]
struct Ejection {
    since: Time,
    jitter: Span,
}

/// How long ejections last.
#[derive(Clone, Copy, Debug)]
pub struct EjectionTime {
    /// The shortest.
    pub base: Span,
    /// The longest.
    pub max: Span,
}

impl EjectionTime {
    /// The multiplier after one more ejection; it stops growing where the time does.
    #[must_use]
    pub fn longer(self, multiplier: u32) -> u32 {
        let grows = self.base.mul_f64(f64::from(multiplier)) < self.longest() + self.base;
        multiplier + u32::from(grows)
    }

    /// How long an ejection lasts.
    #[must_use]
    pub fn of(self, multiplier: u32) -> Span {
        self.base.mul_f64(f64::from(multiplier)).min(self.longest())
    }

    fn longest(self) -> Span {
        self.max.max(self.base)
    }
}

/// Which run of errors became too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Run {
    /// Of errors.
    Any,
    /// Of errors that were not the endpoint's own answers.
    Gateway,
}

impl Answers {
    /// The share of good ones in percent, where there are at least so many.
    pub(super) fn success_percent(self, volume: u32) -> Option<f64> {
        let enough = self.all > 0 && self.all >= volume;
        enough.then(|| f64::from(self.good) * 100.0 / f64::from(self.all))
    }
}

impl Monitor {
    /// Counts an answer.
    pub(super) fn hear(&mut self, reply: Reply) {
        self.answers.all += 1;
        match reply {
            Reply::Ok => {
                self.answers.good += 1;
                (self.consecutive_5xx, self.consecutive_gateway) = (0, 0);
            }
            Reply::ServerError => {
                self.consecutive_5xx += 1;
                self.consecutive_gateway = 0;
            }
            Reply::Failed => {
                self.consecutive_5xx += 1;
                self.consecutive_gateway += 1;
            }
        }
    }

    /// Whether a run of errors has just become so long; an endpoint that is ejected has none.
    pub(super) fn has_run(&self, run: Run, length: u32) -> bool {
        let errors = match run {
            Run::Any => self.consecutive_5xx,
            Run::Gateway => self.consecutive_gateway,
        };
        length > 0 && errors == length && !self.is_ejected()
    }

    /// A run counts once.
    pub(super) fn forget_run(&mut self, run: Run) {
        match run {
            Run::Any => self.consecutive_5xx = 0,
            Run::Gateway => self.consecutive_gateway = 0,
        }
    }

    pub(super) fn is_ejected(&self) -> bool {
        self.ejected.is_some()
    }

    /// Whether nothing of it changes by the mere passing of time.
    pub(super) fn is_quiet(&self) -> bool {
        let heard = self.answers.all + self.before.all;
        heard == 0 && self.multiplier == 0 && !self.is_ejected()
    }

    pub(super) fn eject(&mut self, now: Time, multiplier: u32, jitter: Span) {
        self.ejected = Some(Ejection { since: now, jitter });
        self.multiplier = multiplier;
    }

    pub(super) fn multiplier(&self) -> u32 {
        self.multiplier
    }

    /// Ends an ejection that has lasted long enough.
    pub(super) fn returns(&mut self, time: EjectionTime, now: Time) {
        let Some(ejection) = self.ejected else { return };
        if now.since(ejection.since) >= time.of(self.multiplier) + ejection.jitter {
            self.ejected = None;
            self.returned = Some(now);
            (self.consecutive_5xx, self.consecutive_gateway) = (0, 0);
        }
    }

    /// Makes the next ejection shorter, if the last was over so long ago.
    pub(super) fn recovers(&mut self, now: Time, after: Span) {
        let long_ago = self.returned.is_some_and(|returned| now.since(returned) >= after);
        if long_ago && !self.is_ejected() {
            self.multiplier = self.multiplier.saturating_sub(1);
        }
    }

    /// An interval is over.
    pub(super) fn turn(&mut self) {
        self.before = std::mem::take(&mut self.answers);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_own_error_ends_a_run_of_those_on_the_way() {
        let mut monitor = Monitor::default();
        for reply in [Reply::Failed, Reply::Failed, Reply::ServerError, Reply::Failed] {
            monitor.hear(reply);
        }
        assert!(monitor.has_run(Run::Any, 4) && monitor.has_run(Run::Gateway, 1));
        assert!(!monitor.has_run(Run::Any, 3), "a run is noticed when it reaches its length");
        monitor.hear(Reply::Ok);
        assert!(!monitor.has_run(Run::Any, 0) && !monitor.has_run(Run::Gateway, 0));
    }

    #[test]
    fn ejections_become_longer_up_to_the_longest() {
        let secs = Span::from_secs;
        let time = EjectionTime { base: secs(30), max: secs(300) };
        assert_eq!([1, 2, 10, 11].map(|n| time.of(n)), [30, 60, 300, 300].map(secs));
        assert_eq!([0, 9, 10, 11].map(|n| time.longer(n)), [1, 10, 11, 11]);
        let long = EjectionTime { base: secs(400), max: secs(300) };
        assert_eq!(long.of(1), secs(400), "the shortest is never cut");
    }
}
