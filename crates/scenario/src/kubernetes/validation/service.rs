//! `validateService`.

use std::net::IpAddr;

use k8s_openapi::{
    api::core::v1::{Service, ServiceSpec},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};

use super::{
    super::names,
    Rules, addresses,
    field_error::{Errors, FieldError, listed, quoted},
    ports,
};

/// `DeprecatedAnnotationTopologyAwareHints`, and the annotation that came after it.
const TOPOLOGY_HINTS: &str = "service.kubernetes.io/topology-aware-hints";
const TOPOLOGY_MODE: &str = "service.kubernetes.io/topology-mode";
/// What said before `loadBalancerSourceRanges` who may connect.
const SOURCE_RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";
/// A load balancer must not lead to the kubelet.
const KUBELET_PORT: i32 = 10_250;
/// `MaxClientIPServiceAffinitySeconds`: a day.
const MOST_AFFINITY_SECONDS: i32 = 86_400;

const ONLY_LOAD_BALANCER: &str = "may only be used when `type` is 'LoadBalancer'";

/// What a Service says, with everything that is not said as an empty value.
pub(super) struct View<'a> {
    pub(super) spec: &'a ServiceSpec,
    pub(super) kind: &'a str,
    pub(super) cluster_ips: &'a [String],
    pub(super) families: &'a [String],
}

impl<'a> View<'a> {
    /// `None` of a Service without a spec.
    pub(super) fn of(service: &'a Service) -> Option<Self> {
        let spec = service.spec.as_ref()?;
        Some(Self {
            spec,
            kind: spec.type_.as_deref().unwrap_or_default(),
            cluster_ips: spec.cluster_ips.as_deref().unwrap_or_default(),
            families: spec.ip_families.as_deref().unwrap_or_default(),
        })
    }

    pub(super) fn is_headless(&self) -> bool {
        matches!(self.cluster_ips, [only] if only == "None")
    }

    /// `ExternallyAccessible`.
    fn is_accessible(&self) -> bool {
        let external_ips = self.spec.external_ips.as_deref().unwrap_or_default();
        matches!(self.kind, "LoadBalancer" | "NodePort")
            || (self.kind == "ClusterIP" && !external_ips.is_empty())
    }
}

/// What is wrong with a Service; addresses that `old` has are taken as they are.
pub(crate) fn validate(service: &Service, old: Option<&Service>, rules: Rules) -> Vec<FieldError> {
    let mut errors = Errors::default();
    metadata(&service.metadata, rules, &mut errors);
    topology(&service.metadata, &mut errors);
    let Some(view) = View::of(service) else {
        errors.required("spec.ports");
        return errors.0;
    };
    let known = known_addresses(old);
    let strict = |text: &str| rules.strict_addresses && !known.iter().any(|old| old == text);
    kind_specific(&view, &mut errors);
    let written = view.spec.ports.as_deref().unwrap_or_default();
    ports::each(written, &mut errors);
    for (key, value) in view.spec.selector.iter().flatten() {
        errors.check("spec.selector", key, names::is_label_key);
        errors.check("spec.selector", value, names::is_label_value);
    }
    affinity(view.spec, &mut errors);
    cluster_ips(&view, &strict, &mut errors);
    for (index, text) in view.spec.external_ips.iter().flatten().enumerate() {
        let path = format!("spec.externalIPs[{index}]");
        match addresses::address(text, strict(text)) {
            Err(detail) => errors.invalid(path, quoted(text), detail),
            Ok(ip) => {
                if let Some(detail) = addresses::special(ip) {
                    errors.invalid(path, quoted(text), detail);
                }
            }
        }
    }
    let kinds = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    match view.kind {
        "" => errors.required("spec.type"),
        kind => errors.one_of("spec.type", kind, &kinds),
    }
    if view.kind == "ClusterIP" {
        for (index, _) in
            written.iter().enumerate().filter(|(_, port)| port.node_port.unwrap_or(0) != 0)
        {
            let path = format!("spec.ports[{index}].nodePort");
            errors.forbidden(path, "may not be used when `type` is 'ClusterIP'");
        }
    }
    ports::duplicates(written, &mut errors);
    load_balancer(&view, &service.metadata, &strict, &mut errors);
    policies(&view, rules, &mut errors);
    errors.0
}

