//! Requests that their balancer has no room for yet: they stand in line at it, the first first.
//!
//! A balancer may have limits of its own (C3's rates), and says when there is room again. Until then
//! nobody else asks it, and whoever comes meanwhile stands behind; but when something changes at it, an
//! answer or its list, the first one asks at once.

use std::collections::{BTreeMap, VecDeque};

use engine::{Source, Time};
use record::Cause;

use crate::{
    Cx, DataPlane,
    event::{Event, class},
    flight::{FlightId, GIVEN_UP, Link},
    ingress::WorkerId,
    known_pods::Backend,
    mesh::SidecarId,
};

/// A line, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineId(u32);

/// The balancer that a line is at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Counter {
    /// A sender's own.
    Sidecar(SidecarId),
    /// That of a worker of the Ingress controller, for a backend.
    Worker(WorkerId, Backend),
}

/// The lines at all balancers that ever had one.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    all: Vec<Line>,
    by_counter: BTreeMap<Counter, LineId>,
    /// How many requests stand in any of them.
    standing: usize,
    /// The request whose turn it is: it stands in no line.
    turn: Option<FlightId>,
    /// Whether it has asked in vain.
    in_vain: bool,
}

/// The line at a balancer.
#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<FlightId>,
    /// When the first asks again.
    due: Option<Time>,
}

impl Lines {
    /// Whether a request has to stand in line at a balancer without asking.
    #[inline]
    pub(crate) fn is_behind(&self, id: FlightId, at: impl FnOnce() -> Option<Counter>) -> bool {
        self.standing > 0 && self.turn != Some(id) && at().is_some_and(|at| self.has(&at))
    }

    fn has(&self, at: &Counter) -> bool {
        self.by_counter.get(at).is_some_and(|line| !self.line(*line).waiting.is_empty())
    }

    fn line(&self, id: LineId) -> &Line {
        &self.all[id.0 as usize]
    }

    /// The line at a balancer, an empty one where it had none.
    fn at(&mut self, counter: Counter) -> LineId {
        let Self { all, by_counter, .. } = self;
        *by_counter.entry(counter).or_insert_with(|| {
            all.push(Line::default());
            LineId(all.len() as u32 - 1)
        })
    }

    /// Puts a request into a line: at the end, or in front.
    fn push(&mut self, id: FlightId, line: LineId, in_front: bool) {
        let waiting = &mut self.all[line.0 as usize].waiting;
        match in_front {
            true => waiting.push_front(id),
            false => waiting.push_back(id),
        }
        self.standing += 1;
    }

    /// The first of a line, whose turn it is now.
    fn pop(&mut self, line: LineId) -> Option<FlightId> {
        let first = self.all[line.0 as usize].waiting.pop_front()?;
        self.standing -= 1;
        Some(first)
    }

    /// Takes a request out of the line that it stands in.
    fn remove(&mut self, id: FlightId) {
        for line in &mut self.all {
            // Whoever came first mostly gives up first.
            if let Some(place) = line.waiting.iter().position(|waiting| *waiting == id) {
                line.waiting.remove(place);
                self.standing -= 1;
                return;
            }
        }
    }

    /// Has the first of a line ask at this time, unless it does so before. At [`Time::MAX`] it asks only
    /// when something changes.
    fn ask(&mut self, id: LineId, time: Time, cx: &mut Cx<'_>) {
        let line = &mut self.all[id.0 as usize];
        if line.due.is_none_or(|due| time < due) {
            line.due = Some(time);
            if time == Time::MAX {
                return;
            }
            let source = Source { class: class::LINE, entity: id.0 };
            cx.agenda.at(time, source, Event::Release(id));
        }
    }

    /// Something has changed at some balancers: who stands first there asks at once.
    pub(crate) fn look_again(&mut self, at: impl Fn(&Counter) -> bool, cx: &mut Cx<'_>) {
        if self.standing == 0 {
            return;
        }
        let stands = |line: &LineId| !self.line(*line).waiting.is_empty();
        let changed = self.by_counter.iter().filter(|(at_it, line)| at(at_it) && stands(line));
        let changed: Vec<LineId> = changed.map(|(_, line)| *line).collect();
        changed.into_iter().for_each(|line| self.ask(line, cx.now, cx));
    }

    /// A sidecar is gone, and nobody is called any more who stands there.
    pub(crate) fn disband(&mut self, sidecar: SidecarId) {
        if let Some(line) = self.by_counter.remove(&Counter::Sidecar(sidecar)) {
            let line = std::mem::take(&mut self.all[line.0 as usize]);
            self.standing -= line.waiting.len();
        }
    }
}

impl DataPlane {
    /// A balancer has no room for a request: it stands in line. `until` is when to ask again, where the
    /// balancer was asked.
    pub(crate) fn stand_in_line(
        &mut self,
        id: FlightId,
        until: Option<Time>,
        at: Counter,
        cx: &mut Cx<'_>,
    ) {
        let flight = self.flights.flight_mut(id);
        // It has not been tried.
        match flight.ingress {
            Some(_) => flight.tries -= 1,
            None => flight.request.attempts -= 1,
        }
        flight.link = Link::InLine;
        let deadline = flight.deadline;
        let line = self.lines.at(at);
        if let Some(until) = until {
            self.lines.ask(line, until, cx);
        }
        if self.lines.turn == Some(id) {
            self.lines.in_vain = true;
            return;
        }
        self.lines.push(id, line, false);
        // How it ends if it is not its turn before.
        self.end_at(id, deadline, cx);
    }

    /// There may be room at a balancer again: as many as it has room for go on, in their order.
    pub(crate) fn release(&mut self, id: LineId, cx: &mut Cx<'_>) {
        let line = &mut self.lines.all[id.0 as usize];
        if line.due != Some(cx.now) {
            return;
        }
        line.due = None;
        // Once somebody has asked in vain, it is known when to ask again.
        while self.lines.line(id).due.is_none()
            && let Some(first) = self.lines.pop(id)
        {
            let id_now = self.flights.move_on(first);
            let flight = self.flights.flight_mut(id_now);
            flight.link = Link::Direct;
            let (deadline, retry) = (flight.deadline, flight.request.pod.is_some());
            (self.lines.turn, self.lines.in_vain) = (Some(id_now), false);
            self.connect(id_now, cx);
            self.lines.turn = None;
            if !self.lines.in_vain {
                continue;
            }
            let flight = self.flights.flight(id_now);
            if flight.deadline == deadline {
                // It stands where it stood; but where a retry is not to go, others may.
                self.flights.move_back(id_now, first);
                self.lines.push(first, id, !retry);
            } else {
                // It has failed at once meanwhile, and stands in line with its next attempt.
                let deadline = flight.deadline;
                self.lines.push(id_now, id, false);
                self.end_at(id_now, deadline, cx);
            }
        }
    }

    /// A request in line gives up: its time is over.
    pub(crate) fn leave_line(&mut self, id: FlightId) {
        self.lines.remove(id);
        let flight = self.flights.flight_mut(id);
        // It counts as an attempt, of which nobody heard.
        match flight.ingress {
            Some(_) => flight.tries = GIVEN_UP,
            None => flight.request.attempts += 1,
        }
        (flight.link, flight.request.pod) = (Link::Direct, None);
        flight.fail(Cause::TimeoutSlow);
    }

    /// The balancer beside the sender of a request, where there is one already.
    pub(crate) fn counter_beside(&self, id: FlightId) -> Option<Counter> {
        let flight = self.flights.flight(id);
        let mesh = self.mesh.as_ref()?;
        mesh.sidecar_of((flight.request.client, flight.caller)).map(Counter::Sidecar)
    }
}
