//! No more than so much at a time.

use engine::Time;

use super::{LayerEntry, Stage, hand_on};
use crate::{Ended, Endpoint, EndpointId, Kind, Parameter, PickContext, Policy, Settings};

/// Its line in the list of layers.
pub static ENTRY: LayerEntry = LayerEntry {
    name: "envoy.circuit_breakers",
    summary: "nobody is chosen while too much is under way",
    stage: Stage::Circuit,
    counts_unhealthy: false,
    parameters: &[
        limit("max_connections", "How many picks may be under way, with a connection each.", 1024),
        limit("max_requests", "How many picks may be under way.", 1024),
        limit("max_retries", "How many retries may be, where there is no retry_budget.", 3),
        Parameter {
            name: "retry_budget",
            summary: "Whether a share of what is under way limits retries, and not max_retries.",
            kind: Kind::Flag { default: false },
        },
        Parameter {
            name: "budget_percent",
            summary: "The share of what is under way that may be retries, in percent.",
            kind: Kind::Number { default: 20.0, min: 0.0, max: 100.0 },
        },
        limit("min_retry_concurrency", "How many retries the budget always allows.", 3),
    ],
    wrap: |inside, settings, instance| {
        Box::new(CircuitBreakers::new(inside.build_as(instance), Limits::of(settings)))
    },
};

const fn limit(name: &'static str, summary: &'static str, default: u64) -> Parameter {
    Parameter { name, summary, kind: Kind::Integer { default, min: 0, max: u32::MAX as u64 } }
}

/// How much may be under way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// So many picks.
    pub picks: u32,
    /// So many retries among them.
    pub retries: Retries,
}

/// How many retries may be under way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Retries {
    /// A number.
    AtMost(u32),
    /// A share of what is under way.
    Budget {
        /// In percent.
        percent: f64,
        /// What is allowed in any case.
        least: u32,
    },
}

impl Limits {
    fn of(settings: &Settings) -> Self {
        let integer = |name| u32::try_from(settings.integer(name)).unwrap_or(u32::MAX);
        let retries = if settings.flag("retry_budget") {
            let percent = settings.number("budget_percent");
            Retries::Budget { percent, least: integer("min_retry_concurrency") }
        } else {
            Retries::AtMost(integer("max_retries"))
        };
        Self { picks: integer("max_connections").min(integer("max_requests")), retries }
    }
}

impl Retries {
    /// How many that is where so much is under way.
    #[must_use]
    pub fn limit(self, under_way: u32) -> usize {
        match self {
            Self::AtMost(most) => most as usize,
            Self::Budget { percent, least } => {
                let share = (percent * f64::from(under_way) / 100.0) as u32;
                share.max(least) as usize
            }
        }
    }
}

/// **What it does** Where as much is under way as may be, nobody is chosen, and the request fails
/// at once. Retries have a limit of their own: a number, or a share of what is under way.
///
/// **Where it is used** Envoy, `circuit_breakers` of a cluster, and what is made of them, such as
/// Istio's `connectionPool`; one set of counters for each Envoy.
///
/// **What it needs to know** Its own picks that have not ended, and whether an endpoint was tried
/// before for the same request. Endpoints that come and go change nothing of that.
///
/// **When it goes wrong** A limit is each proxy's own, so many proxies allow many times as much.
/// Without a limit of retries a failing service gets several times its load.
///
/// **Reference** `source/common/upstream/resource_manager_impl.h`. Here a refused request takes no
/// turn of the policy inside. *Left out:* `max_pending_requests`, for nobody waits for a connection
/// here, and limits of each host.
#[derive(Clone, Debug)]
pub struct CircuitBreakers<P> {
    inside: P,
    limits: Limits,
    under_way: u32,
    /// What of that is at each endpoint, by its identity, wherever that is now.
    by_id: Vec<u32>,
    /// The retries that are under way, each with the moment of its pick.
    retries: Vec<(EndpointId, Time)>,
    endpoints: Vec<EndpointId>,
}

impl<P: Policy> CircuitBreakers<P> {
    /// Nothing is under way.
    pub fn new(inside: P, limits: Limits) -> Self {
        let (by_id, retries, endpoints) = (Vec::new(), Vec::new(), Vec::new());
        Self { inside, limits, under_way: 0, by_id, retries, endpoints }
    }

    fn has_room(&self) -> bool {
        self.under_way < self.limits.picks
    }

    fn begin(&mut self, place: usize) {
        self.under_way += 1;
        self.by_id[self.endpoints[place].0 as usize] += 1;
    }

    /// A pick of this endpoint, made at that moment, is over.
    fn over(&mut self, endpoint: EndpointId, begun: Time) {
        self.under_way = self.under_way.saturating_sub(1);
        if let Some(there) = self.by_id.get_mut(endpoint.0 as usize) {
            *there = there.saturating_sub(1);
        }
        if let Some(retry) = self.retry(endpoint, begun) {
            self.retries.swap_remove(retry);
        }
    }

    /// Which retry is over, if it was one: that of the same moment; or any, where no more is under
    /// way at its endpoint than retries.
    fn retry(&self, endpoint: EndpointId, begun: Time) -> Option<usize> {
        let there = |(known, _): &(EndpointId, Time)| *known == endpoint;
        let same = |retry: &(EndpointId, Time)| there(retry) && retry.1 == begun;
        self.retries.iter().position(same).or_else(|| {
            let retries = self.retries.iter().filter(|retry| there(retry)).count();
            let left = self.by_id.get(endpoint.0 as usize).copied().unwrap_or(0);
            (retries > left as usize).then(|| self.retries.iter().position(there))?
        })
    }
}

