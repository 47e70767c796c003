//! What becomes of a connection is told to whoever chose where it goes: the rules of a node, a load
//! balancer, or the balancer of its sender.

use api::PodId;
use engine::{Span, Time};
use policy::{Ended, EndpointId, Level, Reply};
use record::{Cause, ClientId, Outcome, Request};

use crate::{
    Cx, DataPlane,
    client::Origin,
    connection::{Caller, Transport},
    flight::{FlightId, Link},
    kube_proxy::Asked,
    lines::Counter,
    mesh::SidecarId,
    pool::{Kept, Route},
};

impl DataPlane {
    /// A connection is established.
    #[inline]
    pub(crate) fn tell_established(&mut self, id: FlightId, cx: &Cx<'_>) {
        if !self.hears_established {
            return;
        }
        let flight = self.flights.flight(id);
        let request = &flight.request;
        let config = &self.clients[request.client.0 as usize].config;
        let (Some(asked), Some(pod)) = (flight.asks(config.transport), request.pod) else { return };
        if flight.link == Link::ByRules {
            self.proxies[request.node.0 as usize].established(asked, pod, cx.now);
        }
        let chosen_now = matches!(flight.link, Link::ByRules | Link::Direct);
        if config.origin == Origin::OutsideBalanced && flight.ingress.is_none() && chosen_now {
            match &mut self.pod_targets {
                Some(targets) if flight.link == Link::Direct => {
                    targets.established((asked.service, asked.port), pod, cx.now);
                }
                _ => self.balancers.established(asked.service, request.node, cx.now),
            }
        }
    }

    /// An attempt has ended whose connection was its own. It is not asked to tell where nobody listens
    /// (`hears_ended`), so who is told here has to be counted there.
    #[inline]
    pub(crate) fn tell_ended(&mut self, id: FlightId, cx: &mut Cx<'_>) {
        let flight = self.flights.flight(id);
        let request = &flight.request;
        let config = &self.clients[request.client.0 as usize].config;
        let asked = flight.asks(config.transport);
        if let (Link::ByRules | Link::Tracked, Some(asked)) = (flight.link, asked)
            && (self.rules_listen || config.transport != Transport::Tcp)
        {
            self.proxies[request.node.0 as usize].done(asked, request, cx.now);
        }
        if let (Origin::OutsideBalanced, None, Some(asked)) =
            (&config.origin, flight.ingress, asked)
            && request.outcome != Outcome::Failed(Cause::TimeoutNotAdmitted)
        {
            let (link, node) = (flight.link, EndpointId(request.node.0));
            let pod = request.pod.map(endpoint_of);
            if let Some(chosen) = if link == Link::Direct { pod } else { Some(node) } {
                let ended = end_of(request, chosen, cx.now);
                self.tell_balancer(asked, link, &ended);
            }
        }
        if self.mesh.is_some() {
            self.tell_sidecar(id, cx);
        }
    }

    /// Tells a load balancer how a connection ended, by the link that it made.
    fn tell_balancer(&mut self, asked: Asked, link: Link, ended: &Ended) {
        match &mut self.pod_targets {
            Some(targets) if link == Link::Direct => {
                targets.ended((asked.service, asked.port), ended);
            }
            _ => self.balancers.ended(asked.service, ended),
        }
    }

    /// Tells the sender's own balancer how an attempt ended.
    fn tell_sidecar(&mut self, id: FlightId, cx: &mut Cx<'_>) {
        let flight = self.flights.flight(id);
        let request = &flight.request;
        let balancing = self.clients[request.client.0 as usize].config.balancing.as_ref();
        let (Some(mesh), Some(pod), Some(balancing)) = (&mut self.mesh, request.pod, balancing)
        else {
            return;
        };
        let mut ended = end_of(request, endpoint_of(pod), cx.now);
        let sees_requests = balancing.level == Level::Request;
        // To who passes a connection on, an answer with an error is an answer, and says nothing of the pod.
        if !sees_requests && ended.reply == Reply::ServerError {
            ended.reply = Reply::Ok;
        }
        let (runtime, now) = (&mut self.runtime, cx.now);
        let report = || if sees_requests { runtime.report(pod, now) } else { None };
        let sidecar = mesh.ended((request.client, flight.caller), &ended, report);
        self.lines.look_again(|at| is_beside(at, sidecar), cx);
    }

    /// A connection that its sender kept is closed.
    pub(crate) fn tell_closed(
        &mut self,
        (client, caller): (ClientId, Caller),
        kept: &Kept,
        cx: &mut Cx<'_>,
    ) {
        let Route { node, pod, asked, by_rules, .. } = kept.route;
        let age = cx.now.since(kept.opened);
        let config = &self.clients[client.0 as usize].config;
        let (balances, balanced) =
            (config.balancing.is_some(), config.origin == Origin::OutsideBalanced);
        if let Some(asked) = asked {
            if by_rules {
                self.proxies[node.0 as usize].connection_closed(asked, pod, (cx.now, age));
            }
            if balanced {
                let (link, chosen) = match by_rules {
                    true => (Link::ByRules, EndpointId(node.0)),
                    false => (Link::Direct, endpoint_of(pod)),
                };
                self.tell_balancer(asked, link, &closed(chosen, cx.now, age));
            }
        }
        if let Some(mesh) = self.mesh.as_mut().filter(|_| balances) {
            let closed = closed(endpoint_of(pod), cx.now, age);
            let sidecar = mesh.ended((client, caller), &closed, || None);
            self.lines.look_again(|at| is_beside(at, sidecar), cx);
        }
    }
}

/// Whether a line is at this sidecar.
fn is_beside(at: &Counter, sidecar: Option<SidecarId>) -> bool {
    matches!(at, Counter::Sidecar(beside) if Some(*beside) == sidecar)
}

fn endpoint_of(pod: PodId) -> EndpointId {
    EndpointId(pod.0)
}

/// How a request ended, as whoever chose its endpoint hears of it.
pub(crate) fn end_of(request: &Request, endpoint: EndpointId, now: Time) -> Ended {
    let reply = match request.outcome {
        Outcome::Ok => Reply::Ok,
        Outcome::Failed(Cause::Http5xx | Cause::RejectedOverload) => Reply::ServerError,
        Outcome::Failed(_) => Reply::Failed,
    };
    Ended { endpoint, now, latency: now.since(request.connected), reply, report: None }
}

/// The end of a connection that was kept, which was no failure.
fn closed(endpoint: EndpointId, now: Time, latency: Span) -> Ended {
    Ended { endpoint, now, latency, reply: Reply::Ok, report: None }
}
