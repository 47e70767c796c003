//! What Linkerd does.

use engine::Span;

use crate::{
    Entry, Kind, Level, Parameter,
    block::{Choice, Estimator, PeakEwma, Sampling},
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "linkerd.ewma",
    summary: "the better of two by peak latency and pending requests",
    level: Level::Request,
    on_change: "who stays keeps its latency and pending requests; who is new has default_rtt",
    parameters: &[
        Parameter {
            name: "default_rtt",
            summary: "The latency that a new endpoint is taken to have.",
            kind: Kind::Duration { default: Span::from_millis(30) },
        },
        Parameter {
            name: "decay",
            summary: "How long it takes until 1/e of a latency is left.",
            kind: Kind::Duration { default: Span::from_secs(10) },
        },
        Parameter {
            name: "penalize_failures",
            summary: "Whether an error of the server counts as a very long latency.",
            kind: Kind::Flag { default: false },
        },
        Parameter {
            name: "penalty",
            summary: "The latency that an error counts as, where errors are penalized.",
            kind: Kind::Duration { default: Span::from_secs(5) },
        },
    ],
    build: |settings, _| {
        let assumed = settings.duration("default_rtt");
        let penalty = settings.duration("penalty");
        let estimator = if settings.flag("penalize_failures") {
            Estimator::Penalizes { assumed, penalty }
        } else {
            Estimator::Assumes(assumed)
        };
        let score = PeakEwma::new(estimator, settings.duration("decay"));
        Box::new(LinkerdEwma::new(Sampling::Distinct, score))
    },
};

/// **What it does** Two different endpoints are drawn, and the one with the lower cost is picked,
/// the first where both cost the same. The cost is a latency times the requests that are pending
/// there, and one more. The latency rises with a peak at once and falls as a moving average does.
///
/// **Where it is used** The proxy of Linkerd beside each client, for each request. It is the only
/// policy that Linkerd has. That errors count as a latency is off by default there too.
///
/// **What it needs to know** The list, and how long its own requests took, errors included. It
/// measures until the answer is whole, where Linkerd measures to its first byte; nobody says
/// `Retry-After`.
///
/// **When it goes wrong** An endpoint that fails fast looks fast. With many clients of few requests
/// each, pending requests say little, and latencies are old. Weights are ignored.
///
/// **Reference** `tower/src/balance/p2c/service.rs`, `tower/src/load/peak_ewma.rs` of tower;
/// `linkerd/load-biaser/src/lib.rs` of linkerd2-proxy.
pub type LinkerdEwma = Choice<PeakEwma>;

#[cfg(test)]
mod tests {
    use engine::{Streams, Time};

    use super::*;
    use crate::{Configured, Ended, Endpoint, PickContext, Policy, Reply, Value};

    /// How many of 1000 requests go to the first of three endpoints, which answers at once: with an
    /// error.
    fn share_of_the_failing(policy: &mut dyn Policy) -> usize {
        let all = Endpoint::numbered(&[1; 3]);
        policy.update(&all, Time::ZERO);
        let mut random = Streams::new(1).named("linkerd");
        let mut count = 0;
        for at in 0..1000 {
            let now = Time::from_millis(at);
            let place = policy.pick(&mut PickContext::new(now, &mut random));
            let place = place.expect("there are three");
            let (latency, reply) = match place {
                0 => (Span::from_millis(1), Reply::ServerError),
                _ => (Span::from_millis(50), Reply::Ok),
            };
            count += usize::from(place == 0);
            let endpoint = all[place].id;
            policy.ended(&Ended { endpoint, now: now + latency, latency, reply, report: None });
        }
        count
    }

    #[test]
    fn errors_draw_requests_unless_they_are_penalized() {
        let mut configured = Configured::new(&ENTRY);
        let drawn = share_of_the_failing(&mut *configured.build(0));
        assert!(drawn > 600, "{drawn}");
        assert!(configured.set("penalize_failures", Value::Flag(true)).is_ok());
        let drawn = share_of_the_failing(&mut *configured.build(0));
        assert!(drawn < 5, "{drawn}");
    }
}
