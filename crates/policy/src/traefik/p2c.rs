//! The two choices of Traefik.

use engine::Time;

use crate::{
    Ended, Endpoint, EndpointId, Entry, Level, PickContext, Policy,
    block::{Outstanding, Rebuilt, Sampling},
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "traefik.p2c",
    summary: "the better of two by requests in flight, neighbours more often",
    level: Level::Request,
    on_change: "everything is forgotten: a new configuration is a new balancer",
    parameters: &[],
    build: |_, _| Box::<TraefikP2c>::default(),
};

/// **What it does** Two endpoints are drawn, and the one with fewer requests in flight is picked,
/// the first where both have as many. Should the same one be drawn twice, the second is the one
/// behind it.
///
/// **Where it is used** Traefik, `strategy: p2c` of a load balancer, for each request.
///
/// **What it needs to know** The list, and which of its own requests are in flight. With each
/// change of the configuration it begins anew, and what was in flight then is not counted any more.
///
/// **When it goes wrong** Each endpoint is compared with the one behind it twice as often as with
/// any other. During a rollout every change forgets what the old pods are busy with. Weights are
/// ignored.
///
/// **Reference** `pkg/server/service/loadbalancer/p2c/p2c.go` of Traefik.
#[derive(Clone, Debug, Default)]
pub struct TraefikP2c {
    rebuilt: Rebuilt,
    outstanding: Outstanding,
}

impl Policy for TraefikP2c {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        if self.rebuilt.update(endpoints) {
            self.outstanding.restart(endpoints, now);
        }
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let outstanding = &mut self.outstanding;
        let place = Sampling::Neighbours.choose(outstanding, context.now, context.random)?;
        outstanding.begin(place);
        Some(place)
    }

    fn chosen(&mut self, place: usize, _: Time) -> bool {
        self.outstanding.begin(place);
        true
    }

    /// It remembers nothing of a list that has changed, but everything of one that has not.
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
    fn a_change_forgets_what_is_in_flight_and_does_not_hear_of_it_again() {
        let all = Endpoint::numbered(&[1; 3]);
        let mut policy = TraefikP2c::default();
        let mut random = Streams::new(1).named("traefik");
        let mut pick = |policy: &mut TraefikP2c, second| {
            policy.pick(&mut PickContext::new(Time::from_secs(second), &mut random))
        };
        assert_eq!(pick(&mut policy, 0), None);
        policy.update(&all[..2], Time::ZERO);
        (0..4).for_each(|_| assert!(pick(&mut policy, 1).is_some()));
        policy.update(&all[..2], Time::from_secs(2));
        assert_eq!(policy.outstanding.counts(), [2, 2], "nothing has changed");
        policy.update(&all, Time::from_secs(2));
        assert_eq!(policy.outstanding.counts(), [0; 3]);
        (0..3).for_each(|_| assert!(pick(&mut policy, 3).is_some()));
        let before = policy.outstanding.counts().iter().sum::<u32>();
        let ended = |place: usize, latency| Ended {
            endpoint: all[place].id,
            now: Time::from_secs(4),
            latency: Span::from_secs(latency),
            reply: Reply::Ok,
            report: None,
        };
        (0..2).for_each(|place| policy.ended(&ended(place, 3)));
        assert_eq!(policy.outstanding.counts().iter().sum::<u32>(), before);
        (0..3).for_each(|place| policy.ended(&ended(place, 1)));
        assert!(policy.outstanding.counts().iter().sum::<u32>() < before);
    }
}
