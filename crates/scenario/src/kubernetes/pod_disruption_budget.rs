//! PodDisruptionBudgets: validated as the API server does it (`pkg/apis/policy/validation`).

use api::{IntOrPercent, PodDisruptionBudget, PodDisruptionBudgetSpec, PodDisruptionBudgetStatus};
use k8s_openapi::{
    api::policy::v1 as policy,
    apimachinery::pkg::{apis::meta::v1 as meta, util::intstr},
};

use super::{Checker, names};
use crate::kinds::LeftOutThings;

const POLICIES: [&str; 2] = ["AlwaysAllow", "IfHealthyBudget"];

/// Reads a PodDisruptionBudget; `None` where not even a name is left.
pub(crate) fn pod_disruption_budget(
    cx: &mut Checker<'_>,
    left_out: &mut LeftOutThings,
) -> Option<PodDisruptionBudget> {
    cx.read(left_out, convert)
}

fn convert(cx: &mut Checker<'_>, read: policy::PodDisruptionBudget) -> Option<PodDisruptionBudget> {
    let meta = cx.meta(read.metadata, names::is_subdomain);
    let written = read.spec.unwrap_or_default();
    if written.min_available.is_some() && written.max_unavailable.is_some() {
        let detail = "minAvailable and maxUnavailable cannot be both set";
        cx.invalid("spec", go_struct(&written), detail, "delete one of the two");
    }
    let min_available = bound(cx, "spec.minAvailable", written.min_available);
    let max_unavailable = bound(cx, "spec.maxUnavailable", written.max_unavailable);
    let selector = written.selector.map(|selector| cx.selector("spec.selector", selector));
    let policy = written.unhealthy_pod_eviction_policy;
    if let Some(policy) = policy.as_deref().filter(|policy| !POLICIES.contains(policy)) {
        cx.unsupported("spec.unhealthyPodEvictionPolicy", policy, &POLICIES);
    }
    let spec = PodDisruptionBudgetSpec {
        min_available,
        max_unavailable,
        selector,
        unhealthy_pod_eviction_policy: policy,
    };
    let status = PodDisruptionBudgetStatus::default();
    (!meta.name.is_empty()).then_some(PodDisruptionBudget { meta, spec, status })
}

fn bound(
    cx: &mut Checker<'_>,
    path: &str,
    written: Option<intstr::IntOrString>,
) -> Option<IntOrPercent> {
    let bound = cx.int_or_percent(path, written?)?;
    cx.not_more_than_all(path, bound);
    Some(bound)
}

/// The spec as the API server shows it: its own type in JSON.
fn go_struct(spec: &policy::PodDisruptionBudgetSpec) -> String {
    let bound = |bound: &Option<intstr::IntOrString>| match bound {
        None => "null".to_owned(),
        Some(intstr::IntOrString::Int(number)) => number.to_string(),
        Some(intstr::IntOrString::String(text)) => format!("{text:?}"),
    };
    let policy = spec.unhealthy_pod_eviction_policy.as_ref();
    format!(
        "{{\"MinAvailable\":{},\"Selector\":{},\"MaxUnavailable\":{},\
         \"UnhealthyPodEvictionPolicy\":{}}}",
        bound(&spec.min_available),
        spec.selector.as_ref().map_or("null".to_owned(), selector),
        bound(&spec.max_unavailable),
        policy.map_or("null".to_owned(), |policy| format!("{policy:?}")),
    )
}

fn selector(selector: &meta::LabelSelector) -> String {
    let mut fields = Vec::new();
    if let Some(labels) = selector.match_labels.as_ref().filter(|labels| !labels.is_empty()) {
        let pairs: Vec<String> =
            labels.iter().map(|(key, value)| format!("{key:?}:{value:?}")).collect();
        fields.push(format!("\"matchLabels\":{{{}}}", pairs.join(",")));
    }
    let expressions = selector.match_expressions.iter().flatten();
    let expressions: Vec<String> = expressions.map(requirement).collect();
    if !expressions.is_empty() {
        fields.push(format!("\"matchExpressions\":[{}]", expressions.join(",")));
    }
    format!("{{{}}}", fields.join(","))
}

fn requirement(requirement: &meta::LabelSelectorRequirement) -> String {
    let meta::LabelSelectorRequirement { key, operator, values } = requirement;
    let values: Vec<String> = values.iter().flatten().map(|value| format!("{value:?}")).collect();
    let values = match values.is_empty() {
        true => String::new(),
        false => format!(",\"values\":[{}]", values.join(",")),
    };
    format!("{{\"key\":{key:?},\"operator\":{operator:?}{values}}}")
}