/// Addresses and ranges that were stored before they were looked at so closely.
fn known_addresses(old: Option<&Service>) -> Vec<String> {
    let Some(old) = old else { return Vec::new() };
    let mut known: Vec<String> = Vec::new();
    if let Some(spec) = &old.spec {
        let lists = [&spec.cluster_ips, &spec.external_ips, &spec.load_balancer_source_ranges];
        let texts = lists.into_iter().flatten().flatten();
        known.extend(texts.map(|text| text.trim().to_owned()));
    }
    let annotation = old.metadata.annotations.as_ref().and_then(|all| all.get(SOURCE_RANGES));
    let ranges = annotation.into_iter().flat_map(|text| text.split(','));
    known.extend(ranges.map(|range| range.trim().to_owned()));
    known
}

/// `ValidateObjectMeta`.
fn metadata(meta: &ObjectMeta, rules: Rules, errors: &mut Errors) {
    let check: names::NameCheck = match rules.relaxed_names {
        true => names::is_service_name,
        false => names::is_dns_1035_label,
    };
    let prefix = meta.generate_name.as_deref().unwrap_or_default();
    if !prefix.is_empty() {
        // Something follows, so that a dash may be the last.
        let whole = match prefix.strip_suffix('-') {
            Some(rest) if prefix.len() > 1 => format!("{rest}a"),
            _ => prefix.to_owned(),
        };
        if let Err(detail) = check(&whole) {
            errors.invalid("metadata.generateName", quoted(prefix), detail);
        }
    }
    match meta.name.as_deref().unwrap_or_default() {
        "" if prefix.is_empty() => errors.required("metadata.name"),
        "" => {}
        name => errors.check("metadata.name", name, check),
    }
    match meta.namespace.as_deref().unwrap_or_default() {
        "" => errors.required("metadata.namespace"),
        namespace => errors.check("metadata.namespace", namespace, names::is_label_name),
    }
    for (key, value) in meta.labels.iter().flatten() {
        errors.check("metadata.labels", key, names::is_label_key);
        errors.check("metadata.labels", value, names::is_label_value);
    }
    for key in meta.annotations.iter().flatten().map(|(key, _)| key) {
        if let Err(detail) = names::is_label_key(&key.to_lowercase()) {
            errors.invalid("metadata.annotations", quoted(key), detail);
        }
    }
}

fn topology(meta: &ObjectMeta, errors: &mut Errors) {
    let annotation = |name: &str| meta.annotations.as_ref().and_then(|all| all.get(name));
    if let (Some(hints), Some(mode)) = (annotation(TOPOLOGY_HINTS), annotation(TOPOLOGY_MODE))
        && hints != mode
    {
        let path = format!("metadata.annotations[{TOPOLOGY_MODE}]");
        let detail = format!("must match annotations[{TOPOLOGY_HINTS}] when both are specified");
        errors.invalid(path, quoted(mode), detail);
    }
}

fn kind_specific(view: &View<'_>, errors: &mut Errors) {
    let ports = view.spec.ports.as_deref().unwrap_or_default();
    if ports.is_empty() && !view.is_headless() && view.kind != "ExternalName" {
        errors.required("spec.ports");
    }
    match view.kind {
        "LoadBalancer" | "NodePort" => {
            let exposes = |port: i32| view.kind == "LoadBalancer" && port == KUBELET_PORT;
            for (index, port) in ports.iter().enumerate().filter(|(_, port)| exposes(port.port)) {
                let detail = format!(
                    "may not expose port {KUBELET_PORT} externally since it is used by kubelet"
                );
                errors.invalid(format!("spec.ports[{index}]"), port.port, detail);
            }
            if view.is_headless() {
                let detail = format!("may not be set to 'None' for {} services", view.kind);
                errors.invalid("spec.clusterIPs[0]", quoted("None"), detail);
            }
        }
        "ExternalName" => external_name(view, errors),
        _ => {}
    }
}

