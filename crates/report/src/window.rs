//! Which part of a run is worth drawing, and in how many bins.
//!
//! A rollout of twenty seconds is a sliver of an hour's run. Where something happened only in a
//! part of the run, that part is shown with some quiet around it, and the axis says so.

use std::ops::Range;

use engine::Time;
use metrics::{Measures, Second};

/// Fewer seconds than this are never shown, unless the run is shorter.
const SHORTEST_SECS: usize = 12;

/// A stretch of whole seconds of a run, and how it is cut into bins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// The first second.
    pub(crate) from: usize,
    /// The second after the last.
    pub(crate) to: usize,
    /// Seconds a bin.
    pub(crate) step: usize,
}

impl Window {
    /// The whole run in at most `most` bins.
    pub(crate) fn whole(measures: &Measures, most: usize) -> Self {
        let to = (measures.duration.as_secs_f64().ceil() as usize).max(measures.seconds.len());
        Self::cut(0..to.max(1), most)
    }

    /// The part in which something happened, rollouts and failures, in at most `most` bins.
    pub(crate) fn eventful(measures: &Measures, most: usize) -> Self {
        let whole = Self::whole(measures, most);
        let Some(hull) = hull(measures) else { return whole };
        let quiet = (hull.len() / 4).max(SHORTEST_SECS.saturating_sub(hull.len()) / 2).max(3);
        let shown = hull.start.saturating_sub(quiet)..(hull.end + quiet).min(whole.to);
        // A little more of the run costs nothing and spares the reader a cut axis.
        if shown.len() * 10 > whole.to * 7 { whole } else { Self::cut(shown, most) }
    }

    fn cut(seconds: Range<usize>, most: usize) -> Self {
        let step = seconds.len().div_ceil(most.max(1)).max(1);
        Self { from: seconds.start, to: seconds.end, step }
    }

    /// Whether it is all of the run.
    pub(crate) fn is_whole(&self, measures: &Measures) -> bool {
        let whole = Self::whole(measures, usize::MAX);
        (self.from, self.to) == (whole.from, whole.to)
    }

    /// The bins: the seconds of each.
    pub(crate) fn bins(self) -> impl Iterator<Item = Range<usize>> {
        (self.from..self.to).step_by(self.step).map(move |at| at..(at + self.step).min(self.to))
    }

    /// The requests that arrived in each bin.
    pub(crate) fn traffic(self, seconds: &[Second]) -> Vec<(Range<usize>, Second)> {
        let sum = |bin: Range<usize>| {
            let within = bin.clone().filter_map(|second| seconds.get(second));
            let add = |sum: Second, it: &Second| Second {
                ok: sum.ok + it.ok,
                failed: sum.failed + it.failed,
            };
            (bin, within.fold(Second::default(), add))
        };
        self.bins().map(sum).collect()
    }
}

/// The share of a bin's requests that were answered; `None` of no requests.
pub(crate) fn answered(bin: Second) -> Option<f64> {
    let finished = f64::from(bin.ok) + f64::from(bin.failed);
    (finished > 0.0).then(|| f64::from(bin.ok) / finished)
}

/// The seconds from the first rollout or failure to the last.
fn hull(measures: &Measures) -> Option<Range<usize>> {
    let failing = |second: &Second| second.failed > 0;
    let first = measures.seconds.iter().position(failing);
    let last = measures.seconds.iter().rposition(failing).map(|second| second + 1);
    let begun = measures.rollouts.iter().map(|rollout| rollout.start.as_secs_f64() as usize);
    let ended = measures.rollouts.iter().map(|rollout| {
        let end = rollout.over().map(Time::as_secs_f64);
        end.unwrap_or(measures.duration.as_secs_f64()).ceil() as usize
    });
    let start = begun.chain(first).min()?;
    let end = ended.chain(last).max()?;
    Some(start..end.max(start + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;

    #[test]
    fn a_short_rollout_of_a_long_run_is_enlarged() {
        let measures = example::rolling_update();
        let window = Window::eventful(&measures, 60);
        assert!(window.from > 15 && window.from < 30, "{window:?}");
        assert!(window.to > 50 && window.to < 75, "{window:?}");
        assert!(!window.is_whole(&measures));
    }

    #[test]
    fn a_run_without_events_is_shown_whole() {
        let measures = example::quiet();
        assert!(Window::eventful(&measures, 60).is_whole(&measures));
    }

    #[test]
    fn bins_cover_the_window_once() {
        let window = Window { from: 3, to: 14, step: 4 };
        assert_eq!(window.bins().collect::<Vec<_>>(), [3..7, 7..11, 11..14]);
    }
}
