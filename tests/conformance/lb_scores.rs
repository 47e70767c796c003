//! What balancers know of load.

use engine::{Span, Time};
use policy::{
    Ended, EndpointId, Reply, Report,
    block::{Estimator, OrcaWeight, PeakEwma, Score, Unusable, orca_weight as weight_of},
    c3::cubic::CubicScore,
    envoy::client_side_weighted_round_robin::with_median,
    nginx::least_time::averaged,
};
use serde_json::Value;

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
    lb_load_aware::{all_close, close, endpoints, float, float_if_any, floats, moment, wholes},
};

const NANOSECOND: f64 = 1e-9;
const MILLISECOND: f64 = 1e-3;
const SECOND: f64 = 1.0;

/// The latency estimate of tower.
pub(crate) fn peak_ewma_tower(case: &Case) -> Result<(), Problem> {
    let got = case.input(|f| {
        let estimator = Estimator::Assumes(span(f, "default_rtt_ms", MILLISECOND)?);
        let decay = span(f, "decay_ms", MILLISECOND)?;
        loads(f, PeakEwma::new(estimator, decay), MILLISECOND)
    })?;
    case.expected(|f| {
        all_close("loads", &floats(f, "loads_ms")?, &got)?;
        let bounds =
            f.each("test_bounds", |value, at| match value.as_array().map(Vec::as_slice) {
                Some([least, most]) => Ok((least.as_f64(), most.as_f64())),
                _ => Err(format!("{at}: two bounds are wanted")),
            })?;
        let within = |((least, most), load): (&(Option<f64>, Option<f64>), &f64)| {
            least.is_some_and(|least| least <= *load) && most.is_some_and(|most| *load <= most)
        };
        agree("within bounds", &true, &bounds.iter().zip(&got).all(within))
    })
}

/// The latency estimate of Linkerd, where it penalizes failures.
pub(crate) fn peak_ewma_linkerd(case: &Case) -> Result<(), Problem> {
    let got = case.input(|f| {
        let assumed = span(f, "default_rtt_s", SECOND)?;
        let penalty = span(f, "penalty_s", SECOND)?;
        let estimator = Estimator::Penalizes { assumed, penalty };
        loads(f, PeakEwma::new(estimator, span(f, "decay_s", SECOND)?), SECOND)
    })?;
    case.expected(|f| all_close("loads", &floats(f, "loads_s")?, &got))
}

/// The latency estimate of Finagle.
pub(crate) fn peak_ewma_finagle(case: &Case) -> Result<(), Problem> {
    let got = case.input(|f| {
        let score = PeakEwma::new(Estimator::Probes, span(f, "tau_ns", NANOSECOND)?);
        loads(f, score, NANOSECOND)
    })?;
    case.expected(|f| all_close("loads", &floats(f, "loads")?, &got))
}

fn span(f: &Fields<'_>, name: &str, unit: f64) -> Read<Span> {
    Ok(Span::from_secs_f64(float(f, name)? * unit))
}

/// The end of a request at the only endpoint.
fn ended(latency: Span, now: Time) -> Ended {
    Ended { endpoint: EndpointId(0), now, latency, reply: Reply::Ok, report: None }
}

/// The loads of an endpoint in the course of a script, in its unit of time.
fn loads(f: &Fields<'_>, mut score: PeakEwma, unit: f64) -> Read<Vec<f64>> {
    score.update(&endpoints(1), Time::ZERO);
    let mut begun: Vec<(String, Time)> = Vec::new();
    let mut loads = Vec::new();
    f.each("script", |step, at| {
        let problem = || format!("{at}: no such step: {step}");
        let step = step.as_array().ok_or_else(problem)?;
        let (word, now) = match &step[..] {
            [Value::String(word), now, ..] => (word.as_str(), now.as_f64().ok_or_else(problem)?),
            _ => return Err(problem()),
        };
        let now = moment(now, unit);
        let request = || step.get(2).and_then(Value::as_str).ok_or_else(problem);
        let began = |begun: &[(String, Time)]| {
            let name = request()?;
            let found = begun.iter().find(|(known, _)| known == name);
            found.map(|(_, at)| *at).ok_or_else(problem)
        };
        match (word, step.len()) {
            ("load", 2) => loads.push(score.of(0, now) * NANOSECOND / unit),
            ("start", 3) => {
                begun.push((request()?.to_owned(), now));
                score.begin(0);
            }
            ("finish", 3) => score.end(&ended(now.since(began(&begun)?), now)),
            ("fail", 4) => {
                let hint = step[3].as_f64().map(|hint| Span::from_secs_f64(hint * unit));
                score.failed(&ended(now.since(began(&begun)?), now), hint);
            }
            _ => return Err(problem()),
        }
        Ok(())
    })?;
    Ok(loads)
}

