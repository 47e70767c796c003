//! Requests that their balancer has no room for yet: they stand in line at it, the first first.
//!
//! A balancer may have limits of its own (C3's rates), and says when there is room again. Until then
//! nobody else is asked for, and whoever comes meanwhile stands behind.

use std::collections::{BTreeMap, VecDeque};

use engine::Time;
use record::Cause;

use crate::{
    Cx, DataPlane,
    event::Event,
    flight::{FlightId, GIVEN_UP, Link},
    probes::Asker,
};

/// The lines at all balancers that have one.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    by_balancer: BTreeMap<Asker, Line>,
    /// The request whose turn it is: it stands in no line.
    turn: Option<FlightId>,
}

/// The line at a balancer.
#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<FlightId>,
    /// When the first asks again.
    due: Option<Time>,
}

impl Lines {
    /// Whether a request has to stand in line without asking.
    #[inline]
    pub(crate) fn is_behind(&self, id: FlightId, balancer: impl FnOnce() -> Option<Asker>) -> bool {
        !self.by_balancer.is_empty()
            && self.turn != Some(id)
            && balancer().is_some_and(|it| self.by_balancer.contains_key(&it))
    }
}

impl DataPlane {
    /// A balancer has no room for a request: it stands in line, at the end, or in front if it comes
    /// from there. `until` is when to ask again, where the balancer was asked.
    pub(crate) fn stand_in_line(
        &mut self,
        id: FlightId,
        until: Option<Time>,
        balancer: Asker,
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
        let comes_from_there = self.lines.turn == Some(id);
        let line = self.lines.by_balancer.entry(balancer).or_default();
        match comes_from_there {
            true => line.waiting.push_front(id),
            false => line.waiting.push_back(id),
        }
        if let Some(until) = until.filter(|_| line.due.is_none()) {
            line.due = Some(until);
            cx.agenda.at(until, balancer.source(), release(balancer));
        }
        // How it ends if it is not its turn before.
        self.end_at(id, deadline, cx);
    }

    /// There may be room at a balancer again: as many as it has room for go on, in their order.
    pub(crate) fn release(&mut self, balancer: Asker, cx: &mut Cx<'_>) {
        let Some(line) = self.lines.by_balancer.get_mut(&balancer) else { return };
        if line.due != Some(cx.now) {
            return;
        }
        line.due = None;
        while let Some(line) = self.lines.by_balancer.get_mut(&balancer)
            && line.due.is_none()
        {
            let Some(first) = line.waiting.pop_front() else {
                self.lines.by_balancer.remove(&balancer);
                return;
            };
            let id = self.flights.move_on(first);
            self.lines.turn = Some(id);
            self.connect(id, cx);
            self.lines.turn = None;
        }
    }

    /// A request in line gives up: its time is over.
    pub(crate) fn leave_line(&mut self, id: FlightId) {
        let flight = self.flights.flight_mut(id);
        // It counts as an attempt, of which nobody heard.
        match flight.ingress {
            Some(_) => flight.tries = GIVEN_UP,
            None => flight.request.attempts += 1,
        }
        (flight.link, flight.request.pod) = (Link::Direct, None);
        flight.fail(Cause::TimeoutSlow);
        let Some(balancer) = self.balancer_of(id) else { return };
        let Some(line) = self.lines.by_balancer.get_mut(&balancer) else { return };
        // Whoever came first mostly gives up first.
        if let Some(place) = line.waiting.iter().position(|waiting| *waiting == id) {
            line.waiting.remove(place);
        }
    }

    /// The balancer that a request stands before, where there is one already.
    pub(crate) fn balancer_of(&self, id: FlightId) -> Option<Asker> {
        let flight = self.flights.flight(id);
        let sidecar = || self.mesh.as_ref()?.sidecar_of((flight.request.client, flight.caller));
        flight.ingress.map(Asker::Worker).or_else(|| sidecar().map(Asker::Sidecar))
    }
}

fn release(balancer: Asker) -> Event {
    match balancer {
        Asker::Sidecar(id) => Event::ReleaseAtSidecar(id),
        Asker::Worker(id) => Event::ReleaseAtWorker(id),
    }
}
