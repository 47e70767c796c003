//! Requests on their way: a slab of them, so that nothing is allocated for one.

use engine::{RequestStream, Span, Time};
use record::{Cause, Outcome, Request};

use crate::{
    connection::{Caller, Transport},
    dns::Destination,
    ingress::WorkerId,
    kube_proxy::Asked,
    pool::{ConnectionId, Hold},
    server::ServerId,
};

/// A request on its way: its place in the slab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlightId(u32);

/// A request on its way.
#[derive(Clone, Debug)]
pub struct Flight {
    /// What will be recorded of it, as far as it is known: how its present attempt ends, too.
    pub request: Request,
    /// Who sends it.
    pub caller: Caller,
    /// When this attempt is given up.
    pub deadline: Time,
    /// The port that its client sends to.
    pub asked: u16,
    /// The port of the pod that was chosen.
    pub port: u16,
    /// How it comes to the pod.
    pub link: Link,
    /// What carries it there.
    pub carrier: Carrier,
    /// The worker of the Ingress controller that it passes through.
    pub ingress: Option<WorkerId>,
    /// How many pods that one has tried for it; [`GIVEN_UP`] where it tries no more.
    pub tries: u8,
    /// The kept connection that it is on.
    connection: Option<ConnectionId>,
    /// One way to that pod.
    pub delay: Span,
    /// The program that works on it.
    pub server: Option<ServerId>,
    /// When that program is done with it.
    pub departure: Time,
    /// What is left of its draws for the workload.
    pub workload: RequestStream,
}

/// A proxy for requests has told the client that none of the pods it tried will do.
pub const GIVEN_UP: u8 = u8::MAX;

/// How a request comes to a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Link {
    /// The rules of its node choose the pod.
    #[default]
    ByRules,
    /// Its sender has the pod's own address.
    Direct,
    /// The same, and a connection to it already.
    Kept,
    /// Not yet: it stands in line at its balancer.
    InLine,
    /// It follows its flow to where the rules sent the first of it.
    Tracked,
}

/// What carries a request to a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Carrier {
    /// A connection of its own.
    #[default]
    Connection,
    /// A datagram, which needs no handshake.
    Datagram,
    /// A connection that its sender will keep, which it opens.
    New,
    /// One that its sender kept.
    Kept,
    /// None yet: it waits for one.
    None,
}

/// All requests on their way. Each waits for exactly one event.
#[derive(Debug, Default)]
pub struct Flights {
    places: Vec<Place>,
    free: Vec<u32>,
}

/// A place in the slab: as long as two lines of the cache, and so in two of them.
#[derive(Debug)]
#[repr(align(64))]
enum Place {
    /// Nothing is here, and no event will ask for it.
    Free,
    /// The request that was here moved on; the event it waited for is still to come.
    Left,
    Taken(Flight),
}

const _: () = assert!(size_of::<Place>() <= 128, "every step of a request looks at its place");

impl Flights {
    /// Adds a request.
    #[inline]
    pub fn insert(&mut self, flight: Flight) -> FlightId {
        if let Some(place) = self.free.pop() {
            self.places[place as usize] = Place::Taken(flight);
            FlightId(place)
        } else {
            self.places.push(Place::Taken(flight));
            FlightId(self.places.len() as u32 - 1)
        }
    }

    /// The request whose event has come, `None` where it no longer waits for that event.
    #[inline]
    pub fn due(&mut self, id: FlightId) -> Option<&mut Flight> {
        match &mut self.places[id.0 as usize] {
            Place::Taken(flight) => Some(flight),
            Place::Left => None,
            Place::Free => unreachable!("a place is free once its event has come"),
        }
    }

    /// A request that is on its way.
    #[inline]
    pub fn flight_mut(&mut self, id: FlightId) -> &mut Flight {
        match &mut self.places[id.0 as usize] {
            Place::Taken(flight) => flight,
            Place::Left | Place::Free => unreachable!("it is on its way"),
        }
    }

    /// The same, to look at.
    #[inline]
    #[must_use]
    pub fn flight(&self, id: FlightId) -> &Flight {
        match &self.places[id.0 as usize] {
            Place::Taken(flight) => flight,
            Place::Left | Place::Free => unreachable!("it is on its way"),
        }
    }

    /// Forgets what is in a place whose event has come.
    #[inline]
    pub fn remove(&mut self, id: FlightId) {
        self.places[id.0 as usize] = Place::Free;
        self.free.push(id.0);
    }

