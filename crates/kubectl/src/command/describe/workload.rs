//! `kubectl describe deployment` and `kubectl describe replicaset`.

use serde_json::Value;

use super::{
    Options,
    lines::{annotations, labels},
    pod::{controlled_by, rfc1123, template},
};
use crate::{Object, object::or, selector::format_label_selector, table::elastic};

/// What is known of a Deployment, with its ReplicaSets among these.
#[must_use]
pub fn describe_deployment(
    deployment: Object<'_>,
    sets: &[Object<'_>],
    options: Options,
) -> String {
    let mut text =
        format!("Name:\t{}\nNamespace:\t{}\n", deployment.name(), deployment.namespace());
    if let Some(created) = deployment.moment("metadata.creationTimestamp") {
        text.push_str(&format!("CreationTimestamp:\t{}\n", rfc1123(created)));
    }
    text.push_str(&labels("Labels", &deployment.entries("metadata.labels")));
    text.push_str(&annotations("Annotations", &deployment.entries("metadata.annotations")));
    text.push_str(&format!(
        "Selector:\t{}\n",
        format_label_selector(deployment.at("spec.selector"))
    ));
    text.push_str(&replicas(deployment));
    text.push_str(&strategy(deployment));
    text.push_str(&template(deployment.at("spec.template"), options));
    text.push_str(&conditions(deployment));
    text.push_str(&old_and_new(deployment, sets));
    if options.events {
        text.push_str("Events:\t<none>\n");
    }
    elastic(&text)
}

fn replicas(deployment: Object<'_>) -> String {
    let status = deployment.at("status");
    format!(
        "Replicas:\t{} desired | {} updated | {} total | {} available | {} unavailable\n",
        deployment.number("spec.replicas"),
        status.number("updatedReplicas"),
        status.number("replicas"),
        status.number("availableReplicas"),
        status.number("unavailableReplicas"),
    )
}

fn strategy(deployment: Object<'_>) -> String {
    let strategy = deployment.at("spec.strategy");
    let (kind, seconds) = (strategy.text("type"), deployment.number("spec.minReadySeconds"));
    let text = format!("StrategyType:\t{kind}\nMinReadySeconds:\t{seconds}\n");
    let bounds = strategy.at("rollingUpdate");
    if !bounds.is_set() {
        return text;
    }
    let (unavailable, surge) =
        (bounds.int_or_text("maxUnavailable"), bounds.int_or_text("maxSurge"));
    text + &format!("RollingUpdateStrategy:\t{unavailable} max unavailable, {surge} max surge\n")
}

/// The ReplicaSet that has the Deployment's template, and the others.
fn old_and_new(deployment: Object<'_>, sets: &[Object<'_>]) -> String {
    let mut own: Vec<Object<'_>> =
        sets.iter().copied().filter(|set| is_owned_by(*set, deployment)).collect();
    own.sort_by_key(|set| set.moment("metadata.creationTimestamp"));
    let wanted = plain_template(deployment);
    let new = own.iter().position(|set| plain_template(*set) == wanted);
    let new = new.map(|place| own.remove(place));
    let (old, new) = (replica_sets(&own), replica_sets(new.as_slice()));
    format!("OldReplicaSets:\t{old}\nNewReplicaSet:\t{new}\n")
}

/// What is known of a ReplicaSet, with its pods among these.
#[must_use]
pub fn describe_replica_set(set: Object<'_>, pods: &[Object<'_>], options: Options) -> String {
    let mut text = format!("Name:\t{}\nNamespace:\t{}\n", set.name(), set.namespace());
    text.push_str(&format!("Selector:\t{}\n", format_label_selector(set.at("spec.selector"))));
    text.push_str(&labels("Labels", &set.entries("metadata.labels")));
    text.push_str(&annotations("Annotations", &set.entries("metadata.annotations")));
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
    text.push_str(&template(set.at("spec.template"), options));
    text.push_str(&conditions(set));
    if options.events {
        text.push_str("Events:\t<none>\n");
    }
    elastic(&text)
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
    or(&text, "<none>").to_owned()
}
