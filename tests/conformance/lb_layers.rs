//! What goes around a policy: whom it is told of, and what they weigh.

use std::fmt::Debug;

use engine::{Span, Time};
use policy::{
    Configured, Endpoint, Instance, Policy,
    layer::{
        outlier::{Cap, EjectionTime, Threshold},
        priority::{Hosts, PriorityLoad},
        slow_start::{envoy_factor, haproxy_weight},
        zone::{Callers, Route, ZoneAware},
    },
};
use serde_json::Value;

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
};

/// What the vectors allow; they were computed in another order of sums.
const TOLERANCE: f64 = 1e-12;

/// Envoy does not go by zones with fewer endpoints.
const MIN_CLUSTER_SIZE: usize = 6;

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    match case.test.as_str() {
        "envoy_slow_start" => envoy_slow_start(case),
        "haproxy_slow_start" => haproxy_slow_start(case),
        "envoy_priority_load" => priority_load(case),
        "envoy_zone_aware" => zone_aware(case),
        "outlier_detection" => outlier_detection(case),
        _ => case.unknown(),
    }
}

fn number(f: &Fields<'_>, name: &str) -> Read<f64> {
    f.needed(name, f.value(name).and_then(Value::as_f64))
}

fn whole<T: TryFrom<i64>>(f: &Fields<'_>, name: &str) -> Read<T> {
    f.needed(name, f.int(name)?)
}

fn near(f: &Fields<'_>, name: &str, got: f64) -> Result<(), Problem> {
    let expected = number(f, name)?;
    let close = (expected - got).abs() <= TOLERANCE * expected.abs().max(1.0);
    if close { Ok(()) } else { Err(format!("{name}: expected {expected}, got {got}")) }
}

fn each_whole<T: TryFrom<u64>>(value: &Value, at: &str) -> Read<T> {
    let number = value.as_u64().and_then(|number| T::try_from(number).ok());
    number.ok_or_else(|| format!("{at}: a number that fits is wanted"))
}

