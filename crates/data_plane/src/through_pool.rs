//! A request's way over a connection that its sender keeps: it finds one, opens one, or waits for one,
//! and gives it back when it ends.
//!
//! *Left out:* that a sender with many requests at once opens a second connection for each while the first
//! is being opened, and then uses whichever is there first; connections on which nobody answers,
//! because no node fails yet; and the handshakes of TLS.

use engine::{Source, Time};
use record::{Cause, ClientId, Outcome, Record, Recorder};

use crate::{
    Cx, DataPlane,
    connection::{Caller, Connection},
    event::{Event, class},
    flight::{FlightId, Link},
    pool::{ConnectionId, Hold, Keeping, Kept, Pool, Route, Taken},
    server::ServerId,
};

impl DataPlane {
    /// An attempt whose sender keeps connections looks for one. Gives back whether it is on its way, or
    /// waits: otherwise it opens a connection.
    pub(crate) fn use_pool(&mut self, id: FlightId, keeping: &Keeping, cx: &mut Cx<'_>) -> bool {
        let flight = self.flights.flight_mut(id);
        let owner = (flight.request.client, flight.caller);
        self.prune(owner, keeping, cx);
        let taken = self.pool(owner).take(keeping, cx.now);
        let flight = self.flights.flight_mut(id);
        match taken {
            Taken::Over(connection) => {
                flight.set_hold(Hold::Over(connection));
                self.send_over(id, connection, cx);
            }
            Taken::Open => flight.set_hold(Hold::Opens),
            Taken::Wait => {
                flight.set_hold(Hold::Waits);
                // What became of an attempt before was said; this one has no pod yet.
                flight.request.pod = None;
                flight.fail(Cause::TimeoutSlow);
                let deadline = flight.deadline;
                self.pool(owner).waiting.push_back(id);
                self.end_at(id, deadline, cx);
            }
        }
        taken != Taken::Open
    }

    /// A request goes over a connection.
    fn send_over(&mut self, id: FlightId, connection: ConnectionId, cx: &mut Cx<'_>) {
        let flight = self.flights.flight_mut(id);
        let owner = (flight.request.client, flight.caller);
        let kept = self.clients[owner.0.0 as usize].pools.get(&owner.1);
        let kept = kept.and_then(|pool| pool.get(connection)).expect("it was just taken");
        let Route { pod, port, node, asked, delay, .. } = kept.route;
        // One that was accepted a moment ago is open at its sender's a moment later.
        let sent = kept.opened.max(cx.now);
        let request = &mut flight.request;
        request.attempts += 1;
        (request.connected, request.node, request.pod) = (sent, node, Some(pod));
        request.service = asked.map(|asked| asked.service);
        (flight.port, flight.delay, flight.link) = (port, delay, Link::Kept);
        // An event even where it takes no time: what it meets may free the next that waits.
        let source = Source { class: class::DELIVER, entity: node.0 };
        cx.agenda.at(sent + delay, source, Event::Deliver(id));
    }

    /// What a request meets that arrives over a kept connection: its program, or a connection that is closed
    /// at this end.
    pub(crate) fn over(&self, id: FlightId, connection: ConnectionId, now: Time) -> Connection {
        let flight = self.flights.flight(id);
        let pool = self.clients[flight.request.client.0 as usize].pools.get(&flight.caller);
        // Where another request on it has failed, its sender may have closed it since this one was sent.
        let Some(kept) = pool.and_then(|pool| pool.get(connection)) else {
            return Connection::Refused(Cause::ResetIdleClosed);
        };
        match kept.is_closed(now) {
            true => Connection::Refused(Cause::ResetIdleClosed),
            false => Connection::Accepted(kept.route.server),
        }
    }

    /// The program works on a request that came over a kept connection, up to a time.
    #[inline]
    pub(crate) fn work_on_connection(&mut self, id: FlightId, until: Time) {
        let flight = self.flights.flight(id);
        if let Hold::Over(connection) = flight.hold() {
            let client = &mut self.clients[flight.request.client.0 as usize];
            if let Some(pool) = client.pools.get_mut(&flight.caller) {
                pool.accepted(connection, until);
            }
        }
    }

    /// A request's new connection was accepted: its sender keeps it.
    pub(crate) fn keep_connection(&mut self, id: FlightId, server: ServerId, cx: &mut Cx<'_>) {
        let flight = self.flights.flight_mut(id);
        let owner = (flight.request.client, flight.caller);
        let client = &self.clients[owner.0.0 as usize];
        let Some(keeping) = client.config.keeping.filter(|_| client.is_there(owner.1)) else {
            // Nobody is there any more to keep it.
            return flight.set_hold(Hold::Nothing);
        };
        let pod = flight.request.pod.expect("it was accepted by a pod");
        let by_rules = flight.link == Link::ByRules;
        let asked = flight.asks(client.config.transport);
        let route = Route {
            pod,
            port: flight.port,
            server,
            node: flight.request.node,
            asked,
            by_rules,
            delay: flight.delay,
            idle_timeout: self.runtime.server(server).behaviour.idle_timeout,
        };
        let opened = cx.now + flight.delay;
        let node = route.node;
        let connection = self.pool(owner).establish(route, &keeping, opened);
        self.flights.flight_mut(id).set_hold(Hold::Over(connection));
        cx.recorder.record(cx.now, &Record::ConnectionOpened { client: owner.0, node, pod });
        self.wake(owner, &keeping, cx);
    }

