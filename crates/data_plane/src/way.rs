//! A request's way: from the client's wanting it to its answer, or to whatever else ends it.
//!
//! It is a chain of three events: the client connects, the connection reaches the pod, the answer
//! reaches the client. What happens between two of them at one place happens at once.

use api::{PodId, ServiceId};
use engine::{Lane, Random, Source, Span, Time};
use policy::{Flow, PickContext};
use record::{Cause, ClientId, Outcome, Request};

use crate::{
    Cx, DataPlane,
    client::Origin,
    connection::{self, Caller, Connection, Transport},
    event::{Event, class},
    flight::{Carrier, Flight, FlightId, Link},
    kube_proxy::{Asked, KubeProxy, Refusal, Target},
    pool::Hold,
    through_load_balancer::choose,
    through_mesh::{Sender, by_mesh},
    wanted::flow,
};

impl DataPlane {
    /// Plans a client's next request. Where all know beforehand what DNS says and when, its arrival
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
    #[inline]
    pub(crate) fn arrive(&mut self, id: ClientId, cx: &mut Cx<'_>) {
        let client = &mut self.clients[id.0 as usize];
        let (number, arrived, mut workload) = client.take_request();
        let next = client.next_arrival();
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
        let balances = self.clients[request.client.0 as usize].config.balancing.is_some();
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
            (_, Some(service)) => match self.choose_pod(id, service, cx) {
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
        service: ServiceId,
        cx: &mut Cx<'_>,
    ) -> Result<(Option<PodId>, u16), Refusal> {
        let flight = self.flights.flight_mut(id);
        let client = &self.clients[flight.request.client.0 as usize];
        let transport = client.config.transport;
        let asked = flight.asks(transport).ok_or(Refusal::Reject)?;
        let request = &mut flight.request;
        let mut random = client.policy_stream(request.number, request.attempts);
        let balanced = client.config.origin == Origin::OutsideBalanced;
        if balanced && !self.balancers.admits(service, client.config.address) {
            return Err(Refusal::NotAdmitted);
        }
        let by_sender = self.mesh.as_mut().filter(|_| client.config.balancing.is_some());
        let by_balancer = self.pod_targets.as_mut().filter(|_| balanced);
        let (pod, port, link) = match (transport, by_sender, by_balancer) {
            (_, Some(mesh), _) => {
                let (runtime, network) = (&self.runtime, &self.network);
                let sender = Sender { client, request, asked, runtime, network };
                by_mesh((mesh, &mut self.probes), &sender, &mut random, cx)?
            }
            (Transport::Tcp, None, Some(targets)) => {
                let flow = match targets.have_policy() {
                    true => flow(client, request, asked, &self.runtime),
                    false => Flow::UNKNOWN,
                };
                let mut context = PickContext { flow, ..PickContext::new(cx.now, &mut random) };
                let (pod, port) = choose(targets, &self.runtime, request, asked, &mut context)?;
                (Some(pod), port, Link::Direct)
            }
            _ => {
                let looks = self.looks_at_flows || (balanced && self.balancers.have_policy());
                let flow = match looks {
                    true => flow(client, request, asked, &self.runtime),
                    false => Flow::UNKNOWN,
                };
                if balanced {
                    let mut context = PickContext { flow, ..PickContext::new(cx.now, &mut random) };
                    request.node = self.balancers.node(service, request.node, &mut context);
                }
                let proxy = &mut self.proxies[request.node.0 as usize];
                let context = (flow, &mut random as &mut dyn Random);
                let sender = (request.client, transport);
                let (target, link) = by_proxy(proxy, sender, asked, cx.now, context)?;
                (target.pod, target.port, link)
            }
        };
        flight.link = link;
        Ok((pod, port))
    }

    /// The node's rules let a connection go nowhere.
    fn refuse(&mut self, id: FlightId, refusal: Refusal, delay: Span, cx: &mut Cx<'_>) {
        let flight = self.flights.flight_mut(id);
        let (told, untold) = (cx.now + delay + delay, flight.deadline);
        let (cause, end) = match refusal {
            Refusal::Reject => (Cause::RefusedNoEndpoints, told),
            Refusal::Drop => (Cause::TimeoutDropped, untold),
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
        let reached = match flight.hold() {
            Hold::Over(connection) => self.over(id, connection, cx.now),
            _ => connection::connect(&self.runtime, pod, flight.port),
        };
        let flight = self.flights.flight_mut(id);
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
        let opens = flight.carrier == Carrier::New;
        let at_once = (flight.link == Link::Kept && !opens) || flight.carrier == Carrier::Datagram;
        let handshake = if at_once { Span::ZERO } else { delay + delay };
        let received = cx.now + handshake;
        let station = self.runtime.server_mut(server);
        let Some(admission) = station.admit(cx.now, received, &mut flight.workload) else {
            flight.fail(Cause::RejectedOverload);
            self.work_on_connection(id, received);
            return self.end_at(id, received + delay, cx);
        };
        flight.server = Some(server);
        flight.request.queued = admission.queued;
        flight.departure = admission.departure;
        let back = if flight.ingress.is_some() { self.network.outside() } else { Span::ZERO };
        let answered = admission.departure + delay + back;
        if opens {
            self.keep_connection(id, server, cx);
        }
        self.work_on_connection(id, admission.departure);
        self.tell_established(id, cx);
        let flight = self.flights.flight_mut(id);
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
        if flight.ingress.is_some() && self.stays_in_ingress(id, cx) {
            return;
        }
        let hold = self.flights.flight(id).hold();
        if hold != Hold::Nothing {
            self.leave_pool(id, cx);
        }
        // Of one that is kept, the end of the connection is what counts.
        let kept = matches!(hold, Hold::Over(_));
        if !kept {
            self.tell_ended(id, cx);
        }
        let flight = self.flights.flight_mut(id);
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
}

/// Where a node's proxy sends what is asked of it, and how it comes there.
#[inline]
fn by_proxy(
    proxy: &mut KubeProxy,
    (client, transport): (ClientId, Transport),
    asked: Asked,
    now: Time,
    context: (Flow, &mut dyn Random),
) -> Result<(Target, Link), Refusal> {
    let (target, known) = match transport {
        Transport::Udp { one_socket: true } => proxy.send(client, asked, now, context)?,
        _ => (proxy.pick(asked, now, context)?, false),
    };
    Ok((target, if known { Link::Tracked } else { Link::ByRules }))
}

/// The next arrival of a client comes after its last one.
const ARRIVALS: Lane = Lane(0);

pub(crate) fn client_source(client: ClientId) -> Source {
    Source { class: class::CLIENT, entity: client.0 }
}

fn finish_source(client: ClientId) -> Source {
    Source { class: class::FINISH, entity: client.0 }
}
