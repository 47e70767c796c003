//! A service of the kernel's IP virtual server: its destinations and what schedules them.

use std::collections::VecDeque;

use engine::{Span, Time};

use crate::{
    Ended, Endpoint, EndpointId, PickContext, Policy, Reply, block::Places,
    ipvs::destination::Destination,
};

/// How long the kernel remembers a connection that both ends closed (TIME_WAIT, as FIN_WAIT).
const TIME_WAIT: Span = Span::from_secs(120);

/// How long it remembers one that was refused or reset (CLOSE).
const CLOSE: Span = Span::from_secs(10);

/// A scheduler, as the kernel's `ip_vs_scheduler` has its functions. Destinations are in the
/// kernel's order.
pub trait Scheduler {
    /// Whether it asks for the connections of its destinations.
    const COUNTS: bool;

    /// A destination has come, at the head of the list.
    fn add_dest(&mut self, _: &[Destination]) {}

    /// A destination has gone, which was in this place.
    fn del_dest(&mut self, _: &[Destination], _place: usize) {}

    /// A weight has changed.
    fn upd_dest(&mut self, _: &[Destination]) {}

    /// All changes of an update are made: the moment for what is made of the whole list.
    fn updated(&mut self, _: &[Destination]) {}

    /// Chooses a destination for a connection.
    fn schedule<'a>(
        &mut self,
        destinations: &'a [Destination],
        context: &mut PickContext<'_>,
    ) -> Option<&'a Destination>;
}

/// A service with a scheduler: the policies of this folder are this.
///
/// What comes last is first in the kernel's list, and a list changes one by one: who goes, whose
/// weight changes, who comes. A connection counts as inactive before it is established and after it
/// has ended: 120 s long, or 10 s where it was refused or reset. A destination that goes while it
/// has connections is kept aside, and has them again if it comes back.
#[derive(Clone, Debug, Default)]
pub struct Service<S> {
    scheduler: S,
    places: Places,
    destinations: Vec<Destination>,
    /// Where in the kernel's list the endpoint in a place is.
    order: Vec<usize>,
    /// Destinations that went before their connections did.
    trash: Vec<Destination>,
    /// When which destination's connections are to be forgotten, the first first.
    time_wait: VecDeque<(Time, EndpointId)>,
    close: VecDeque<(Time, EndpointId)>,
}

impl<S: Scheduler> Service<S> {
    /// A service without destinations.
    pub fn new(scheduler: S) -> Self {
        Self {
            scheduler,
            places: Places::default(),
            destinations: Vec::new(),
            order: Vec::new(),
            trash: Vec::new(),
            time_wait: VecDeque::new(),
            close: VecDeque::new(),
        }
    }

    /// A destination, in the list or aside.
    pub fn destination_mut(&mut self, id: EndpointId) -> Option<&mut Destination> {
        match self.places.of(id) {
            Some(place) => Some(&mut self.destinations[self.order[place]]),
            None => self.trash.iter_mut().find(|destination| destination.id == id),
        }
    }

    /// A connection to the endpoint in a place begins.
    fn begin(&mut self, place: usize) {
        if S::COUNTS {
            self.destinations[self.order[place]].opening += 1;
        }
    }

    fn remove(&mut self, index: usize) {
        let destination = self.destinations.remove(index);
        if !destination.is_idle() {
            self.trash.push(destination);
        }
        self.scheduler.del_dest(&self.destinations, index);
    }

    fn add(&mut self, endpoint: &Endpoint, place: usize) {
        let mut destination = Destination::new(endpoint, place);
        if let Some(aside) = self.trash.iter().position(|trashed| trashed.id == endpoint.id) {
            let Destination { weight, last_weight, place, .. } = destination;
            let kept = self.trash.swap_remove(aside);
            destination = Destination { weight, last_weight, place, ..kept };
        }
        self.destinations.insert(0, destination);
        self.scheduler.add_dest(&self.destinations);
    }

    /// Forgets the connections whose time has come.
    fn expire(&mut self, now: Time) {
        while let Some((_, id)) = self.time_wait.pop_front_if(|(at, _)| *at <= now) {
            self.forget(id);
        }
        while let Some((_, id)) = self.close.pop_front_if(|(at, _)| *at <= now) {
            self.forget(id);
        }
    }

    fn forget(&mut self, id: EndpointId) {
        if let Some(destination) = self.destination_mut(id) {
            destination.forget();
        }
        self.empty_trash();
    }

    /// Drops what was kept aside for connections that are no more.
    fn empty_trash(&mut self) {
        if !self.trash.is_empty() {
            self.trash.retain(|destination| !destination.is_idle());
        }
    }
}

