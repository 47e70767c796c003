//! Deployments and ReplicaSets.

use super::{Options, Printer, always, wide};
use crate::{Object, selector::format_label_selector};

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
