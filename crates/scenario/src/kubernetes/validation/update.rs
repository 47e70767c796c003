//! `ValidateServiceUpdate`: what may not change.

use k8s_openapi::api::core::v1::Service;

use super::{
    Rules,
    field_error::{Errors, FieldError, listed, quoted},
    service::{self, View, load_balancer_class},
};

const MAY_NOT_CHANGE: &str = "may not change once set";

/// What is wrong with a Service that is to replace `old`.
pub(super) fn validate(new: &Service, old: &Service, rules: Rules) -> Vec<FieldError> {
    let mut errors = Errors::default();
    let metadata = [
        ("name", &new.metadata.name, &old.metadata.name),
        ("namespace", &new.metadata.namespace, &old.metadata.namespace),
    ];
    for (field, new, _) in metadata.into_iter().filter(|(_, new, old)| new != old) {
        let value = quoted(new.as_deref().unwrap_or_default());
        errors.invalid(format!("metadata.{field}"), value, "field is immutable");
    }
    if let (Some(new), Some(old)) = (View::of(new), View::of(old)) {
        // To and from ExternalName everything may change.
        if new.kind != "ExternalName" && old.kind != "ExternalName" {
            cluster_ips(&new, &old, &mut errors);
            families(&new, &old, &mut errors);
        }
        class(&new, &old, &mut errors);
    }
    // A name that was once allowed stays allowed.
    let same_name = new.metadata.name == old.metadata.name;
    let rules = Rules { relaxed_names: rules.relaxed_names || same_name, ..rules };
    errors.0.extend(service::validate(new, Some(old), rules));
    errors.0
}

/// `validateUpgradeDowngradeClusterIPs`: the second address may come and go, nothing else.
fn cluster_ips(new: &View<'_>, old: &View<'_>, errors: &mut Errors) {
    if new.is_headless() && old.is_headless() {
        return;
    }
    let path = |index: usize| format!("spec.clusterIPs[{index}]");
    let (now, before) = (new.cluster_ips, old.cluster_ips);
    if now.len() == before.len() {
        for index in (0..now.len()).filter(|index| now[*index] != before[*index]) {
            errors.invalid(path(index), listed(now), MAY_NOT_CHANGE);
        }
        return;
    }
    if now.is_empty() {
        errors.invalid(path(0), listed(now), "primary clusterIP can not be unset");
    }
    if let (Some(first), Some(was)) = (now.first(), before.first())
        && first != was
    {
        errors.invalid(path(0), listed(now), MAY_NOT_CHANGE);
    }
    if now.len() < before.len() && now.len() == 1 {
        released(new, "clusterIP", errors);
    }
}

/// `validateUpgradeDowngradeIPFamilies`: likewise.
fn families(new: &View<'_>, old: &View<'_>, errors: &mut Errors) {
    // A headless Service has no address that a family could contradict.
    if new.is_headless() || old.is_headless() {
        return;
    }
    // Whichever family changed, it is the first one that is named.
    let path = "spec.ipFamilies[0]";
    let (now, before) = (new.families, old.families);
    if now.len() == before.len() {
        for _ in now.iter().zip(before).filter(|(now, before)| now != before) {
            errors.invalid(path, listed(now), MAY_NOT_CHANGE);
        }
        return;
    }
    if now.is_empty() {
        errors.invalid(path, listed(now), "primary ipFamily can not be unset");
    }
    if let (Some(first), Some(was)) = (now.first(), before.first())
        && first != was
    {
        errors.invalid(path, listed(now), MAY_NOT_CHANGE);
    }
    if now.len() < before.len() && now.len() == 1 {
        released(new, "ipFamily", errors);
    }
}

/// The second address or family went: the policy has to want one only.
fn released(new: &View<'_>, what: &str, errors: &mut Errors) {
    if let Some(policy) = &new.spec.ip_family_policy
        && policy != "SingleStack"
    {
        let detail = format!("must be set to 'SingleStack' when releasing the secondary {what}");
        errors.invalid("spec.ipFamilyPolicy", quoted(policy), detail);
    }
}

fn class(new: &View<'_>, old: &View<'_>, errors: &mut Errors) {
    let (now, before) = (&new.spec.load_balancer_class, &old.spec.load_balancer_class);
    if new.kind == "LoadBalancer" && old.kind == "LoadBalancer" && now != before {
        let value = now.as_ref().map_or("null".to_owned(), |class| quoted(class));
        errors.invalid("spec.loadBalancerClass", value, MAY_NOT_CHANGE);
    }
    load_balancer_class(new, errors);
}
