//! Hot or cold, then the least latency: a choice by probes.

use engine::{Random, Span, Stream, Streams, Time};

use crate::{
    Ended, Endpoint, EndpointId, Entry, Kind, Level, Parameter, PickContext, Policy, Reply, Report,
    block::{Places, ProbePool, Reuse},
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "prequal.hcl",
    summary: "of those probed last that are not hot, the one of least latency",
    level: Level::Request,
    on_change: "probes of who stays are kept; who is new comes in by being probed",
    parameters: &[
        Parameter {
            name: "r_probe",
            summary: "How many probes are sent with each request.",
            kind: Kind::Number { default: 3.0, min: 0.0, max: 100.0 },
        },
        Parameter {
            name: "r_remove",
            summary: "How many probes are taken out of the pool with each request.",
            kind: Kind::Number { default: 1.0, min: 0.0, max: 100.0 },
        },
        Parameter {
            name: "q_rif",
            summary: "The share of probed endpoints that are not hot; 1 for all of them.",
            kind: Kind::Number { default: 0.840_896_415_253_714_6, min: 0.0, max: 1.0 },
        },
        Parameter {
            name: "pool",
            summary: "How many probes are kept.",
            kind: Kind::Integer { default: 16, min: 1, max: 1024 },
        },
        Parameter {
            name: "max_age",
            summary: "How long a probe is kept.",
            kind: Kind::Duration { default: Span::from_secs(1) },
        },
        Parameter {
            name: "delta",
            summary: "How much more than it loses the pool may gain.",
            kind: Kind::Number { default: 1.0, min: 0.0, max: 100.0 },
        },
        Parameter {
            name: "max_reuse",
            summary: "How many requests go by one probe, at most.",
            kind: Kind::Integer { default: 16, min: 1, max: 1_000_000 },
        },
    ],
    build: |settings, seed| {
        let rates = Reuse {
            probes: settings.number("r_probe"),
            removals: settings.number("r_remove"),
            delta: settings.number("delta"),
        };
        let pool = settings.integer("pool") as usize;
        let mut policy = PrequalHcl::new(rates, pool, seed);
        policy.q_rif = settings.number("q_rif");
        policy.max_age = settings.duration("max_age");
        policy.max_reuse = settings.integer("max_reuse") as u32;
        Box::new(policy)
    },
};

/// **What it does** Each request sends a few probes to endpoints that are drawn. Their answers, how
/// many requests they have and how long those take, are kept in a pool. A request goes to the
/// endpoint of least latency among those that are not hot; where all are hot, to the one of fewest
/// requests. Hot is who has more requests than most of those probed last. A probe that was gone by
/// counts one request more, and is dropped after some uses; with each request one more goes, in
/// turn the oldest and the worst. With fewer than two probes an endpoint is drawn.
///
/// **Where it is used** The paper, for each request. Google balances with it, YouTube for one.
///
/// **What it needs to know** The list, answers to its probes, and which of its own requests failed:
/// an endpoint that fails is dropped from the pool, for it would look idle.
///
/// **When it goes wrong** It costs as many probes as is set with each request. Where the pool loses
/// more than it gains, as with hardly more endpoints than it has room for, the paper has no number
/// of uses; a probe is good for one request then, as others who built it have it. With few
/// requests, probes are too old, and it is chance. Weights are ignored.
///
/// **Reference** Wydrowski, Kleinberg, Rumble, Archer: *Load is not what you should balance:
/// Introducing Prequal*, NSDI 2024 (arXiv 2312.10172), section 4.
#[derive(Clone, Debug)]
pub struct PrequalHcl {
    rates: Reuse,
    q_rif: f64,
    max_age: Span,
    max_reuse: u32,
    places: Places,
    pool: ProbePool,
    capacity: usize,
    /// How many probes and removals are due by now, in fractions.
    probes_due: f64,
    removals_due: f64,
    /// Whether the next removal is that of the worst.
    worst_next: bool,
    /// What rounds the number of uses.
    random: Stream,
}

impl PrequalHcl {
    /// Such a policy, of these rates and a pool of so many, and the paper's numbers otherwise.
    #[must_use]
    pub fn new(rates: Reuse, pool: usize, seed: u64) -> Self {
        Self {
            rates,
            // The fourth root of a half.
            q_rif: 0.840_896_415_253_714_6,
            max_age: Span::from_secs(1),
            max_reuse: 16,
            places: Places::default(),
            pool: ProbePool::new(pool),
            capacity: pool,
            probes_due: 0.0,
            removals_due: 0.0,
            worst_next: false,
            random: Streams::new(seed).named("prequal.hcl"),
        }
    }

    /// How many requests go by a probe that came now.
    fn uses(&mut self) -> u32 {
        let most = f64::from(self.max_reuse);
        let uses =
            self.rates.picks(self.capacity, self.places.len()).map_or(1.0, |it| it.min(most));
        let up = 1.0 - self.random.unit() < uses - uses.floor();
        uses as u32 + u32::from(up)
    }

    /// The place of the best probe's endpoint, where there are two at least.
    fn by_probe(&mut self, threshold: Option<u32>) -> Option<usize> {
        if self.pool.probes().len() < 2 {
            return None;
        }
        let best = self.pool.best(threshold)?;
        self.places.of(self.pool.take(best))
    }

