//! Nodes.

use api::{Kind, Node};
use serde_json::{Value, json};

use super::{
    fields,
    meta::{api_version, meta},
};

/// What the recordings this model is held to were made with.
const KUBELET_VERSION: &str = "v1.36.2";

pub(super) fn node(node: &Node) -> Value {
    json!({
        "apiVersion": api_version(Kind::Node),
        "kind": "Node",
        "metadata": meta(&node.meta),
        "spec": fields([("unschedulable", node.unschedulable.then_some(true).into())]),
        "status": {
            "allocatable": {
                "cpu": cpu(node.allocatable.cpu_millis),
                "memory": memory(node.allocatable.memory_bytes),
                "pods": node.max_pods.to_string(),
            },
            "addresses": [
                { "address": node.id.internal_ip().to_string(), "type": "InternalIP" },
                { "address": *node.meta.name, "type": "Hostname" },
            ],
            "conditions": [{ "type": "Ready", "status": "True", "reason": "KubeletReady" }],
            "nodeInfo": {
                "architecture": "amd64",
                "kubeletVersion": KUBELET_VERSION,
                "operatingSystem": "linux",
            },
        },
    })
}

/// Processors as Kubernetes writes them: whole ones, or thousandths.
pub(super) fn cpu(millis: u64) -> String {
    if millis.is_multiple_of(1000) { (millis / 1000).to_string() } else { format!("{millis}m") }
}

/// Bytes in the largest binary unit that fits.
pub(super) fn memory(bytes: u64) -> String {
    let units = [(1 << 40, "Ti"), (1 << 30, "Gi"), (1 << 20, "Mi"), (1 << 10, "Ki")];
    let unit = units.into_iter().find(|(size, _)| bytes > 0 && bytes.is_multiple_of(*size));
    unit.map_or_else(|| bytes.to_string(), |(size, name)| format!("{}{name}", bytes / size))
}
