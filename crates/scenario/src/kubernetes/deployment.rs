//! Deployments.

use std::sync::Arc;

use api::{Deployment, DeploymentSpec, DeploymentStatus, IntOrPercent, PodTemplate, Strategy};
use k8s_openapi::{
    api::{apps::v1 as apps, core::v1 as core},
    apimachinery::pkg::util::intstr,
};

use super::{Checker, names};
use crate::{Code, kinds::LeftOutThings};

/// More pods than this are not simulated at once; a cluster has 5000 nodes.
pub(crate) const MOST_REPLICAS: i32 = 5000;

/// Reads a Deployment; `None` where not even a name is left.
pub(crate) fn deployment(cx: &mut Checker<'_>, left_out: &mut LeftOutThings) -> Option<Deployment> {
    cx.read(left_out, convert)
}

fn convert(cx: &mut Checker<'_>, read: apps::Deployment) -> Option<Deployment> {
    let meta = cx.meta(read.metadata, names::is_subdomain);
    let Some(spec) = read.spec else {
        cx.required("spec", "", "add a spec");
        return None;
    };
    let defaults = DeploymentSpec::default();
    let requirements = spec.selector.match_expressions.as_ref().map_or(0, Vec::len);
    let selector = cx.selector("spec.selector", spec.selector);
    let template = template(cx, spec.template);
    // A requirement that was refused says nothing any more about what is selected.
    let whole = selector.match_expressions.len() == requirements;
    if selector.is_empty() && whole {
        selector_missing(cx);
    } else if whole && !selector.matches(&template.labels) {
        selector_mismatch(cx, &template.labels);
    }
    let min_ready_seconds = cx.not_negative("spec.minReadySeconds", spec.min_ready_seconds, 0);
    let history = spec.revision_history_limit;
    let history = cx.not_negative("spec.revisionHistoryLimit", history, 10);
    let replicas = spec.replicas.map_or(1, |replicas| checked_replicas(cx, replicas));
    let spec = DeploymentSpec {
        replicas,
        selector,
        template,
        strategy: strategy(cx, spec.strategy.unwrap_or_default(), replicas),
        min_ready_seconds,
        revision_history_limit: i32::try_from(history).unwrap_or(i32::MAX),
        progress_deadline_seconds: deadline(cx, spec.progress_deadline_seconds, min_ready_seconds),
        paused: spec.paused.unwrap_or(defaults.paused),
    };
    let named = !meta.name.is_empty();
    named.then(|| Deployment { meta, spec, status: DeploymentStatus::default() })
}

fn selector_missing(cx: &mut Checker<'_>) {
    let help = "write the labels of the template under `matchLabels`";
    let written = cx.root.get("spec").and_then(|spec| spec.get("selector"));
    if written.is_some() {
        let detail = "empty selector is invalid for deployment";
        cx.invalid("spec.selector", "{}", detail, help);
    } else {
        cx.required("spec.selector", "", help);
    }
}

fn selector_mismatch(cx: &mut Checker<'_>, labels: &api::Labels) {
    let path = "spec.template.metadata.labels";
    let pairs: Vec<String> =
        labels.iter().map(|(key, value)| format!("{key:?}:{value:?}")).collect();
    let value =
        if pairs.is_empty() { "null".to_owned() } else { format!("{{{}}}", pairs.join(",")) };
    let message =
        format!("{path}: Invalid value: {value}: `selector` does not match template `labels`");
    let help = "give the template the labels that `spec.selector` asks for";
    let diagnostic = crate::Diagnostic::new(Code::SelectorMismatch, message, help)
        .at(cx.at(path), "the template's labels")
        .because_of(cx.at("spec.selector"), "the selector");
    cx.findings.push(diagnostic);
}

fn checked_replicas(cx: &mut Checker<'_>, replicas: i32) -> i32 {
    if replicas < 0 {
        let detail = "must be greater than or equal to 0";
        cx.invalid("spec.replicas", replicas, detail, "write 0 or more");
    } else if replicas > MOST_REPLICAS {
        let message = format!("spec.replicas: {replicas} pods are more than can be simulated");
        let help = format!("write {MOST_REPLICAS} or less");
        cx.report(Code::TooManyPods, "spec.replicas", message, &help);
    }
    replicas.clamp(0, MOST_REPLICAS)
}

