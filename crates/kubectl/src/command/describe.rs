//! `kubectl describe`: all that is known of an object, for a person.
//!
//! *Left out:* all kinds but Services, pods, Deployments and ReplicaSets; commands, variables, volumes and
//! init containers of a pod, which no simulated pod has; and events, of which there are none.

mod pod;
mod service;
mod workload;

use serde_json::Value;

use super::{
    Cluster, Printed,
    flags::{Flag, Flags, switch, valued},
    get::not_found,
};
use crate::{Object, resource::Resource, selector::Selector};
pub use pod::describe_pod;
pub use service::describe_service;
pub use workload::{describe_deployment, describe_replica_set};

pub(super) const FLAGS: &[Flag] =
    &[valued("namespace", 'n'), valued("selector", 'l'), switch("all-namespaces", 'A')];

/// What `kubectl apply` writes for itself, and nobody wants to read.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

pub(super) fn describe(flags: &Flags, cluster: &dyn Cluster) -> Printed {
    let Some((first, rest)) = flags.words.split_first() else {
        return Printed::error(
            "error: You must specify the type of resource to describe. Use \"kubectl \
             api-resources\" for a complete list of supported resources.",
        );
    };
    let (kind, names): (&str, Vec<&str>) = match first.split_once('/') {
        Some((kind, name)) => (kind, vec![name]),
        None => (first, rest.iter().map(String::as_str).collect()),
    };
    let Some(resource) = Resource::named(kind) else {
        return Printed::error(format!(
            "error: the server doesn't have a resource type \"{kind}\""
        ));
    };
    let Some(describer) = describer(resource.kind) else {
        return Printed::error(format!(
            "error: `kubectl describe {}` is not simulated yet; describe service, pod, deployment and \
             replicaset are",
            resource.singular
        ));
    };
    let selector = match Selector::parse(flags.value("selector").unwrap_or_default()) {
        Ok(selector) => selector,
        Err(problem) => return Printed::error(format!("error: {problem}")),
    };
    let objects = cluster.objects(resource.kind);
    let here = |object: &Object<'_>| {
        flags.is_on("all-namespaces") || object.namespace() == flags.namespace()
    };
    let all: Vec<Object<'_>> = objects.iter().map(Object::new).filter(here).collect();
    let mut printed = Printed::default();
    let mut chosen = Vec::new();
    if names.is_empty() {
        chosen.extend(all.iter().filter(|object| selector.matches(**object)));
        if chosen.is_empty() {
            let place = format!("No resources found in {} namespace.\n", flags.namespace());
            printed.stderr.push_str(&place);
        }
    }
    for name in names {
        match all.iter().find(|object| object.name() == name) {
            Some(object) => chosen.push(object),
            None => printed.complain(&not_found(resource, name)),
        }
    }
    // kubectl looks for the events of one object only.
    let events = chosen.len() == 1;
    let texts = chosen.into_iter().map(|object| describer(*object, cluster, events));
    printed.stdout = texts.collect::<Vec<_>>().join("\n\n");
    printed
}

/// Describes an object; the last word is whether to say that it has no events.
type Describer = fn(Object<'_>, &dyn Cluster, bool) -> String;

fn describer(kind: &str) -> Option<Describer> {
    Some(match kind {
        "Service" => |object, cluster, events| {
            with(cluster, "EndpointSlice", |slices| describe_service(object, slices, events))
        },
        "Pod" => |object, cluster, events| describe_pod(object, cluster.now(), events),
        "Deployment" => |object, cluster, events| {
            with(cluster, "ReplicaSet", |sets| describe_deployment(object, sets, events))
        },
        "ReplicaSet" => |object, cluster, events| {
            with(cluster, "Pod", |pods| describe_replica_set(object, pods, events))
        },
        _ => return None,
    })
}

fn with<T>(cluster: &dyn Cluster, kind: &str, look: impl FnOnce(&[Object<'_>]) -> T) -> T {
    let values: Vec<Value> = cluster.objects(kind);
    look(&values.iter().map(Object::new).collect::<Vec<_>>())
}
