//! What can be set about outlier detection, as Envoy and gRPC spell it.

use engine::Span;

use super::{Cap, Detection, EjectionTime, Outlier, Rule, Sampled};
use crate::{
    Kind, Parameter, Settings,
    layer::{LayerEntry, Stage},
};

const fn count(name: &'static str, summary: &'static str, default: u64) -> Parameter {
    Parameter { name, summary, kind: Kind::Integer { default, min: 0, max: u32::MAX as u64 } }
}

const fn percent(name: &'static str, summary: &'static str, default: u64) -> Parameter {
    Parameter { name, summary, kind: Kind::Integer { default, min: 0, max: 100 } }
}

const fn duration(name: &'static str, summary: &'static str, default_secs: u64) -> Parameter {
    let default = Span::from_secs(default_secs);
    Parameter { name, summary, kind: Kind::Duration { default } }
}

const INTERVAL: Parameter = duration("interval", "How often answers are looked through.", 10);
const BASE: Parameter = duration("base_ejection_time", "How long a first ejection lasts.", 30);
const MAX: Parameter = duration("max_ejection_time", "How long one lasts at most.", 300);
const CAP: Parameter =
    percent("max_ejection_percent", "How many endpoints are ejected at a time, in percent.", 10);

const STDEV_FACTOR: Parameter = count(
    "success_rate_stdev_factor",
    "So far below the mean is too far, in thousandths of a standard deviation.",
    1_900,
);

const fn hosts(name: &'static str) -> Parameter {
    count(name, "So many endpoints must have had enough answers.", 5)
}

const fn volume(name: &'static str, default: u64) -> Parameter {
    count(name, "So many answers in an interval are enough.", default)
}

/// Its line in the list of layers.
pub static ENVOY: LayerEntry = LayerEntry {
    name: "envoy.outlier_detection",
    summary: "endpoints that answer badly are left out for a while, never more than a tenth of all",
    stage: Stage::Health,
    counts_unhealthy: false,
    parameters: &[
        INTERVAL,
        BASE,
        MAX,
        duration("max_ejection_time_jitter", "By how much one is longer at most, at random.", 0),
        CAP,
        Parameter {
            name: "always_eject_one_host",
            summary: "Whether one may be ejected whatever share that is.",
            kind: Kind::Flag { default: false },
        },
        count("consecutive_5xx", "So many errors in a row are too many.", 5),
        percent("enforcing_consecutive_5xx", "How often that ejects, in percent.", 100),
        count("consecutive_gateway_failure", "So many requests without answer in a row are.", 5),
        percent("enforcing_consecutive_gateway_failure", "How often that ejects, in percent.", 0),
        STDEV_FACTOR,
        percent("enforcing_success_rate", "How often that ejects, in percent.", 100),
        hosts("success_rate_minimum_hosts"),
        volume("success_rate_request_volume", 100),
        percent("failure_percentage_threshold", "So many failures are too many, in percent.", 85),
        percent("enforcing_failure_percentage", "How often that ejects, in percent.", 0),
        hosts("failure_percentage_minimum_hosts"),
        volume("failure_percentage_request_volume", 50),
    ],
    wrap: |inside, settings, instance| {
        let detection = Detection {
            cap: Cap::Below {
                percent: whole(settings, "max_ejection_percent"),
                always_one: settings.flag("always_eject_one_host"),
            },
            max_jitter: settings.duration("max_ejection_time_jitter"),
            consecutive_5xx: Rule {
                limit: whole(settings, "consecutive_5xx"),
                enforcing_percent: whole(settings, "enforcing_consecutive_5xx"),
            },
            consecutive_gateway: Rule {
                limit: whole(settings, "consecutive_gateway_failure"),
                enforcing_percent: whole(settings, "enforcing_consecutive_gateway_failure"),
            },
            failure_percentage_inclusive: true,
            returns_first: true,
            ..sampled(settings, ["enforcing_success_rate", "enforcing_failure_percentage"])
        };
        let counts = inside.counts_unhealthy();
        // Envoy's balancers panic whatever is set about priorities; a layer of priorities sees to it.
        let by_priority = inside.layers().any(|layer| layer.stage == Stage::Priority);
        let outlier = Outlier::new(inside.build_as(instance), detection, counts, instance.seed);
        Box::new(if by_priority { outlier } else { outlier.panicking() })
    },
};

/// Its line in the list of layers.
pub static GRPC: LayerEntry = LayerEntry {
    name: "grpc.outlier_detection",
    summary: "endpoints that answer worse than others are left out for a while, one at least",
    stage: Stage::Health,
    counts_unhealthy: false,
    parameters: &[
        INTERVAL,
        BASE,
        MAX,
        CAP,
        STDEV_FACTOR,
        percent("success_rate_enforcement", "How often that ejects, in percent.", 100),
        hosts("success_rate_minimum_hosts"),
        volume("success_rate_request_volume", 100),
        percent("failure_percentage_threshold", "More failures are too many, in percent.", 85),
        percent(
            "failure_percentage_enforcement",
            "The same; 100 in gRPC once it is configured.",
            0,
        ),
        hosts("failure_percentage_minimum_hosts"),
        volume("failure_percentage_request_volume", 50),
    ],
    wrap: |inside, settings, instance| {
        let never = Rule { limit: 0, enforcing_percent: 0 };
        let detection = Detection {
            cap: Cap::Until { percent: whole(settings, "max_ejection_percent") },
            max_jitter: Span::ZERO,
            consecutive_5xx: never,
            consecutive_gateway: never,
            failure_percentage_inclusive: false,
            returns_first: false,
            ..sampled(settings, ["success_rate_enforcement", "failure_percentage_enforcement"])
        };
        let counts = inside.counts_unhealthy();
        Box::new(Outlier::new(inside.build_as(instance), detection, counts, instance.seed))
    },
};

fn whole(settings: &Settings, name: &str) -> u32 {
    u32::try_from(settings.integer(name)).unwrap_or(u32::MAX)
}

/// What both set about answers and times; the rest is to be filled in.
fn sampled(settings: &Settings, [success, failure]: [&str; 2]) -> Detection {
    let whole = |name| whole(settings, name);
    let never = Rule { limit: 0, enforcing_percent: 0 };
    Detection {
        interval: settings.duration("interval"),
        time: EjectionTime {
            base: settings.duration("base_ejection_time"),
            max: settings.duration("max_ejection_time"),
        },
        success_rate: Sampled {
            limit: f64::from(whole("success_rate_stdev_factor")) / 1_000.0,
            enforcing_percent: whole(success),
            minimum_hosts: whole("success_rate_minimum_hosts") as usize,
            request_volume: whole("success_rate_request_volume"),
        },
        failure_percentage: Sampled {
            limit: f64::from(whole("failure_percentage_threshold")),
            enforcing_percent: whole(failure),
            minimum_hosts: whole("failure_percentage_minimum_hosts") as usize,
            request_volume: whole("failure_percentage_request_volume"),
        },
        max_jitter: Span::ZERO,
        cap: Cap::Until { percent: 0 },
        consecutive_5xx: never,
        consecutive_gateway: never,
        failure_percentage_inclusive: false,
        returns_first: false,
    }
}
