//! Two choices within a part of all endpoints.

use engine::{Random, Span, Stream, Streams, Time};

use crate::{
    Ended, Endpoint, EndpointId, Entry, Kind, Level, Parameter, PickContext, Policy,
    block::{
        Outstanding, Shares,
        aperture::{Coordinate, adjusted, width},
        better_of, carry, distinct,
    },
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "finagle.aperture",
    summary: "the better of two by pending requests, within a part of all endpoints",
    level: Level::Request,
    on_change: "who stays keeps its pending requests; which part it is, is found anew",
    parameters: &[
        Parameter {
            name: "peers",
            summary: "How many clients there are; 0 where they do not know of each other.",
            kind: Kind::Integer { default: 0, min: 0, max: 1_000_000 },
        },
        Parameter {
            name: "minDeterministicAperture",
            summary: "How many endpoints the part has at least, where there are peers.",
            kind: Kind::Integer { default: 12, min: 2, max: 1_000_000 },
        },
        Parameter {
            name: "minAperture",
            summary: "How many endpoints the part has at least, where there are none.",
            kind: Kind::Integer { default: 1, min: 1, max: 1_000_000 },
        },
        Parameter {
            name: "lowLoad",
            summary: "Where there are fewer requests for each endpoint of the part, it shrinks.",
            kind: Kind::Number { default: 0.875, min: 0.0, max: f64::INFINITY },
        },
        Parameter {
            name: "highLoad",
            summary: "Where there are more requests for each endpoint of the part, it grows.",
            kind: Kind::Number { default: 1.125, min: 0.0, max: f64::INFINITY },
        },
        Parameter {
            name: "smoothWin",
            summary: "The time over which requests are averaged.",
            kind: Kind::Duration { default: Span::from_secs(15) },
        },
    ],
    build: |settings, seed| match settings.integer("peers") {
        0 => Box::new(LoadBandAperture::new(
            settings.integer("minAperture") as usize,
            LoadBand {
                low: settings.number("lowLoad"),
                high: settings.number("highLoad"),
                window: settings.duration("smoothWin"),
                average: None,
            },
            seed,
        )),
        peers => Box::new(DeterministicAperture::new(
            Coordinate::new(seed % peers, peers),
            settings.integer("minDeterministicAperture") as usize,
        )),
    },
};

/// **What it does** Clients and endpoints are laid out on one ring, and each client keeps to the
/// part of it that begins where it stands, 12 endpoints at least and so long that all clients
/// together go around a whole number of times. Of that part two endpoints are drawn by weight, and
/// the one with fewer pending requests for its weight is picked.
///
/// **Where it is used** Finagle's clients, `Balancers.aperture`, for each request, where they have
/// a coordinate among their peers. Here an instance has the coordinate `seed % peers`.
///
/// **What it needs to know** The list with its weights, in the same order as its peers; how many
/// they are and which of them it is; and which of its own requests are pending.
///
/// **When it goes wrong** Peers that see lists of another order, or do not know how many they are,
/// do not cover the ring evenly. A slow endpoint slows down the few clients that keep to it.
///
/// **Reference** `loadbalancer/aperture/WeightedAperture.scala`, `WeightedP2CPick.scala` of
/// Finagle.
#[derive(Clone, Debug)]
pub struct DeterministicAperture {
    coordinate: Coordinate,
    least: usize,
    outstanding: Outstanding,
    /// The weights within the part; 0 outside of it.
    weights: Vec<f64>,
    shares: Shares<f64>,
}

/// So often a second endpoint is drawn that should not be the first.
const SECOND_DRAWS: u32 = 5;

/// Weights that differ less are the same.
const SAME_WEIGHT: f64 = 1e-4;

impl DeterministicAperture {
    /// Such a policy, of a client there, whose part has so many endpoints at least.
    #[must_use]
    pub fn new(coordinate: Coordinate, least: usize) -> Self {
        let (outstanding, shares) = (Outstanding::default(), Shares::default());
        Self { coordinate, least, outstanding, weights: Vec::new(), shares }
    }

    fn better(&self, first: usize, second: usize) -> usize {
        let (a, b) = (self.weights[first], self.weights[second]);
        let load = |place: usize| f64::from(self.outstanding.counts()[place]);
        // Otherwise chance of the last bit would prefer one of two that are alike.
        let (a, b) = if (a - b).abs() < SAME_WEIGHT { (1.0, 1.0) } else { (a, b) };
        if load(first) / a <= load(second) / b { first } else { second }
    }
}

