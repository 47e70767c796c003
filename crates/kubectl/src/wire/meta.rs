//! `metadata`.

use api::{Kind, Labels, Meta, Timestamp};
use serde_json::{Value, json};

use super::fields;

pub(super) fn meta(meta: &Meta) -> Value {
    let owner = meta.owner.as_ref().map(|owner| {
        json!([{
            "apiVersion": api_version(owner.kind),
            "blockOwnerDeletion": true,
            "controller": true,
            "kind": owner.kind.to_string(),
            "name": *owner.name,
            "uid": *owner.uid.0,
        }])
    });
    fields([
        ("name", meta.name.as_ref().into()),
        ("namespace", meta.namespace.as_ref().into()),
        ("uid", meta.uid.0.as_ref().into()),
        ("labels", labels(&meta.labels)),
        ("annotations", labels(&meta.annotations)),
        ("creationTimestamp", meta.creation_timestamp.map_or(Value::Null, time)),
        ("deletionTimestamp", meta.deletion_timestamp.map_or(Value::Null, time)),
        (
            "deletionGracePeriodSeconds",
            meta.deletion_grace_period_seconds.map_or(Value::Null, Into::into),
        ),
        ("generation", (meta.generation > 0).then_some(meta.generation).into()),
        (
            "resourceVersion",
            (meta.resource_version > 0).then(|| meta.resource_version.to_string()).into(),
        ),
        ("ownerReferences", owner.into()),
    ])
}

pub(super) fn labels(labels: &Labels) -> Value {
    labels.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect()
}

/// A moment as RFC 3339; one that no calendar has is left out.
pub(super) fn time(moment: Timestamp) -> Value {
    jiff::Timestamp::from_second(moment.0).map_or(Value::Null, |moment| moment.to_string().into())
}

pub(super) fn api_version(kind: Kind) -> &'static str {
    match kind {
        Kind::Node | Kind::Pod | Kind::Service | Kind::Endpoints => "v1",
        Kind::Deployment | Kind::ReplicaSet => "apps/v1",
        Kind::EndpointSlice => "discovery.k8s.io/v1",
        Kind::Ingress => "networking.k8s.io/v1",
        Kind::PodDisruptionBudget => "policy/v1",
        Kind::HorizontalPodAutoscaler => "autoscaling/v2",
        Kind::HttpRoute | Kind::Gateway => "gateway.networking.k8s.io/v1",
    }
}
