//! Which rollouts a request falls into.

use api::ServiceId;
use engine::Time;

use crate::traffic::slot;

/// The windows of rollouts, per Service whose pods they replace.
///
/// A window is half known while it is open: its end is "never" until then. Because requests are
/// recorded when they finish, a request that arrived before the end and finished after it still
/// finds the window with its true end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Windows {
    services: Vec<Vec<Window>>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    rollout: usize,
    start: Time,
    end: Time,
    /// The latest end of this window and of all before it: nothing before can reach further.
    latest_end: Time,
}

impl Windows {
    /// The rollout touches the Service.
    pub(crate) fn open(&mut self, service: ServiceId, rollout: usize, start: Time) {
        let windows = slot(&mut self.services, service.0 as usize);
        if windows.iter().any(|window| window.rollout == rollout) {
            return;
        }
        let place = windows.partition_point(|window| window.start <= start);
        windows.insert(place, Window { rollout, start, end: Time::MAX, latest_end: Time::MAX });
        settle_latest(windows);
    }

    /// The rollout's window ends, wherever it is.
    pub(crate) fn close(&mut self, rollout: usize, end: Time) {
        for windows in &mut self.services {
            if let Some(window) = windows.iter_mut().find(|window| window.rollout == rollout) {
                window.end = end;
                settle_latest(windows);
            }
        }
    }

    /// Calls `hit` with every rollout that a request to `service` at `arrived` falls into, and
    /// says whether there was one.
    #[inline]
    pub(crate) fn find(
        &self,
        service: ServiceId,
        arrived: Time,
        mut hit: impl FnMut(usize),
    ) -> bool {
        let mut found = false;
        let windows = self.services.get(service.0 as usize).map_or(&[][..], Vec::as_slice);
        for window in windows.iter().rev() {
            if window.latest_end < arrived {
                break;
            }
            if window.start <= arrived && arrived <= window.end {
                hit(window.rollout);
                found = true;
            }
        }
        found
    }
}

fn settle_latest(windows: &mut [Window]) {
    let mut latest_end = Time::ZERO;
    for window in windows {
        latest_end = latest_end.max(window.end);
        window.latest_end = latest_end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_find_all_windows_they_arrived_in() {
        let service = ServiceId(1);
        let mut windows = Windows::default();
        windows.open(service, 0, Time::from_secs(10));
        windows.open(service, 1, Time::from_secs(20));
        windows.close(1, Time::from_secs(25));
        windows.close(0, Time::from_secs(30));
        let find = |secs| {
            let mut found = Vec::new();
            windows.find(service, Time::from_secs(secs), |rollout| found.push(rollout));
            found
        };
        let cases: [(u64, &[usize]); 7] =
            [(9, &[]), (10, &[0]), (20, &[1, 0]), (25, &[1, 0]), (26, &[0]), (30, &[0]), (31, &[])];
        for (secs, rollouts) in cases {
            assert_eq!(find(secs), rollouts, "at {secs} s");
        }
        assert!(!windows.find(ServiceId(0), Time::from_secs(20), |_| ()));
    }
}
