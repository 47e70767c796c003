//! `kubectl describe`: all that is known of an object, for a person.
//!
//! *Left out:* commands, init containers and events, of which there are none. Of a simulated object
//! nothing is said that nobody knows: when a pod was started, IDs, limits and the QoS class that
//! follows from them, variables, volumes, mounts and tolerations; of a node its machine, and when
//! its conditions changed.

mod autoscaling;
mod container;
mod custom;
mod endpoints;
mod ingress;
mod lines;
mod node;
mod pod;
mod service;
mod workload;

use jiff::Timestamp;
use serde_json::Value;

use super::{
    Cluster, Printed,
    flags::{Flag, Flags, switch, valued},
    wanted::{ENDPOINTS_WARNING, Matching, Wanted, not_found, nothing_found},
};
use crate::{Object, resource::Resource};
pub use autoscaling::{describe_autoscaler, describe_disruption_budget};
pub use custom::describe_custom;
pub use endpoints::{describe_endpoint_slice, describe_endpoints};
pub use ingress::describe_ingress;
pub use node::describe_node;
pub use pod::describe_pod;
pub use service::describe_service;
pub use workload::{describe_deployment, describe_replica_set};

/// The pods that a revision of a Deployment makes, whose columns nobody sets
/// (`DescribePodTemplate`); `complete` as in [`Options`].
#[must_use]
pub fn pod_template(template: Object<'_>, complete: bool) -> String {
    pod::template(template, Options { now: Timestamp::UNIX_EPOCH, events: false, complete })
}

pub(super) const FLAGS: &[Flag] =
    &[valued("namespace", 'n'), valued("selector", 'l'), switch("all-namespaces", 'A')];

/// How to describe an object.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The moment from which ages count.
    pub now: Timestamp,
    /// Whether to say that it has no events.
    pub events: bool,
    /// Whether the object has all the fields that an API server gives it. What a simulated one lacks
    /// may be there or not.
    pub complete: bool,
}

/// Describes an object of a kind.
type Describer = fn(Object<'_>, &dyn Cluster, Options) -> String;

/// The kinds that can be described.
const DESCRIBERS: [(&str, Describer); 12] = [
    ("Service", |object, cluster, options| {
        with(cluster, "EndpointSlice", |slices| describe_service(object, slices, options))
    }),
    ("Pod", |object, _, options| describe_pod(object, options)),
    ("Deployment", |object, cluster, options| {
        with(cluster, "ReplicaSet", |sets| describe_deployment(object, sets, options))
    }),
    ("ReplicaSet", |object, cluster, options| {
        with(cluster, "Pod", |pods| describe_replica_set(object, pods, options))
    }),
    ("Node", |object, cluster, options| {
        with(cluster, "Pod", |pods| describe_node(object, pods, None, options))
    }),
    ("Endpoints", |object, _, options| describe_endpoints(object, options)),
    ("EndpointSlice", |object, _, options| describe_endpoint_slice(object, options)),
    ("Ingress", |object, cluster, options| {
        with(cluster, "Service", |services| {
            with(cluster, "EndpointSlice", |slices| {
                describe_ingress(object, services, slices, options)
            })
        })
    }),
    ("HorizontalPodAutoscaler", |object, _, options| describe_autoscaler(object, options)),
    ("PodDisruptionBudget", |object, _, options| describe_disruption_budget(object, options)),
    ("Gateway", |object, _, options| describe_custom(object, options)),
    ("HTTPRoute", |object, _, options| describe_custom(object, options)),
];

fn with<T>(cluster: &dyn Cluster, kind: &str, look: impl FnOnce(&[Object<'_>]) -> T) -> T {
    let values: Vec<Value> = cluster.objects(kind);
    look(&values.iter().map(Object::new).collect::<Vec<_>>())
}

fn describer(resource: &Resource) -> Describer {
    let own = DESCRIBERS.iter().find(|(kind, _)| *kind == resource.kind);
    own.map(|(_, describer)| *describer).expect("every kind can be described")
}

pub(super) fn describe(flags: &Flags, cluster: &dyn Cluster) -> Printed {
    descriptions(flags, cluster).unwrap_or_else(Printed::error)
}

fn descriptions(flags: &Flags, cluster: &dyn Cluster) -> Result<Printed, String> {
    let wanted = Wanted::parse(&flags.words, "describe")?;
    let matching = Matching::parse(flags, &wanted)?;
    let mut printed = Printed::default();
    if wanted.iter().any(|one| one.resource.kind == "Endpoints") {
        printed.stderr.push_str(ENDPOINTS_WARNING);
    }
    let warnings = printed.stderr.clone();
    let mut chosen = Vec::new();
    for one in &wanted {
        let describer = describer(one.resource);
        let found = one.find(&matching, flags, cluster);
        match &one.name {
            Some(name) if found.is_empty() => printed.complain(&not_found(one.resource, name)),
            _ => chosen.extend(found.into_iter().map(|object| (object, describer))),
        }
    }
    if let ([_, prefix], [one], []) = (&flags.words[..], &wanted[..], &chosen[..]) {
        return Ok(match by_prefix(one, prefix, flags, cluster) {
            Some(stdout) => Printed { stdout, stderr: warnings, ..Printed::default() },
            None => printed,
        });
    }
    if chosen.is_empty() && printed.code == 0 {
        printed.stderr.push_str(&nothing_found(&wanted, flags));
    }
    printed.stdout = texts(&chosen, cluster).join("\n\n");
    Ok(printed)
}

/// Every object whose name begins so, where none has that very name (`DescribeMatchingResources`).
fn by_prefix(
    wanted: &Wanted,
    prefix: &str,
    flags: &Flags,
    cluster: &dyn Cluster,
) -> Option<String> {
    let describer = describer(wanted.resource);
    let objects = cluster.objects(wanted.resource.kind).into_iter();
    let begun = objects.filter(|object| {
        let object = Object::new(object);
        wanted.is_here(object, flags) && object.name().starts_with(prefix)
    });
    let chosen: Vec<(Value, Describer)> = begun.map(|object| (object, describer)).collect();
    let all = texts(&chosen, cluster);
    (!chosen.is_empty()).then(|| all.iter().map(|text| format!("{text}\n")).collect())
}

/// kubectl looks for the events of one object only.
fn texts(chosen: &[(Value, Describer)], cluster: &dyn Cluster) -> Vec<String> {
    let options = Options { now: cluster.now(), events: chosen.len() == 1, complete: false };
    let each = chosen.iter();
    each.map(|(object, describer)| describer(Object::new(object), cluster, options)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::RESOURCES;

    #[test]
    fn every_kind_is_described() {
        for resource in RESOURCES {
            assert!(DESCRIBERS.iter().any(|(kind, _)| *kind == resource.kind), "{resource:?}");
        }
    }
}