impl<S: Scheduler> Policy for Service<S> {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        self.expire(now);
        let before = self.places.update(endpoints);
        for index in (0..self.destinations.len()).rev() {
            match self.places.of(self.destinations[index].id) {
                None => self.remove(index),
                Some(place) => {
                    let destination = &mut self.destinations[index];
                    destination.place = place;
                    let weight = endpoints[place].weight;
                    if destination.reweigh(weight) {
                        self.scheduler.upd_dest(&self.destinations);
                    }
                }
            }
        }
        for (place, endpoint) in endpoints.iter().enumerate() {
            if before[place].is_none() {
                self.add(endpoint, place);
            }
        }
        self.order.resize(endpoints.len(), 0);
        for (index, destination) in self.destinations.iter().enumerate() {
            self.order[destination.place] = index;
        }
        self.scheduler.updated(&self.destinations);
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        if S::COUNTS {
            self.expire(context.now);
        }
        let place = self.scheduler.schedule(&self.destinations, context)?.place;
        self.begin(place);
        Some(place)
    }

    fn chosen(&mut self, place: usize, _: Time) -> bool {
        self.begin(place);
        true
    }

    fn remembers(&self) -> bool {
        true
    }

    fn listens(&self) -> bool {
        S::COUNTS
    }

    fn established(&mut self, endpoint: EndpointId, _: Time) {
        if let Some(destination) = self.destination_mut(endpoint) {
            destination.establish();
        }
    }

    fn ended(&mut self, ended: &Ended) {
        let failed = ended.reply == Reply::Failed;
        let closed = self.destination_mut(ended.endpoint).is_some_and(|it| it.close(failed));
        if closed && failed {
            self.close.push_back((ended.now + CLOSE, ended.endpoint));
        } else if closed {
            self.time_wait.push_back((ended.now + TIME_WAIT, ended.endpoint));
        }
    }

    fn withdrawn(&mut self, endpoint: EndpointId, _: Time) {
        if let Some(destination) = self.destination_mut(endpoint) {
            destination.withdraw();
        }
        self.empty_trash();
    }
}

#[cfg(test)]
mod tests {
    use engine::Streams;

    use super::*;
    use crate::ipvs::lc::{IpvsLeastConnection, LeastConnection};

    fn pick(service: &mut IpvsLeastConnection, now: Time) -> Option<usize> {
        service.pick(&mut PickContext::new(now, &mut Streams::new(1).named("unused")))
    }

    fn end(service: &mut IpvsLeastConnection, endpoint: EndpointId, now: Time, reply: Reply) {
        service.ended(&Ended { endpoint, now, latency: Span::ZERO, reply, report: None });
    }

    fn counts(service: &mut IpvsLeastConnection, id: EndpointId) -> [u32; 3] {
        let it = service.destination_mut(id).expect("it is kept");
        [it.opening, it.active, it.closing]
    }

    #[test]
    fn a_connection_is_inactive_before_and_after() {
        let all = Endpoint::numbered(&[1]);
        let id = all[0].id;
        let mut service = Service::new(LeastConnection);
        service.update(&all, Time::ZERO);
        for _ in 0..3 {
            assert_eq!(pick(&mut service, Time::ZERO), Some(0));
        }
        service.established(id, Time::ZERO);
        service.established(id, Time::ZERO);
        assert_eq!(counts(&mut service, id), [1, 2, 0]);
        assert_eq!(service.destinations[0].overhead(), 2 * 256 + 1);
        end(&mut service, id, Time::ZERO, Reply::Failed);
        assert_eq!(counts(&mut service, id), [0, 2, 1], "it was not established");
        end(&mut service, id, Time::from_secs(1), Reply::Ok);
        end(&mut service, id, Time::from_secs(2), Reply::ServerError);
        end(&mut service, id, Time::from_secs(3), Reply::Ok);
        assert_eq!(counts(&mut service, id), [0, 0, 3], "there were three");
        for (second, left) in [(9, 3), (10, 2), (120, 2), (121, 1), (122, 0)] {
            service.expire(Time::from_secs(second));
            assert_eq!(counts(&mut service, id), [0, 0, left], "after {second} s");
        }
    }

    #[test]
    fn who_goes_and_comes_back_has_its_connections() {
        let all = Endpoint::numbered(&[1, 1]);
        let mut service = Service::new(LeastConnection);
        service.update(&all, Time::ZERO);
        assert_eq!(pick(&mut service, Time::ZERO), Some(1), "what came last is first");
        assert_eq!(pick(&mut service, Time::ZERO), Some(0));
        service.update(&all[..1], Time::ZERO);
        assert_eq!(service.trash.len(), 1);
        service.established(all[1].id, Time::ZERO);
        service.update(&[all[1], all[0]], Time::ZERO);
        assert!(service.trash.is_empty());
        assert_eq!(counts(&mut service, all[1].id), [0, 1, 0]);
        assert_eq!(pick(&mut service, Time::ZERO), Some(1), "the other has none that is active");
        service.update(&all[..1], Time::ZERO);
        end(&mut service, all[1].id, Time::ZERO, Reply::Ok);
        service.update(&all[..1], Time::from_secs(120));
        assert!(service.trash.is_empty(), "nothing is left of it");
        end(&mut service, all[1].id, Time::from_secs(121), Reply::Ok);
        assert!(service.time_wait.is_empty());
        service.update(&[], Time::from_secs(121));
        service.withdrawn(all[0].id, Time::from_secs(121));
        assert_eq!(counts(&mut service, all[0].id), [1, 0, 0]);
        service.withdrawn(all[0].id, Time::from_secs(121));
        assert!(service.trash.is_empty(), "nothing was sent for either of its picks");
    }
}
