//! The least latency, as Traefik has it.

use engine::{Span, Time};

use crate::{
    Ended, Endpoint, EndpointId, Entry, Level, PickContext, Policy, Reply,
    block::{Outstanding, Rebuilt},
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "traefik.leasttime",
    summary: "the least of mean latency times requests in flight, by weight",
    level: Level::Request,
    on_change: "everything is forgotten: a new configuration is a new balancer",
    parameters: &[],
    build: |_, _| Box::<TraefikLeastTime>::default(),
};

/// **What it does** The endpoint with the lowest score of all: the mean of its last 100 latencies,
/// in whole milliseconds, times its requests in flight and one more, over its weight. Of those that
/// are equal the one that is due first, by deadlines that advance by 1/weight with each pick of
/// several.
///
/// **Where it is used** Traefik, `strategy: leasttime` of a load balancer, for each request.
///
/// **What it needs to know** The list with its weights, which of its own requests are in flight,
/// and how long the answered ones took. It measures until the answer is whole, where Traefik
/// measures to its first byte. With each change of the configuration it begins anew.
///
/// **When it goes wrong** An endpoint that has not answered yet has a score of 0, and gets all
/// requests until it has; so has one that answers within a millisecond. Every change begins with
/// that.
///
/// **Reference** `pkg/server/service/loadbalancer/leasttime/leasttime.go` of Traefik.
#[derive(Clone, Debug, Default)]
pub struct TraefikLeastTime {
    rebuilt: Rebuilt,
    outstanding: Outstanding,
    servers: Vec<Server>,
}

#[derive(Clone, Debug, Default)]
struct Server {
    weight: f64,
    /// When it is due where it is one of several that are equal.
    deadline: f64,
    /// The last latencies in milliseconds, and where the next one goes.
    samples: Vec<f64>,
    next: usize,
    sum: f64,
}

/// So many latencies are remembered.
const SAMPLES: usize = 100;

impl Server {
    fn mean(&self) -> f64 {
        if self.samples.is_empty() { 0.0 } else { self.sum / self.samples.len() as f64 }
    }

    fn add(&mut self, milliseconds: f64) {
        if self.samples.len() < SAMPLES {
            self.samples.push(milliseconds);
        } else {
            self.sum -= std::mem::replace(&mut self.samples[self.next], milliseconds);
        }
        self.sum += milliseconds;
        self.next = (self.next + 1) % SAMPLES;
    }
}

impl TraefikLeastTime {
    /// The score of the endpoint in a place, lower is better; infinite where it has no weight.
    #[must_use]
    pub fn score(&self, place: usize) -> f64 {
        let server = &self.servers[place];
        let in_flight = f64::from(self.outstanding.counts()[place]);
        if server.weight > 0.0 {
            server.mean() * (1.0 + in_flight) / server.weight
        } else {
            f64::INFINITY
        }
    }

    /// Takes in how long an endpoint took to answer.
    pub fn answered(&mut self, place: usize, latency: Span) {
        self.servers[place].add((latency.as_nanos() / 1_000_000) as f64);
    }

    /// Notes a request that is sent to an endpoint.
    pub fn begin(&mut self, place: usize) {
        self.outstanding.begin(place);
    }

    /// The place of the least score; of equal ones, the one that is due first has its turn.
    pub fn due(&mut self) -> Option<usize> {
        let servers = || (0..self.servers.len()).filter(|it| self.servers[*it].weight > 0.0);
        let least = servers().map(|it| self.score(it)).min_by(f64::total_cmp)?;
        let equal = || servers().filter(|it| self.score(*it) <= least);
        let first = equal()
            .min_by(|a, b| self.servers[*a].deadline.total_cmp(&self.servers[*b].deadline))?;
        if equal().nth(1).is_some() {
            let server = &mut self.servers[first];
            server.deadline += 1.0 / server.weight;
        }
        Some(first)
    }
}

impl Policy for TraefikLeastTime {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        if !self.rebuilt.update(endpoints) {
            return;
        }
        self.outstanding.restart(endpoints, now);
        let mut deadline = 0.0;
        let server = |endpoint: &Endpoint| {
            let weight = f64::from(endpoint.weight);
            if weight > 0.0 {
                deadline += 1.0 / weight;
            }
            let samples = Vec::with_capacity(SAMPLES);
            Server { weight, deadline, samples, ..Server::default() }
        };
        self.servers = endpoints.iter().map(server).collect();
    }

    fn pick(&mut self, _: &mut PickContext<'_>) -> Option<usize> {
        let place = self.due()?;
        self.begin(place);
        Some(place)
    }

    fn chosen(&mut self, place: usize, _: Time) -> bool {
        self.begin(place);
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
        if let Some(place) = self.outstanding.end(ended)
            && ended.reply != Reply::Failed
        {
            self.answered(place, ended.latency);
        }
    }

    fn withdrawn(&mut self, endpoint: EndpointId, _: Time) {
        self.outstanding.withdraw(endpoint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(weights: &[u32]) -> TraefikLeastTime {
        let mut policy = TraefikLeastTime::default();
        policy.update(&Endpoint::numbered(weights), Time::ZERO);
        policy
    }

    #[test]
    fn equal_ones_take_turns_by_weight() {
        let mut policy = policy(&[3, 1, 0]);
        let picks: Vec<_> = (0..400).filter_map(|_| policy.due()).collect();
        assert_eq!(picks[..8], [0, 0, 0, 0, 1, 0, 0, 0], "who was added first is due first");
        let count = |of: usize| picks.iter().filter(|place| **place == of).count();
        let counts = [count(0), count(1), count(2)];
        assert!(counts[0].abs_diff(300) < 2 && counts[2] == 0, "{counts:?}");
    }

    #[test]
    fn one_that_has_not_answered_gets_all() {
        let all = Endpoint::numbered(&[1; 3]);
        let mut policy = policy(&[1, 1]);
        (0..2).for_each(|place| policy.answered(place, Span::from_millis(5)));
        policy.update(&all, Time::from_secs(1));
        (0..2).for_each(|place| policy.answered(place, Span::from_millis(5)));
        policy.begin(2);
        assert_eq!(policy.due(), Some(2));
        let ended = |reply| Ended {
            endpoint: all[2].id,
            now: Time::from_secs(3),
            latency: Span::from_secs(1),
            reply,
            report: None,
        };
        policy.ended(&ended(Reply::Failed));
        assert_eq!(policy.due(), Some(2), "a failure is no answer");
        policy.ended(&ended(Reply::Ok));
        assert_eq!(policy.due(), Some(0));
    }

    #[test]
    fn the_last_hundred_count() {
        let mut policy = policy(&[1, 1]);
        (0..100).for_each(|_| policy.answered(0, Span::from_millis(50)));
        (0..50).for_each(|_| policy.answered(0, Span::from_micros(10_900)));
        assert!((policy.score(0) - 30.0).abs() < 1e-9, "of 10 ms and 50 ms: {}", policy.score(0));
    }

    #[test]
    fn of_none_or_of_those_without_weight_there_is_none() {
        assert_eq!(policy(&[]).due(), None);
        assert_eq!(policy(&[0, 0]).due(), None);
        assert_eq!(policy(&[0, 1]).due(), Some(1));
    }
}
