//! Little for a new endpoint, and more with time.

use engine::{Span, Time};

use super::{LayerEntry, Stage, hand_on};
use crate::{Endpoint, Kind, Parameter, PickContext, Policy, block::Part};

/// Its line in the list of layers.
pub static ENVOY: LayerEntry = LayerEntry {
    name: "envoy.slow_start",
    summary: "a new endpoint's weight grows steadily, from a tenth",
    stage: Stage::Weight,
    counts_unhealthy: false,
    parameters: &[
        Parameter {
            name: "slow_start_window",
            summary: "How long an endpoint is new; Envoy has no default.",
            kind: Kind::Duration { default: Span::from_secs(60) },
        },
        Parameter {
            name: "aggression",
            summary: "How fast the weight grows at first: 1 is a straight line, more is faster.",
            kind: Kind::Number { default: 1.0, min: 0.001, max: f64::INFINITY },
        },
        Parameter {
            name: "min_weight_percent",
            summary: "What it begins with, in percent of its weight.",
            kind: Kind::Number { default: 10.0, min: 0.0, max: 100.0 },
        },
        Parameter {
            name: "step",
            summary: "How often weights are worked out; Envoy does it whenever it chooses.",
            kind: Kind::Duration { default: Span::from_secs(1) },
        },
    ],
    wrap: |inside, settings, instance| {
        let ramp = Ramp::Envoy {
            window: settings.duration("slow_start_window"),
            aggression: settings.number("aggression"),
            least_percent: settings.number("min_weight_percent"),
            step: settings.duration("step"),
        };
        Box::new(SlowStart::new(inside.build_as(instance), ramp))
    },
};

/// Its line in the list of layers.
pub static HAPROXY: LayerEntry = LayerEntry {
    name: "haproxy.slowstart",
    summary: "a new endpoint's weight grows in sixteenths",
    stage: Stage::Weight,
    counts_unhealthy: false,
    parameters: &[Parameter {
        name: "slowstart",
        summary: "How long an endpoint is new; HAProxy has no default.",
        kind: Kind::Duration { default: Span::from_secs(60) },
    }],
    wrap: |inside, settings, instance| {
        let ramp = Ramp::Haproxy { slowstart: settings.duration("slowstart") };
        Box::new(SlowStart::new(inside.build_as(instance), ramp))
    },
};

/// How a weight grows.
#[derive(Clone, Copy, Debug)]
pub enum Ramp {
    /// By a power of the time since.
    Envoy {
        /// How long an endpoint is new.
        window: Span,
        /// One over the power.
        aggression: f64,
        /// What it begins with.
        least_percent: f64,
        /// How often it is worked out.
        step: Span,
    },
    /// In sixteenths.
    Haproxy {
        /// How long an endpoint is new.
        slowstart: Span,
    },
}

/// So many parts has a weight in Envoy's ramp: whole numbers that show a per cent.
const PERCENT: u32 = 100;

/// So many parts has a weight in HAProxy (`BE_WEIGHT_SCALE`).
const SIXTEENTHS: u64 = 16;

/// Which share of its weight an endpoint has in Envoy after so long, from 0 to 1.
#[must_use]
pub fn envoy_factor(since: Span, window: Span, aggression: f64, least_percent: f64) -> f64 {
    if since >= window {
        return 1.0;
    }
    let millis = |span: Span| (span.as_nanos() / 1_000_000) as f64;
    let passed = millis(since).max(1.0) / millis(window).max(1.0);
    libm::pow(passed, 1.0 / aggression).max(least_percent / 100.0).min(1.0)
}

/// What a server of this weight has in HAProxy after so many seconds; `divisor` and `multiplier`
/// are its proxy's scale of weights.
#[must_use]
pub fn haproxy_weight(
    elapsed_secs: u64,
    slowstart_secs: u64,
    weight: u32,
    (divisor, multiplier): (u64, u64),
) -> u64 {
    let full = elapsed_secs >= slowstart_secs;
    let parts = (divisor * elapsed_secs + slowstart_secs).checked_div(slowstart_secs);
    let parts = if full { divisor } else { parts.unwrap_or(divisor) };
    (u64::from(weight) * parts).div_ceil(multiplier)
}

