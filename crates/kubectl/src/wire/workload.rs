//! Deployments and ReplicaSets.

use api::{
    Deployment, IntOrPercent, Kind, LabelSelector, ReplicaSet, Strategy,
    deployment::{ConditionStatus, DeploymentCondition},
    selector::Requirement,
};
use serde_json::{Value, json};

use super::{
    fields,
    meta::{api_version, labels, meta, time},
    pod::template,
    unless_zero,
};

pub(super) fn deployment(object: &Deployment) -> Value {
    let (spec, status) = (&object.spec, &object.status);
    let min_ready = spec.min_ready_seconds;
    json!({
        "apiVersion": api_version(Kind::Deployment),
        "kind": "Deployment",
        "metadata": meta(Kind::Deployment, &object.meta),
        "spec": fields([
            ("minReadySeconds", (min_ready > 0).then_some(min_ready).into()),
            ("paused", spec.paused.then_some(true).into()),
            ("progressDeadlineSeconds", spec.progress_deadline_seconds.into()),
            ("replicas", spec.replicas.into()),
            ("revisionHistoryLimit", spec.revision_history_limit.into()),
            ("selector", selector(&spec.selector)),
            ("strategy", strategy(&spec.strategy)),
            ("template", template(&spec.template)),
        ]),
        "status": fields([
            ("availableReplicas", unless_zero(status.available_replicas)),
            ("conditions", status.conditions.iter().map(condition).collect()),
            ("observedGeneration", status.observed_generation.into()),
            ("readyReplicas", unless_zero(status.ready_replicas)),
            ("replicas", unless_zero(status.replicas)),
            ("terminatingReplicas", status.terminating_replicas.into()),
            ("unavailableReplicas", unless_zero(status.unavailable_replicas)),
            ("updatedReplicas", unless_zero(status.updated_replicas)),
        ]),
    })
}

pub(super) fn replica_set(object: &ReplicaSet) -> Value {
    let (spec, status) = (&object.spec, &object.status);
    json!({
        "apiVersion": api_version(Kind::ReplicaSet),
        "kind": "ReplicaSet",
        "metadata": meta(Kind::ReplicaSet, &object.meta),
        "spec": {
            "replicas": spec.replicas,
            "selector": selector(&spec.selector),
            "template": template(&spec.template),
        },
        "status": fields([
            ("availableReplicas", unless_zero(status.available_replicas)),
            ("fullyLabeledReplicas", unless_zero(status.fully_labeled_replicas)),
            ("observedGeneration", status.observed_generation.into()),
            ("readyReplicas", unless_zero(status.ready_replicas)),
            ("replicas", status.replicas.into()),
            ("terminatingReplicas", status.terminating_replicas.into()),
        ]),
    })
}

pub(super) fn selector(selector: &LabelSelector) -> Value {
    fields([
        ("matchExpressions", selector.match_expressions.iter().map(requirement).collect()),
        ("matchLabels", labels(&selector.match_labels)),
    ])
}

fn requirement(requirement: &Requirement) -> Value {
    let (key, operator, values) = match requirement {
        Requirement::In(key, values) => (key, "In", &values[..]),
        Requirement::NotIn(key, values) => (key, "NotIn", &values[..]),
        Requirement::Exists(key) => (key, "Exists", &[][..]),
        Requirement::DoesNotExist(key) => (key, "DoesNotExist", &[][..]),
    };
    fields([
        ("key", key.as_str().into()),
        ("operator", operator.into()),
        ("values", values.to_vec().into()),
    ])
}

fn strategy(strategy: &Strategy) -> Value {
    match strategy {
        Strategy::Recreate => json!({ "type": "Recreate" }),
        Strategy::RollingUpdate { max_surge, max_unavailable } => json!({
            "rollingUpdate": {
                "maxSurge": bound(*max_surge),
                "maxUnavailable": bound(*max_unavailable),
            },
            "type": "RollingUpdate",
        }),
    }
}

pub(super) fn bound(bound: IntOrPercent) -> Value {
    match bound {
        IntOrPercent::Int(number) => Value::from(number),
        IntOrPercent::Percent(percent) => format!("{percent}%").into(),
    }
}

fn condition(condition: &DeploymentCondition) -> Value {
    let status = match condition.status {
        ConditionStatus::True => "True",
        ConditionStatus::False => "False",
        ConditionStatus::Unknown => "Unknown",
    };
    fields([
        ("lastTransitionTime", condition.last_transition_time.map_or(Value::Null, time)),
        ("lastUpdateTime", condition.last_update_time.map_or(Value::Null, time)),
        ("message", condition.message.as_str().into()),
        ("reason", condition.reason.as_str().into()),
        ("status", status.into()),
        ("type", condition.kind.as_str().into()),
    ])
}