    fn remove(&mut self, threshold: Option<u32>) {
        for _ in 0..whole(&mut self.removals_due, self.rates.removals) {
            let place = if self.worst_next { self.pool.worst(threshold) } else { Some(0) };
            self.pool.remove(place);
            self.worst_next = !self.worst_next;
        }
    }
}

/// How many are due, of which some more are due now: the fraction is left for the next time.
fn whole(due: &mut f64, more: f64) -> u32 {
    *due += more;
    let whole = due.floor();
    *due -= whole;
    whole as u32
}

impl Policy for PrequalHcl {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        self.places.update(endpoints);
        let Self { pool, places, max_age, .. } = self;
        pool.keep(now, *max_age, |endpoint| places.of(endpoint).is_some());
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        if self.places.is_empty() {
            return None;
        }
        self.pool.keep(context.now, self.max_age, |_| true);
        let threshold = self.pool.threshold(self.q_rif);
        let place = self
            .by_probe(threshold)
            .unwrap_or_else(|| context.random.below(self.places.len() as u32) as usize);
        self.remove(threshold);
        Some(place)
    }

    fn remembers(&self) -> bool {
        true
    }

    fn listens(&self) -> bool {
        true
    }

    fn ended(&mut self, ended: &Ended) {
        if ended.reply != Reply::Ok {
            self.pool.forget(ended.endpoint);
        }
    }

    fn probes(&mut self, context: &mut PickContext<'_>, places: &mut Vec<usize>) {
        let all = self.places.len() as u32;
        let wanted = whole(&mut self.probes_due, self.rates.probes).min(all);
        let before = places.len();
        // Each set of that many is as likely (Floyd).
        for last in all - wanted..all {
            let drawn = context.random.below(last + 1) as usize;
            let taken = places[before..].contains(&drawn);
            places.push(if taken { last as usize } else { drawn });
        }
    }

    fn reported(&mut self, endpoint: EndpointId, now: Time, report: &Report) {
        if self.places.of(endpoint).is_some() {
            let uses = self.uses();
            self.pool.insert(endpoint, now, report, uses);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Configured;

    fn report(in_flight: u32, milliseconds: u64) -> Report {
        let latency = Span::from_millis(milliseconds);
        Report { in_flight, latency, ..Report::default() }
    }

    fn policy(endpoints: &[Endpoint]) -> Box<dyn Policy> {
        let mut policy = Configured::new(&ENTRY).build(1);
        policy.update(endpoints, Time::ZERO);
        policy
    }

    #[test]
    fn it_probes_different_endpoints_each_as_often() {
        let mut policy = policy(&Endpoint::numbered(&[1; 8]));
        let mut random = Streams::new(1).named("prequal");
        let mut counts = [0_u32; 8];
        let mut places = Vec::new();
        for _ in 0..8000 {
            places.clear();
            policy.probes(&mut PickContext::new(Time::ZERO, &mut random), &mut places);
            assert_eq!(places.len(), 3);
            places.iter().for_each(|place| counts[*place] += 1);
            places.sort_unstable();
            places.dedup();
            assert_eq!(places.len(), 3, "no endpoint is probed twice");
        }
        // Five standard deviations of a binomial with n = 8000 and p = 3/8.
        assert!(counts.iter().all(|count| count.abs_diff(3000) < 217), "{counts:?}");
        policy.update(&Endpoint::numbered(&[1; 2]), Time::ZERO);
        places.clear();
        policy.probes(&mut PickContext::new(Time::ZERO, &mut random), &mut places);
        assert_eq!(places.len(), 2, "there are no more");
    }

    #[test]
    fn probes_are_gone_by_while_they_are_young_and_theirs_is_there() {
        let all = Endpoint::numbered(&[1; 4]);
        let mut policy = policy(&all);
        let mut random = Streams::new(2).named("prequal");
        let mut pick = |policy: &mut dyn Policy, millis| {
            policy.pick(&mut PickContext::new(Time::from_millis(millis), &mut random))
        };
        let probe = |policy: &mut dyn Policy, millis| {
            let now = Time::from_millis(millis);
            for (endpoint, latency) in all.iter().zip([40, 30, 10, 20]) {
                policy.reported(endpoint.id, now, &report(5, latency));
            }
        };
        probe(&mut *policy, 0);
        // The third is the best, then the fourth, since the third has one more than is usual.
        assert_eq!([0; 2].map(|at| pick(&mut *policy, at)), [Some(2), Some(3)]);
        probe(&mut *policy, 0);
        policy.update(&[all[3], all[1]], Time::ZERO);
        assert_eq!(pick(&mut *policy, 0), Some(0), "the fourth is the first now");
        probe(&mut *policy, 0);
        let ended = |endpoint: EndpointId, reply| Ended {
            endpoint,
            now: Time::ZERO,
            latency: Span::ZERO,
            reply,
            report: None,
        };
        policy.update(&all, Time::ZERO);
        probe(&mut *policy, 0);
        policy.ended(&ended(all[2].id, Reply::ServerError));
        assert_eq!(pick(&mut *policy, 0), Some(3), "the third has failed");
        // Too old are all after a second: any will do.
        let picks: Vec<_> = (0..40).map(|_| pick(&mut *policy, 1001)).collect();
        assert!((0..4).all(|place| picks.contains(&Some(place))), "{picks:?}");
    }
}
