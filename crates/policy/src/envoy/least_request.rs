//! The least active requests, as Envoy has it.

use engine::Time;

use crate::{
    Ended, Endpoint, EndpointId, Entry, Kind, Level, Parameter, PickContext, Policy,
    block::{Edf, Outstanding, Sampling},
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "envoy.least_request",
    summary: "the best of a few by active requests; turns by weight and load where weights differ",
    level: Level::Request,
    on_change: "who stays keeps its active requests; turns by weight begin anew",
    parameters: &[
        Parameter {
            name: "choice_count",
            summary: "How many endpoints are compared.",
            kind: Kind::Integer { default: 2, min: 2, max: u32::MAX as u64 },
        },
        Parameter {
            name: "selection_method",
            summary: "Whether to compare a few that are drawn, or all.",
            kind: Kind::Choice { of: &["N_CHOICES", "FULL_SCAN"] },
        },
        Parameter {
            name: "active_request_bias",
            summary: "How much active requests reduce a weight, where weights differ.",
            kind: Kind::Number { default: 1.0, min: 0.0, max: f64::INFINITY },
        },
    ],
    build: |settings, seed| {
        let sampling = match settings.choice("selection_method") {
            "FULL_SCAN" => Sampling::All,
            _ => Sampling::Replacement(settings.integer("choice_count") as u32),
        };
        let bias = settings.number("active_request_bias");
        Box::new(EnvoyLeastRequest::new(sampling, bias, seed))
    },
};

/// **What it does** Where all weights are equal: a few endpoints are drawn, two by default, and the
/// one with the fewest active requests is picked, the first of those that have as many. The same
/// one may be drawn twice. Where weights differ: turns by deadlines, with weights that active
/// requests reduce.
///
/// **Where it is used** Envoy and what is built on it, for each request. It is Istio's default.
///
/// **What it needs to know** The list with its weights, and which requests of its own Envoy are
/// active. Envoy's workers share the counts and have turns of their own; this is an Envoy of one
/// worker.
///
/// **When it goes wrong** One in *n* picks compares nothing, since both draws are the same. With
/// many sidecars of few requests each it is little better than chance. Weights that differ quietly
/// make something else of it: a weight is looked at only when its endpoint has had its turn, so an
/// endpoint that was busy then stays out for long. Slow start is left out.
///
/// **Reference** `source/extensions/load_balancing_policies/least_request/least_request_lb.cc`,
/// `common/load_balancer_impl.cc` of Envoy.
#[derive(Clone, Debug)]
pub struct EnvoyLeastRequest {
    sampling: Sampling,
    bias: f64,
    /// Where turns begin, the same with each change.
    seed: u32,
    active: Outstanding,
    weights: Vec<u32>,
    /// Where weights differ.
    turns: Option<Edf>,
}

impl EnvoyLeastRequest {
    /// Such a policy, which compares these, and whose active requests count so much.
    #[must_use]
    pub fn new(sampling: Sampling, bias: f64, seed: u64) -> Self {
        let active = Outstanding::default();
        let (seed, weights) = (seed as u32, Vec::new());
        Self { sampling, bias, seed, active, weights, turns: None }
    }
}

/// What is left of a weight with so many active requests.
#[must_use]
#[inline]
pub fn reduced(weight: u32, active: u32, bias: f64) -> f64 {
    let (weight, active) = (f64::from(weight), f64::from(active) + 1.0);
    weight / libm::pow(active, bias)
}

impl Policy for EnvoyLeastRequest {
    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        self.active.update(endpoints, now);
        self.weights = endpoints.iter().map(|endpoint| endpoint.weight).collect();
        let all_equal = self.weights.windows(2).all(|pair| pair[0] == pair[1]);
        self.turns = (!all_equal).then(|| {
            let weighed = self.weights.iter().zip(self.active.counts());
            let weights: Vec<f64> = weighed.map(|(w, a)| reduced(*w, *a, self.bias)).collect();
            Edf::with_picks(&weights, self.seed)
        });
    }

    /// A scheduler reads the weight of a host when it has picked it.
    fn reweighed(&mut self, endpoints: &[Endpoint], now: Time) {
        if self.turns.is_none() {
            return self.update(endpoints, now);
        }
        self.weights.clear();
        self.weights.extend(endpoints.iter().map(|endpoint| endpoint.weight));
    }

    #[inline]
    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let Self { active, weights, bias, .. } = self;
        let place = if let Some(turns) = &mut self.turns {
            turns.pick(|place| reduced(weights[place], active.counts()[place], *bias))?
        } else if weights.first() == Some(&0) {
            return None;
        } else {
            self.sampling.choose(active, context.now, context.random)?
        };
        active.begin(place);
        Some(place)
    }

    fn chosen(&mut self, place: usize, _: Time) -> bool {
        self.active.begin(place);
        true
    }

    fn remembers(&self) -> bool {
        true
    }

    fn listens(&self) -> bool {
        true
    }

    fn ended(&mut self, ended: &Ended) {
        self.active.end(ended);
    }

    fn withdrawn(&mut self, endpoint: EndpointId, _: Time) {
        self.active.withdraw(endpoint);
    }
}

#[cfg(test)]
mod tests {
    use engine::Streams;

    use super::*;

    fn picks(policy: &mut EnvoyLeastRequest, count: usize) -> Vec<usize> {
        let mut random = Streams::new(1).named("envoy");
        let mut pick = || policy.pick(&mut PickContext::new(Time::ZERO, &mut random));
        (0..count).filter_map(|_| pick()).collect()
    }

    fn policy(weights: &[u32], bias: f64) -> EnvoyLeastRequest {
        let mut policy = EnvoyLeastRequest::new(Sampling::Replacement(2), bias, 7);
        policy.update(&Endpoint::numbered(weights), Time::ZERO);
        policy
    }

    #[test]
    fn weights_that_differ_make_turns_of_it() {
        let mut policy = policy(&[3, 1, 0], 0.0);
        let picked = picks(&mut policy, 400);
        let count = |of: usize| picked.iter().filter(|place| **place == of).count();
        let counts = [count(0), count(1), count(2)];
        assert!(counts[0].abs_diff(300) < 2 && counts[2] == 0, "{counts:?}");
    }

    #[test]
    fn active_requests_reduce_a_weight_and_outlive_a_change() {
        let mut policy = policy(&[3, 1], 1.0);
        // Nothing ends, so shares even out: as many as w/(a + 1) says.
        picks(&mut policy, 400);
        let active = policy.active.counts().to_vec();
        assert!(active[0] < 300 && active[0] > active[1], "{active:?}");
        let all = Endpoint::numbered(&[1, 1, 1]);
        policy.update(&[all[2], all[0]], Time::ZERO);
        assert!(policy.turns.is_none());
        assert_eq!(policy.active.counts(), [0, active[0]]);
    }

    #[test]
    fn there_is_nobody_without_weight() {
        for weights in [&[][..], &[0], &[0, 0]] {
            assert_eq!(picks(&mut policy(weights, 1.0), 3), [0; 0]);
        }
        assert_eq!(picks(&mut policy(&[0, 5], 1.0), 3), [1; 3]);
    }
}
