//! The best of a few drawn: HAProxy's `random`, and its default.

use engine::Time;

use super::hashing::{HASH_BALANCE_FACTOR, Hashing};
use crate::{
    Ended, Endpoint, EndpointId, Entry, Kind, Level, Parameter, PickContext, Policy, Settings,
    block::{DRAWS_BEFORE_LOOKING, Places},
};

const DRAWS: Parameter = Parameter {
    name: "draws",
    summary: "How many servers are drawn, of which the least loaded is taken.",
    kind: Kind::Integer { default: 2, min: 1, max: u32::MAX as u64 },
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "haproxy.random",
    summary: "the least loaded of two points drawn on a ring",
    level: Level::Request,
    on_change: "counts belong to servers; a new one begins at 0, so it wins whenever it is drawn",
    parameters: &[DRAWS, HASH_BALANCE_FACTOR],
    build: |settings, _| Box::new(HaproxyRandom::new(settings)),
};

/// **What it does** Draws points of a ring on which each server has sixteen for a unit of its
/// weight, twice as a rule. Of two servers it takes the one with fewer requests for its weight; if
/// they are level, the one with fewer in the last second; if they are level in that too, the one
/// that was drawn last.
///
/// **Where it is used** HAProxy, `balance random(2)`, and of late where no `balance` is set; a
/// request at a time.
///
/// **What it needs to know** The servers' numbers and weights, and the requests of this HAProxy. A
/// request that is tried again avoids the server that it was tried on last.
///
/// **When it goes wrong** Shares are as uneven as the ring's arcs while nobody has requests in
/// flight; a server with a short arc is seldom drawn.
///
/// **Reference** `get_server_rnd` in `src/backend.c`; `src/lb_chash.c`.
#[derive(Clone, Debug)]
pub struct HaproxyRandom {
    draws: u64,
    hashing: Hashing,
    places: Places,
    rates: Vec<Rate>,
}

/// How many requests began in the last second.
#[derive(Clone, Copy, Debug, Default)]
struct Rate {
    second: u64,
    /// Those of this second, and of the one before.
    counts: [u32; 2],
}

const SECOND: u64 = 1_000_000_000;

impl Rate {
    fn turn(&mut self, now: Time) {
        let second = now.as_nanos() / SECOND;
        if second == self.second + 1 {
            self.counts = [0, self.counts[0]];
        } else if second > self.second {
            self.counts = [0, 0];
        }
        self.second = second;
    }

    fn begin(&mut self, now: Time) {
        self.turn(now);
        self.counts[0] += 1;
    }

    fn withdraw(&mut self, now: Time) {
        self.turn(now);
        self.counts[0] = self.counts[0].saturating_sub(1);
    }

    /// Those of this second, and of the one before as much as is in the last 1000 milliseconds.
    fn of_last_second(mut self, now: Time) -> u64 {
        self.turn(now);
        let left = 1000 - now.as_nanos() % SECOND / 1_000_000;
        u64::from(self.counts[0]) + u64::from(self.counts[1]) * left / 1000
    }
}

impl HaproxyRandom {
    /// As it is set.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self {
            draws: settings.integer(DRAWS.name),
            hashing: Hashing::ring(settings.integer(HASH_BALANCE_FACTOR.name) as u32),
            places: Places::default(),
            rates: Vec::new(),
        }
    }

    /// A request begins.
    fn begin(&mut self, place: usize, now: Time) {
        self.hashing.begin(place);
        self.rates[place].begin(now);
    }

    fn draw(&self, context: &mut PickContext<'_>) -> Option<usize> {
        let hash = (context.random.next_u64() >> 32) as u32;
        self.hashing.find(context, hash)
    }

    /// Goes on after the first few draws, until one has come up that nobody is better than. Of those
    /// that are as good the last one that is drawn would be taken, and this takes the first: as all
    /// draws are alike, either is as likely to be any of them.
    fn draw_on(&self, mut best: usize, context: &mut PickContext<'_>) -> Option<usize> {
        let now = context.now;
        let places = self.hashing.found(context);
        let Some(least) = places.reduce(|least, place| self.better(place, least, now)) else {
            return Some(best);
        };
        let mut left = DRAWS_BEFORE_LOOKING.into()..self.draws;
        while best != least && self.better(least, best, now) == least && left.next().is_some() {
            best = self.better(best, self.draw(context)?, now);
        }
        Some(best)
    }

    /// The better of two servers, of which the second was drawn later.
    fn better(&self, first: usize, second: usize, now: Time) -> usize {
        let ((served, weight), (other, other_weight)) =
            (self.hashing.load(second), self.hashing.load(first));
        let (weight, other_weight) = (u64::from(weight), u64::from(other_weight));
        let load = u64::from(served) * other_weight;
        let other_load = u64::from(other) * weight;
        let rate = || self.rates[second].of_last_second(now) * other_weight;
        let other_rate = || self.rates[first].of_last_second(now) * weight;
        let worse = load > other_load || (load == other_load && rate() > other_rate());
        if worse { first } else { second }
    }
}