fn external_name(view: &View<'_>, errors: &mut Errors) {
    let said = [
        ("clusterIPs", !view.cluster_ips.is_empty()),
        ("ipFamilies", !view.families.is_empty()),
        ("ipFamilyPolicy", view.spec.ip_family_policy.is_some()),
    ];
    for (field, _) in said.into_iter().filter(|(_, said)| *said) {
        errors.forbidden(format!("spec.{field}"), "may not be set for ExternalName services");
    }
    let name = view.spec.external_name.as_deref().unwrap_or_default();
    match name.strip_suffix('.').unwrap_or(name) {
        "" => errors.required("spec.externalName"),
        name => errors.check("spec.externalName", name, names::is_subdomain),
    }
}

fn affinity(spec: &ServiceSpec, errors: &mut Errors) {
    let config = spec.session_affinity_config.as_ref();
    match spec.session_affinity.as_deref().unwrap_or_default() {
        "" => errors.required("spec.sessionAffinity"),
        "ClientIP" => {
            let path = "spec.sessionAffinityConfig.clientIP.timeoutSeconds";
            match config.and_then(|config| config.client_ip.as_ref()?.timeout_seconds) {
                None => errors.required(path),
                Some(1..=MOST_AFFINITY_SECONDS) => {}
                Some(seconds) => {
                    let detail =
                        format!("must be greater than 0 and less than {MOST_AFFINITY_SECONDS}");
                    errors.invalid(path, seconds, detail);
                }
            }
        }
        "None" if config.is_some() => {
            let detail = "must not be set when session affinity is None";
            errors.forbidden("spec.sessionAffinityConfig", detail);
        }
        affinity => errors.one_of("spec.sessionAffinity", affinity, &["ClientIP", "None"]),
    }
}

/// `ValidateServiceClusterIPsRelatedFields`.
fn cluster_ips(view: &View<'_>, strict: &dyn Fn(&str) -> bool, errors: &mut Errors) {
    if view.kind == "ExternalName" {
        return;
    }
    let path = "spec.clusterIPs";
    let View { spec, cluster_ips, families, .. } = *view;
    match (spec.cluster_ip.as_deref().unwrap_or_default(), cluster_ips.first()) {
        ("", None) => {}
        ("", Some(_)) => {
            let detail = "must be empty when `clusterIP` is not specified";
            errors.invalid(path, listed(cluster_ips), detail);
        }
        (_, None) => errors.required(path),
        (ip, Some(first)) if ip != first => {
            errors.invalid(path, listed(cluster_ips), "first value must match `clusterIP`");
        }
        _ => {}
    }
    for (index, family) in families.iter().enumerate() {
        let path = format!("spec.ipFamilies[{index}]");
        errors.one_of(path.clone(), family, &["IPv4", "IPv6"]);
        if families[..index].contains(family) {
            errors.duplicate(path, quoted(family));
        }
    }
    if let Some(policy) = &spec.ip_family_policy {
        let policies = ["PreferDualStack", "RequireDualStack", "SingleStack"];
        errors.one_of("spec.ipFamilyPolicy", policy, &policies);
    }
    let mut parsed: Vec<IpAddr> = Vec::new();
    let mut all_valid = true;
    for (index, text) in cluster_ips.iter().enumerate() {
        if index == 0 && text == "None" {
            if cluster_ips.len() > 1 {
                let detail = "'None' must be the first and only value";
                errors.invalid(path, listed(cluster_ips), detail);
            }
            continue;
        }
        match addresses::address(text, strict(text)) {
            Ok(ip) => parsed.push(ip),
            Err(detail) => {
                all_valid = false;
                errors.invalid(format!("{path}[{index}]"), quoted(text), detail);
            }
        }
    }
    if cluster_ips.len() > 2 {
        errors.invalid(path, listed(cluster_ips), "may only hold up to 2 values");
    }
    // What follows would only repeat that some are no addresses.
    if !all_valid {
        return;
    }
    let kinds = |v4: bool| parsed.iter().filter(|ip| ip.is_ipv4() == v4).count();
    if cluster_ips.len() > 1 && (kinds(true) == 0 || kinds(false) == 0) {
        let detail = "may specify no more than one IP for each IP family";
        errors.invalid(path, listed(cluster_ips), detail);
    }
    for (index, (ip, family)) in parsed.iter().zip(families).enumerate() {
        let fits = family.as_str() == if ip.is_ipv4() { "IPv4" } else { "IPv6" };
        if !fits && matches!(family.as_str(), "IPv4" | "IPv6") {
            let detail =
                format!("expected an {family} value as indicated by `ipFamilies[{index}]`");
            errors.invalid(format!("{path}[{index}]"), quoted(&cluster_ips[index]), detail);
        }
    }
}

