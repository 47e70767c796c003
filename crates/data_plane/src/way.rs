//! A request's way: from the client's wanting it to its answer, or to whatever else ends it.
//!
//! It is a chain of three events: the client connects, the connection reaches the pod, the answer
//! reaches the client. What happens between two of them at one place happens at once.

use api::PodId;
use engine::{Lane, Source, Span, Time};
use policy::PickContext;
use record::{Cause, ClientId, Outcome, Request};

use crate::{
    Cx, DataPlane,
    client::ChosenBy,
    connection::{self, Caller, Connection, Transport},
    event::{Event, class},
    flight::{Carrier, Flight, FlightId, Link},
    kube_proxy::Refusal,
    pool::Hold,
    wanted::flow,
};

impl DataPlane {
    /// Plans a client's request. Where all know beforehand what DNS says and when, its arrival
    /// needs no event of its own: that of its connection follows at a known distance.
    pub(crate) fn plan_arrival(&self, client: ClientId, arrival: Option<Time>, cx: &mut Cx<'_>) {
        if let Some(arrival) = arrival {
            let foreseen = &self.clients[client.0 as usize].foreseen;
            let wait = foreseen.map_or(Span::ZERO, |foreseen| foreseen.wait);
            cx.agenda.in_lane(
                ARRIVALS,
                arrival + wait,
                client_source(client),
                Event::Arrive(client),
            );
        }
    }

    /// A client's request is due.
    // On its own, so that the way of every other event to its method saves no registers for this one.
    #[inline(never)]
    pub(crate) fn arrive(&mut self, id: ClientId, cx: &mut Cx<'_>) {
        let client = &mut self.clients[id.0 as usize];
        let (number, arrived) = client.arrivals.take();
        let mut workload = client.workload_stream(number);
        let next = client.arrivals.plan_next();
        let caller = client.caller(id, self.network.nodes(), &mut workload);
        let (foreseen, deadline) = (client.foreseen, arrived + client.config.timeout);
        let datagram = client.config.transport != Transport::Tcp;
        self.plan_arrival(id, next, cx);
        self.arrived += 1;
        let Some((node, caller)) = caller else {
            self.unsent += 1;
            return;
        };
        let request = Request {
            client: id,
            number,
            service: None,
            arrived,
            node,
            pod: None,
            connected: arrived,
            queued: Span::ZERO,
            attempts: 0,
            outcome: Outcome::Ok,
        };
        let mut flight = Flight::new(request, caller, deadline, workload);
        if datagram {
            flight.carrier = Carrier::Datagram;
        }
        let flight = self.flights.insert(flight);
        let Some(foreseen) = foreseen else { return self.begin_attempt(flight, cx) };
        self.clients[id.0 as usize].lookups.count(foreseen.queries);
        self.flights.flight_mut(flight).aim(foreseen.destination, foreseen.port);
        self.connect(flight, cx);
    }

    /// The node's proxy chooses a pod, and the connection goes on its way.
    #[inline]
    pub(crate) fn connect(&mut self, id: FlightId, cx: &mut Cx<'_>) {
        let flight = self.flights.flight_mut(id);
        if flight.ingress.is_some() {
            return self.pass_ingress(id, cx);
        }
        let request = &mut flight.request;
        request.attempts += 1;
        request.connected = cx.now;
        let extra = match flight.caller {
            Caller::Outside(_) => self.network.outside(),
            Caller::Node(_) | Caller::Pod(_) => Span::ZERO,
        };
        let chosen_by = self.clients[request.client.0 as usize].chosen_by;
        let balances = chosen_by == ChosenBy::Sidecar;
        let (pod, port) = match (flight.link, request.service) {
            // Whoever balances itself chooses another of the pods that its name led to.
            (Link::Direct | Link::Kept, service) if !(balances && service.is_some()) => {
                (request.pod, flight.asked)
            }
            (_, None) => {
                request.pod = None;
                flight.fail(Cause::DiscoveryStaleAddress);
                let deadline = flight.deadline;
                return self.end_at(id, deadline, cx);
            }
            (_, Some(_)) => match self.choose_pod(id, cx) {
                Ok(chosen) => chosen,
                Err(refusal) => return self.refuse(id, refusal, extra, cx),
            },
        };
        let flight = self.flights.flight_mut(id);
        let request = &mut flight.request;
        request.pod = pod;
        let node = request.node;
        flight.port = port;
        let Some(there) = pod.and_then(|pod| self.runtime.node_of(pod)) else {
            flight.fail(flight.unanswered());
            let deadline = flight.deadline;
            return self.end_at(id, deadline, cx);
        };
        let hop = self.network.delay(node, there);
        flight.delay = extra + hop;
        if flight.delay == Span::ZERO {
            self.deliver(id, cx);
        } else {
            let source = Source { class: class::DELIVER, entity: node.0 };
            let lane = self.network.lane(hop);
            cx.agenda.in_lane(lane, cx.now + flight.delay, source, Event::Deliver(id));
        }
    }

