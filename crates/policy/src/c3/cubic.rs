//! Replicas ranked by the queue that a request would meet, to the third power, and sent no more than they answer
//! where that is wanted.

use engine::{Span, Time};

use crate::{
    Ended, Endpoint, EndpointId, Entry, Kind, Level, Parameter, PickContext, Policy, Reply, Report,
    block::{Outstanding, Score, any_of_least, carry},
    c3::send_rate::{Growth, SendRate},
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "c3.cubic",
    summary: "the least latency, with the queue to be expected to the third power",
    level: Level::Request,
    on_change: "who stays keeps its averages, its outstanding requests and its rate; who is new is \
                the best",
    parameters: &[
        Parameter {
            name: "clients",
            summary: "How many clients there are: each takes the others to do as it does.",
            kind: Kind::Integer { default: 1, min: 1, max: 1_000_000 },
        },
        Parameter {
            name: "alpha",
            summary: "How much the last answer counts in the averages.",
            kind: Kind::Number { default: 0.9, min: 0.0, max: 1.0 },
        },
        Parameter {
            name: "rate_control",
            summary: "Whether there is a rate for each endpoint, too, and requests wait where all \
                      are spent, as in the paper; the ranking alone is what is in use.",
            kind: Kind::Flag { default: false },
        },
        Parameter {
            name: "rate_interval",
            summary: "The time that rates are counted in.",
            kind: Kind::Duration { default: Span::from_millis(20) },
        },
        Parameter {
            name: "beta",
            summary: "What is left of a rate when fewer answers come than it allows requests.",
            kind: Kind::Number { default: 0.2, min: 0.001, max: 1.0 },
        },
        Parameter {
            name: "gamma",
            summary: "How fast a rate grows again: requests an interval for each cubed interval.",
            kind: Kind::Number { default: 0.032, min: 1e-12, max: 1_000_000.0 },
        },
        Parameter {
            name: "s_max",
            summary: "By how much a rate grows with an answer, at most.",
            kind: Kind::Number { default: 10.0, min: 0.001, max: 1_000_000.0 },
        },
    ],
    build: |settings, _| {
        let clients = settings.integer("clients") as u32;
        let score = CubicScore::new(clients, settings.number("alpha"));
        let growth = settings.flag("rate_control").then(|| Growth {
            interval: settings.duration("rate_interval").max(Span::from_nanos(1)),
            beta: settings.number("beta"),
            gamma: settings.number("gamma"),
            s_max: settings.number("s_max"),
        });
        Box::new(C3Cubic::new(score, growth))
    },
};

/// **What it does** The endpoint with the lowest score of all is picked: `R - 1/μ + q̂³/μ`. `R` is
/// how long it took to answer, `1/μ` how long a request is served there, and `q̂ = 1 + os·n + q`
/// the queue to be expected: `q` that the endpoint said, and `os` of the client's own for each of
/// `n` clients. The third power keeps away from long queues, however fast they move. Of equal ones
/// one is drawn. With `rate_control` each endpoint has a rate, too, which follows its answers: those
/// whose requests of the moment are spent are passed over, and where all are, requests wait
/// ([`SendRate`]).
///
/// **Where it is used** The paper; a variant of its score, without the rates, ranks the copies of a
/// shard in Elasticsearch, which is why there are none unless somebody wants them.
///
/// **What it needs to know** How long its own requests took, and with each answer how many requests
/// the endpoint has and how long it serves them: what is in use of it over its requests a second.
/// Where endpoints say nothing, their queue is taken to be empty and the service to be all of the
/// latency.
///
/// **When it goes wrong** An endpoint that has not answered yet has a score of 0, and gets all
/// requests until it has. A rate that allows more than is asked for is cut, too, so that requests
/// wait after a calm; where an endpoint answers a few in an interval, its rate swings between too
/// few and too many, and requests first wait in line and then crowd. Weights are ignored.
///
/// **Reference** Suresh, Canini, Schmid, Feldmann: *C3: Cutting Tail Latency in Cloud Data Stores
/// via Adaptive Replica Selection*, NSDI 2015, sections 3.1 and 3.2; numbers that it does not have
/// are those of a version of the authors' simulator.
#[derive(Clone, Debug)]
pub struct C3Cubic {
    score: CubicScore,
    growth: Option<Growth>,
    /// Place by place, where there are any.
    rates: Vec<SendRate>,
    /// Where a request was tried: room that is used again.
    tried: Vec<usize>,
}

impl C3Cubic {
    /// Such a policy, which lets rates grow like that where it has any.
    #[must_use]
    pub fn new(score: CubicScore, growth: Option<Growth>) -> Self {
        Self { score, growth, rates: Vec::new(), tried: Vec::new() }
    }

