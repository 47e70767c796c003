//! HorizontalPodAutoscalers: defaulted and validated as the API server does it
//! (`pkg/apis/autoscaling/validation`). Those of version 1 become what version 2 says.
//!
//! *Left out:* `behavior`, the selectors of metrics, and what version 1 keeps in annotations;
//! quantities stay as they are written.

use api::{
    HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec,
    horizontal_pod_autoscaler::{Metric, MetricSource, MetricTarget, ObjectReference},
};
use k8s_openapi::{
    api::autoscaling::{v1, v2},
    apimachinery::pkg::api::resource,
};

use super::{Checker, names};
use crate::{kinds::LeftOutThings, quantity::Quantity};

/// What is aimed at where nothing is said (`DefaultCPUUtilization`).
const DEFAULT_CPU_UTILIZATION: i32 = 80;

const SOURCES: [&str; 5] = ["ContainerResource", "External", "Object", "Pods", "Resource"];

/// Reads a HorizontalPodAutoscaler of either version; `None` where not even a name is left.
pub(crate) fn horizontal_pod_autoscaler(
    cx: &mut Checker<'_>,
    left_out: &mut LeftOutThings,
) -> Option<HorizontalPodAutoscaler> {
    let version = cx.root.get("apiVersion").and_then(|node| node.as_str());
    match version {
        Some("autoscaling/v1") => cx.read(left_out, |cx, read: v1::HorizontalPodAutoscaler| {
            let spec = from_version_1(read.spec);
            convert(cx, v2::HorizontalPodAutoscaler { metadata: read.metadata, spec, status: None })
        }),
        _ => cx.read(left_out, convert),
    }
}

fn from_version_1(spec: v1::HorizontalPodAutoscalerSpec) -> v2::HorizontalPodAutoscalerSpec {
    let v1::CrossVersionObjectReference { api_version, kind, name } = spec.scale_target_ref;
    let utilization = spec.target_cpu_utilization_percentage;
    v2::HorizontalPodAutoscalerSpec {
        max_replicas: spec.max_replicas,
        metrics: utilization.map(|percent| vec![cpu_utilization(percent)]),
        min_replicas: spec.min_replicas,
        scale_target_ref: v2::CrossVersionObjectReference { api_version, kind, name },
        ..v2::HorizontalPodAutoscalerSpec::default()
    }
}

fn cpu_utilization(percent: i32) -> v2::MetricSpec {
    let target = v2::MetricTarget {
        type_: "Utilization".to_owned(),
        average_utilization: Some(percent),
        ..v2::MetricTarget::default()
    };
    v2::MetricSpec {
        type_: "Resource".to_owned(),
        resource: Some(v2::ResourceMetricSource { name: "cpu".to_owned(), target }),
        ..v2::MetricSpec::default()
    }
}

fn convert(
    cx: &mut Checker<'_>,
    read: v2::HorizontalPodAutoscaler,
) -> Option<HorizontalPodAutoscaler> {
    let meta = cx.meta(read.metadata, names::is_subdomain);
    let spec = read.spec;
    let min_replicas = spec.min_replicas.unwrap_or(1);
    replicas(cx, min_replicas, spec.max_replicas);
    let scale_target = reference(cx, "spec.scaleTargetRef", spec.scale_target_ref);
    let mut metrics = spec.metrics.unwrap_or_default();
    if metrics.is_empty() {
        metrics.push(cpu_utilization(DEFAULT_CPU_UTILIZATION));
    }
    let metrics = metrics.into_iter().enumerate();
    let metrics =
        metrics.filter_map(|(index, it)| metric(cx, &format!("spec.metrics[{index}]"), it));
    let spec = HorizontalPodAutoscalerSpec {
        metrics: metrics.collect(),
        scale_target,
        min_replicas,
        max_replicas: spec.max_replicas,
    };
    (!meta.name.is_empty()).then_some(HorizontalPodAutoscaler { meta, spec, current_replicas: 0 })
}

