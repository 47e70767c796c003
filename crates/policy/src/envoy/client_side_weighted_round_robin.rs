//! Turns by the weights that endpoints' own reports make.

use engine::{Span, Time};

use crate::{
    Ended, Endpoint, EndpointId, Entry, Kind, Level, Parameter, PickContext, Policy, Report,
    block::{Edf, OrcaWeight, Places, carry},
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "envoy.client_side_weighted_round_robin",
    summary: "turns by requests a second over utilization, as endpoints report them",
    level: Level::Request,
    on_change: "who stays keeps its weight; who is new has the median until its blackout is over",
    parameters: &[
        Parameter {
            name: "blackout_period",
            summary: "How long an endpoint reports before its weight is used.",
            kind: Kind::Duration { default: Span::from_secs(10) },
        },
        Parameter {
            name: "weight_expiration_period",
            summary: "How long after its last report the weight of an endpoint is used.",
            kind: Kind::Duration { default: Span::from_secs(180) },
        },
        Parameter {
            name: "weight_update_period",
            summary: "How often weights are looked at.",
            kind: Kind::Duration { default: Span::from_secs(1) },
        },
        Parameter {
            name: "error_utilization_penalty",
            summary: "How much utilization an error counts as, for each request.",
            kind: Kind::Number { default: 1.0, min: 0.0, max: f64::INFINITY },
        },
    ],
    build: |settings, seed| {
        Box::new(EnvoyClientSideWeightedRoundRobin::new(
            Periods {
                blackout: settings.duration("blackout_period"),
                expiration: settings.duration("weight_expiration_period"),
                update: settings.duration("weight_update_period"),
            },
            settings.number("error_utilization_penalty"),
            seed,
        ))
    },
};

/// How long what is.
#[derive(Clone, Copy, Debug)]
pub struct Periods {
    /// How long an endpoint reports before its weight is used.
    pub blackout: Span,
    /// How long after its last report its weight is used.
    pub expiration: Span,
    /// How often weights are looked at.
    pub update: Span,
}

/// **What it does** Turns by deadlines. The weight of an endpoint is the requests a second that it
/// reports over its utilization, which errors add to. One whose weight is not to be used, because
/// it is new or has been silent for long, has the median of the others; where nobody has a weight,
/// all are equal.
///
/// **Where it is used** Envoy, for each request, where endpoints send ORCA reports along with
/// answers.
///
/// **What it needs to know** The list, and the reports. Weights of the list are ignored.
///
/// **When it goes wrong** Without reports it is round robin. A new endpoint has a full share from
/// its first second, however cold it is. The shares follow the load with a lag of seconds.
///
/// **Reference** `source/extensions/load_balancing_policies/client_side_weighted_round_robin/
/// client_side_weighted_round_robin_lb.cc`, `common/orca_weight_manager.cc` of Envoy.
#[derive(Clone, Debug)]
pub struct EnvoyClientSideWeightedRoundRobin {
    periods: Periods,
    penalty: f64,
    /// Where turns begin, the same with each change.
    seed: u32,
    places: Places,
    reports: Vec<OrcaWeight>,
    weights: Vec<f64>,
    turns: Edf,
    /// When weights are looked at next.
    due: Time,
}

impl EnvoyClientSideWeightedRoundRobin {
    /// Such a policy.
    #[must_use]
    pub fn new(periods: Periods, error_utilization_penalty: f64, seed: u64) -> Self {
        Self {
            periods,
            penalty: error_utilization_penalty,
            seed: seed as u32,
            places: Places::default(),
            reports: Vec::new(),
            weights: Vec::new(),
            turns: Edf::default(),
            due: Time::ZERO,
        }
    }

    /// Looks at the reports. Where a weight has changed, turns begin anew.
    fn weigh(&mut self, now: Time) {
        let Periods { blackout, expiration, update } = self.periods;
        self.due = now + update;
        // Envoy's weights are whole numbers, and it gives a turn to everybody.
        let whole = |weight: f64| f64::from(weight as u32).max(1.0);
        let usable = |it: &mut OrcaWeight| it.usable(now, blackout, expiration).ok().map(whole);
        let weights = with_median(self.reports.iter_mut().map(usable).collect());
        if weights != self.weights {
            self.turns = Edf::with_picks(&weights, self.seed);
            self.weights = weights;
        }
    }

    fn hear(&mut self, endpoint: EndpointId, now: Time, report: &Report) {
        if let Some(place) = self.places.of(endpoint) {
            self.reports[place].report(report, self.penalty, now);
        }
    }
}

/// The weights, where those that are missing are the median of the others: of an even number the
/// upper one of the two in the middle. All are 1 where there is none.
#[must_use]
pub fn with_median(weights: Vec<Option<f64>>) -> Vec<f64> {
    let mut known: Vec<f64> = weights.iter().copied().flatten().collect();
    known.sort_by(f64::total_cmp);
    let median = known.get(known.len() / 2).copied().unwrap_or(1.0);
    weights.into_iter().map(|weight| weight.unwrap_or(median)).collect()
}

impl Policy for EnvoyClientSideWeightedRoundRobin {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        let before = self.places.update(endpoints);
        self.reports = carry(&before, &self.reports, |_| OrcaWeight::default());
        // With the list turns begin anew in any case.
        self.weights.clear();
        self.turns = Edf::default();
        self.weigh(now);
    }

    #[inline]
    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        if context.now >= self.due {
            self.weigh(context.now);
        }
        let weights = &self.weights;
        self.turns.pick(|place| weights[place])
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
        if let Some(report) = &ended.report {
            self.hear(ended.endpoint, ended.now, report);
        }
    }

    fn reported(&mut self, endpoint: EndpointId, now: Time, report: &Report) {
        self.hear(endpoint, now, report);
    }
}

#[cfg(test)]
mod tests {
    use engine::Streams;

    use super::*;
    use crate::Configured;

    /// Checks the picks of 1200 by place, give or take one.
    fn shares(policy: &mut dyn Policy, second: u64, expected: &[u32]) {
        let mut random = Streams::new(1).named("envoy");
        let mut counts = vec![0_u32; expected.len()];
        for _ in 0..1200 {
            let now = Time::from_secs(second);
            let place = policy.pick(&mut PickContext::new(now, &mut random));
            counts[place.expect("there are some")] += 1;
        }
        let near = |(count, expected): (&u32, &u32)| count.abs_diff(*expected) <= 1;
        assert!(counts.iter().zip(expected).all(near), "at {second} s: {counts:?}");
    }

    #[test]
    fn weights_count_after_the_blackout_and_until_they_expire() {
        let all = Endpoint::numbered(&[1; 4]);
        let mut policy = Configured::new(&ENTRY).build(0);
        policy.update(&all[..3], Time::ZERO);
        let reports = |policy: &mut dyn Policy, second| {
            for (endpoint, rate) in all.iter().zip([100.0, 200.0, 300.0, 100.0]) {
                let report = Report { rate, utilization: 0.5, ..Report::default() };
                policy.reported(endpoint.id, Time::from_secs(second), &report);
            }
        };
        reports(&mut *policy, 0);
        shares(&mut *policy, 1, &[400, 400, 400]);
        reports(&mut *policy, 10);
        shares(&mut *policy, 10, &[200, 400, 600]);
        policy.update(&[all[3], all[0], all[2]], Time::from_secs(11));
        reports(&mut *policy, 12);
        // The median of 200 and 600 is the upper one.
        shares(&mut *policy, 12, &[514, 171, 514]);
        shares(&mut *policy, 22, &[240, 240, 720]);
        shares(&mut *policy, 200, &[400, 400, 400]);
    }
}
