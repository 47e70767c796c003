//! HorizontalPodAutoscalers and PodDisruptionBudgets.

use super::{Options, Printer, always};
use crate::object::Object;

pub(super) const HORIZONTAL_POD_AUTOSCALER: Printer = Printer {
    kind: "HorizontalPodAutoscaler",
    columns: &[
        always("NAME"),
        always("REFERENCE"),
        always("TARGETS"),
        always("MINPODS"),
        always("MAXPODS"),
        always("REPLICAS"),
        always("AGE"),
    ],
    cells: autoscaler,
};

pub(super) const POD_DISRUPTION_BUDGET: Printer = Printer {
    kind: "PodDisruptionBudget",
    columns: &[
        always("NAME"),
        always("MIN AVAILABLE"),
        always("MAX UNAVAILABLE"),
        always("ALLOWED DISRUPTIONS"),
        always("AGE"),
    ],
    cells: disruption_budget,
};

fn autoscaler(object: Object<'_>, options: &Options) -> Vec<String> {
    let target = object.at("spec.scaleTargetRef");
    let least = object.some_number("spec.minReplicas");
    vec![
        object.name().to_owned(),
        format!("{}/{}", target.text("kind"), target.text("name")),
        targets(object),
        least.map_or_else(|| "<unset>".to_owned(), |least| least.to_string()),
        object.number("spec.maxReplicas").to_string(),
        object.number("status.currentReplicas").to_string(),
        object.age(options.now),
    ]
}

/// The metrics with what they are and what they should be; two of them at most.
fn targets(object: Object<'_>) -> String {
    const MOST: usize = 2;
    let mut current = object.list("status.currentMetrics");
    let all: Vec<String> =
        object.list("spec.metrics").map(|spec| metric(spec, current.next())).collect();
    let shown = all[..all.len().min(MOST)].join(", ");
    match all.len() {
        0 => "<none>".to_owned(),
        1..=MOST => shown,
        more => format!("{shown} + {} more...", more - MOST),
    }
}

fn metric(spec: Object<'_>, current: Option<Object<'_>>) -> String {
    let (source, named) = match spec.text("type") {
        "External" => ("external", false),
        "Pods" => ("pods", false),
        "Object" => ("object", false),
        "Resource" => ("resource", true),
        "ContainerResource" => ("containerResource", true),
        _ => return "<unknown type>".to_owned(),
    };
    let target = spec.at(source).at("target");
    let is = |field: &str| {
        let value = current.map(|current| current.at(source).at("current").int_or_text(field));
        value.filter(|value| !value.is_empty()).unwrap_or_else(|| "<unknown>".to_owned())
    };
    let average = target.int_or_text("averageValue");
    let text = if !average.is_empty() {
        let suffix = if matches!(source, "external" | "object") { " (avg)" } else { "" };
        format!("{}/{average}{suffix}", is("averageValue"))
    } else if named {
        let percent = |value: String| match value.as_str() {
            "<unknown>" => value,
            _ => format!("{value}%"),
        };
        let wanted = target.int_or_text("averageUtilization");
        let wanted = if wanted.is_empty() { "<auto>".to_owned() } else { percent(wanted) };
        format!("{}/{wanted}", percent(is("averageUtilization")))
    } else {
        format!("{}/{}", is("value"), target.int_or_text("value"))
    };
    if named { format!("{}: {text}", spec.at(source).text("name")) } else { text }
}

fn disruption_budget(object: Object<'_>, options: &Options) -> Vec<String> {
    let bound = |path: &str| match object.int_or_text(path) {
        text if text.is_empty() => "N/A".to_owned(),
        text => text,
    };
    vec![
        object.name().to_owned(),
        bound("spec.minAvailable"),
        bound("spec.maxUnavailable"),
        object.number("status.disruptionsAllowed").to_string(),
        object.age(options.now),
    ]
}