impl Policy for HaproxyRandom {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        self.hashing.update(endpoints, now);
        let before = self.places.update(endpoints).into_iter();
        let kept = |place: Option<usize>| place.map(|place| self.rates[place]);
        self.rates = before.map(|place| kept(place).unwrap_or_default()).collect();
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let mut best = self.draw(context)?;
        for _ in 1..self.draws.min(DRAWS_BEFORE_LOOKING.into()) {
            best = self.better(best, self.draw(context)?, context.now);
        }
        if self.draws > DRAWS_BEFORE_LOOKING.into() {
            best = self.draw_on(best, context)?;
        }
        self.begin(best, context.now);
        Some(best)
    }

    fn chosen(&mut self, place: usize, now: Time) -> bool {
        self.begin(place, now);
        true
    }

    fn remembers(&self) -> bool {
        true
    }

    fn listens(&self) -> bool {
        true
    }

    fn ended(&mut self, ended: &Ended) {
        self.hashing.ended(ended);
    }

    fn withdrawn(&mut self, endpoint: EndpointId, now: Time) {
        self.hashing.withdrawn(endpoint);
        if let Some(place) = self.places.of(endpoint) {
            self.rates[place].withdraw(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::{Span, Streams};

    use super::*;
    use crate::{Configured, Reply, Value};

    fn policy(draws: u64, weights: &[u32]) -> Box<dyn Policy> {
        let mut configured = Configured::new(&ENTRY);
        assert!(configured.set("draws", Value::Integer(draws)).is_ok());
        let mut policy = configured.build(1);
        policy.update(&Endpoint::numbered(weights), Time::ZERO);
        policy
    }

    fn counts(policy: &mut dyn Policy, of: usize, ends: bool) -> Vec<u32> {
        let mut random = Streams::new(1).named("random");
        let mut counts = vec![0; of];
        for number in 0..1000 {
            let now = Time::from_millis(number);
            let place = policy.pick(&mut PickContext::new(now, &mut random)).expect("somebody");
            counts[place] += 1;
            if ends {
                let (endpoint, latency) = (EndpointId(place as u32), Span::ZERO);
                policy.ended(&Ended { endpoint, now, latency, reply: Reply::Ok, report: None });
            }
        }
        counts
    }

    #[test]
    fn many_draws_find_who_has_fewest_for_its_weight() {
        assert_eq!(counts(&mut *policy(30, &[1, 3, 0]), 3, false), [250, 750, 0]);
        let even = counts(&mut *policy(30, &[1, 1]), 2, true);
        assert_eq!(even, [500, 500], "the last second decides where nobody has any");
        let one = counts(&mut *policy(1, &[1, 1, 1, 1]), 4, false);
        assert!(one.iter().all(|count| count.abs_diff(250) < 150), "as the arcs: {one:?}");
        assert!(one.iter().any(|count| count.abs_diff(250) > 20), "as the arcs: {one:?}");
    }

    #[test]
    fn any_number_of_draws_comes_to_an_end_with_the_same_shares() {
        for draws in [101, 100_000, u64::from(u32::MAX)] {
            assert_eq!(counts(&mut *policy(draws, &[1, 3, 0]), 3, false), [250, 750, 0]);
        }
        // Where all are level, the shares are those of the arcs, as with a single draw.
        let level = |draws| {
            let mut policy = policy(draws, &[1, 1, 1, 1]);
            let mut random = Streams::new(3).named("level");
            let mut counts = [0_u32; 4];
            for _ in 0..4000 {
                let mut context = PickContext::new(Time::ZERO, &mut random);
                let place = policy.pick(&mut context).expect("somebody");
                counts[place] += 1;
                policy.withdrawn(EndpointId(place as u32), Time::ZERO);
            }
            counts
        };
        let (few, many) = (level(1), level(u64::from(u32::MAX)));
        // Five standard deviations of the difference of two binomials.
        assert!(
            few.iter().zip(many).all(|(few, many)| few.abs_diff(many) < 200),
            "{few:?} {many:?}"
        );
        let mut policy = policy(u64::from(u32::MAX), &[1, 1]);
        let mut random = Streams::new(4).named("tried");
        let mut context = PickContext::new(Time::ZERO, &mut random);
        context.tried = &[EndpointId(1)];
        assert_eq!([(); 3].map(|()| policy.pick(&mut context)), [Some(0); 3]);
    }

    #[test]
    fn counts_stay_with_their_servers_and_the_last_tried_is_avoided() {
        let all = Endpoint::numbered(&[1, 1]);
        let mut policy = policy(30, &[1, 1]);
        let mut random = Streams::new(1).named("random");
        let mut pick = |policy: &mut Box<dyn Policy>, tried: &[EndpointId]| {
            let mut context = PickContext::new(Time::ZERO, &mut random);
            context.tried = tried;
            policy.pick(&mut context)
        };
        assert_eq!(pick(&mut policy, &[all[1].id]), Some(0));
        policy.update(&[all[1], all[0]], Time::ZERO);
        assert_eq!(pick(&mut policy, &[]), Some(0), "the other one has a request");
        policy.update(&all[..1], Time::ZERO);
        assert_eq!(pick(&mut policy, &[all[0].id]), Some(0), "there is no other");
        policy.update(&[], Time::ZERO);
        assert_eq!(pick(&mut policy, &[]), None);
    }

    #[test]
    fn a_rate_forgets_what_is_older_than_a_second() {
        let mut rate = Rate::default();
        for millis in [0, 500, 1000] {
            rate.begin(Time::from_millis(millis));
        }
        for (millis, expected) in [(1000, 3), (1250, 2), (1500, 2), (1999, 1), (2000, 1), (3000, 0)]
        {
            let now = Time::from_millis(millis);
            assert_eq!(rate.of_last_second(now), expected, "after {millis} ms");
        }
    }
}
