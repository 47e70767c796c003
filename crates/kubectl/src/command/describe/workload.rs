//! `kubectl describe deployment` and `kubectl describe replicaset`.

use serde_json::Value;

use super::pod::{annotations, controlled_by, labels, rfc1123, template};
use crate::{Object, object::format_labels, table::elastic};

/// What is known of a Deployment, with its ReplicaSets among these.
#[must_use]
pub fn describe_deployment(deployment: Object<'_>, sets: &[Object<'_>], events: bool) -> String {
    let mut text =
        format!("Name:\t{}\nNamespace:\t{}\n", deployment.name(), deployment.namespace());
    if let Some(created) = deployment.moment("metadata.creationTimestamp") {
        text.push_str(&format!("CreationTimestamp:\t{}\n", rfc1123(created)));
    }
    text.push_str(&labels("", "Labels", &deployment.entries("metadata.labels")));
    text.push_str(&annotations("", &deployment.entries("metadata.annotations")));
    text.push_str(&format!("Selector:\t{}\n", selector(deployment)));
    let status = deployment.at("status");
    text.push_str(&format!(
        "Replicas:\t{} desired | {} updated | {} total | {} available | {} unavailable\n",
        deployment.number("spec.replicas"),
        status.number("updatedReplicas"),
        status.number("replicas"),
        status.number("availableReplicas"),
        status.number("unavailableReplicas"),
    ));
    let strategy = deployment.at("spec.strategy");
    text.push_str(&format!("StrategyType:\t{}\n", strategy.text("type")));
    text.push_str(&format!("MinReadySeconds:\t{}\n", deployment.number("spec.minReadySeconds")));
    let bounds = strategy.at("rollingUpdate");
    if bounds.is_set() {
        let (unavailable, surge) =
            (bounds.int_or_text("maxUnavailable"), bounds.int_or_text("maxSurge"));
        text.push_str(&format!(
            "RollingUpdateStrategy:\t{unavailable} max unavailable, {surge} max surge\n"
        ));
    }
    text.push_str(&template(deployment.at("spec.template")));
    text.push_str(&conditions(deployment));
    let mut own: Vec<Object<'_>> =
        sets.iter().copied().filter(|set| is_owned_by(*set, deployment)).collect();
    own.sort_by_key(|set| set.moment("metadata.creationTimestamp"));
    let wanted = plain_template(deployment);
    let new = own.iter().position(|set| plain_template(*set) == wanted);
    let new = new.map(|place| own.remove(place));
    text.push_str(&format!("OldReplicaSets:\t{}\n", replica_sets(&own)));
    text.push_str(&format!("NewReplicaSet:\t{}\n", replica_sets(new.as_slice())));
    if events {
        text.push_str("Events:\t<none>\n");
    }
    elastic(&text)
}

/// What is known of a ReplicaSet, with its pods among these.
#[must_use]
pub fn describe_replica_set(set: Object<'_>, pods: &[Object<'_>], events: bool) -> String {
    let mut text = format!("Name:\t{}\nNamespace:\t{}\n", set.name(), set.namespace());
    text.push_str(&format!("Selector:\t{}\n", selector(set)));
    text.push_str(&labels("", "Labels", &set.entries("metadata.labels")));
    text.push_str(&annotations("", &set.entries("metadata.annotations")));
    text.push_str(&controlled_by(set));
    let (current, desired) = (set.number("status.replicas"), set.number("spec.replicas"));
    text.push_str(&format!("Replicas:\t{current} current / {desired} desired\n"));
    let own = || pods.iter().filter(|pod| is_owned_by(**pod, set));
    let count = |phase: &str| own().filter(|pod| pod.text("status.phase") == phase).count();
    text.push_str(&format!(
        "Pods Status:\t{} Running / {} Waiting / {} Succeeded / {} Failed\n",
        count("Running"),
        count("Pending"),
        count("Succeeded"),
        count("Failed"),
    ));
    text.push_str(&template(set.at("spec.template")));
    text.push_str(&conditions(set));
    if events {
        text.push_str("Events:\t<none>\n");
    }
    elastic(&text)
}

/// Equalities first, as a selector is written on a command line.
fn selector(workload: Object<'_>) -> String {
    let mut parts = Vec::new();
    let labels = workload.entries("spec.selector.matchLabels");
    if !labels.is_empty() {
        parts.push(format_labels(&labels));
    }
    for requirement in workload.list("spec.selector.matchExpressions") {
        let key = requirement.text("key");
        let values: Vec<&str> = requirement.texts("values").collect();
        let values = values.join(",");
        parts.push(match requirement.text("operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            _ => format!("!{key}"),
        });
    }
    if parts.is_empty() { "<none>".to_owned() } else { parts.join(",") }
}

fn conditions(workload: Object<'_>) -> String {
    let rows: String = workload
        .list("status.conditions")
        .map(|it| {
            let (kind, status) = (it.text("type"), it.text("status"));
            format!("  {kind} \t{status}\t{}\n", it.text("reason"))
        })
        .collect();
    match rows.is_empty() {
        true => rows,
        false => format!("Conditions:\n  Type\tStatus\tReason\n  ----\t------\t------\n{rows}"),
    }
}

fn is_owned_by(object: Object<'_>, owner: Object<'_>) -> bool {
    let uid = owner.text("metadata.uid");
    object.list("metadata.ownerReferences").any(|it| it.text("uid") == uid)
}

/// A template without the label that tells the ReplicaSets of a Deployment apart.
fn plain_template(workload: Object<'_>) -> Value {
    let mut template = workload.at("spec.template").to_value();
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.remove("pod-template-hash");
    }
    template
}

fn replica_sets(sets: &[Object<'_>]) -> String {
    let each = sets.iter().map(|set| {
        let (created, wanted) = (set.number("status.replicas"), set.number("spec.replicas"));
        format!("{} ({created}/{wanted} replicas created)", set.name())
    });
    let text = each.collect::<Vec<_>>().join(", ");
    if text.is_empty() { "<none>".to_owned() } else { text }
}