fn replicas(cx: &mut Checker<'_>, least: i32, most: i32) {
    if least < 1 {
        let detail = "must be greater than or equal to 1";
        cx.invalid("spec.minReplicas", least, detail, "write 1 or more");
    }
    if most < 1 {
        cx.invalid("spec.maxReplicas", most, "must be greater than 0", "write 1 or more");
    }
    if most < least {
        let detail = "must be greater than or equal to `minReplicas`";
        cx.invalid("spec.maxReplicas", most, detail, &format!("write {least} or more"));
    }
}

fn reference(
    cx: &mut Checker<'_>,
    path: &str,
    written: v2::CrossVersionObjectReference,
) -> ObjectReference {
    let v2::CrossVersionObjectReference { api_version, kind, name } = written;
    for (field, text) in [("kind", &kind), ("name", &name)] {
        let path = format!("{path}.{field}");
        match text.as_str() {
            "" => cx.required(&path, "", &format!("add the {field} of the object")),
            text => segment(cx, &path, text),
        }
    }
    ObjectReference { api_version: api_version.unwrap_or_default(), kind, name }
}

/// Whether a text can be a part of a path (`IsValidPathSegmentName`).
fn segment(cx: &mut Checker<'_>, path: &str, text: &str) {
    let help = "use letters, digits and hyphens";
    if matches!(text, "." | "..") {
        cx.invalid(path, format!("{text:?}"), &format!("may not be '{text}'"), help);
    }
    for bad in ["/", "%"].into_iter().filter(|bad| text.contains(bad)) {
        cx.invalid(path, format!("{text:?}"), &format!("may not contain '{bad}'"), help);
    }
}

/// A metric whose source is said once; what else is wrong with it is reported.
fn metric(cx: &mut Checker<'_>, path: &str, written: v2::MetricSpec) -> Option<Metric> {
    let kind = written.type_.as_str();
    if kind.is_empty() {
        let detail = "must specify a metric source type";
        cx.required(&format!("{path}.type"), detail, "add `type: Resource`");
    }
    if !SOURCES.contains(&kind) {
        cx.unsupported(&format!("{path}.type"), kind, &SOURCES);
        return None;
    }
    let mut own = kind.to_owned();
    own[..1].make_ascii_lowercase();
    let present = [
        ("object", written.object.is_some()),
        ("external", written.external.is_some()),
        ("pods", written.pods.is_some()),
        ("resource", written.resource.is_some()),
        ("containerResource", written.container_resource.is_some()),
    ];
    let present: Vec<&str> =
        present.into_iter().filter(|(_, is)| *is).map(|(name, _)| name).collect();
    for other in present.iter().filter(|name| **name != own) {
        let detail = "must populate the given metric source only";
        cx.forbidden(&format!("{path}.{other}"), detail, "delete it, or change the type");
    }
    let path = format!("{path}.{own}");
    if !present.contains(&&*own) {
        let detail = "must populate information for the given metric source";
        cx.required(&path, detail, &format!("add `{own}: …`"));
    }
    source(cx, &path, written, &own)
}

/// The metric that the source of its type says.
fn source(cx: &mut Checker<'_>, path: &str, written: v2::MetricSpec, own: &str) -> Option<Metric> {
    let (source, target) = match own {
        "resource" => {
            let v2::ResourceMetricSource { name, target } = written.resource?;
            resource_target(cx, path, &name, &target);
            (MetricSource::Resource(name), target)
        }
        "containerResource" => container_source(cx, path, written.container_resource?),
        "pods" => pods_source(cx, path, written.pods?),
        "object" => {
            let v2::ObjectMetricSource { described_object, metric, target } = written.object?;
            let described = reference(cx, &format!("{path}.describedObject"), described_object);
            identifier(cx, path, &metric.name);
            value_or_average(cx, path, &target);
            (MetricSource::Object { name: metric.name, described }, target)
        }
        _ => {
            let v2::ExternalMetricSource { metric, target } = written.external?;
            identifier(cx, path, &metric.name);
            value_or_average(cx, path, &target);
            (MetricSource::External(metric.name), target)
        }
    };
    let target = checked_target(cx, &format!("{path}.target"), target)?;
    Some(Metric { source, target })
}