    fn take(&mut self, place: usize, now: Time) {
        self.score.begin(place);
        if let (Some(growth), Some(rate)) = (&self.growth, self.rates.get_mut(place)) {
            rate.take(now, growth);
        }
    }
}

impl Policy for C3Cubic {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        let before = self.score.carry(endpoints, now);
        if self.growth.is_some() {
            self.rates = carry(&before, &self.rates, |_| SendRate::new(now));
        }
    }

    #[inline]
    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let now = context.now;
        let Self { score, growth, rates, tried } = self;
        let all = 0..score.places();
        tried.clear();
        tried.extend(context.tried.iter().filter_map(|id| score.outstanding.place(*id)));
        // Where a request has failed it goes again only if there is nobody else.
        let others = all.clone().any(|place| !tried.contains(&place));
        let places = all.filter(|place| !(others && tried.contains(place)));
        let place = match growth {
            None => any_of_least(score, places, now, context.random)?,
            Some(growth) => {
                let wait = |place: usize| rates[place].wait(now, growth);
                let ready = places.clone().filter(|place| wait(*place) == Span::ZERO);
                let found = any_of_least(score, ready, now, context.random);
                if found.is_none() {
                    context.held_until = places.map(wait).min().map(|wait| now + wait);
                }
                found?
            }
        };
        self.take(place, now);
        Some(place)
    }

    fn chosen(&mut self, place: usize, now: Time) -> bool {
        self.take(place, now);
        true
    }

    fn remembers(&self) -> bool {
        true
    }

    fn listens(&self) -> bool {
        true
    }

    fn reads_reports(&self) -> bool {
        true
    }

    fn ended(&mut self, ended: &Ended) {
        let place = self.score.hear(ended);
        if let (Some(growth), Some(place)) = (&self.growth, place)
            && ended.reply != Reply::Failed
        {
            self.rates[place].answered(ended.now, growth);
        }
    }

    fn withdrawn(&mut self, endpoint: EndpointId, _: Time) {
        let place = self.score.outstanding.withdraw(endpoint);
        if let Some(rate) = place.and_then(|place| self.rates.get_mut(place)) {
            rate.give_back();
        }
    }
}

/// The score of C3, in seconds.
#[derive(Clone, Debug)]
pub struct CubicScore {
    clients: f64,
    alpha: f64,
    outstanding: Outstanding,
    averages: Vec<Averages>,
}

/// What is known of an endpoint by its answers.
#[derive(Clone, Copy, Debug, Default)]
struct Averages {
    response: Average,
    service: Average,
    queue: Average,
}

/// A moving average, which begins with the first value.
#[derive(Clone, Copy, Debug, Default)]
struct Average(Option<f64>);

impl Average {
    fn add(&mut self, value: f64, alpha: f64) {
        self.0 = Some(self.0.map_or(value, |old| alpha * value + (1.0 - alpha) * old));
    }
}

impl CubicScore {
    /// The score of a client among so many.
    #[must_use]
    pub fn new(clients: u32, alpha: f64) -> Self {
        let clients = f64::from(clients);
        Self { clients, alpha, outstanding: Outstanding::default(), averages: Vec::new() }
    }

    /// The queue to be expected: of what the endpoint said, and what the clients have outstanding.
    #[must_use]
    pub fn expected_queue(queue: f64, outstanding: u32, clients: f64) -> f64 {
        1.0 + f64::from(outstanding) * clients + queue
    }

    /// The score: of a response time, a service time and the queue to be expected.
    #[must_use]
    pub fn score(response: f64, service: f64, expected: f64) -> f64 {
        response - service + expected * expected * expected * service
    }
}

/// How long a request is served: what is in use of an endpoint over its requests a second.
fn service_time(report: &Report) -> Option<Span> {
    let Report { utilization, rate, .. } = *report;
    (utilization > 0.0 && rate > 0.0).then(|| Span::from_secs_f64(utilization / rate))
}

impl CubicScore {
    /// Takes in a new list. Gives back where each was before.
    fn carry(&mut self, endpoints: &[Endpoint], now: Time) -> Vec<Option<usize>> {
        let before = self.outstanding.update(endpoints, now);
        self.averages = carry(&before, &self.averages, |_| Averages::default());
        before
    }

    /// A pick has ended. Gives back the place, if the endpoint has been in the list since.
    fn hear(&mut self, ended: &Ended) -> Option<usize> {
        let place = self.outstanding.end(ended)?;
        let averages = &mut self.averages[place];
        averages.response.add(ended.latency.as_secs_f64(), self.alpha);
        if let Some(report) = &ended.report {
            averages.queue.add(f64::from(report.in_flight), self.alpha);
            if let Some(service) = service_time(report) {
                averages.service.add(service.as_secs_f64(), self.alpha);
            }
        }
        Some(place)
    }
}