/// The score of C3.
pub(crate) fn c3(case: &Case) -> Result<(), Problem> {
    let (expected_queue, score) = case.input(|f| {
        let outstanding = f.int_or_zero("outstanding")?;
        let queue = float(f, "ewma_queue_q")?;
        let expected = CubicScore::expected_queue(queue, outstanding, float(f, "n_clients")?);
        let service = 1.0 / float(f, "service_rate_mu")?;
        Ok((expected, CubicScore::score(float(f, "ewma_response_R")?, service, expected)))
    })?;
    case.expected(|f| {
        close("queue", float(f, "q_hat")?, expected_queue)?;
        close("score", float(f, "score")?, score)
    })
}

/// NGINX's moving average of latencies.
pub(crate) fn nginx_least_time(case: &Case) -> Result<(), Problem> {
    let got: Vec<u64> = case.input(|f| {
        let samples: Vec<u64> = wholes(f, "samples_ms")?;
        let add = |average: &mut u64, sample| {
            *average = averaged(*average, sample);
            Some(*average)
        };
        Ok(samples.into_iter().scan(0, add).collect())
    })?;
    agree("averages", &case.expected(|f| wholes(f, "avg_after_each"))?, &got)
}

/// Weights of what endpoints say of themselves.
pub(crate) fn orca_weight(case: &Case) -> Result<(), Problem> {
    match case.name.as_str() {
        name if name.starts_with("orca-weight") => orca_report(case),
        name if name.starts_with("orca-usable") => orca_usable(case),
        name if name.starts_with("envoy-cswrr-default") => orca_median(case),
        _ => case.unknown(),
    }
}

fn orca_report(case: &Case) -> Result<(), Problem> {
    let (report, penalty) = case.input(|f| {
        let report = Report {
            rate: float(f, "rps")?,
            utilization: float(f, "utilization")?,
            errors: float(f, "eps")?,
            ..Report::default()
        };
        Ok((report, float(f, "error_utilization_penalty")?))
    })?;
    let weight = weight_of(&report, penalty);
    // Of an endpoint that is not in use, but reports errors, gRPC takes no weight, as the model
    // does not; the formula alone would make one.
    let errors =
        Report { utilization: penalty * report.errors / report.rate, errors: 0.0, ..report };
    let formula = weight.or_else(|| weight_of(&errors, penalty));
    case.expected(|f| {
        agree("accepted", &f.flag("accepted")?, &weight.is_some())?;
        match (float_if_any(f, "weight")?, formula) {
            (Some(expected), Some(weight)) => close("weight", expected, weight),
            (expected, _) => agree("weight", &expected, &weight),
        }
    })
}

fn orca_usable(case: &Case) -> Result<(), Problem> {
    let got = case.input(|f| {
        let at = |name: &str| Ok::<_, Problem>(moment(float(f, name)?, SECOND));
        let report = Report { rate: 1.0, utilization: 1.0, ..Report::default() };
        let mut weight = OrcaWeight::default();
        weight.report(&report, 1.0, at("non_empty_since")?);
        weight.report(&report, 1.0, at("last_updated")?);
        let blackout = span(f, "blackout_s", SECOND)?;
        Ok(weight.usable(at("now")?, blackout, span(f, "expiration_s", SECOND)?))
    })?;
    let expected = case.expected(|f| Ok(f.text_or_empty("result")?.to_owned()))?;
    let agrees = match got {
        Ok(_) => expected == "usable",
        Err(Unusable::Blackout) => expected.starts_with("zero (blackout"),
        Err(Unusable::Expired) => expected.starts_with("zero (expir"),
        Err(Unusable::Silent) => false,
    };
    if agrees { Ok(()) } else { Err(format!("expected {expected}, got {got:?}")) }
}

fn orca_median(case: &Case) -> Result<(), Problem> {
    let weights: Vec<Option<f64>> = case.input(|f| {
        f.each("valid_weights_(null=blackout/expired)", |value, _| Ok(value.as_f64()))
    })?;
    let all = with_median(weights.clone());
    let expected = case.expected(|f| float(f, "default_weight_for_null"))?;
    for (before, after) in weights.iter().zip(all) {
        close("weight", before.unwrap_or(expected), after)?;
    }
    Ok(())
}

/// How even loads are.
pub(crate) fn fairness_metrics(case: &Case) -> Result<(), Problem> {
    let loads = case.input(|f| floats(f, "loads"))?;
    case.expected(|f| {
        close("jain", float(f, "jain")?, stats::jain(&loads))?;
        close("cv", float(f, "cv_population")?, stats::coefficient_of_variation(&loads))?;
        close("max/mean", float(f, "max_over_mean")?, stats::max_over_mean(&loads))?;
        close("min/max", float(f, "min_over_max")?, stats::min_over_max(&loads))?;
        close("gini", float(f, "gini")?, stats::gini(&loads))
    })
}
