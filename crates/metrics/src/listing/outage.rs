//! When those who choose had no pods to choose from.

use engine::{Span, Time};

use crate::words;

/// When a Service had no pods in the rules of somebody who chooses for it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outage {
    /// How many have none.
    empty: u32,
    since: Option<Time>,
    /// Whether the Service is gone: to have no pods is no outage then.
    gone: bool,
    /// The longest stretch.
    pub(crate) longest: Option<(Time, Time)>,
    /// All stretches together.
    pub(crate) total: Span,
    /// How many stretches.
    pub(crate) count: u32,
}

impl Outage {
    /// The rules of one of them were replaced.
    pub(super) fn change(&mut self, was_empty: bool, is_empty: bool, now: Time) {
        match (was_empty, is_empty) {
            (false, true) => {
                self.empty += 1;
                self.since = self.since.or((!self.gone).then_some(now));
            }
            (true, false) => {
                self.empty -= 1;
                if self.empty == 0 {
                    self.close(now);
                }
            }
            _ => {}
        }
    }

    /// The Service is deleted.
    pub(super) fn end(&mut self, now: Time) {
        self.close(now);
        self.gone = true;
    }

    /// The stretch that it is in ends.
    pub(super) fn close(&mut self, now: Time) {
        let Some(since) = self.since.take() else { return };
        if since == now {
            return;
        }
        self.total += now.since(since);
        self.count += 1;
        if self.longest.is_none_or(|(from, to)| to.since(from) < now.since(since)) {
            self.longest = Some((since, now));
        }
    }
}

/// When some Services were without pods: the longest stretch, and all of them together.
pub(crate) fn outages_in_words(outages: &[&Outage]) -> String {
    let longest = outages.iter().filter_map(|outage| outage.longest);
    let Some((from, to)) = longest.max_by_key(|(from, to)| to.since(*from)) else {
        return String::new();
    };
    let stretches: u32 = outages.iter().map(|outage| outage.count).sum();
    let total = outages.iter().fold(Span::ZERO, |total, outage| total + outage.total);
    let longest = format!("{} ({})", words::span(to.since(from)), words::stretch(from, to));
    match stretches {
        1 => format!(" for {longest}"),
        _ => format!(
            " in {stretches} stretches of {} together, the longest of {longest}",
            words::span(total)
        ),
    }
}
