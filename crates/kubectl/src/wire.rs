//! The simulated cluster's objects as JSON: what its API server would send.
//!
//! *Left out:* fields that nothing here sets: managed fields, self links, a pod's volumes,
//! variables, limits, tolerations and security context, when it was started, and its conditions but
//! PodScheduled, Ready and those of readiness gates; a node's capacity beside what is allocatable,
//! its machine and what runs on it, and when its conditions changed; when the endpoints of a
//! Service changed last.

mod autoscaling;
mod endpoints;
mod gateway;
mod ingress;
mod meta;
mod neighbours;
mod networking;
mod node;
mod pod;
mod workload;

use api::Object;
use serde_json::Value;

pub use endpoints::Mirror;
pub use neighbours::Neighbours;

/// An object as JSON, but for what it says of others: that is in [`Neighbours`].
#[must_use]
pub fn to_json(object: &Object) -> Value {
    match object {
        Object::Node(node) => node::node(node),
        Object::Deployment(deployment) => workload::deployment(deployment),
        Object::ReplicaSet(set) => workload::replica_set(set),
        Object::Pod(pod) => pod::pod(pod),
        Object::Service(service) => networking::service(service),
        Object::EndpointSlice(slice) => networking::endpoint_slice(slice),
        Object::Ingress(ingress) => ingress::ingress(ingress),
        Object::Endpoints(endpoints) => endpoints::written(endpoints),
        Object::PodDisruptionBudget(budget) => autoscaling::pod_disruption_budget(budget),
        Object::HorizontalPodAutoscaler(scaler) => autoscaling::horizontal_pod_autoscaler(scaler),
        Object::HttpRoute(route) => gateway::http_route(route),
        Object::Gateway(gateway) => gateway::gateway(gateway),
    }
}

/// Puts fields into a mapping, but for those that are nothing or empty.
fn fields<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let said = fields.into_iter().filter(|(_, value)| match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(inner) => !inner.is_empty(),
        Value::String(text) => !text.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    });
    said.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A number that is not written where it is zero.
fn unless_zero(number: i32) -> Value {
    if number == 0 { Value::Null } else { number.into() }
}
