//! `kubectl describe hpa` and `kubectl describe pdb`.
//!
//! *Left out:* `behavior` of an autoscaler.

use super::{
    Options,
    lines::{annotations, labels},
    pod::rfc1123,
};
use crate::{Object, object::or, selector::format_label_selector, table::elastic};

/// What is known of a HorizontalPodAutoscaler.
#[must_use]
pub fn describe_autoscaler(scaler: Object<'_>, options: Options) -> String {
    let (spec, status) = (scaler.at("spec"), scaler.at("status"));
    let mut text = format!("Name:\t{}\nNamespace:\t{}\n", scaler.name(), scaler.namespace());
    text.push_str(&labels("Labels", &scaler.entries("metadata.labels")));
    text.push_str(&annotations("Annotations", &scaler.entries("metadata.annotations")));
    if let Some(created) = scaler.moment("metadata.creationTimestamp") {
        text.push_str(&format!("CreationTimestamp:\t{}\n", rfc1123(created)));
    }
    let target = spec.at("scaleTargetRef");
    let (kind, name) = (target.text("kind"), target.text("name"));
    text.push_str(&format!("Reference:\t{kind}/{name}\nMetrics:\t( current / target )\n"));
    let mut current = status.list("currentMetrics");
    text.extend(spec.list("metrics").map(|it| metric(it, current.next())));
    let least = spec.some_number("minReplicas");
    text.push_str(&format!(
        "Min replicas:\t{}\nMax replicas:\t{}\n{kind} pods:\t{} current / {} desired\n",
        least.map_or_else(|| "<unset>".to_owned(), |least| least.to_string()),
        spec.number("maxReplicas"),
        status.number("currentReplicas"),
        status.number("desiredReplicas"),
    ));
    text.push_str(&conditions(status));
    if options.events {
        text.push_str("Events:\t<none>\n");
    }
    elastic(&text)
}

/// A metric, with what it is and what it should be.
fn metric(spec: Object<'_>, current: Option<Object<'_>>) -> String {
    let (source, subject) = match spec.text("type") {
        "External" => ("external", format!("{:?}", spec.text("external.metric.name"))),
        "Pods" => ("pods", format!("{:?} on pods", spec.text("pods.metric.name"))),
        "Object" => {
            let object = spec.at("object.describedObject");
            let (kind, name) = (object.text("kind"), object.text("name"));
            ("object", format!("{:?} on {kind}/{name}", spec.text("object.metric.name")))
        }
        "Resource" => ("resource", format!("resource {} on pods", spec.text("resource.name"))),
        "ContainerResource" => {
            let own = spec.at("containerResource");
            let (name, container) = (own.text("name"), own.text("container"));
            ("containerResource", format!("resource {name} of container {container:?} on pods"))
        }
        other => return format!("  <unknown metric type {other:?}>\n"),
    };
    let target = spec.at(source).at("target");
    let is = current.map(|current| current.at(source).at("current"));
    let (how, field) = measured(source, target);
    let known = is.map(|is| is.int_or_text(field)).filter(|text| !text.is_empty());
    let known = known.map(|value| match (field, is) {
        ("averageUtilization", Some(is)) => format!("{value}% ({})", is.text("averageValue")),
        _ => value,
    });
    let wanted = match (field, target.int_or_text(field)) {
        ("averageUtilization", text) if text.is_empty() => "<auto>".to_owned(),
        ("averageUtilization", text) => format!("{text}%"),
        (_, text) => text,
    };
    format!("  {subject}{how}:\t{} / {wanted}\n", known.as_deref().unwrap_or("<unknown>"))
}

/// How a metric is compared, in words and by the field.
fn measured(source: &str, target: Object<'_>) -> (&'static str, &'static str) {
    let average = target.at("averageValue").is_set();
    match (source, average) {
        ("external" | "object", true) => (" (target average value)", "averageValue"),
        ("external" | "object", false) => (" (target value)", "value"),
        ("pods", _) | (_, true) => ("", "averageValue"),
        _ => ("  (as a percentage of request)", "averageUtilization"),
    }
}

fn conditions(status: Object<'_>) -> String {
    let row = |it: Object<'_>| {
        let (kind, status) = (it.text("type"), it.text("status"));
        format!("  {kind}\t{status}\t{}\t{}\n", it.text("reason"), it.text("message"))
    };
    let rows: String = status.list("conditions").map(row).collect();
    match rows.is_empty() {
        true => rows,
        false => format!(
            "Conditions:\n  Type\tStatus\tReason\tMessage\n  ----\t------\t------\t-------\n{rows}"
        ),
    }
}

/// What is known of a PodDisruptionBudget.
#[must_use]
pub fn describe_disruption_budget(budget: Object<'_>, options: Options) -> String {
    let (spec, status) = (budget.at("spec"), budget.at("status"));
    let mut text = format!("Name:\t{}\nNamespace:\t{}\n", budget.name(), budget.namespace());
    let bounds = [("Min available", "minAvailable"), ("Max unavailable", "maxUnavailable")];
    let bound = bounds.into_iter().find(|(_, field)| spec.at(field).is_set());
    if let Some((title, field)) = bound {
        text.push_str(&format!("{title}:\t{}\n", spec.int_or_text(field)));
    }
    let selector = spec.at("selector");
    let selector = selector.is_set().then(|| format_label_selector(selector));
    text.push_str(&format!(
        "Selector:\t{}\nStatus:\n    Allowed disruptions:\t{}\n    Current:\t{}\n    Desired:\t{}\n    \
         Total:\t{}\n",
        or(selector.as_deref().unwrap_or_default(), "<unset>"),
        status.number("disruptionsAllowed"),
        status.number("currentHealthy"),
        status.number("desiredHealthy"),
        status.number("expectedPods"),
    ));
    if options.events {
        text.push_str("Events:\t<none>\n");
    }
    elastic(&text)
}
