//! Texts with a meaning of their own: durations, distributions, rates, quantities and the like.
//!
//! Patterns take all that the reader takes. What they cannot say, such as that one duration is not
//! longer than another, is for the reader to find.

use super::form::{Form, any_of, choice, constant, defined, list, number, pattern};
use crate::rate::MOST_PER_SECOND;

/// A number without a sign.
const NUMBER: &str = r"([0-9]+(\.[0-9]*)?|\.[0-9]+)";

/// A duration as Go reads it.
fn span() -> String {
    format!("(0|({NUMBER}(h|m|s|ms|us|µs|μs|ns))+)")
}

/// Events of a unit of time.
fn per_time() -> String {
    format!(r"\s*{NUMBER}\s*/\s*[smh]\s*")
}

/// Forms that others refer to, by their names.
pub(super) fn definitions() -> [(&'static str, Form); 5] {
    [
        ("duration", span_form()),
        ("distribution", distribution_form()),
        ("limit", limit_form()),
        ("quantity", quantity_form()),
        ("labels", labels_form()),
    ]
}

/// A length of time.
pub(super) fn duration() -> Form {
    defined("duration")
}

/// How long something takes each time it happens.
pub(super) fn distribution() -> Form {
    defined("distribution").torn_by_editors()
}

/// A distribution, or a list of durations that are taken in turn.
pub(super) fn delay() -> Form {
    any_of([distribution(), list(duration()).at_least(1)])
}

/// How many events a second there may be.
pub(super) fn limit() -> Form {
    defined("limit")
}

/// A quantity of Kubernetes.
pub(super) fn quantity() -> Form {
    defined("quantity")
}

/// Labels that a pod must have.
pub(super) fn labels() -> Form {
    defined("labels")
}

fn span_form() -> Form {
    let meaning = "A duration as Go reads it: numbers with `h`, `m`, `s`, `ms`, `us` or `ns`.";
    let form = any_of([pattern(&span()), constant(0)]).says(meaning);
    form.such_as(&["250ms", "1.5s", "1h30m"])
}

fn distribution_form() -> Form {
    let span = span();
    let whole = [
        span.clone(),
        format!(r"exp\(\s*{span}\s*\)"),
        format!(r"uniform\(\s*{span}\s*,\s*{span}\s*\)"),
        format!(r"lognormal\(\s*{span}\s*,\s*p99\s*=\s*{span}\s*\)"),
        format!(r"pareto\(\s*{span}\s*,\s*shape\s*=\s*[0-9.eE+-]+\s*\)"),
    ];
    let meaning = "How long something takes each time it happens: a duration, or a function.";
    // All that an editor sees of it within braces, where YAML ends a text at a comma.
    let torn = format!(r"(uniform|lognormal|pareto)\(\s*{span}");
    let texts = pattern(&format!(r"\s*({}|{torn})\s*", whole.join("|")));
    any_of([texts, constant(0)]).says(meaning).such_as(&[
        "20ms",
        "exp(20ms)",
        "uniform(1ms, 5ms)",
        "lognormal(20ms, p99=90ms)",
        "pareto(10ms, shape=2.5)",
    ])
}

fn limit_form() -> Form {
    let text = pattern(&format!("unlimited|{NUMBER}|{}", per_time()));
    any_of([text, number(0.0).above(0.0).up_to(MOST_PER_SECOND)])
        .says("Events per second, minute or hour; a number is a number a second.")
        .such_as(&["20/s", "unlimited"])
}

fn quantity_form() -> Form {
    let suffix = "[numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+";
    any_of([pattern(&format!(r"\+?{NUMBER}({suffix})?")), number(0.0)])
        .says("A quantity as Kubernetes reads it.")
        .such_as(&["4", "500m", "16Gi"])
}

fn labels_form() -> Form {
    let pair = "[^=,!]+=[^,]*";
    pattern(&format!("{pair}(,{pair})*"))
        .says("Pairs that a pod must have, equality only.")
        .such_as(&["app=shop", "app=shop,tier=web"])
}

/// When requests come.
pub(super) fn arrivals() -> Form {
    let (span, rate) = (span(), per_time());
    let step = format!(r"\s*{span}\s*:{rate}");
    let even = format!(r"(constant|poisson)\({rate}\)");
    pattern(&format!(r"\s*({even}|steps\({step}(,{step})*\))\s*")).such_as(&[
        "constant(200/s)",
        "poisson(200/s)",
        "steps(0s: 100/s, 30s: 500/s)",
    ])
}

/// Where requests go.
pub(super) fn target() -> Form {
    pattern("(http|https|udp)://[^/?#:].*").such_as(&[
        "http://web-svc/",
        "http://web-svc.prod:8080/",
        "udp://dns.kube-system:53",
    ])
}

/// A part of all, less than all.
pub(super) fn share() -> Form {
    let text = pattern(r"\s*[+-]?[0-9.]+([eE][+-]?[0-9]+)?\s*%?").such_as(&["1%"]);
    any_of([text, number(0.0).below(1.0)])
}

/// How long answers are kept.
pub(super) fn kept() -> Form {
    any_of([duration(), choice(&["off"]), constant(false)])
}

/// A name as of a Kubernetes object.
pub(super) fn subdomain() -> Form {
    let label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
    any_of([pattern(&format!(r"{label}(\.{label})*")).of_length(1..=253), number(0.0)])
}

/// An address of IPv4.
pub(super) fn address() -> Form {
    pattern(r"[0-9]{1,3}(\.[0-9]{1,3}){3}").such_as(&["203.0.113.7"])
}
