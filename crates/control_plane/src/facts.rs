//! What a write to the API server tells the record.

use std::sync::Arc;

use api::{Deployment, Kind, Object, Pod, ReplicaSet, Verb, deployment::ConditionStatus};
use record::{EndpointFact, Record};

use crate::{Cx, api_server::service_added, deployment};

/// Annotation with a ReplicaSet's revision.
pub const REVISION: &str = "deployment.kubernetes.io/revision";

/// Records what a write changed, as far as a reader of the record may want it.
pub(crate) fn record_write(verb: Verb, old: Option<&Object>, new: &Object, cx: &mut Cx<'_>) {
    match (old, new) {
        (old, Object::Pod(pod)) => {
            let old = match old {
                Some(Object::Pod(old)) => Some(old),
                _ => None,
            };
            record_pod(verb, old, pod, cx);
        }
        (old, Object::ReplicaSet(set)) if verb != Verb::Deleted => {
            let before = match old {
                Some(Object::ReplicaSet(old)) => Some(old.spec.replicas),
                _ => None,
            };
            if before != Some(set.spec.replicas) {
                cx.recorder.record(cx.now, &scaled(set));
            }
        }
        (old, Object::Deployment(deployment)) if verb != Verb::Deleted => {
            record_deployment(old, deployment, cx);
        }
        (_, Object::EndpointSlice(_)) => record_slice(verb, new, cx),
        (None, Object::Service(service)) => cx.recorder.record(cx.now, &service_added(service)),
        (None, Object::Node(node)) => {
            let record = Record::NodeAdded {
                node: node.id,
                name: node.meta.name.clone(),
                zone: node.zone().unwrap_or_default().into(),
            };
            cx.recorder.record(cx.now, &record);
        }
        _ => {}
    }
}

fn record_pod(verb: Verb, old: Option<&Arc<Pod>>, pod: &Pod, cx: &mut Cx<'_>) {
    let mut say = |record: Record| cx.recorder.record(cx.now, &record);
    if verb == Verb::Deleted {
        say(Record::PodGone { pod: pod.id });
        return;
    }
    let Some(old) = old else {
        let set = pod.meta.owner.as_ref().map(|owner| owner.name.clone());
        let deployment = set.as_ref().and_then(|set| deployment_of(&pod.meta.namespace, set));
        say(Record::PodCreated {
            pod: pod.id,
            name: pod.meta.name.clone(),
            deployment,
            replica_set: set,
            image: pod.image(),
        });
        return;
    };
    if let (None, Some(grace)) =
        (old.meta.deletion_timestamp, pod.meta.deletion_grace_period_seconds)
    {
        say(Record::PodDeletionRequested { pod: pod.id, grace_seconds: grace });
    }
    match (old.is_ready(), pod.is_ready()) {
        (false, true) => say(Record::PodReady { pod: pod.id }),
        (true, false) => say(Record::PodUnready { pod: pod.id }),
        (false, false) | (true, true) => {}
    }
}

/// The Deployment that a ReplicaSet's name belongs to: all but the hash at its end.
fn deployment_of(namespace: &str, replica_set: &str) -> Option<Arc<str>> {
    let (name, _) = replica_set.rsplit_once('-')?;
    Some(format!("{namespace}/{name}").into())
}

fn scaled(set: &ReplicaSet) -> Record {
    let owner = set.meta.owner.as_ref().filter(|owner| owner.kind == Kind::Deployment);
    let name = owner.map_or_else(|| set.meta.name.clone(), |owner| owner.name.clone());
    Record::ReplicaSetScaled {
        deployment: format!("{}/{name}", set.meta.namespace).into(),
        replica_set: set.meta.name.clone(),
        image: set.spec.template.image(),
        revision: set.meta.annotations.get(REVISION).and_then(|r| r.parse().ok()).unwrap_or(0),
        replicas: set.spec.replicas,
    }
}

fn record_deployment(old: Option<&Object>, deployment: &Deployment, cx: &mut Cx<'_>) {
    let name: Arc<str> = deployment.meta.key().to_string().into();
    let Some(Object::Deployment(old)) = old else { return };
    if old.spec.template != deployment.spec.template {
        let record = Record::RolloutStarted {
            deployment: name.clone(),
            from: old.spec.template.image(),
            to: deployment.spec.template.image(),
        };
        cx.recorder.record(cx.now, &record);
    }
    if old.status != deployment.status {
        let status = &deployment.status;
        let exceeded = status.conditions.iter().any(|condition| {
            condition.kind == "Progressing"
                && condition.status == ConditionStatus::False
                && condition.reason == "ProgressDeadlineExceeded"
        });
        let record = Record::DeploymentStatusWritten {
            deployment: name,
            replicas: status.replicas,
            updated: status.updated_replicas,
            available: status.available_replicas,
            complete: deployment::deployment_complete(deployment, status),
            deadline_exceeded: exceeded,
        };
        cx.recorder.record(cx.now, &record);
    }
}

fn record_slice(verb: Verb, object: &Object, cx: &mut Cx<'_>) {
    let Object::EndpointSlice(slice) = object else { return };
    let Some(service) = slice.service else { return };
    let endpoints = match verb {
        Verb::Deleted => Arc::default(),
        Verb::Added | Verb::Modified => slice
            .endpoints
            .iter()
            .map(|endpoint| EndpointFact {
                pod: endpoint.target.as_ref().map(|(pod, _)| *pod),
                ready: endpoint.ready,
                serving: endpoint.serving,
                terminating: endpoint.terminating,
            })
            .collect(),
    };
    let record =
        Record::EndpointSliceWritten { service, slice: slice.meta.name.clone(), endpoints };
    cx.recorder.record(cx.now, &record);
}
