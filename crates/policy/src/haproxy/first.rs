//! The first that is not full: HAProxy's `first`.

use engine::Time;

use crate::{
    Ended, Endpoint, EndpointId, Entry, Kind, Level, Parameter, PickContext, Policy,
    block::{Outstanding, open_places},
};

static PARAMETERS: &[Parameter] = &[Parameter {
    name: "maxconn",
    summary: "How many connections a server has at most; 0 for as many as there are.",
    kind: Kind::Integer { default: 0, min: 0, max: u32::MAX as u64 },
}];

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "haproxy.first",
    summary: "the first in the list that is not full",
    level: Level::Request,
    on_change: "counts belong to servers; a new one is taken when those before it are full",
    parameters: PARAMETERS,
    build: |settings, _| Box::new(HaproxyFirst::new(settings.integer("maxconn") as u32)),
};

/// **What it does** The first server of the list that has fewer connections than `maxconn`. Weights
/// do not count, but that one of weight 0 is out of use.
///
/// **Where it is used** HAProxy, `balance first`: it is meant to leave the last servers idle, so
/// that they can be switched off.
///
/// **What it needs to know** The list's order and the connections of this HAProxy. A request that
/// is tried again avoids the server that it was tried on last.
///
/// **When it goes wrong** Without a `maxconn` everything goes to the first server. Where all are
/// full, requests wait in line until one has room. *Left out:* `timeout queue`, the end of that
/// wait; a request waits as long as its client does.
///
/// **Reference** `fas_get_next_server` in `src/lb_fas.c`, `process_srv_queue` in `src/queue.c`.
#[derive(Clone, Debug)]
pub struct HaproxyFirst {
    maxconn: u32,
    outstanding: Outstanding,
    /// How many connections each has at most; 0 for one that is out of use.
    limits: Vec<u32>,
}

impl HaproxyFirst {
    /// Servers that are full with so many connections, 0 for never.
    #[must_use]
    pub fn new(maxconn: u32) -> Self {
        Self { maxconn, outstanding: Outstanding::default(), limits: Vec::new() }
    }

    /// Sets when one server is full, until the list changes.
    pub fn set_maxconn(&mut self, place: usize, maxconn: u32) {
        self.limits[place] = if maxconn > 0 { maxconn } else { u32::MAX };
    }
}

impl Policy for HaproxyFirst {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        self.outstanding.update(endpoints, now);
        self.limits = vec![0; endpoints.len()];
        for place in open_places(endpoints) {
            self.set_maxconn(place, self.maxconn);
        }
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let avoid = context.tried.last().and_then(|id| self.outstanding.place(*id));
        let counts = self.outstanding.counts();
        let free = |place: &usize| counts[*place] < self.limits[*place];
        let mut others = (0..counts.len()).filter(|place| Some(*place) != avoid);
        let place = others.find(free).or_else(|| avoid.filter(free));
        match place {
            Some(place) => self.outstanding.begin(place),
            // Until one of them has room. Where none is in use there is nothing to wait for.
            None if self.limits.iter().any(|limit| *limit > 0) => {
                context.held_until = Some(Time::MAX);
            }
            None => {}
        }
        place
    }

    fn chosen(&mut self, place: usize, _: Time) -> bool {
        let free = self.outstanding.counts()[place] < self.limits[place];
        if free {
            self.outstanding.begin(place);
        }
        free
    }

    fn remembers(&self) -> bool {
        true
    }

    fn listens(&self) -> bool {
        true
    }

    fn ended(&mut self, ended: &Ended) {
        self.outstanding.end(ended);
    }

    fn withdrawn(&mut self, endpoint: EndpointId, _: Time) {
        self.outstanding.withdraw(endpoint);
    }
}

#[cfg(test)]
mod tests {
    use engine::{Span, Streams};

    use super::*;
    use crate::Reply;

    #[test]
    fn one_is_filled_after_the_other() {
        let all = Endpoint::numbered(&[1, 0, 5]);
        let mut policy = HaproxyFirst::new(2);
        let mut random = Streams::new(1).named("unused");
        let mut pick = |policy: &mut HaproxyFirst, tried: &[EndpointId]| {
            let mut context = PickContext::new(Time::ZERO, &mut random);
            context.tried = tried;
            let place = policy.pick(&mut context);
            assert!(place.is_none() || context.held_until.is_none());
            (place, context.held_until)
        };
        assert_eq!(pick(&mut policy, &[]), (None, None), "there is nobody to wait for");
        policy.update(&all, Time::ZERO);
        for expected in [0, 0, 2, 2] {
            assert_eq!(pick(&mut policy, &[]), (Some(expected), None));
        }
        let full = (None, Some(Time::MAX));
        assert_eq!(pick(&mut policy, &[]), full);
        let (now, latency, reply) = (Time::ZERO, Span::ZERO, Reply::Ok);
        policy.ended(&Ended { endpoint: all[0].id, now, latency, reply, report: None });
        policy.update(&[all[2], all[0]], Time::ZERO);
        assert_eq!(pick(&mut policy, &[all[0].id]), (Some(1), None), "the other is full");
        assert_eq!(pick(&mut policy, &[]), full);
        let mut policy = HaproxyFirst::new(0);
        policy.update(&all, Time::ZERO);
        assert_eq!(pick(&mut policy, &[]), (Some(0), None));
        assert_eq!(pick(&mut policy, &[all[0].id]), (Some(2), None));
    }
}