fn load_balancer(
    view: &View<'_>,
    meta: &ObjectMeta,
    strict: &dyn Fn(&str) -> bool,
    errors: &mut Errors,
) {
    let is_one = view.kind == "LoadBalancer";
    let ranges = view.spec.load_balancer_source_ranges.as_deref().unwrap_or_default();
    let annotation = meta.annotations.as_ref().and_then(|all| all.get(SOURCE_RANGES));
    if !ranges.is_empty() {
        // The field's name is written like this, and not as it is spelt.
        let path = "spec.LoadBalancerSourceRanges";
        if !is_one {
            errors.forbidden(path, ONLY_LOAD_BALANCER);
        }
        for (index, range) in ranges.iter().map(|range| range.trim()).enumerate() {
            if let Err(detail) = addresses::range(range, strict(range)) {
                errors.invalid(format!("{path}[{index}]"), quoted(range), detail);
            }
        }
    } else if let Some(annotation) = annotation {
        let path = format!("metadata.annotations[{SOURCE_RANGES}]");
        if !is_one {
            errors.forbidden(path.clone(), ONLY_LOAD_BALANCER);
        }
        let ranges = annotation.split(',').map(str::trim);
        for range in ranges.filter(|_| !annotation.trim().is_empty()) {
            if let Err(detail) = addresses::range(range, strict(range)) {
                errors.invalid(path.clone(), quoted(range), detail);
            }
        }
    }
    match (view.spec.allocate_load_balancer_node_ports, is_one) {
        (Some(_), false) => {
            errors.forbidden("spec.allocateLoadBalancerNodePorts", ONLY_LOAD_BALANCER);
        }
        (None, true) => errors.required("allocateLoadBalancerNodePorts"),
        _ => {}
    }
    load_balancer_class(view, errors);
}

/// `validateLoadBalancerClassField` of a Service that replaces none.
pub(super) fn load_balancer_class(view: &View<'_>, errors: &mut Errors) {
    let Some(class) = &view.spec.load_balancer_class else { return };
    match view.kind {
        "LoadBalancer" => errors.check("spec.loadBalancerClass", class, names::is_label_key),
        _ => errors.forbidden("spec.loadBalancerClass", ONLY_LOAD_BALANCER),
    }
}

fn policies(view: &View<'_>, rules: Rules, errors: &mut Errors) {
    let spec = view.spec;
    let external = spec.external_traffic_policy.as_deref().unwrap_or_default();
    let path = "spec.externalTrafficPolicy";
    match (view.is_accessible(), external) {
        (false, "") => {}
        (false, policy) => {
            let detail = "may only be set for externally-accessible services";
            errors.invalid(path, quoted(policy), detail);
        }
        (true, "") => errors.required(path),
        (true, policy) => errors.one_of(path, policy, &["Cluster", "Local"]),
    }
    let path = "spec.healthCheckNodePort";
    let port = spec.health_check_node_port.unwrap_or(0);
    match (view.kind == "LoadBalancer" && external == "Local", port) {
        (false, 0) => {}
        (false, port) => {
            let detail = "may only be set when `type` is 'LoadBalancer' and \
                          `externalTrafficPolicy` is 'Local'";
            errors.invalid(path, port, detail);
        }
        (true, 0) => errors.required(path),
        (true, port) => ports::number(path.to_owned(), port, errors),
    }
    match &spec.internal_traffic_policy {
        Some(policy) => {
            errors.one_of("spec.internalTrafficPolicy", policy, &["Cluster", "Local"]);
        }
        None if matches!(view.kind, "ClusterIP" | "NodePort" | "LoadBalancer") => {
            errors.required("spec.internalTrafficPolicy");
        }
        None => {}
    }
    if let Some(distribution) = &spec.traffic_distribution {
        // In the order in which they came, and not of their letters.
        let all = ["PreferClose", "PreferSameZone", "PreferSameNode"];
        let known = if rules.prefer_same { &all[..] } else { &all[..1] };
        errors.one_of("spec.trafficDistribution", distribution, known);
    }
}
