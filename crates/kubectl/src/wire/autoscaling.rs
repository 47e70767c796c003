//! HorizontalPodAutoscalers and PodDisruptionBudgets.

use api::{
    HorizontalPodAutoscaler, Kind, PodDisruptionBudget, PodDisruptionBudgetStatus,
    horizontal_pod_autoscaler::{Metric, MetricSource, MetricTarget, ObjectReference},
};
use serde_json::{Value, json};

use super::{
    fields,
    meta::{api_version, meta},
    workload::{bound, selector},
};

pub(super) fn horizontal_pod_autoscaler(object: &HorizontalPodAutoscaler) -> Value {
    let spec = &object.spec;
    json!({
        "apiVersion": api_version(Kind::HorizontalPodAutoscaler),
        "kind": "HorizontalPodAutoscaler",
        "metadata": meta(Kind::HorizontalPodAutoscaler, &object.meta),
        "spec": {
            "maxReplicas": spec.max_replicas,
            "metrics": spec.metrics.iter().map(metric).collect::<Vec<_>>(),
            "minReplicas": spec.min_replicas,
            "scaleTargetRef": reference(&spec.scale_target),
        },
        "status": {
            "currentMetrics": null,
            "currentReplicas": object.current_replicas,
            "desiredReplicas": 0,
        },
    })
}

fn reference(object: &ObjectReference) -> Value {
    fields([
        ("apiVersion", object.api_version.as_str().into()),
        ("kind", object.kind.as_str().into()),
        ("name", object.name.as_str().into()),
    ])
}

fn metric(metric: &Metric) -> Value {
    let target = match &metric.target {
        MetricTarget::Utilization(percent) => {
            json!({ "averageUtilization": percent, "type": "Utilization" })
        }
        MetricTarget::AverageValue(value) => {
            json!({ "averageValue": value, "type": "AverageValue" })
        }
        MetricTarget::Value(value) => json!({ "type": "Value", "value": value }),
    };
    let (kind, field, mut source) = match &metric.source {
        MetricSource::Resource(name) => ("Resource", "resource", json!({ "name": name })),
        MetricSource::ContainerResource { name, container } => (
            "ContainerResource",
            "containerResource",
            json!({ "container": container, "name": name }),
        ),
        MetricSource::Pods(name) => ("Pods", "pods", json!({ "metric": { "name": name } })),
        MetricSource::Object { name, described } => (
            "Object",
            "object",
            json!({ "describedObject": reference(described), "metric": { "name": name } }),
        ),
        MetricSource::External(name) => {
            ("External", "external", json!({ "metric": { "name": name } }))
        }
    };
    source["target"] = target;
    fields([(field, source), ("type", kind.into())])
}

pub(super) fn pod_disruption_budget(object: &PodDisruptionBudget) -> Value {
    let spec = &object.spec;
    let policy = spec.unhealthy_pod_eviction_policy.as_deref();
    let mut written = fields([
        ("maxUnavailable", spec.max_unavailable.map(bound).into()),
        ("minAvailable", spec.min_available.map(bound).into()),
        ("unhealthyPodEvictionPolicy", policy.into()),
    ]);
    // One that says nothing is for all pods, and none at all for none.
    if let Some(own) = &spec.selector {
        written["selector"] = selector(own);
    }
    let PodDisruptionBudgetStatus {
        disruptions_allowed,
        current_healthy,
        desired_healthy,
        expected_pods,
    } = object.status;
    json!({
        "apiVersion": api_version(Kind::PodDisruptionBudget),
        "kind": "PodDisruptionBudget",
        "metadata": meta(Kind::PodDisruptionBudget, &object.meta),
        "spec": written,
        "status": {
            "currentHealthy": current_healthy,
            "desiredHealthy": desired_healthy,
            "disruptionsAllowed": disruptions_allowed,
            "expectedPods": expected_pods,
        },
    })
}