    /// Moves a request to another place, so that the event it waits for finds it gone.
    pub fn move_on(&mut self, id: FlightId) -> FlightId {
        match std::mem::replace(&mut self.places[id.0 as usize], Place::Left) {
            Place::Taken(flight) => self.insert(flight),
            Place::Left | Place::Free => unreachable!("it is on its way"),
        }
    }

    /// Moves a request back to the place that it was moved on from at this moment, so that the event
    /// that waits there finds it.
    pub fn move_back(&mut self, id: FlightId, to: FlightId) {
        let place = std::mem::replace(&mut self.places[id.0 as usize], Place::Free);
        self.free.push(id.0);
        self.places[to.0 as usize] = place;
    }

    /// The requests that a program has accepted and is not done with, in the order in which they
    /// were wanted. It looks at all there are: programs end rarely, and a list in each of them would
    /// cost every request.
    #[must_use]
    pub fn in_hand_of(&self, server: ServerId, now: Time) -> Vec<FlightId> {
        let mut in_hand = Vec::new();
        for (number, place) in (0..).zip(&self.places) {
            if let Place::Taken(flight) = place
                && flight.server == Some(server)
                && flight.departure > now
            {
                let Request { arrived, client, number: nth, .. } = flight.request;
                in_hand.push(((arrived, client, nth), FlightId(number)));
            }
        }
        in_hand.sort_unstable_by_key(|(wanted, _)| *wanted);
        in_hand.into_iter().map(|(_, id)| id).collect()
    }

    /// All requests on their way.
    pub fn iter(&self) -> impl Iterator<Item = &Flight> {
        self.places.iter().filter_map(|place| match place {
            Place::Taken(flight) => Some(flight),
            Place::Left | Place::Free => None,
        })
    }
}

impl Flight {
    /// A request that its client wants now.
    #[must_use]
    #[inline]
    pub fn new(request: Request, caller: Caller, deadline: Time, workload: RequestStream) -> Self {
        Self {
            request,
            caller,
            deadline,
            asked: 0,
            port: 0,
            link: Link::ByRules,
            carrier: Carrier::Connection,
            ingress: None,
            tries: 0,
            connection: None,
            delay: Span::ZERO,
            server: None,
            departure: Time::ZERO,
            workload,
        }
    }

    /// What it has of the connections that its sender keeps.
    #[must_use]
    #[inline]
    pub fn hold(&self) -> Hold {
        match (self.carrier, self.connection) {
            (Carrier::Connection | Carrier::Datagram, _) => Hold::Nothing,
            (Carrier::New, _) => Hold::Opens,
            (Carrier::Kept, Some(connection)) => Hold::Over(connection),
            (Carrier::Kept | Carrier::None, _) => Hold::Waits,
        }
    }

    /// It has this of the connections that its sender keeps.
    pub fn set_hold(&mut self, hold: Hold) {
        (self.carrier, self.connection) = match hold {
            Hold::Nothing => (Carrier::Connection, None),
            Hold::Opens => (Carrier::New, None),
            Hold::Over(connection) => (Carrier::Kept, Some(connection)),
            Hold::Waits => (Carrier::None, None),
        };
    }

    /// Turns it to where it is to connect.
    #[inline]
    pub fn aim(&mut self, destination: Destination, port: u16) {
        let (service, pod) = match destination {
            Destination::Service(service) => (Some(service), None),
            Destination::Pod { pod, service } => (service, Some(pod)),
            Destination::Nobody => (None, None),
        };
        self.request.service = service;
        // Where it failed before, its balancer wants to know; a node's proxy does not.
        self.request.pod = pod.or(self.request.pod);
        self.asked = port;
        self.link = if pod.is_some() { Link::Direct } else { Link::ByRules };
    }

    /// What it asks for, where that is a Service.
    #[must_use]
    #[inline]
    pub fn asks(&self, transport: Transport) -> Option<Asked> {
        let (protocol, port, caller) = (transport.protocol(), self.asked, self.caller);
        self.request.service.map(|service| Asked { service, protocol, port, caller })
    }

    /// Why nobody answers where it goes.
    #[must_use]
    pub fn unanswered(&self) -> Cause {
        match self.link {
            Link::Tracked if self.request.pod.is_some() => Cause::TimeoutStaleFlow,
            _ => Cause::TimeoutUnreachable,
        }
    }

    /// Ends this attempt badly.
    pub fn fail(&mut self, cause: Cause) {
        self.request.outcome = Outcome::Failed(cause);
    }
}