    /// An attempt has ended: its sender has the connection back, or none.
    pub(crate) fn leave_pool(&mut self, id: FlightId, cx: &mut Cx<'_>) {
        let flight = self.flights.flight_mut(id);
        let owner = (flight.request.client, flight.caller);
        let Some(keeping) = self.clients[owner.0.0 as usize].config.keeping else { return };
        let hold = flight.hold();
        flight.set_hold(Hold::Nothing);
        let outcome = flight.request.outcome;
        if hold == Hold::Waits {
            flight.request.attempts += 1;
        }
        let pool = self.pool(owner);
        let closed = match (hold, outcome) {
            (Hold::Nothing, _) => None,
            (Hold::Waits, _) => {
                pool.waiting.retain(|waiting| *waiting != id);
                None
            }
            (Hold::Opens, _) => {
                pool.give_up_opening();
                None
            }
            (Hold::Over(connection), Outcome::Ok) => pool.answered(connection, &keeping, cx.now),
            (Hold::Over(connection), Outcome::Failed(cause)) => {
                pool.failed(connection, &keeping, cause, cx.now)
            }
        };
        if let Some(kept) = closed {
            self.closed(owner, &kept, cx);
        }
        match (hold, outcome) {
            // Those who wait for the same connection hear the same; but of one that was not begun yet,
            // since its balancer has no room, the next takes care.
            (Hold::Opens, Outcome::Failed(cause))
                if keeping.multiplexed() && cause != Cause::TimeoutSlow =>
            {
                self.disappoint(owner, cause, cx);
            }
            _ => self.wake(owner, &keeping, cx),
        }
    }

    /// Requests that wait go on, as far as there are connections.
    fn wake(&mut self, owner: (ClientId, Caller), keeping: &Keeping, cx: &mut Cx<'_>) {
        // One that fails at once would wake the next from within: whoever wakes already goes on with it.
        if std::mem::replace(&mut self.pool(owner).wakes, true) {
            return;
        }
        self.prune(owner, keeping, cx);
        while let Some(id) = self.pool(owner).waiting.front().copied() {
            match self.pool(owner).take(keeping, cx.now) {
                Taken::Wait => break,
                Taken::Over(connection) => {
                    let id = self.stops_waiting(owner, id);
                    self.flights.flight_mut(id).set_hold(Hold::Over(connection));
                    self.send_over(id, connection, cx);
                }
                Taken::Open => {
                    let id = self.stops_waiting(owner, id);
                    self.flights.flight_mut(id).set_hold(Hold::Opens);
                    self.open_connection(id, cx);
                }
            }
        }
        self.pool(owner).wakes = false;
    }

    /// The one that waits first is called.
    fn stops_waiting(&mut self, owner: (ClientId, Caller), id: FlightId) -> FlightId {
        self.pool(owner).waiting.pop_front();
        let moved = self.flights.move_on(id);
        self.flights.flight_mut(moved).request.outcome = Outcome::Ok;
        moved
    }

    /// A connection that requests wait for does not come about.
    fn disappoint(&mut self, owner: (ClientId, Caller), cause: Cause, cx: &mut Cx<'_>) {
        // One of them may try again, and wait for another.
        for _ in 0..self.pool(owner).waiting.len() {
            let Some(id) = self.pool(owner).waiting.front().copied() else { return };
            let id = self.stops_waiting(owner, id);
            let flight = self.flights.flight_mut(id);
            flight.request.attempts += 1;
            flight.set_hold(Hold::Nothing);
            flight.fail(cause);
            // An event of its own, so that one that tries again does not do so while this one is told.
            let source = Source { class: class::FINISH, entity: owner.0.0 };
            cx.agenda.at(cx.now, source, Event::Finish(id));
        }
    }

    /// Closes what a sender no longer wants, or has heard the end of.
    fn prune(&mut self, owner: (ClientId, Caller), keeping: &Keeping, cx: &mut Cx<'_>) {
        while let Some(kept) = self.pool(owner).prune(keeping, cx.now) {
            self.closed(owner, &kept, cx);
        }
    }

    /// A connection is closed, as its sender knows.
    fn closed(&mut self, owner: (ClientId, Caller), kept: &Kept, cx: &mut Cx<'_>) {
        self.tell_closed(owner, kept, cx);
        let Route { node, pod, .. } = kept.route;
        let client = owner.0;
        cx.recorder.record(cx.now, &Record::ConnectionClosed { client, node, pod });
    }

    /// A sender that ends closes its connections.
    pub(crate) fn close_pool(&mut self, owner: (ClientId, Caller), pool: Pool, cx: &mut Cx<'_>) {
        for kept in pool.into_connections() {
            self.closed(owner, &kept, cx);
        }
    }

    /// A program closes all its connections.
    pub(crate) fn close_connections(&mut self, server: ServerId, now: Time) {
        for pool in self.clients.iter_mut().flat_map(|client| client.pools.values_mut()) {
            pool.close(now, |route| route.server == server);
        }
    }

    /// A program that ends takes no more requests on its connections.
    pub(crate) fn leave_connections(&mut self, server: ServerId, now: Time) {
        for client in &mut self.clients {
            let Some(keeping) = client.config.keeping else { continue };
            client.pools.values_mut().for_each(|pool| pool.leave_by(server, &keeping, now));
        }
    }

    /// At the end of a run: says which connections had ended, though nobody has looked since.
    pub fn look_at_connections(&mut self, end: Time, recorder: &mut dyn Recorder) {
        for (client, it) in (0..).map(ClientId).zip(&mut self.clients) {
            let Some(keeping) = it.config.keeping else { continue };
            for pool in it.pools.values_mut() {
                while let Some(kept) = pool.prune(&keeping, end) {
                    let Route { node, pod, .. } = kept.route;
                    recorder.record(end, &Record::ConnectionClosed { client, node, pod });
                }
            }
        }
    }

    fn pool(&mut self, (client, caller): (ClientId, Caller)) -> &mut Pool {
        self.clients[client.0 as usize].pools.entry(caller).or_default()
    }
}
