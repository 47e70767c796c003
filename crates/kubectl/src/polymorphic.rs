//! What is asked of several kinds (`pkg/polymorphichelpers`).
//!
//! *Left out:* DaemonSets and StatefulSets.

use std::collections::BTreeSet;

use crate::{
    Object,
    object::{format_labels, or},
    table::tabbed,
};

/// What a Deployment's rollout waits for, and whether it is done.
///
/// # Errors
/// It has given up.
pub fn rollout_status(deployment: Object<'_>) -> Result<(String, bool), String> {
    let name = deployment.name();
    let status = deployment.at("status");
    if deployment.number("metadata.generation") > status.number("observedGeneration") {
        return Ok(("Waiting for deployment spec update to be observed...\n".to_owned(), false));
    }
    let mut conditions = status.list("conditions");
    let progressing = conditions.find(|condition| condition.text("type") == "Progressing");
    if progressing.is_some_and(|it| it.text("reason") == "ProgressDeadlineExceeded") {
        return Err(format!("deployment \"{name}\" exceeded its progress deadline"));
    }
    let (updated, replicas, available) = (
        status.number("updatedReplicas"),
        status.number("replicas"),
        status.number("availableReplicas"),
    );
    let waits = |for_what: String| {
        format!("Waiting for deployment \"{name}\" rollout to finish: {for_what}\n")
    };
    Ok(match deployment.some_number("spec.replicas") {
        Some(wanted) if updated < wanted => {
            (waits(format!("{updated} out of {wanted} new replicas have been updated...")), false)
        }
        _ if replicas > updated => {
            let old = replicas - updated;
            (waits(format!("{old} old replicas are pending termination...")), false)
        }
        _ if available < updated => {
            (waits(format!("{available} of {updated} updated replicas are available...")), false)
        }
        _ => (format!("deployment \"{name}\" successfully rolled out\n"), true),
    })
}

/// The revision that a ReplicaSet is of.
#[must_use]
pub fn revision(set: Object<'_>) -> Option<i64> {
    set.at("metadata.annotations")
        .field("deployment.kubernetes.io/revision")
        .as_text()?
        .parse()
        .ok()
}

/// The revisions that a Deployment's ReplicaSets are of, with why each was made.
#[must_use]
pub fn rollout_history(deployment: Object<'_>, sets: &[Object<'_>]) -> String {
    let mut revisions: Vec<(i64, String)> = sets
        .iter()
        .filter_map(|set| {
            let cause = set.at("metadata.annotations").field("kubernetes.io/change-cause");
            Some((revision(*set)?, cause.as_text().unwrap_or("<none>").to_owned()))
        })
        .collect();
    revisions.sort_unstable();
    let mut rows = vec![vec!["REVISION".to_owned(), "CHANGE-CAUSE".to_owned()]];
    rows.extend(revisions.into_iter().map(|(revision, cause)| vec![revision.to_string(), cause]));
    format!("deployment.apps/{} \n{}\n", deployment.name(), tabbed(&rows))
}

/// Whether a Service can be made for objects of a kind (`CanBeExposed`).
///
/// # Errors
/// It cannot: kubectl's own words.
pub fn can_be_exposed(group: &str, kind: &str) -> Result<(), String> {
    match (group, kind) {
        ("", "Pod" | "Service" | "ReplicationController")
        | ("apps", "Deployment" | "ReplicaSet") => Ok(()),
        _ => {
            let dot = if group.is_empty() { "" } else { "." };
            Err(format!("cannot expose a {kind}{dot}{group}"))
        }
    }
}

/// The selector that finds an object's pods, as one writes it.
///
/// # Errors
/// There is none, or none of the kind that a Service can have.
pub fn map_based_selector_for_object(object: Object<'_>) -> Result<String, String> {
    match object.text("kind") {
        "Pod" => match object.entries("metadata.labels")[..] {
            [] => Err("the pod has no labels and cannot be exposed".to_owned()),
            ref labels => Ok(format_labels(labels)),
        },
        "Service" => match object.entries("spec.selector")[..] {
            [] => Err("the service has no pod selector set".to_owned()),
            ref labels => Ok(format_labels(labels)),
        },
        "ReplicationController" => match object.entries("spec.selector")[..] {
            [] => Err("invalid replicationcontroller: no selectors, cannot be exposed".to_owned()),
            ref labels => Ok(format_labels(labels)),
        },
        kind => of_workload(object, &kind.to_lowercase()),
    }
}

fn of_workload(object: Object<'_>, kind: &str) -> Result<String, String> {
    if let Some(expression) = object.list("spec.selector.matchExpressions").next() {
        let (key, operator) = (expression.text("key"), expression.text("operator"));
        let values: Vec<&str> = expression.texts("values").collect();
        return Err(format!(
            "couldn't convert expressions - \"[{{{key} {operator} [{}]}}]\" to map-based selector format",
            values.join(" ")
        ));
    }
    match object.entries("spec.selector.matchLabels")[..] {
        [] => Err(format!("invalid {kind}: no selectors, therefore cannot be exposed")),
        ref labels => Ok(format_labels(labels)),
    }
}

/// The ports that an object's containers, or a Service, say, each number once.
///
/// # Errors
/// It is of a kind that has none.
pub fn ports_for_object(object: Object<'_>) -> Result<Vec<String>, String> {
    let mut seen = BTreeSet::new();
    let ports = protocols_for_object(object)?;
    Ok(ports.into_iter().map(|(port, _)| port).filter(|port| seen.insert(port.clone())).collect())
}

/// The same ports with their protocols, each pair once.
///
/// # Errors
/// It is of a kind that has none.
pub fn protocols_for_object(object: Object<'_>) -> Result<Vec<(String, String)>, String> {
    let (list, number) = match object.text("kind") {
        "Service" => ("spec", "port"),
        "Pod" => ("spec.containers", "containerPort"),
        "Deployment" | "ReplicaSet" | "ReplicationController" => {
            ("spec.template.spec.containers", "containerPort")
        }
        other => return Err(format!("cannot extract ports from {other}")),
    };
    let ports: Vec<Object<'_>> = match list {
        "spec" => object.list("spec.ports").collect(),
        containers => {
            object.list(containers).flat_map(|it| it.list("ports").collect::<Vec<_>>()).collect()
        }
    };
    let mut seen = BTreeSet::new();
    let pairs = ports
        .into_iter()
        .map(|port| (port.number(number).to_string(), or(port.text("protocol"), "TCP").to_owned()));
    Ok(pairs.filter(|pair| seen.insert(pair.clone())).collect())
}
