//! The scenario's clock.

use engine::Time;

/// Counts time from `ScenarioBegan`. Until then it stands at zero: how the cluster was set up is
/// no part of what is measured, only what it left behind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    began: Option<Time>,
}

impl Clock {
    pub(crate) fn begin(&mut self, time: Time) {
        self.began = Some(time);
    }

    /// Whether the scenario has begun.
    pub(crate) fn has_begun(&self) -> bool {
        self.began.is_some()
    }

    /// A time of the stream as a time of the scenario.
    #[inline]
    pub(crate) fn read(&self, time: Time) -> Time {
        match self.began {
            Some(began) => Time::from_nanos(time.since(began).as_nanos()),
            None => Time::ZERO,
        }
    }
}