    /// Chooses a pod of a Service, and its port: by the sender's own balancer, by a load balancer, or by the
    /// rules of the node.
    #[inline]
    fn choose_pod(
        &mut self,
        id: FlightId,
        cx: &mut Cx<'_>,
    ) -> Result<(Option<PodId>, u16), Refusal> {
        let mut flight = self.flights.flight_mut(id);
        let client = &self.clients[flight.request.client.0 as usize];
        let (chosen_by, transport) = (client.chosen_by, client.config.transport);
        if chosen_by == ChosenBy::Sidecar {
            return self.by_sidecar(id, cx);
        }
        let asked = flight.asks(transport).ok_or(Refusal::Reject)?;
        let mut random = client.policy_stream(flight.request.number, flight.request.attempts);
        if chosen_by == ChosenBy::LoadBalancer {
            let target = self.by_load_balancer(id, asked, &mut random, cx.now)?;
            if let Some((pod, port)) = target {
                return Ok((Some(pod), port));
            }
            flight = self.flights.flight_mut(id);
        }
        let request = &flight.request;
        let mut context = PickContext::new(cx.now, &mut random);
        if self.looks_at_flows {
            let client = &self.clients[request.client.0 as usize];
            context.flow = flow(client, request, asked, &self.runtime);
        }
        let proxy = &mut self.proxies[request.node.0 as usize];
        let (target, known) = match transport {
            Transport::Udp { one_socket: true } => {
                proxy.send(request.client, asked, &mut context)?
            }
            _ => (proxy.pick(asked, &mut context)?, false),
        };
        flight.link = if known { Link::Tracked } else { Link::ByRules };
        Ok((target.pod, target.port))
    }

    /// The node's rules let a connection go nowhere.
    fn refuse(&mut self, id: FlightId, refusal: Refusal, delay: Span, cx: &mut Cx<'_>) {
        let flight = self.flights.flight_mut(id);
        let (told, untold) = (cx.now + delay + delay, flight.deadline);
        let (cause, end) = match refusal {
            Refusal::Reject => (Cause::RefusedNoEndpoints, told),
            Refusal::Drop => (Cause::TimeoutDropped, untold),
            Refusal::Held { until } => {
                let at = self.counter_beside(id).expect("a sidecar has said so");
                return self.stand_in_line(id, until, at, cx);
            }
            Refusal::NotAdmitted => (Cause::TimeoutNotAdmitted, untold),
            Refusal::NoSuchPort { told: true } => (Cause::RefusedWrongPort, told),
            Refusal::NoSuchPort { told: false } => (Cause::TimeoutUnreachable, untold),
            // The node has not heard of the Service yet.
            Refusal::NoRules { withdrawn: false } => (Cause::TimeoutUnreachable, untold),
            Refusal::NoRules { withdrawn: true } => (Cause::DiscoveryStaleAddress, untold),
        };
        flight.fail(cause);
        flight.request.pod = None;
        flight.delay = delay;
        self.end_at(id, end, cx);
    }

