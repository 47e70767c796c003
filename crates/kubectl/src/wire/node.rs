//! Nodes.

use api::{Kind, Node};
use serde_json::{Value, json};

use super::{
    fields,
    meta::{api_version, meta},
};
use crate::quantity::{cpu_text, memory_text};

/// What the recordings this model is held to were made with.
const KUBELET_VERSION: &str = "v1.36.2";

pub(super) fn node(node: &Node) -> Value {
    json!({
        "apiVersion": api_version(Kind::Node),
        "kind": "Node",
        "metadata": meta(Kind::Node, &node.meta),
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

/// Thousandths of a processor.
pub(super) fn cpu(millis: u64) -> String {
    cpu_text(millis.into())
}

/// Bytes.
pub(super) fn memory(bytes: u64) -> String {
    memory_text(i128::from(bytes) * 1000)
}
