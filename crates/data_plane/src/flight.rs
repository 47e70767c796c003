//! Requests on their way: a slab of them, so that nothing is allocated for one.

use engine::{RequestStream, Span, Time};
use record::{Cause, Outcome, Request};

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
    /// What will be recorded of it, as far as it is known: how its present attempt ends, too.
    pub request: Request,
    /// When this attempt is given up.
    pub deadline: Time,
    /// The port of the pod that was chosen.
    pub port: u16,
    /// One way to that pod.
    pub delay: Span,
    /// The program that works on it.
    pub server: Option<ServerId>,
    /// When that program is done with it.
    pub departure: Time,
    /// What is left of its draws for the workload.
    pub workload: RequestStream,
}

/// All requests on their way.
#[derive(Debug, Default)]
pub struct Flights {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

/// A place in the slab: as long as two lines of the cache, and so in two of them.
#[derive(Debug)]
#[repr(align(64))]
struct Slot {
    generation: u32,
    flight: Option<Flight>,
}

const _: () = assert!(size_of::<Slot>() <= 128, "every step of a request looks at its slot");

impl Flights {
    /// Adds a request.
    #[inline]
    pub fn insert(&mut self, flight: Flight) -> FlightId {
        if let Some(place) = self.free.pop() {
            let slot = &mut self.slots[place as usize];
            slot.flight = Some(flight);
            FlightId { place, generation: slot.generation }
        } else {
            self.slots.push(Slot { generation: 0, flight: Some(flight) });
            FlightId { place: self.slots.len() as u32 - 1, generation: 0 }
        }
    }

    /// A request, if it is still on its way.
    #[inline]
    pub fn get_mut(&mut self, id: FlightId) -> Option<&mut Flight> {
        let slot = &mut self.slots[id.place as usize];
        if slot.generation == id.generation { slot.flight.as_mut() } else { None }
    }

    /// Forgets a request that is on its way; whoever still has its id finds nothing.
    #[inline]
    pub fn remove(&mut self, id: FlightId) {
        let slot = &mut self.slots[id.place as usize];
        debug_assert_eq!(slot.generation, id.generation, "it is on its way");
        slot.generation = slot.generation.wrapping_add(1);
        slot.flight = None;
        self.free.push(id.place);
    }

    /// Gives a request another id, so that what was planned for it is void.
    pub fn renew(&mut self, id: FlightId) -> Option<FlightId> {
        let slot = &mut self.slots[id.place as usize];
        if slot.generation != id.generation || slot.flight.is_none() {
            return None;
        }
        slot.generation = slot.generation.wrapping_add(1);
        Some(FlightId { place: id.place, generation: slot.generation })
    }

    /// The requests that a program has accepted and is not done with. It looks at all there are:
    /// programs end rarely, and a list in each of them would cost every request.
    #[must_use]
    pub fn in_hand_of(&self, server: ServerId, now: Time) -> Vec<FlightId> {
        let in_hand = |slot: &Slot| {
            let flight = slot.flight.as_ref();
            flight.is_some_and(|it| it.server == Some(server) && it.departure > now)
        };
        let slots = (0..).zip(&self.slots);
        slots
            .filter(|(_, slot)| in_hand(slot))
            .map(|(place, slot)| FlightId { place, generation: slot.generation })
            .collect()
    }

    /// All requests on their way.
    pub fn iter(&self) -> impl Iterator<Item = &Flight> {
        self.slots.iter().filter_map(|slot| slot.flight.as_ref())
    }
}

impl Flight {
    /// Ends this attempt badly.
    pub fn fail(&mut self, cause: Cause) {
        self.request.outcome = Outcome::Failed(cause);
    }
}