impl Ramp {
    fn length(self) -> Span {
        match self {
            Self::Envoy { window, .. } => window,
            Self::Haproxy { slowstart } => slowstart,
        }
    }

    /// How long a weight is left as it is. HAProxy takes steps of five per cent, of a second at
    /// least.
    fn step(self) -> Span {
        match self {
            Self::Envoy { step, .. } => step.max(Span::from_millis(1)),
            Self::Haproxy { slowstart } => slowstart.mul_f64(0.05).max(Span::from_secs(1)),
        }
    }

    /// What an endpoint weighs after so long, in parts of its weight.
    fn weight(self, weight: u32, since: Span) -> u32 {
        if weight == 0 {
            return 0;
        }
        match self {
            Self::Envoy { window, aggression, least_percent, .. } => {
                let factor = envoy_factor(since, window, aggression, least_percent);
                let parts = f64::from(weight) * f64::from(PERCENT) * factor + 0.5;
                (parts as u32).max(1)
            }
            Self::Haproxy { slowstart } => {
                let secs = |span: Span| span.as_nanos() / 1_000_000_000;
                let scale = (SIXTEENTHS, 1);
                let parts = haproxy_weight(secs(since), secs(slowstart), weight, scale);
                u32::try_from(parts).unwrap_or(u32::MAX)
            }
        }
    }
}

/// **What it does** An endpoint has a part of its weight at first and all of it after a while. The
/// policy inside is told of the weights as of changed ones, once a step while anybody is new.
///
/// **Where it is used** Envoy, `slow_start_config` of round robin and least request; HAProxy,
/// `slowstart` of a server, with its dynamic algorithms. Around a policy that does not heed weights
/// it does nothing.
///
/// **What it needs to know** Since when each endpoint is there. It keeps nothing: a list and a
/// moment lead to the same weights.
///
/// **When it goes wrong** Where all are new at once, as after a rollout, all weigh the same. A
/// policy that begins anew with each change of weights does so each step. Envoy's schedulers read a
/// weight when they use it, so they don't, but inside a layer of priorities or zones they do.
///
/// **Reference** `applySlowStartFactor` in `source/extensions/load_balancing_policies/common` of
/// Envoy; `server_recalc_eweight` and `server_warmup` in `src/server.c` of HAProxy.
#[derive(Clone, Debug)]
pub struct SlowStart<P> {
    part: Part<P>,
    ramp: Ramp,
    endpoints: Vec<Endpoint>,
    /// When the weights are to be worked out again; never while nobody is new.
    next: Time,
}

impl<P: Policy> SlowStart<P> {
    /// Nobody is new yet.
    pub fn new(inside: P, ramp: Ramp) -> Self {
        Self { part: Part::new(inside), ramp, endpoints: Vec::new(), next: Time::MAX }
    }

    fn is_new(&self, endpoint: &Endpoint, now: Time) -> bool {
        endpoint.weight > 0 && now.since(endpoint.since) < self.ramp.length()
    }

    /// The endpoints as the policy inside is to see them. While nobody is new the weights are their
    /// own; but Envoy's schedulers go on with parts of them until the list changes.
    fn weighed(&mut self, is_step: bool, now: Time) -> Vec<(usize, Endpoint)> {
        let any_new = self.endpoints.iter().any(|endpoint| self.is_new(endpoint, now));
        self.next = if any_new { now + self.ramp.step() } else { Time::MAX };
        let in_parts = any_new || (is_step && matches!(self.ramp, Ramp::Envoy { .. }));
        let weigh = |endpoint: &Endpoint| {
            let since = now.since(endpoint.since);
            let weight = self.ramp.weight(endpoint.weight, since);
            if in_parts { endpoint.weighing(weight) } else { *endpoint }
        };
        self.endpoints.iter().map(weigh).enumerate().collect()
    }
}