    /// The pod's side: accepted, refused, or nobody there any more.
    #[inline]
    pub(crate) fn deliver(&mut self, id: FlightId, cx: &mut Cx<'_>) {
        let flight = self.flights.flight_mut(id);
        let pod = flight.request.pod.expect("only a request with a pod is delivered");
        let (delay, deadline) = (flight.delay, flight.deadline);
        let hold = flight.hold();
        let pooled = hold != Hold::Nothing;
        let (reached, flight) = match hold {
            Hold::Over(connection) => {
                (self.over(id, connection, cx.now), self.flights.flight_mut(id))
            }
            _ => (connection::connect(&self.runtime, pod, flight.port), flight),
        };
        let server = match reached {
            Connection::Accepted(server) => server,
            Connection::Refused(cause) => {
                flight.fail(cause);
                return self.end_at(id, cx.now + delay, cx);
            }
            Connection::Unanswered => {
                flight.fail(flight.unanswered());
                return self.end_at(id, deadline, cx);
            }
        };
        // The handshake's answer and the request itself take another round trip.
        let opens = hold == Hold::Opens;
        let at_once = (flight.link == Link::Kept && !opens) || flight.carrier == Carrier::Datagram;
        let handshake = if at_once { Span::ZERO } else { delay + delay };
        let received = cx.now + handshake;
        let station = self.runtime.server_mut(server);
        let Some(admission) = station.admit(cx.now, received, &mut flight.workload) else {
            flight.fail(Cause::RejectedOverload);
            if pooled {
                self.work_on_connection(id, received);
            }
            return self.end_at(id, received + delay, cx);
        };
        flight.server = Some(server);
        flight.request.queued = admission.queued;
        flight.departure = admission.departure;
        let back = if flight.ingress.is_some() { self.network.outside() } else { Span::ZERO };
        let answered = admission.departure + delay + back;
        // Most connections are a request's own, and nobody listens: then the flight is at hand.
        let flight = if pooled || self.hears_established {
            if opens {
                self.keep_connection(id, server, cx);
            }
            self.work_on_connection(id, admission.departure);
            self.tell_established(id, cx);
            self.flights.flight_mut(id)
        } else {
            flight
        };
        if answered > deadline {
            flight.fail(Cause::TimeoutSlow);
            return self.end_at(id, deadline, cx);
        }
        flight.request.outcome = Outcome::Ok;
        cx.agenda.at(answered, finish_source(flight.request.client), Event::Finish(id));
    }

    /// Plans the end of an attempt that failed.
    pub(crate) fn end_at(&mut self, id: FlightId, time: Time, cx: &mut Cx<'_>) {
        let flight = self.flights.flight_mut(id);
        // An answer that comes too late is not waited for.
        let time = time.min(flight.deadline).max(cx.now);
        if time == cx.now {
            self.finish(id, cx);
        } else {
            cx.agenda.at(time, finish_source(flight.request.client), Event::Finish(id));
        }
    }

    /// An attempt ends, and with it the request, unless the client tries again.
    #[inline]
    pub(crate) fn finish(&mut self, id: FlightId, cx: &mut Cx<'_>) {
        let Some(flight) = self.flights.due(id) else { return self.flights.remove(id) };
        let alone = flight.hold() == Hold::Nothing;
        let simple = alone && flight.ingress.is_none() && flight.link != Link::InLine;
        let flight = if simple && !self.hears_ended {
            flight
        } else {
            let goes_on = self.end_attempt(id, cx);
            if goes_on {
                return;
            }
            self.flights.flight_mut(id)
        };
        let request = &flight.request;
        let client = &self.clients[request.client.0 as usize];
        if let Outcome::Failed(cause) = request.outcome
            && client.retries(flight.caller, request.attempts, cause.family())
        {
            flight.server = None;
            flight.deadline = cx.now + client.config.timeout;
            return self.begin_attempt(id, cx);
        }
        self.finished += 1;
        cx.recorder.request_finished(cx.now, request);
        self.flights.remove(id);
    }

    /// An attempt leaves its line, its Ingress and its pool, and whoever listens hears of its end. Gives
    /// back whether it goes on all the same, since the Ingress controller tries another pod.
    fn end_attempt(&mut self, id: FlightId, cx: &mut Cx<'_>) -> bool {
        if self.flights.flight(id).link == Link::InLine {
            self.leave_line(id);
        }
        if self.flights.flight(id).ingress.is_some() && self.stays_in_ingress(id, cx) {
            return true;
        }
        let hold = self.flights.flight(id).hold();
        if hold != Hold::Nothing {
            self.leave_pool(id, cx);
        }
        // Of one that is kept, the end of the connection is what counts.
        if !matches!(hold, Hold::Over(_)) {
            self.tell_ended(id, cx);
        }
        false
    }
}

/// The next arrival of a client comes after its last one.
const ARRIVALS: Lane = Lane(0);

pub(crate) fn client_source(client: ClientId) -> Source {
    Source { class: class::CLIENT, entity: client.0 }
}

fn finish_source(client: ClientId) -> Source {
    Source { class: class::FINISH, entity: client.0 }
}