impl Score for CubicScore {
    type Load = f64;

    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        self.carry(endpoints, now);
    }

    fn places(&self) -> usize {
        self.outstanding.len()
    }

    #[inline]
    fn of(&mut self, place: usize, _: Time) -> f64 {
        let Averages { response, service, queue } = self.averages[place];
        let Some(response) = response.0 else { return 0.0 };
        let outstanding = self.outstanding.counts()[place];
        let expected = Self::expected_queue(queue.0.unwrap_or(0.0), outstanding, self.clients);
        Self::score(response, service.0.unwrap_or(response), expected)
    }

    fn begin(&mut self, place: usize) {
        self.outstanding.begin(place);
    }

    fn end(&mut self, ended: &Ended) {
        self.hear(ended);
    }

    fn withdraw(&mut self, endpoint: EndpointId) {
        self.outstanding.withdraw(endpoint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reply;

    fn end(score: &mut CubicScore, endpoint: &Endpoint, report: Option<Report>) {
        let (now, latency) = (Time::ZERO, Span::from_millis(100));
        score.end(&Ended { endpoint: endpoint.id, now, latency, reply: Reply::Ok, report });
    }

    #[test]
    fn a_long_queue_is_worse_than_a_slow_server() {
        let all = Endpoint::numbered(&[1; 3]);
        let mut score = CubicScore::new(1, 0.9);
        score.update(&all, Time::ZERO);
        (0..3).for_each(|place| score.begin(place));
        let says = |in_flight, utilization, rate| {
            Some(Report { in_flight, utilization, rate, ..Report::default() })
        };
        end(&mut score, &all[0], says(20, 1.0, 100.0));
        end(&mut score, &all[1], says(5, 1.0, 20.0));
        // R of 100 ms each; 10 ms of service with a queue of 20, 50 ms with one of 5.
        let of = |score: &mut CubicScore, place| score.of(place, Time::ZERO);
        assert!((of(&mut score, 0) - (0.09 + 9261.0 * 0.01)).abs() < 1e-9);
        assert!((of(&mut score, 1) - (0.05 + 216.0 * 0.05)).abs() < 1e-9);
        assert!(of(&mut score, 2) <= 0.0, "its answer is awaited");
        end(&mut score, &all[2], None);
        assert!((of(&mut score, 2) - 0.1).abs() < 1e-9, "of one that says nothing");
    }

    #[test]
    fn where_a_request_has_failed_it_goes_only_if_there_is_nobody_else() {
        let all = Endpoint::numbered(&[1; 3]);
        let interval = Span::from_millis(20);
        let growth = Growth { interval, beta: 0.2, gamma: 0.032, s_max: 10.0 };
        for growth in [None, Some(growth)] {
            let mut policy = C3Cubic::new(CubicScore::new(1, 0.9), growth);
            policy.update(&all, Time::ZERO);
            let mut random = engine::Streams::new(1).named("c3");
            let mut pick = |policy: &mut C3Cubic, tried: &[EndpointId]| {
                let mut context = PickContext::new(Time::ZERO, &mut random);
                context.tried = tried;
                policy.pick(&mut context)
            };
            // It fails at once, and so is the best by far.
            let (now, latency) = (Time::ZERO, Span::from_nanos(1));
            let failed =
                Ended { endpoint: all[1].id, now, latency, reply: Reply::Failed, report: None };
            for (place, endpoint) in all.iter().enumerate() {
                policy.chosen(place, Time::ZERO);
                let latency = Span::from_secs(1);
                policy.ended(&Ended { endpoint: endpoint.id, latency, ..failed });
            }
            policy.chosen(1, Time::ZERO);
            policy.ended(&failed);
            for _ in 0..5 {
                assert_ne!(pick(&mut policy, &[all[1].id]), Some(1), "{growth:?}");
            }
            policy.update(&all[1..2], Time::ZERO);
            assert_eq!(pick(&mut policy, &[all[1].id]), Some(0), "{growth:?}");
        }
    }

    #[test]
    fn averages_stay_with_their_endpoint() {
        let all = Endpoint::numbered(&[1; 3]);
        let mut score = CubicScore::new(4, 0.9);
        score.update(&all[..2], Time::ZERO);
        score.begin(1);
        end(&mut score, &all[1], None);
        score.begin(1);
        score.update(&[all[2], all[1]], Time::ZERO);
        assert!(score.of(0, Time::ZERO) <= 0.0);
        assert!((score.of(1, Time::ZERO) - 0.1 * 125.0).abs() < 1e-9);
    }
}