impl<P: Policy> Policy for SlowStart<P> {
    hand_on!(part: chosen, remembers, listens, reads_reports);
    hand_on!(part: established, ended, withdrawn, probes, reported);

    fn update(&mut self, endpoints: &[Endpoint], now: Time) {
        self.endpoints.clear();
        self.endpoints.extend_from_slice(endpoints);
        let weighed = self.weighed(false, now);
        self.part.tell(endpoints.len(), weighed, now);
    }

    #[inline]
    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        if context.now >= self.next {
            let weighed = self.weighed(true, context.now);
            self.part.tell_weights(self.endpoints.len(), weighed, context.now);
        }
        self.part.pick(context)
    }
}

#[cfg(test)]
mod tests {
    use engine::Streams;

    use super::*;

    /// Remembers what it was told last.
    #[derive(Debug, Default)]
    struct Told {
        weights: Vec<u32>,
        updates: u32,
    }

    impl Policy for Told {
        fn update(&mut self, endpoints: &[Endpoint], _: Time) {
            self.weights = endpoints.iter().map(|endpoint| endpoint.weight).collect();
            self.updates += 1;
        }

        fn pick(&mut self, _: &mut PickContext<'_>) -> Option<usize> {
            (!self.weights.is_empty()).then_some(0)
        }
    }

    /// What the policy inside knows at these moments, in seconds.
    fn told(ramp: Ramp, endpoints: &[Endpoint], secs: &[u64]) -> Vec<(Vec<u32>, u32)> {
        let mut random = Streams::new(1).named("unused");
        let mut layer = SlowStart::new(Told::default(), ramp);
        layer.update(endpoints, Time::from_secs(secs[0]));
        let mut at = |secs: &u64| {
            layer.pick(&mut PickContext::new(Time::from_secs(*secs), &mut random));
            (layer.part.policy().weights.clone(), layer.part.policy().updates)
        };
        secs.iter().map(&mut at).collect()
    }

    /// One that was there before, one that is new, one that takes nothing.
    fn endpoints() -> Vec<Endpoint> {
        let mut endpoints = Endpoint::numbered(&[2, 2, 0]);
        endpoints[1].since = Time::from_secs(1_000);
        endpoints
    }

    #[test]
    fn envoys_weights_grow_by_steps() {
        let ramp = Ramp::Envoy {
            window: Span::from_secs(60),
            aggression: 1.0,
            least_percent: 10.0,
            step: Span::from_secs(5),
        };
        let expected = [
            (vec![200, 20, 0], 1),
            (vec![200, 20, 0], 1),
            (vec![200, 20, 0], 1),
            (vec![200, 40, 0], 2),
            (vec![200, 200, 0], 3),
            (vec![200, 200, 0], 3),
        ];
        assert_eq!(told(ramp, &endpoints(), &[1_000, 1_001, 1_005, 1_012, 1_060, 2_000]), expected);
    }

    #[test]
    fn haproxys_weights_grow_in_sixteenths() {
        let ramp = Ramp::Haproxy { slowstart: Span::from_secs(10) };
        let expected =
            [(vec![32, 2, 0], 1), (vec![32, 4, 0], 2), (vec![32, 30, 0], 3), (vec![2, 2, 0], 4)];
        assert_eq!(told(ramp, &endpoints(), &[1_000, 1_001, 1_009, 1_010]), expected);
    }

    #[test]
    fn without_a_window_nothing_changes() {
        let ramp = Ramp::Haproxy { slowstart: Span::ZERO };
        assert_eq!(
            told(ramp, &endpoints(), &[1_000, 1_001]),
            [(vec![2, 2, 0], 1), (vec![2, 2, 0], 1)]
        );
        assert_eq!(told(ramp, &[], &[0]), [(vec![], 1)]);
        assert_eq!(haproxy_weight(0, 0, 7, (16, 1)), 112);
        assert!(envoy_factor(Span::ZERO, Span::ZERO, 1.0, 10.0) >= 1.0);
    }
}
