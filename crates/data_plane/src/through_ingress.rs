//! A request's way through a pod of the Ingress controller: in, to one pod after the other, and back.

use engine::{Random, Source};
use policy::{EndpointId, PickContext};
use record::{Cause, Family, Outcome, Record, Request};

use crate::{
    Cx, DataPlane,
    balancer::Upstream,
    client::Client,
    event::{Event, class},
    feedback::end_of,
    flight::{Flight, FlightId, GIVEN_UP, Link},
    ingress::{Backend, CONNECT_TIMEOUT, IngressId, IngressPod, TRIES, WorkerId},
    lines::Counter,
    probes::Asker,
    wanted::{RequestKey, Truth, flow_in},
    way::client_source,
};

impl DataPlane {
    /// A request from outside comes to one of the controller's pods, whichever.
    pub(crate) fn enter_ingress(&mut self, id: FlightId, cx: &mut Cx<'_>) {
        let flight = self.flights.flight_mut(id);
        let request = &mut flight.request;
        let client = &self.clients[request.client.0 as usize];
        request.attempts += 1;
        let mut random = client.policy_stream(request.number, request.attempts);
        let pod = random.below(self.ingress_pods.len() as u32) as u8;
        let proxy = &self.ingress_pods[usize::from(pod)];
        request.node = proxy.node;
        // The kernel spreads connections over the workers by a hash, which is chance.
        let workers = proxy.workers();
        let place = if workers > 1 { random.below(workers) } else { 0 };
        let worker = WorkerId::new(IngressId::at(pod), place, workers);
        (request.service, request.pod) = (None, None);
        // It knows the pods' own addresses, so no node's proxy chooses one.
        (flight.ingress, flight.tries, flight.link) = (Some(worker), 0, Link::Direct);
        let source = client_source(request.client);
        cx.agenda.at(cx.now + self.network.outside(), source, Event::Connect(id));
    }

    /// The controller's pod sends a request on, to the next pod.
    pub(crate) fn pass_ingress(&mut self, id: FlightId, cx: &mut Cx<'_>) {
        let flight = self.flights.flight_mut(id);
        let (place, worker) = worker(flight, &self.ingress_pods);
        let proxy = &mut self.ingress_pods[place];
        let request = &mut flight.request;
        let client = &mut self.clients[request.client.0 as usize];
        request.connected = cx.now;
        flight.tries += 1;
        let attempt = request.attempts * u32::from(TRIES + 1) + u32::from(flight.tries);
        let mut random = client.policy_stream(request.number, attempt);
        let Some(backend) = backend(client, request) else {
            flight.fail(Cause::Http5xx);
            return self.finish(id, cx);
        };
        let worker_id = flight.ingress.expect("it came in through one");
        let counter = || Counter::Worker(worker_id, backend.clone());
        if self.lines.is_behind(id, || Some(counter())) {
            let at = counter();
            return self.stand_in_line(id, None, at, cx);
        }
        request.service = self.dns.service_named(&backend.service);
        let key = RequestKey::new(client.key(request.number));
        let failed_at = request.pod;
        let tried = failed_at.map(|pod| EndpointId(pod.0));
        let truth = Truth { runtime: &self.runtime, now: cx.now };
        let mut context = PickContext {
            flow: flow_in(client, request),
            key: key.as_bytes(),
            key_number: key.number(),
            tried: tried.as_slice(),
            oracle: Some(&truth),
            ..PickContext::new(cx.now, &mut random)
        };
        let picked = proxy.pick(worker, backend, failed_at, &mut context);
        let held = context.held_until.filter(|_| picked.is_none()).map(|until| (until, counter()));
        if let Some(service) = request.service.filter(|service| client.calls(*service)) {
            let record = Record::ServiceCalled { client: request.client, service };
            cx.recorder.record(cx.now, &record);
        }
        let Some(upstream) = picked else {
            if let Some((until, at)) = held {
                return self.stand_in_line(id, Some(until), at, cx);
            }
            // Where it has failed before, that stays the reason.
            if request.pod.is_none() {
                flight.fail(Cause::RefusedNoEndpoints);
            }
            flight.tries = TRIES;
            return self.finish(id, cx);
        };
        let Upstream { pod, port, kept } = upstream;
        request.pod = Some(pod);
        flight.port = port;
        flight.link = if kept { Link::Kept } else { Link::Direct };
        let (node, runtime, network) = (proxy.node, &self.runtime, &self.network);
        let delay = |pod| Some(network.delay(node, runtime.node_of(pod)?));
        let asker = flight.ingress.map(Asker::Worker);
        asker.into_iter().for_each(|it| self.probes.send(it, proxy.probed(), delay, cx));
        let Some(there) = self.runtime.node_of(pod) else {
            flight.fail(Cause::TimeoutUnreachable);
            return self.end_at(id, cx.now + CONNECT_TIMEOUT, cx);
        };
        let hop = self.network.delay(node, there);
        flight.delay = hop;
        let source = Source { class: class::DELIVER, entity: node.0 };
        cx.agenda.in_lane(self.network.lane(hop), cx.now + hop, source, Event::Deliver(id));
    }

    /// A try has ended. Gives back whether the request goes on in the controller's pod: to another pod,
    /// or on its way back with bad news.
    pub(crate) fn stays_in_ingress(&mut self, id: FlightId, cx: &mut Cx<'_>) -> bool {
        let flight = self.flights.flight_mut(id);
        if flight.tries == GIVEN_UP {
            return false;
        }
        let request = &flight.request;
        let client = &self.clients[request.client.0 as usize];
        if let (Some(pod), Some(backend)) = (request.pod, backend(client, request)) {
            let ended = end_of(request, EndpointId(pod.0), cx.now);
            let (place, worker) = worker(flight, &self.ingress_pods);
            let (runtime, now) = (&mut self.runtime, cx.now);
            let report = || runtime.report(pod, now);
            self.ingress_pods[place].ended(worker, backend, &ended, report);
            let here = flight.ingress;
            let at = |it: &Counter| matches!(it, Counter::Worker(at, _) if Some(*at) == here);
            self.lines.look_again(at, cx);
        }
        let Outcome::Failed(cause) = request.outcome else { return false };
        flight.server = None;
        if is_tried_again(cause) && flight.tries < TRIES && cx.now < flight.deadline {
            self.pass_ingress(id, cx);
            return true;
        }
        flight.tries = GIVEN_UP;
        let back = (cx.now + self.network.outside()).min(flight.deadline);
        let waits = back > cx.now;
        if waits {
            self.end_at(id, back, cx);
        }
        waits
    }
}

/// The backend that the weights of its route choose for an attempt: the same whenever it is asked, so that
/// no request has to carry it along.
fn backend<'a>(client: &'a Client, request: &Request) -> Option<&'a Backend> {
    let backends = client.config.ingress.as_ref()?;
    let attempt = request.attempts * u32::from(TRIES + 1);
    backends.choose(|| client.policy_stream(request.number, attempt))
}

/// The places of the pod and of the worker that a request passes through.
fn worker(flight: &Flight, pods: &[IngressPod]) -> (usize, usize) {
    let worker = flight.ingress.expect("it came in through one");
    worker.places(pods[0].workers())
}

/// `proxy_next_upstream error timeout`: what went wrong on the way, not what a program answered.
fn is_tried_again(cause: Cause) -> bool {
    cause == Cause::TimeoutUnreachable
        || (cause.family() == Family::Refused && cause != Cause::RefusedNoEndpoints)
        || cause.family() == Family::Reset
}
