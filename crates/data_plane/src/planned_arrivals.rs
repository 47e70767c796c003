//! The next arrivals of a client: each is drawn, planned, and taken when it is due.

use std::array;

use engine::{RequestStreams, Time};

use crate::arrivals::Arrivals;

/// Draws for arrivals depend on nothing but their number. Taken several at once, the processor works
/// on all their logarithms side by side.
const DRAWN_AT_ONCE: usize = 16;

/// So many are planned ahead. With one, a client's lane is empty while its request begins, and whether a lane
/// is empty after an event was taken out of it is what the processor guesses wrong.
pub const AHEAD: usize = 2;

/// The arrivals of a client, by the number of the request.
#[derive(Clone, Debug)]
pub struct PlannedArrivals {
    process: Arrivals,
    streams: RequestStreams,
    begin: Time,
    /// What was drawn: for the requests from the last multiple of its length on.
    drawn: [f64; DRAWN_AT_ONCE],
    /// When those that are planned are wanted, each at the place of its number.
    wanted: [Time; AHEAD],
    /// When the last of them is; `None` where no other will follow.
    last: Option<Time>,
    planned: u64,
    taken: u64,
}

impl PlannedArrivals {
    /// Nothing is planned yet. Each arrival has a stream of its own.
    #[must_use]
    pub fn new(process: Arrivals, streams: RequestStreams) -> Self {
        Self {
            process,
            streams,
            begin: Time::ZERO,
            drawn: [0.0; DRAWN_AT_ONCE],
            wanted: [Time::ZERO; AHEAD],
            last: None,
            planned: 0,
            taken: 0,
        }
    }

    /// The process begins: when the first ones come, `None` behind the last.
    pub fn begin(&mut self, now: Time) -> [Option<Time>; AHEAD] {
        self.begin = now;
        // The first comes of a draw of its own; those after it come of this batch.
        self.draw(0);
        let first = self.process.first(now, &mut self.streams.request(0));
        let first = self.plan(first);
        array::from_fn(|place| if place == 0 { first } else { self.plan_next() })
    }

    /// Takes the arrival that is due: its number, and when the request was wanted.
    #[inline]
    pub fn take(&mut self) -> (u64, Time) {
        let number = self.taken;
        debug_assert!(number < self.planned, "what is due was planned");
        self.taken += 1;
        (number, self.wanted[number as usize % AHEAD])
    }

    /// Plans another one: when it comes.
    #[inline]
    pub fn plan_next(&mut self) -> Option<Time> {
        let last = self.last?;
        let place = self.planned as usize % DRAWN_AT_ONCE;
        if place == 0 {
            self.draw(self.planned);
        }
        let next = self.process.next(self.begin, last, self.drawn[place]);
        self.plan(next)
    }

    #[inline]
    fn plan(&mut self, time: Option<Time>) -> Option<Time> {
        debug_assert!(self.planned - self.taken < AHEAD as u64, "its place is still in use");
        self.last = time;
        self.wanted[self.planned as usize % AHEAD] = time?;
        self.planned += 1;
        time
    }

    fn draw(&mut self, first: u64) {
        for (number, drawn) in (first..).zip(&mut self.drawn) {
            *drawn = self.process.draw(&mut self.streams.request(number));
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::{Span, Streams};

    use super::*;

    /// The arrivals of a process, each drawn when the one before has come.
    fn one_by_one(
        process: &Arrivals,
        streams: RequestStreams,
        begin: Time,
        most: usize,
    ) -> Vec<Time> {
        let mut times = Vec::new();
        let mut next = process.first(begin, &mut streams.request(0));
        while let Some(time) = next.filter(|_| times.len() < most) {
            times.push(time);
            let drawn = process.draw(&mut streams.request(times.len() as u64));
            next = process.next(begin, time, drawn);
        }
        times
    }

    fn planned(process: &Arrivals, streams: RequestStreams, begin: Time, most: usize) -> Vec<Time> {
        let mut arrivals = PlannedArrivals::new(process.clone(), streams);
        let mut due: Vec<Time> = arrivals.begin(begin).into_iter().flatten().collect();
        let mut times = Vec::new();
        while times.len() < due.len().min(most) {
            let (number, wanted) = arrivals.take();
            assert_eq!((number, wanted), (times.len() as u64, due[times.len()]));
            times.push(wanted);
            due.extend(arrivals.plan_next());
        }
        times
    }

    #[test]
    fn planned_ahead_they_come_as_if_drawn_one_by_one() {
        let ends = |seconds: u64| Arrivals::Poisson {
            steps: vec![(Span::ZERO, 10.0), (Span::from_secs(seconds), 0.0)],
        };
        let mut processes = vec![
            Arrivals::Constant { per_second: 0.0 },
            Arrivals::Constant { per_second: 7.0 },
            Arrivals::poisson(0.0),
            Arrivals::poisson(300.0),
            ends(30),
        ];
        // Some of these end with no request, with one, with two and at the border of a batch.
        processes.extend((0..200).map(|tenth| Arrivals::Poisson {
            steps: vec![(Span::ZERO, 10.0), (Span::from_millis(tenth * 20), 0.0)],
        }));
        let streams = Streams::new(7).requests("arrivals");
        let begin = Time::from_secs(3);
        let mut lengths = std::collections::BTreeSet::new();
        for process in &processes {
            let expected = one_by_one(process, streams, begin, 100);
            assert_eq!(planned(process, streams, begin, 100), expected, "{process:?}");
            lengths.insert(expected.len());
        }
        assert!([0, 1, 2, 16, 17, 100].iter().all(|it| lengths.contains(it)), "{lengths:?}");
    }
}
