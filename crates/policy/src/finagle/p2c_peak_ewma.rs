//! The two choices of Finagle, by latency and load.

use engine::Span;

use crate::{
    Entry, Kind, Level, Parameter,
    block::{Choice, Estimator, PeakEwma, Sampling},
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "finagle.p2c_peak_ewma",
    summary: "the better of two by peak latency and pending requests, new ones probed",
    level: Level::Request,
    on_change: "who stays keeps its latency and pending requests; who is new gets one request \
                first",
    parameters: &[Parameter {
        name: "decayTime",
        summary: "How long it takes until 1/e of a latency is left.",
        kind: Kind::Duration { default: Span::from_secs(10) },
    }],
    build: |settings, _| {
        let score = PeakEwma::new(Estimator::Probes, settings.duration("decayTime"));
        Box::new(FinagleP2cPeakEwma::new(Sampling::Distinct, score))
    },
};

/// **What it does** Two different endpoints are drawn, and the one with the lower cost is picked: a
/// latency times the requests that are pending there, and one more. The latency rises with a peak
/// at once and falls as a moving average does. One that nothing is known of costs nothing, so it is
/// picked; while its first answer is awaited it costs more than any other.
///
/// **Where it is used** Finagle's clients, `Balancers.p2cPeakEwma`, for each request.
///
/// **What it needs to know** The list, and how long its own requests took, errors included.
///
/// **When it goes wrong** An endpoint that fails fast looks fast. An endpoint whose first answer
/// does not come gets nothing else. Weights are ignored.
///
/// **Reference** `loadbalancer/PeakEwma.scala`, `loadbalancer/p2c/P2CPick.scala` of Finagle.
pub type FinagleP2cPeakEwma = Choice<PeakEwma>;

#[cfg(test)]
mod tests {
    use engine::{Streams, Time};

    use super::*;
    use crate::{Configured, Endpoint, PickContext};

    #[test]
    fn each_new_endpoint_gets_one_request_until_it_answers() {
        let mut policy = Configured::new(&ENTRY).build(0);
        policy.update(&Endpoint::numbered(&[1; 2]), Time::ZERO);
        let mut random = Streams::new(1).named("finagle");
        let mut pick = || policy.pick(&mut PickContext::new(Time::ZERO, &mut random));
        let first = [pick(), pick()];
        assert!(first.contains(&Some(0)) && first.contains(&Some(1)), "{first:?}");
    }
}