impl Policy for DeterministicAperture {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        self.outstanding.update(endpoints, now);
        let weights: Vec<f64> = endpoints.iter().map(|it| f64::from(it.weight)).collect();
        let width = width(self.coordinate.unit, endpoints.len(), self.least);
        self.weights = adjusted(&weights, self.coordinate.offset, width);
        self.shares = Shares::of(self.weights.iter().copied());
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let first = self.shares.draw(context.random)?;
        let mut second = first;
        for _ in 0..SECOND_DRAWS {
            if second != first {
                break;
            }
            second = self.shares.draw(context.random)?;
        }
        let place = self.better(first, second);
        self.outstanding.begin(place);
        Some(place)
    }

    fn chosen(&mut self, place: usize, _: Time) -> bool {
        self.outstanding.begin(place);
        true
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

/// **What it does** The endpoints are in an order drawn by chance, and the client keeps to the
/// first of them. How many those are follows its load: on average one pending request for each,
/// give or take an eighth. Two of them are drawn, and the one with fewer pending requests is
/// picked.
///
/// **Where it is used** Finagle's clients, `Balancers.aperture`, for each request, where they have
/// no coordinate among their peers.
///
/// **What it needs to know** The list, and which of its own requests are pending. A changed list
/// begins with the smallest part again.
///
/// **When it goes wrong** By chance some endpoints are in the part of many clients, and some of
/// none. A client of few requests keeps to one endpoint. Weights are ignored.
///
/// **Reference** `loadbalancer/aperture/RandomAperture.scala`, `LoadBand.scala` of Finagle.
#[derive(Clone, Debug)]
pub struct LoadBandAperture {
    least: usize,
    band: LoadBand,
    random: Stream,
    outstanding: Outstanding,
    pending: u32,
    /// What each endpoint has drawn, and the places in the order of that.
    tokens: Vec<u64>,
    order: Vec<usize>,
    size: usize,
}

/// The load that an endpoint of the part should have, and the average of what there is.
#[derive(Clone, Copy, Debug)]
pub struct LoadBand {
    /// Below it the part shrinks.
    pub low: f64,
    /// Above it the part grows.
    pub high: f64,
    /// The time over which it is averaged.
    pub window: Span,
    /// The average of all requests, and when it was made.
    pub average: Option<(f64, Time)>,
}

impl LoadBand {
    /// The average with so many requests at a moment.
    fn observe(&mut self, requests: u32, now: Time) -> f64 {
        let requests = f64::from(requests);
        let average = self.average.map_or(requests, |(average, at)| {
            let elapsed = now.since(at).as_secs_f64();
            let old = libm::exp(-elapsed / self.window.as_secs_f64().max(1e-9));
            requests * (1.0 - old) + average * old
        });
        self.average = Some((average, now));
        average
    }
}

impl LoadBandAperture {
    /// Such a policy, whose part has so many endpoints at least.
    #[must_use]
    pub fn new(least: usize, band: LoadBand, seed: u64) -> Self {
        let random = Streams::new(seed).named("finagle.aperture");
        let outstanding = Outstanding::default();
        let (tokens, order) = (Vec::new(), Vec::new());
        Self { least, band, random, outstanding, pending: 0, tokens, order, size: 0 }
    }

    fn begin(&mut self, place: usize, now: Time) {
        self.outstanding.begin(place);
        self.pending += 1;
        self.adjust(now);
    }

    /// A request is over, if there is a place that it was counted for.
    fn over(&mut self, place: Option<usize>, now: Time) {
        if place.is_some() {
            self.pending = self.pending.saturating_sub(1);
            self.adjust(now);
        }
    }

    /// Grows or shrinks by one, where the load is not in its band.
    fn adjust(&mut self, now: Time) {
        let all = self.order.len();
        let load = self.band.observe(self.pending, now) / self.size as f64;
        if load >= self.band.high && self.size < all {
            self.size += 1;
        } else if load <= self.band.low && self.size > self.least.min(all) {
            self.size -= 1;
        }
    }
}

impl Policy for LoadBandAperture {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        let before = self.outstanding.update(endpoints, now);
        self.pending = self.outstanding.counts().iter().sum();
        let random = &mut self.random;
        self.tokens = carry(&before, &self.tokens, |_| random.next_u64());
        self.order = (0..endpoints.len()).collect();
        self.order.sort_by_key(|place| self.tokens[*place]);
        self.size = self.least.min(endpoints.len());
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let place = match self.size {
            0 => return None,
            1 => self.order[0],
            size => {
                let pair = distinct(size, context.random).map(|place| self.order[place]);
                better_of(&mut self.outstanding, pair, context.now)
            }
        };
        self.begin(place, context.now);
        Some(place)
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
        let place = self.outstanding.end(ended);
        self.over(place, ended.now);
    }

    fn withdrawn(&mut self, endpoint: EndpointId, now: Time) {
        let place = self.outstanding.withdraw(endpoint);
        self.over(place, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Configured, Reply, Value};

    fn pick(policy: &mut dyn Policy, random: &mut dyn Random, millis: u64) -> Option<usize> {
        policy.pick(&mut PickContext::new(Time::from_millis(millis), random))
    }

    #[test]
    fn peers_share_all_endpoints_evenly() {
        let all = Endpoint::numbered(&[1; 36]);
        let mut random = Streams::new(1).named("aperture");
        let mut configured = Configured::new(&ENTRY);
        assert!(configured.set("peers", Value::Integer(6)).is_ok());
        let mut counts = [0_u32; 36];
        for seed in 0..6 {
            let mut policy = configured.build(seed);
            policy.update(&all, Time::ZERO);
            let mut own = [0_u32; 36];
            for _ in 0..1200 {
                let place = pick(&mut *policy, &mut random, 0).expect("there are some");
                own[place] += 1;
            }
            assert_eq!(own.iter().filter(|count| **count > 0).count(), 12, "{own:?}");
            counts.iter_mut().zip(own).for_each(|(all, own)| *all += own);
        }
        // Nothing ends, so pending requests keep the picks of a client even.
        assert!(counts.iter().all(|count| count.abs_diff(200) < 10), "{counts:?}");
    }

    #[test]
    fn weights_are_shares_and_none_is_nobody() {
        let mut policy = DeterministicAperture::new(Coordinate::new(0, 1), 12);
        let mut random = Streams::new(2).named("aperture");
        for weights in [&[][..], &[0, 0]] {
            policy.update(&Endpoint::numbered(weights), Time::ZERO);
            assert_eq!(pick(&mut policy, &mut random, 0), None);
        }
        policy.update(&Endpoint::numbered(&[6, 3, 0, 3]), Time::ZERO);
        (0..1200).for_each(|_| assert!(pick(&mut policy, &mut random, 0).is_some()));
        let expected = [600, 300, 0, 300];
        let counts = policy.outstanding.counts();
        assert!(counts.iter().zip(expected).all(|(a, b)| a.abs_diff(b) < 30), "{counts:?}");
    }

    #[test]
    fn the_part_follows_the_load() {
        let all = Endpoint::numbered(&[1; 20]);
        let mut policy = LoadBandAperture::new(
            1,
            LoadBand { low: 0.875, high: 1.125, window: Span::from_secs(15), average: None },
            3,
        );
        policy.update(&all, Time::ZERO);
        let mut random = Streams::new(3).named("aperture");
        let picks: Vec<usize> = (0..6).filter_map(|_| pick(&mut policy, &mut random, 0)).collect();
        assert_eq!(policy.size, 1, "the average is that of the first request");
        assert!(picks.iter().all(|place| *place == picks[0]), "{picks:?}");
        let end = |policy: &mut LoadBandAperture, place: usize, millis| {
            let (endpoint, now) = (all[place].id, Time::from_millis(millis));
            let latency = Span::from_millis(1);
            policy.ended(&Ended { endpoint, now, latency, reply: Reply::Ok, report: None });
        };
        // Six requests at a time, for a minute.
        for millis in 1..60_000 {
            let place = pick(&mut policy, &mut random, millis).expect("there are some");
            end(&mut policy, place, millis);
        }
        assert!((5..=7).contains(&policy.size), "{}", policy.size);
        policy.update(&all[..19], Time::from_secs(60));
        assert_eq!((policy.size, policy.pending <= 6), (1, true));
        for millis in 60_000..120_000 {
            let place = pick(&mut policy, &mut random, millis).expect("there are some");
            end(&mut policy, place, millis);
        }
        policy.update(&[], Time::from_secs(120));
        assert_eq!(pick(&mut policy, &mut random, 120_000), None);
    }
}
