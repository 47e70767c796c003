//! Nodes.

use std::collections::BTreeSet;

use super::{Options, Printer, always, wide};
use crate::object::{Object, listed, or};

pub(super) const NODE: Printer = Printer {
    kind: "Node",
    columns: &[
        always("NAME"),
        always("STATUS"),
        always("ROLES"),
        always("AGE"),
        always("VERSION"),
        wide("INTERNAL-IP"),
        wide("EXTERNAL-IP"),
        wide("OS-IMAGE"),
        wide("KERNEL-VERSION"),
        wide("CONTAINER-RUNTIME"),
    ],
    cells,
};

fn cells(node: Object<'_>, options: &Options) -> Vec<String> {
    let info = |field: &str| or(node.at("status.nodeInfo").text(field), "<unknown>").to_owned();
    vec![
        node.name().to_owned(),
        status(node),
        listed(roles(node)),
        node.age(options.now),
        node.text("status.nodeInfo.kubeletVersion").to_owned(),
        address(node, "InternalIP"),
        address(node, "ExternalIP"),
        info("osImage"),
        kernel(node),
        info("containerRuntimeVersion"),
    ]
}

/// The version of the kernel, and for which machines it is.
fn kernel(node: Object<'_>) -> String {
    let info = node.at("status.nodeInfo");
    match (info.text("kernelVersion"), info.text("architecture")) {
        ("", _) => "<unknown>".to_owned(),
        (version, "") => version.to_owned(),
        (version, architecture) => format!("{version} ({architecture})"),
    }
}

fn status(node: Object<'_>) -> String {
    let mut conditions = node.list("status.conditions");
    let ready = conditions.find(|condition| condition.text("type") == "Ready");
    let word = match ready.map(|condition| condition.text("status")) {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    };
    let cordoned = if node.flag("spec.unschedulable") { ",SchedulingDisabled" } else { "" };
    format!("{word}{cordoned}")
}

/// What a node is for, by its labels; two ways of saying so are in use.
pub(crate) fn roles<'a>(node: Object<'a>) -> BTreeSet<&'a str> {
    let labels = node.entries("metadata.labels");
    let role = |(key, value): (&'a str, &'a str)| match key.strip_prefix("node-role.kubernetes.io/")
    {
        Some(role) => Some(role).filter(|role| !role.is_empty()),
        None => Some(value).filter(|value| key == "kubernetes.io/role" && !value.is_empty()),
    };
    labels.into_iter().filter_map(role).collect()
}

fn address(node: Object<'_>, kind: &str) -> String {
    let mut addresses = node.list("status.addresses");
    let found = addresses.find(|address| address.text("type") == kind);
    found.map_or("<none>", |address| address.text("address")).to_owned()
}