fn container_source(
    cx: &mut Checker<'_>,
    path: &str,
    written: v2::ContainerResourceMetricSource,
) -> (MetricSource, v2::MetricTarget) {
    let v2::ContainerResourceMetricSource { name, container, target } = written;
    resource_target(cx, path, &name, &target);
    if container.is_empty() {
        let detail = "must specify a container";
        cx.required(&format!("{path}.container"), detail, "add the container's name");
    }
    (MetricSource::ContainerResource { name, container }, target)
}

fn pods_source(
    cx: &mut Checker<'_>,
    path: &str,
    written: v2::PodsMetricSource,
) -> (MetricSource, v2::MetricTarget) {
    let v2::PodsMetricSource { metric, target } = written;
    identifier(cx, path, &metric.name);
    if target.average_value.is_none() {
        let detail = "must specify a positive target averageValue";
        cx.required(&format!("{path}.target.averageValue"), detail, "add a quantity");
    }
    (MetricSource::Pods(metric.name), target)
}

fn identifier(cx: &mut Checker<'_>, path: &str, name: &str) {
    let path = format!("{path}.metric.name");
    match name {
        "" => cx.required(&path, "must specify a metric name", "add the metric's name"),
        name => segment(cx, &path, name),
    }
}

fn resource_target(cx: &mut Checker<'_>, path: &str, name: &str, target: &v2::MetricTarget) {
    if name.is_empty() {
        let detail = "must specify a resource name";
        cx.required(&format!("{path}.name"), detail, "add `name: cpu`");
    }
    let help = "write averageUtilization or averageValue";
    match (target.average_utilization, &target.average_value) {
        (None, None) => {
            let detail = "must set either a target raw value or a target utilization";
            cx.required(&format!("{path}.target.averageUtilization"), detail, help);
        }
        (Some(_), Some(_)) => {
            let detail = "may not set both a target raw value and a target utilization";
            cx.forbidden(&format!("{path}.target.averageValue"), detail, help);
        }
        _ => {}
    }
}

fn value_or_average(cx: &mut Checker<'_>, path: &str, target: &v2::MetricTarget) {
    if target.value.is_none() && target.average_value.is_none() {
        let detail = "must set either a target value or averageValue";
        cx.required(&format!("{path}.target.averageValue"), detail, "add one of the two");
    }
}

/// The target of a metric; `None` of one that says nothing.
fn checked_target(
    cx: &mut Checker<'_>,
    path: &str,
    written: v2::MetricTarget,
) -> Option<MetricTarget> {
    let kind = written.type_.as_str();
    let help = "write Utilization, Value or AverageValue";
    if kind.is_empty() {
        cx.required(&format!("{path}.type"), "must specify a metric target type", help);
    }
    if !matches!(kind, "Utilization" | "Value" | "AverageValue") {
        let detail = "must be either Utilization, Value, or AverageValue";
        cx.invalid(&format!("{path}.type"), format!("{kind:?}"), detail, help);
    }
    let value = quantity(cx, &format!("{path}.value"), written.value);
    let average_value = quantity(cx, &format!("{path}.averageValue"), written.average_value);
    if let Some(percent @ ..=0) = written.average_utilization {
        let path = format!("{path}.averageUtilization");
        cx.invalid(&path, percent, "must be greater than 0", "write 1 or more");
    }
    let utilization = written.average_utilization.map(MetricTarget::Utilization);
    let average = average_value.map(MetricTarget::AverageValue);
    average.or(utilization).or(value.map(MetricTarget::Value))
}

fn quantity(
    cx: &mut Checker<'_>,
    path: &str,
    written: Option<resource::Quantity>,
) -> Option<String> {
    let resource::Quantity(text) = written?;
    let help = "write a quantity such as 500Mi";
    match text.parse::<Quantity>() {
        Ok(quantity) if quantity.milli() > 0 => {}
        Ok(_) => cx.invalid(path, format!("{text:?}"), "must be positive", help),
        Err(_) => cx.invalid(path, format!("{text:?}"), "is no quantity", help),
    }
    Some(text)
}