/// Compares a list, where one is expected.
fn list<T>(f: &Fields<'_>, name: &str, got: &[T]) -> Result<(), Problem>
where
    T: TryFrom<u64> + PartialEq + Debug + Clone,
{
    let expected = f.value(name).map(|_| f.each(name, each_whole)).transpose()?;
    expected.map_or(Ok(()), |expected| agree(name, &expected, &got.to_vec()))
}

fn envoy_slow_start(case: &Case) -> Result<(), Problem> {
    let factor = case.input(|f| {
        let millis = |name| Ok::<_, Problem>(Span::from_millis(whole::<i64>(f, name)? as u64));
        let (since, window) = (millis("ms_since_healthy")?, millis("window_ms")?);
        let or = |name, default| f.value(name).map_or(Ok(default), |_| number(f, name));
        let (aggression, least) = (or("aggression", 1.0)?, or("min_weight_percent", 10.0)?);
        Ok(envoy_factor(since, window, aggression, least))
    })?;
    case.expected(|f| near(f, "factor", factor))
}

fn haproxy_slow_start(case: &Case) -> Result<(), Problem> {
    let (weight, full) = case.input(|f| {
        let (elapsed, slowstart) = (whole(f, "elapsed_s")?, whole(f, "slowstart_s")?);
        let scale = (whole(f, "wdiv")?, whole(f, "wmult")?);
        let weight: u32 = whole(f, "uweight")?;
        let at = |elapsed| haproxy_weight(elapsed, slowstart, weight, scale);
        Ok((at(elapsed), at(slowstart)))
    })?;
    case.expected(|f| {
        agree("eweight", &whole(f, "eweight")?, &weight)?;
        agree("full_eweight", &whole(f, "full_eweight")?, &full)
    })
}

fn priority_load(case: &Case) -> Result<(), Problem> {
    let load = case.input(|f| {
        let default: u32 = f.int("overprovisioning_default")?.unwrap_or(140);
        let name = "priorities_[hosts,healthy,degraded,excluded(,overprovisioning%)]";
        let priorities = f.each(name, |value, at| {
            let part = |index: usize| each_whole(&value[index], at);
            let overprovisioning_percent =
                if value[4].is_null() { default } else { each_whole(&value[4], at)? };
            Ok(Hosts {
                all: part(0)?,
                healthy: part(1)?,
                degraded: part(2)?,
                excluded: part(3)?,
                overprovisioning_percent,
            })
        })?;
        Ok(PriorityLoad::of(&priorities, f.int("panic_threshold")?.unwrap_or(50)))
    })?;
    let panic: Vec<u32> = load.panic.iter().map(|panic| u32::from(*panic)).collect();
    case.expected(|f| {
        list(f, "healthy_load", &load.healthy)?;
        list(f, "degraded_load", &load.degraded)?;
        list(f, "panic", &panic)
    })
}

/// The callers' own zone is number 0.
fn zone_aware(case: &Case) -> Result<(), Problem> {
    let layer = case.input(|f| {
        let callers: Vec<u32> = f.each("local_cluster_hosts_per_zone(index0=own)", each_whole)?;
        let hosts: Vec<usize> = f.each("upstream_healthy_per_zone", each_whole)?;
        let least = f.int("min_cluster_size")?.unwrap_or(MIN_CLUSTER_SIZE);
        let of_zone = |(zone, count): (u32, &usize)| std::iter::repeat_n(zone, *count);
        let zones: Vec<u32> = (0..).zip(&hosts).flat_map(of_zone).collect();
        let mut endpoints = Endpoint::numbered(&vec![1; zones.len()]);
        endpoints.iter_mut().zip(zones).for_each(|(endpoint, zone)| endpoint.zone = zone);
        let callers = Callers::Counted((0..).zip(callers).collect());
        let inside = Configured::by_name("kube-proxy.random").ok_or("there is no such policy")?;
        let mut layer = ZoneAware::new(inside, (0, callers), least, Instance::only(0));
        layer.update(&endpoints, Time::ZERO);
        Ok(layer)
    })?;
    case.expected(|f| {
        let expected = f.text_or_empty("state")?;
        let Some(routing) = layer.routing() else {
            f.ignore(&["local_percent", "upstream_percent"]);
            return agree("state", &expected, &"NoLocalityRouting");
        };
        list(f, "local_percent", &routing.callers)?;
        list(f, "upstream_percent", &routing.endpoints)?;
        match &routing.route {
            Route::Direct => agree("state", &expected, &"LocalityDirect"),
            Route::Residual { stay, left } => {
                agree("state", &expected, &"LocalityResidual")?;
                agree("stay", &whole::<i64>(f, "local_percent_to_route")?, &(*stay as i64))?;
                list(f, "residual_capacity_cumulative", left)
            }
        }
    })
}

fn outlier_detection(case: &Case) -> Result<(), Problem> {
    let has = |name| {
        case.input(|f| {
            let has = f.value(name).is_some();
            f.rest();
            Ok(has)
        })
    };
    if has("success_rates")? {
        success_rates(case)
    } else if has("ejection_number")? {
        ejection_time(case)
    } else {
        ejection_cap(case)
    }
}

fn success_rates(case: &Case) -> Result<(), Problem> {
    let (rates, found) = case.input(|f| {
        let rate =
            |value: &Value, at: &str| value.as_f64().ok_or_else(|| format!("{at}: a number"));
        let rates: Vec<f64> = f.each("success_rates", rate)?;
        let found = Threshold::of(&rates, number(f, "stdev_factor")?);
        Ok((rates, found))
    })?;
    let below = |(_, rate): &(usize, &f64)| **rate < found.threshold;
    let outliers = rates.iter().enumerate().filter(below).map(|(place, _)| place);
    let outliers: Vec<usize> = outliers.collect();
    case.expected(|f| {
        near(f, "mean", found.mean)?;
        near(f, "stdev", found.deviation)?;
        near(f, "threshold", found.threshold)?;
        list(f, "ejected", &outliers)
    })
}

fn ejection_time(case: &Case) -> Result<(), Problem> {
    let (multiplier, span) = case.input(|f| {
        let secs = |name| Ok::<_, Problem>(Span::from_secs_f64(number(f, name)?));
        let time = EjectionTime { base: secs("base_s")?, max: secs("max_s")? };
        let ejections: u32 = whole(f, "ejection_number")?;
        let multiplier = (0..ejections).fold(0, |multiplier, _| time.longer(multiplier));
        Ok((multiplier, time.of(multiplier) + secs("jitter_s")?))
    })?;
    case.expected(|f| {
        agree("multiplier", &whole(f, "multiplier")?, &multiplier)?;
        near(f, "ejection_s", span.as_secs_f64())
    })
}

fn ejection_cap(case: &Case) -> Result<(), Problem> {
    let allowed = case.input(|f| {
        let percent = whole(f, "max_ejection_percent")?;
        let cap = Cap::Below { percent, always_one: f.flag("always_eject_one_host")? };
        Ok(cap.allows(whole(f, "already_ejected")?, whole(f, "hosts")?))
    })?;
    agree("may_eject", &case.expected(|f| f.flag("may_eject"))?, &allowed)
}