impl<P: Policy> Policy for CircuitBreakers<P> {
    hand_on!(inside: reads_reports, established, probes, reported);

    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        self.endpoints.clear();
        self.endpoints.extend(endpoints.iter().map(|endpoint| endpoint.id));
        let ids = self.endpoints.iter().map(|id| id.0 as usize + 1).max().unwrap_or(0);
        self.by_id.resize(self.by_id.len().max(ids), 0);
        self.inside.update(endpoints, now);
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let retry = !context.tried.is_empty();
        let most = self.limits.retries.limit(self.under_way);
        if !self.has_room() || retry && self.retries.len() >= most {
            return None;
        }
        let place = self.inside.pick(context)?;
        self.begin(place);
        if retry {
            self.retries.push((self.endpoints[place], context.now));
        }
        Some(place)
    }

    fn chosen(&mut self, place: usize, now: Time) -> bool {
        let taken = self.has_room() && self.inside.chosen(place, now);
        if taken {
            self.begin(place);
        }
        taken
    }

    fn remembers(&self) -> bool {
        true
    }

    fn listens(&self) -> bool {
        true
    }

    fn ended(&mut self, ended: &Ended) {
        self.over(ended.endpoint, ended.begun());
        self.inside.ended(ended);
    }

    fn withdrawn(&mut self, endpoint: EndpointId, now: Time) {
        self.over(endpoint, now);
        self.inside.withdrawn(endpoint, now);
    }
}

#[cfg(test)]
mod tests {
    use engine::Streams;

    use super::*;
    use crate::{Reply, ipvs::rr::IpvsRoundRobin};

    struct Circuit(CircuitBreakers<IpvsRoundRobin>);

    impl Circuit {
        fn new(limits: Limits) -> Self {
            let mut circuit = CircuitBreakers::new(IpvsRoundRobin::default(), limits);
            circuit.update(&Endpoint::numbered(&[1; 2]), Time::ZERO);
            Self(circuit)
        }

        fn pick(&mut self, tried: &[u32], millis: u64) -> Option<usize> {
            let tried: Vec<EndpointId> = tried.iter().copied().map(EndpointId).collect();
            let mut random = Streams::new(1).named("unused");
            let mut context = PickContext::new(Time::from_millis(millis), &mut random);
            context.tried = &tried;
            self.0.pick(&mut context)
        }

        fn end(&mut self, endpoint: u32, picked_millis: u64) {
            let now = Time::from_millis(1_000);
            let latency = now - Time::from_millis(picked_millis);
            let endpoint = EndpointId(endpoint);
            self.0.ended(&Ended { endpoint, now, latency, reply: Reply::Ok, report: None });
        }
    }

    #[test]
    fn nobody_is_chosen_beyond_the_limit_until_something_ends() {
        let mut circuit = Circuit::new(Limits { picks: 2, retries: Retries::AtMost(0) });
        assert_eq!([0, 1, 2].map(|now| circuit.pick(&[], now)), [Some(1), Some(0), None]);
        assert!(!circuit.0.chosen(0, Time::ZERO));
        circuit.0.update(&[], Time::ZERO);
        circuit.0.update(&Endpoint::numbered(&[1; 2]), Time::ZERO);
        assert_eq!(circuit.pick(&[], 3), None, "what is under way stays so");
        circuit.end(1, 0);
        assert!(circuit.0.chosen(0, Time::ZERO));
        assert_eq!(circuit.pick(&[], 3), None);
    }

    #[test]
    fn retries_have_a_limit_of_their_own() {
        let mut circuit = Circuit::new(Limits { picks: 9, retries: Retries::AtMost(1) });
        assert_eq!(circuit.pick(&[0], 5), Some(1));
        assert_eq!(circuit.pick(&[0], 6), None);
        assert_eq!(circuit.pick(&[], 7), Some(0));
        circuit.end(0, 7);
        assert_eq!(circuit.pick(&[0], 8), None, "that was not the retry");
        circuit.end(1, 5);
        assert_eq!(circuit.pick(&[0], 9), Some(1));
    }

    #[test]
    fn no_retry_stays_where_nothing_is_under_way() {
        let mut circuit = Circuit::new(Limits { picks: 9, retries: Retries::AtMost(1) });
        assert_eq!(circuit.pick(&[0], 5), Some(1));
        assert_eq!([6, 7].map(|now| circuit.pick(&[], now)), [Some(0), Some(1)]);
        // Its endpoint has left, and who says so counts from another moment.
        circuit.0.update(&[], Time::ZERO);
        circuit.end(1, 9);
        circuit.0.update(&Endpoint::numbered(&[1; 2]), Time::ZERO);
        assert_eq!(circuit.pick(&[0], 10), None, "one is left there, so it may be the retry");
        circuit.end(1, 9);
        assert_eq!(circuit.pick(&[0], 10), Some(1));
    }

    #[test]
    fn a_budget_grows_with_what_is_under_way() {
        let budget = Retries::Budget { percent: 20.0, least: 3 };
        let limits = [0, 15, 19, 20, 1_000].map(|under_way| budget.limit(under_way));
        assert_eq!(limits, [3, 3, 3, 4, 200]);
    }
}
