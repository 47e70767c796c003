//! Fields that are valid, could change how a rollout goes, and are not simulated.
//!
//! A field is here only if someone who left it out would see another result in a real cluster;
//! annotations, limits, volumes and the like are passed over without a word.

use crate::{
    deserializer::KnownField,
    kinds::{LeftOutField, LeftOutThings},
    source::{At, FileId},
    yaml::{Node, Value},
};

/// When a field is worth a word.
enum When {
    /// Whenever it says something.
    Set,
    /// When it says something else than this.
    Not(&'static str),
}

use When::{Not, Set};

/// Type, field, when, and what the simulation does instead.
const FIELDS: &[(&str, &str, When, &str)] = &[
    ("PodSpec", "affinity", Set, "pods are spread as if it were not there"),
    ("PodSpec", "hostNetwork", Not("false"), "every pod gets an address of its own"),
    ("PodSpec", "initContainers", Set, "they take no time and never fail"),
    ("PodSpec", "nodeName", Set, "the scheduler chooses the node"),
    ("PodSpec", "resourceClaims", Set, "pods are placed as if there were none"),
    ("PodSpec", "resources", Set, "only the requests of containers count"),
    ("PodSpec", "restartPolicy", Not("Always"), "containers are restarted whenever they end"),
    ("PodSpec", "schedulerName", Not("default-scheduler"), "the default scheduler places the pods"),
    ("PodSpec", "schedulingGates", Set, "pods are scheduled at once"),
    ("PodSpec", "tolerations", Set, "nodes have no taints here"),
    (
        "PodSpec",
        "topologySpreadConstraints",
        Set,
        "pods are spread as the scheduler does by default",
    ),
    ("PodSpec", "activeDeadlineSeconds", Set, "pods have no deadline"),
    ("Container", "restartPolicyRules", Set, "containers are restarted whenever they end"),
    ("ContainerPort", "hostPort", Not("0"), "nodes open no port for it, and it limits no node"),
    ("Lifecycle", "postStart", Set, "it takes no time"),
    ("Lifecycle", "stopSignal", Not("SIGTERM"), "containers get SIGTERM"),
    ("ServiceSpec", "externalIPs", Set, "nothing listens on these addresses"),
    ("ServiceSpec", "ipFamilies", Not("IPv4"), "all addresses are of IPv4"),
    ("ServiceSpec", "ipFamilyPolicy", Not("SingleStack"), "all addresses are of IPv4"),
    ("ServiceSpec", "loadBalancerIP", Set, "the load balancer gets another address"),
    ("ServiceSpec", "loadBalancerClass", Set, "the load balancer of the cloud serves it"),
    (
        "ServiceSpec",
        "allocateLoadBalancerNodePorts",
        Not("true"),
        "its ports get node ports all the same",
    ),
    ("HTTPRouteSpec", "useDefaultGateways", Set, "only `parentRefs` name Gateways"),
    ("HTTPRouteRule", "filters", Set, "requests are passed on as they are"),
    ("HTTPRouteRule", "timeouts", Set, "the controller waits as long as the client does"),
    ("HTTPRouteRule", "retry", Set, "the controller tries as many pods as for an Ingress"),
    ("HTTPRouteRule", "sessionPersistence", Set, "each request is balanced anew"),
    ("HTTPRouteMatch", "headers", Set, "requests have none, so such a match is never chosen"),
    ("HTTPRouteMatch", "queryParams", Set, "requests have none, so such a match is never chosen"),
    ("HTTPRouteMatch", "method", Set, "requests have none, so such a match is never chosen"),
    ("HTTPBackendRef", "filters", Set, "requests are passed on as they are"),
];

/// Whether a field is among those.
pub(super) fn is_one(owner: &str, field: &str) -> bool {
    FIELDS.iter().any(|(its_owner, name, ..)| *its_owner == owner && *name == field)
}

/// Notes a field if it is among those and says something.
pub(super) fn note(field: &KnownField<'_>, file: FileId, left_out: &mut LeftOutThings) {
    let entry =
        FIELDS.iter().find(|(owner, name, ..)| *owner == field.owner && *name == field.name);
    let Some((owner, name, when, instead)) = entry else { return };
    if is_empty(field.node) {
        return;
    }
    if let Not(default) = when
        && says(field.node, default)
    {
        return;
    }
    let noted = left_out.fields.entry((owner, name));
    let noted = noted.or_insert_with(|| LeftOutField { instead, places: Vec::new() });
    noted.places.push((At { file, extent: field.extent }, field.path.to_string()));
}

/// Whether it is this text, or a list of it alone.
fn says(node: &Node, text: &str) -> bool {
    match &node.value {
        Value::Seq(items) => items.len() == 1 && says(&items[0], text),
        _ => node.scalar_text().is_some_and(|it| it == *text),
    }
}

fn is_empty(node: &Node) -> bool {
    match &node.value {
        Value::Null => true,
        Value::Seq(items) => items.is_empty(),
        Value::Map(entries) => entries.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => false,
    }
}
