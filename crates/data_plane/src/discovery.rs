//! How a client finds out where to connect to: by a name, an address, or its environment.
//!
//! *Left out:* trying the other addresses of an answer within one attempt; a client that tries again
//! takes the next.

use std::net::IpAddr;

use engine::{Random, Span};
use record::{Cause, Record};

use crate::{
    Cx, DataPlane,
    client::{Directions, Foreseen},
    dns::{Destination, names::NameId},
    event::Event,
    flight::FlightId,
    name_cache,
    way::client_source,
};

/// What a sender found out, and when: where to, and to which port.
struct Found {
    wait: Span,
    target: Result<(Destination, u16), Cause>,
}

impl DataPlane {
    /// An attempt begins: over a connection that its sender keeps, or over a new one.
    pub(crate) fn begin_attempt(&mut self, id: FlightId, cx: &mut Cx<'_>) {
        let flight = self.flights.flight_mut(id);
        let client = &mut self.clients[flight.request.client.0 as usize];
        if client.config.ingress.is_some() {
            return self.enter_ingress(id, cx);
        }
        if let Some(keeping) = client.config.keeping
            && self.use_pool(id, &keeping, cx)
        {
            return;
        }
        self.open_connection(id, cx);
    }

    /// A new connection: its sender finds out where to connect to, and then does.
    pub(crate) fn open_connection(&mut self, id: FlightId, cx: &mut Cx<'_>) {
        let flight = self.flights.flight_mut(id);
        let client = &mut self.clients[flight.request.client.0 as usize];
        let Found { wait, target } = match client.foreseen {
            Some(Foreseen { destination, port, wait, queries }) => {
                client.lookups.count(queries);
                Found { wait, target: Ok((destination, port)) }
            }
            None => self.find_out(id, cx),
        };
        let flight = self.flights.flight_mut(id);
        let request = &mut flight.request;
        let client = &mut self.clients[request.client.0 as usize];
        let answered = cx.now + wait;
        let target = if answered > flight.deadline { Err(Cause::DnsTimeout) } else { target };
        match target {
            Ok((destination, port)) => {
                flight.aim(destination, port);
                let service = flight.request.service;
                if let Some(service) = service.filter(|service| client.calls(*service)) {
                    let client = flight.request.client;
                    cx.recorder.record(cx.now, &Record::ServiceCalled { client, service });
                }
                if wait == Span::ZERO {
                    self.connect(id, cx);
                } else {
                    let source = client_source(flight.request.client);
                    cx.agenda.at(answered, source, Event::Connect(id));
                }
            }
            Err(cause) => {
                request.attempts += 1;
                (request.connected, request.service, request.pod) = (cx.now, None, None);
                flight.fail(cause);
                self.end_at(id, answered, cx);
            }
        }
    }

    /// Where the sender of a request is to connect to.
    fn find_out(&mut self, id: FlightId, cx: &Cx<'_>) -> Found {
        let flight = self.flights.flight_mut(id);
        let client = &self.clients[flight.request.client.0 as usize];
        let at_once = |target| Found { wait: Span::ZERO, target };
        match client.directions_of(flight.caller) {
            Directions { address: Some(address), port: Some(port), .. } => {
                at_once(Ok((self.whose(*address), *port)))
            }
            Directions { tries, port: Some(port), .. } if !tries.is_empty() => {
                let (tries, port) = (tries.clone(), *port);
                self.look_up(id, &tries, port, cx)
            }
            _ => at_once(Err(Cause::DiscoveryEnvMissing)),
        }
    }

    fn whose(&self, address: IpAddr) -> Destination {
        self.dns.service_at(address).map_or(Destination::Nobody, Destination::Service)
    }

    /// Looks the client's name up, where its sender does not still know it.
    fn look_up(&mut self, id: FlightId, tries: &[NameId], port: u16, cx: &Cx<'_>) -> Found {
        let flight = self.flights.flight_mut(id);
        let request = &flight.request;
        let client = &mut self.clients[request.client.0 as usize];
        let attempt = request.attempts;
        if let Some(kept) = client.kept.get(&flight.caller).and_then(|kept| kept.at(cx.now)) {
            let destination = kept.destination(attempt).ok_or(Cause::DnsNxdomain);
            return Found { wait: Span::ZERO, target: destination.map(|to| (to, port)) };
        }
        let mut random = client.lookup_stream(request.number, attempt);
        let lookup = self.dns.look_up(tries, request.node, cx.now, &mut random);
        client.lookups.count(lookup.queries);
        let Some(reply) = lookup.reply else {
            return Found { wait: lookup.wait, target: Err(Cause::DnsTimeout) };
        };
        // The name servers hand out addresses in an order of chance (`loadbalance`).
        let addresses = reply.destinations.len() as u32;
        let first = if addresses > 1 { random.below(addresses) as usize } else { 0 };
        let kept = client.config.name_cache.keep(&reply, first, cx.now + lookup.wait);
        client.kept.extend(kept.map(|kept| (flight.caller, kept)));
        let destination = name_cache::nth(&reply, first, 0).ok_or(Cause::DnsNxdomain);
        Found { wait: lookup.wait, target: destination.map(|to| (to, port)) }
    }
}