fn deadline(cx: &mut Checker<'_>, seconds: Option<i32>, min_ready_seconds: u32) -> Option<i32> {
    let seconds = seconds.unwrap_or(600);
    let path = "spec.progressDeadlineSeconds";
    if seconds < 0 {
        cx.invalid(path, seconds, "must be greater than or equal to 0", "write a positive number");
    } else if i64::from(seconds) <= i64::from(min_ready_seconds) {
        let help = format!("write more than {min_ready_seconds}");
        cx.invalid(path, seconds, "must be greater than minReadySeconds", &help);
    }
    // 2^31 - 1 is Kubernetes' way to say never (`HasProgressDeadline`).
    (seconds != i32::MAX).then_some(seconds)
}

fn strategy(cx: &mut Checker<'_>, written: apps::DeploymentStrategy, replicas: i32) -> Strategy {
    let rolling = written.rolling_update;
    match written.type_.as_deref().unwrap_or("RollingUpdate") {
        "RollingUpdate" => rolling_update(cx, rolling.unwrap_or_default(), replicas),
        "Recreate" => {
            if rolling.is_some() {
                let detail = "may not be specified when strategy `type` is 'Recreate'";
                cx.forbidden("spec.strategy.rollingUpdate", detail, "delete one of the two");
            }
            Strategy::Recreate
        }
        other => {
            cx.unsupported("spec.strategy.type", other, &["Recreate", "RollingUpdate"]);
            Strategy::default()
        }
    }
}

const SURGE: &str = "spec.strategy.rollingUpdate.maxSurge";
const UNAVAILABLE: &str = "spec.strategy.rollingUpdate.maxUnavailable";

fn rolling_update(
    cx: &mut Checker<'_>,
    written: apps::RollingUpdateDeployment,
    replicas: i32,
) -> Strategy {
    let max_surge = fence(cx, SURGE, written.max_surge);
    let surge = max_surge.scaled(replicas, true);
    if surge > MOST_REPLICAS {
        let message = format!("{SURGE}: {surge} pods more are more than can be simulated");
        cx.report(Code::TooManyPods, SURGE, message, "write 100% or less");
    }
    let max_unavailable = fence(cx, UNAVAILABLE, written.max_unavailable);
    cx.not_more_than_all(UNAVAILABLE, max_unavailable);
    let zero = |fence| matches!(fence, IntOrPercent::Int(0) | IntOrPercent::Percent(0));
    if zero(max_surge) && zero(max_unavailable) {
        let shown = match max_unavailable {
            IntOrPercent::Int(number) => number.to_string(),
            IntOrPercent::Percent(percent) => format!("\"{percent}%\""),
        };
        let message =
            format!("{UNAVAILABLE}: Invalid value: {shown}: may not be 0 when `maxSurge` is 0");
        let help = "let maxSurge or maxUnavailable be at least 1";
        let diagnostic = crate::Diagnostic::new(Code::BothFencesZero, message, help)
            .at(cx.at(UNAVAILABLE), "no pod may be taken away")
            .because_of(cx.at(SURGE), "no pod may be added");
        cx.findings.push(diagnostic);
    }
    Strategy::RollingUpdate { max_surge, max_unavailable }
}

/// `maxSurge` or `maxUnavailable`, 25% by default.
fn fence(cx: &mut Checker<'_>, path: &str, written: Option<intstr::IntOrString>) -> IntOrPercent {
    const DEFAULT: IntOrPercent = IntOrPercent::Percent(25);
    written.and_then(|written| cx.int_or_percent(path, written)).unwrap_or(DEFAULT)
}

fn template(cx: &mut Checker<'_>, written: core::PodTemplateSpec) -> PodTemplate {
    let metadata = written.metadata.unwrap_or_default();
    let labels = metadata.labels.unwrap_or_default();
    cx.labels("spec.template.metadata.labels", &labels);
    let path = "spec.template.spec";
    let Some(spec) = written.spec else {
        cx.required("spec.template.spec.containers", "", "add a container");
        return PodTemplate { labels, ..PodTemplate::default() };
    };
    if let Some(policy) = spec.restart_policy.as_deref().filter(|policy| *policy != "Always") {
        cx.unsupported("spec.template.spec.restartPolicy", policy, &["Always"]);
    }
    if spec.active_deadline_seconds.is_some() {
        let detail = "activeDeadlineSeconds in ReplicaSet is not Supported";
        cx.forbidden("spec.template.spec.activeDeadlineSeconds", detail, "delete it");
    }
    let spec = Arc::new(cx.pod_spec(path, spec));
    PodTemplate {
        labels,
        annotations: metadata.annotations.unwrap_or_default(),
        spec,
        unmodelled: Arc::default(),
    }
}
