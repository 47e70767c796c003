//! How balancers that look at load choose among endpoints.

use engine::{Span, Time};
use policy::{Endpoint, block::Outstanding};
use serde_json::Value;

use crate::{
    case::Case,
    fields::{Fields, Problem, Read},
    lb_choices, lb_layers, lb_scores,
};

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    match case.test.as_str() {
        "peak_ewma_tower" => lb_scores::peak_ewma_tower(case),
        "penalty_peak_ewma_linkerd" => lb_scores::peak_ewma_linkerd(case),
        "peak_ewma_finagle" => lb_scores::peak_ewma_finagle(case),
        "c3" => lb_scores::c3(case),
        "nginx_least_time" => lb_scores::nginx_least_time(case),
        "orca_weight" => lb_scores::orca_weight(case),
        "fairness_metrics" => lb_scores::fairness_metrics(case),
        "p2c_tower" => lb_choices::p2c_tower(case),
        "p2c_traefik" => lb_choices::p2c_traefik(case),
        "least_time_traefik" => lb_choices::least_time_traefik(case),
        "envoy_least_request" => lb_choices::envoy_least_request(case),
        "ewma_ingress_nginx" => lb_choices::ewma_ingress_nginx(case),
        "d_aperture" => lb_choices::d_aperture(case),
        "prequal_hcl" => lb_choices::prequal_hcl(case),
        "prequal_reuse" => lb_choices::prequal_reuse(case),
        "envoy_slow_start"
        | "haproxy_slow_start"
        | "envoy_priority_load"
        | "envoy_zone_aware"
        | "outlier_detection" => lb_layers::check(case),
        _ => case.unknown(),
    }
}

/// What other roundings of the same number may differ by, relative to it.
const TOLERANCE: f64 = 1e-9;

/// Compares two numbers.
pub(crate) fn close(what: &str, expected: f64, got: f64) -> Result<(), Problem> {
    let close = (expected - got).abs() <= TOLERANCE * expected.abs().max(1.0);
    if close { Ok(()) } else { Err(format!("{what}\n  expected {expected}\n  got      {got}")) }
}

/// Compares numbers one by one.
pub(crate) fn all_close(what: &str, expected: &[f64], got: &[f64]) -> Result<(), Problem> {
    let problem = || format!("{what}\n  expected {expected:?}\n  got      {got:?}");
    let close = |(a, b): (&f64, &f64)| close(what, *a, *b).is_ok();
    let all = expected.len() == got.len() && expected.iter().zip(got).all(close);
    if all { Ok(()) } else { Err(problem()) }
}

/// A number, if any.
pub(crate) fn float_if_any(f: &Fields<'_>, name: &str) -> Read<Option<f64>> {
    let number = |value: &Value| {
        value.as_f64().ok_or_else(|| format!("{}: a number, not {value}", f.path(name)))
    };
    f.value(name).map(number).transpose()
}

/// A number.
pub(crate) fn float(f: &Fields<'_>, name: &str) -> Read<f64> {
    f.needed(name, float_if_any(f, name)?)
}

/// Numbers.
pub(crate) fn floats(f: &Fields<'_>, name: &str) -> Read<Vec<f64>> {
    f.each(name, |value, at| value.as_f64().ok_or_else(|| format!("{at}: a number")))
}

/// Whole numbers that fit.
pub(crate) fn wholes<T: TryFrom<u64>>(f: &Fields<'_>, name: &str) -> Read<Vec<T>> {
    f.each(name, |value, at| {
        let number = value.as_u64().and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| format!("{at}: a number that fits is wanted"))
    })
}

/// A place that is expected.
pub(crate) fn place(f: &Fields<'_>, name: &str) -> Read<usize> {
    Ok(f.needed(name, f.int::<u32>(name)?)? as usize)
}

/// A moment so many units of so many seconds after the beginning.
pub(crate) fn moment(number: f64, unit: f64) -> Time {
    Time::ZERO + Span::from_secs_f64(number * unit)
}

/// Endpoints of weight 1.
pub(crate) fn endpoints(count: usize) -> Vec<Endpoint> {
    Endpoint::numbered(&vec![1; count])
}

/// Endpoints that have so many requests.
pub(crate) fn outstanding(counts: &[u32]) -> Outstanding {
    let mut outstanding = Outstanding::default();
    outstanding.update(&endpoints(counts.len()), Time::ZERO);
    for (place, count) in counts.iter().enumerate() {
        (0..*count).for_each(|_| outstanding.begin(place));
    }
    outstanding
}
