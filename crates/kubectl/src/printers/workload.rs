//! Deployments and ReplicaSets.

use super::{Options, Printer, always, wide};
use crate::object::{Object, format_labels};

pub(super) const DEPLOYMENT: Printer = Printer {
    kind: "Deployment",
    columns: &[
        always("NAME"),
        always("READY"),
        always("UP-TO-DATE"),
        always("AVAILABLE"),
        always("AGE"),
        wide("CONTAINERS"),
        wide("IMAGES"),
        wide("SELECTOR"),
    ],
    cells: deployment,
};

pub(super) const REPLICA_SET: Printer = Printer {
    kind: "ReplicaSet",
    columns: &[
        always("NAME"),
        always("DESIRED"),
        always("CURRENT"),
        always("READY"),
        always("AGE"),
        wide("CONTAINERS"),
        wide("IMAGES"),
        wide("SELECTOR"),
    ],
    cells: replica_set,
};

fn deployment(object: Object<'_>, options: &Options) -> Vec<String> {
    let (ready, desired) = (object.number("status.readyReplicas"), object.number("spec.replicas"));
    let mut cells = vec![
        object.name().to_owned(),
        format!("{ready}/{desired}"),
        object.number("status.updatedReplicas").to_string(),
        object.number("status.availableReplicas").to_string(),
        object.age(options.now),
    ];
    cells.extend(template(object));
    cells
}

fn replica_set(object: Object<'_>, options: &Options) -> Vec<String> {
    let mut cells = vec![
        object.name().to_owned(),
        object.number("spec.replicas").to_string(),
        object.number("status.replicas").to_string(),
        object.number("status.readyReplicas").to_string(),
        object.age(options.now),
    ];
    cells.extend(template(object));
    cells
}

fn template(object: Object<'_>) -> [String; 3] {
    let all = |field: &str| {
        let containers = object.list("spec.template.spec.containers");
        containers.map(|container| container.text(field)).collect::<Vec<_>>().join(",")
    };
    [all("name"), all("image"), format_label_selector(object.at("spec.selector"))]
}

/// A label selector as one writes it after `-l` (`metav1.FormatLabelSelector`).
#[must_use]
pub(super) fn format_label_selector(selector: Object<'_>) -> String {
    let labels = selector.entries("matchLabels");
    let mut terms: Vec<String> =
        labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    terms.extend(selector.list("matchExpressions").map(|expression| {
        let key = expression.text("key");
        let values = expression.texts("values").collect::<Vec<_>>().join(",");
        match expression.text("operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            _ => format!("!{key}"),
        }
    }));
    terms.sort_unstable();
    if terms.is_empty() { format_labels(&[]) } else { terms.join(",") }
}
