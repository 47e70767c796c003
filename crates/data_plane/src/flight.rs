//! Requests on their way: a slab of them, so that nothing is allocated for one.

use api::{NodeId, PodId, ServiceId};
use engine::{RequestStream, Span, Time};
use record::{Cause, ClientId, Outcome};

use crate::server::ServerId;

/// A request on its way: a place in the slab and how often that place was used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlightId {
    place: u32,
    generation: u32,
}

/// A request on its way.
#[derive(Clone, Debug)]
pub struct Flight {
    /// Who sent it.
    pub client: ClientId,
    /// Its number among that client's.
    pub number: u64,
    /// When the client wanted it.
    pub arrived: Time,
    /// When this attempt is given up.
    pub deadline: Time,
    /// The node it is sent from.
    pub node: NodeId,
    /// The Service, once resolved.
    pub service: Option<ServiceId>,
    /// The pod chosen for this attempt, and the port asked for there.
    pub pod: Option<PodId>,
    /// The port of that pod.
    pub port: u16,
    /// When it was chosen.
    pub connected: Time,
    /// One way to that pod.
    pub delay: Span,
    /// The program that works on it, and its place among what that works on.
    pub server: Option<(ServerId, u32)>,
    /// When that program is done with it.
    pub departure: Time,
    /// How long it waited for a worker.
    pub queued: Span,
    /// Attempts so far.
    pub attempts: u32,
    /// How this attempt ends, once that is known.
    pub outcome: Outcome,
    /// What is left of its draws for the workload.
    pub workload: RequestStream,
}

/// All requests on their way.
#[derive(Debug, Default)]
pub struct Flights {
    slots: Vec<(u32, Option<Flight>)>,
    free: Vec<u32>,
}

impl Flights {
    /// Adds a request.
    #[inline]
    pub fn insert(&mut self, flight: Flight) -> FlightId {
        if let Some(place) = self.free.pop() {
            let slot = &mut self.slots[place as usize];
            slot.1 = Some(flight);
            FlightId { place, generation: slot.0 }
        } else {
            self.slots.push((0, Some(flight)));
            FlightId { place: self.slots.len() as u32 - 1, generation: 0 }
        }
    }

    /// A request, if it is still on its way.
    #[inline]
    pub fn get_mut(&mut self, id: FlightId) -> Option<&mut Flight> {
        let slot = &mut self.slots[id.place as usize];
        if slot.0 == id.generation { slot.1.as_mut() } else { None }
    }

    /// Takes a request out; whoever still has its id finds nothing.
    #[inline]
    pub fn remove(&mut self, id: FlightId) -> Option<Flight> {
        let slot = &mut self.slots[id.place as usize];
        if slot.0 != id.generation {
            return None;
        }
        slot.0 = slot.0.wrapping_add(1);
        self.free.push(id.place);
        slot.1.take()
    }

    /// Gives a request another id, so that what was planned for it is void.
    pub fn renew(&mut self, id: FlightId) -> Option<FlightId> {
        let slot = &mut self.slots[id.place as usize];
        if slot.0 != id.generation || slot.1.is_none() {
            return None;
        }
        slot.0 = slot.0.wrapping_add(1);
        Some(FlightId { place: id.place, generation: slot.0 })
    }

    /// All requests on their way.
    pub fn iter(&self) -> impl Iterator<Item = &Flight> {
        self.slots.iter().filter_map(|(_, flight)| flight.as_ref())
    }
}

impl Flight {
    /// Ends this attempt badly.
    pub fn fail(&mut self, cause: Cause) {
        self.outcome = Outcome::Failed(cause);
    }
}
