//! What a write to the API server tells the record.

use std::{collections::BTreeMap, sync::Arc};

use api::{
    Deployment, Key, Kind, Labels, Object, Pod, PodSpec, PodTemplate, ReplicaSet, Service, Verb,
    deployment::ConditionStatus, main_container,
};
use record::{EndpointFact, PortFact, Record};

use crate::{
    Cx,
    deployment::{deployment_complete, util},
};

/// What is stored.
type Objects = BTreeMap<(Kind, Key), Object>;

/// Records what a write changed, as far as a reader of the record may want it.
pub(crate) fn record_write(
    verb: Verb,
    old: Option<&Object>,
    new: &Object,
    stored: &Objects,
    cx: &mut Cx<'_>,
) {
    match (old, new) {
        (old, Object::Pod(pod)) => {
            let old = match old {
                Some(Object::Pod(old)) => Some(old),
                _ => None,
            };
            record_pod(verb, old, pod, stored, cx);
        }
        (old, Object::ReplicaSet(set)) if verb != Verb::Deleted => {
            let before = match old {
                Some(Object::ReplicaSet(old)) => Some(old.spec.replicas),
                _ => None,
            };
            if before != Some(set.spec.replicas) {
                cx.recorder.record(cx.now, &scaled(set, stored));
            }
        }
        (old, Object::Deployment(deployment)) if verb != Verb::Deleted => {
            record_deployment(old, deployment, stored, cx);
        }
        (_, Object::Deployment(deployment)) => {
            let deployment = deployment.meta.key().to_string().into();
            cx.recorder.record(cx.now, &Record::DeploymentDeleted { deployment });
        }
        (_, Object::EndpointSlice(_)) => record_slice(verb, new, cx),
        (old, Object::Service(service)) => {
            let old = match old {
                Some(Object::Service(old)) => Some(&**old),
                _ => None,
            };
            // With another address it is another Service to those who know it by its number.
            let moved = old.filter(|old| old.id != service.id);
            let gone = moved.map(|old| Record::ServiceDeleted { service: old.id });
            let fact = service_fact(verb, old.filter(|_| moved.is_none()), service);
            for record in gone.into_iter().chain(fact) {
                cx.recorder.record(cx.now, &record);
            }
        }
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

fn record_pod(verb: Verb, old: Option<&Arc<Pod>>, pod: &Pod, stored: &Objects, cx: &mut Cx<'_>) {
    let mut say = |record: Record| cx.recorder.record(cx.now, &record);
    if verb == Verb::Deleted {
        say(Record::PodGone { pod: pod.id });
        return;
    }
    let Some(old) = old else {
        let set = pod.meta.owner.as_ref().map(|owner| owner.name.clone());
        let deployment = deployment_of(pod, stored);
        say(Record::PodCreated {
            pod: pod.id,
            namespace: pod.meta.namespace.clone(),
            name: pod.meta.name.clone(),
            labels: pod.meta.labels.clone(),
            deployment,
            replica_set: set,
            image: image(
                &pod.meta.namespace,
                (&pod.meta.labels, &pod.meta.annotations),
                &pod.spec,
                stored,
            ),
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

/// The Deployment whose ReplicaSet controls a pod. The ReplicaSet's name does not tell: it is cut
/// where it gets too long.
fn deployment_of(pod: &Pod, stored: &Objects) -> Option<Arc<str>> {
    let set = pod.meta.owner.as_ref().filter(|owner| owner.kind == Kind::ReplicaSet)?;
    let key = Key::new(pod.meta.namespace.clone(), set.name.clone());
    let owner = stored.get(&(Kind::ReplicaSet, key))?.meta().owner.as_ref()?;
    let is_deployment = owner.kind == Kind::Deployment;
    is_deployment.then(|| format!("{}/{}", pod.meta.namespace, owner.name).into())
}

fn scaled(set: &ReplicaSet, stored: &Objects) -> Record {
    let owner = set.meta.owner.as_ref().filter(|owner| owner.kind == Kind::Deployment);
    let name = owner.map_or_else(|| set.meta.name.clone(), |owner| owner.name.clone());
    Record::ReplicaSetScaled {
        deployment: format!("{}/{name}", set.meta.namespace).into(),
        replica_set: set.meta.name.clone(),
        image: version(&set.meta.namespace, &set.spec.template, stored),
        revision: u32::try_from(util::revision(set)).unwrap_or(0),
        replicas: set.spec.replicas,
    }
}

fn record_deployment(
    old: Option<&Object>,
    deployment: &Deployment,
    stored: &Objects,
    cx: &mut Cx<'_>,
) {
    let name: Arc<str> = deployment.meta.key().to_string().into();
    let old = match old {
        Some(Object::Deployment(old)) => Some(old),
        _ => None,
    };
    let paused = deployment.spec.paused;
    if paused != old.is_some_and(|old| old.spec.paused) {
        let record = Record::DeploymentPaused { deployment: name.clone(), paused };
        cx.recorder.record(cx.now, &record);
    }
    let Some(old) = old else { return };
    if old.spec.template != deployment.spec.template {
        let record = Record::RolloutStarted {
            deployment: name.clone(),
            from: version(&old.meta.namespace, &old.spec.template, stored),
            to: version(&old.meta.namespace, &deployment.spec.template, stored),
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
            complete: deployment_complete(deployment, status),
            deadline_exceeded: exceeded,
        };
        cx.recorder.record(cx.now, &record);
    }
}

/// What pods of a template are called by: the image of their main container, as the Services are now.
fn version(namespace: &Arc<str>, template: &PodTemplate, stored: &Objects) -> Arc<str> {
    image(namespace, (&template.labels, &template.annotations), &template.spec, stored)
}

fn image(
    namespace: &Arc<str>,
    (labels, annotations): (&Labels, &Labels),
    spec: &PodSpec,
    stored: &Objects,
) -> Arc<str> {
    let services = stored.range((Kind::Service, Key::new(namespace.clone(), ""))..);
    let services = services.map_while(|(_, object)| match object {
        Object::Service(service) if service.meta.namespace == *namespace => Some(&**service),
        _ => None,
    });
    let selected = services.filter(|service| service.selects(namespace, labels));
    main_container::version(annotations, spec, selected)
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
    let ports = slice.ports.iter();
    let ports = ports.map(|port| PortFact { name: port.name.as_str().into(), port: port.port });
    let (slice, ports) = (slice.meta.name.clone(), ports.collect());
    let record = Record::EndpointSliceWritten { service, slice, ports, endpoints };
    cx.recorder.record(cx.now, &record);
}

/// What a write of a Service says to those who want to know which pods it is for.
fn service_fact(verb: Verb, old: Option<&Service>, service: &Service) -> Option<Record> {
    let target_ports = |service: &Service| -> Arc<[Arc<str>]> {
        let ports = service.spec.ports.iter();
        ports.map(|port| port.target_port.to_string().into()).collect()
    };
    let (id, spec) = (service.id, &service.spec);
    match (verb, old) {
        (Verb::Deleted, _) => Some(Record::ServiceDeleted { service: id }),
        (_, None) => Some(Record::ServiceAdded {
            service: id,
            name: service.meta.key().to_string().into(),
            cluster_ip: spec.cluster_ip,
            selector: spec.selector.clone(),
            target_ports: target_ports(service),
        }),
        (_, Some(old)) => {
            let (before, after) = (target_ports(old), target_ports(service));
            let changed = before != after || old.spec.selector != spec.selector;
            changed.then(|| Record::ServiceChanged {
                service: id,
                selector: spec.selector.clone(),
                target_ports: after,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use api::{Meta, Owner};
    use engine::{Agenda, Context, Distribution, Span, Streams, Time};
    use record::Recorder;

    use super::*;
    use crate::{Event, api_server::ApiServer};

    /// Keeps the Deployments of the pods that were created.
    #[derive(Default)]
    struct Owners(Vec<Option<Arc<str>>>);

    impl Recorder for Owners {
        fn record(&mut self, _: Time, record: &Record) {
            if let Record::PodCreated { deployment, .. } = record {
                self.0.push(deployment.clone());
            }
        }
    }

    fn owned(kind: Kind, name: &str, by: (Kind, &str)) -> Object {
        let owner = Owner { kind: by.0, name: by.1.into(), uid: by.1.into() };
        let meta = Meta { owner: Some(owner), ..Meta::new("default", name) };
        match kind {
            Kind::ReplicaSet => Object::ReplicaSet(Arc::new(ReplicaSet {
                meta,
                spec: api::ReplicaSetSpec {
                    replicas: 1,
                    selector: api::LabelSelector::default(),
                    template: PodTemplate::default(),
                    min_ready_seconds: 0,
                },
                status: api::ReplicaSetStatus::default(),
            })),
            _ => Object::Pod(Arc::new(Pod {
                meta,
                id: api::PodId(0),
                spec: Arc::default(),
                node_name: None,
                status: api::PodStatus::default(),
            })),
        }
    }

    #[test]
    fn a_pod_belongs_to_the_deployment_that_owns_its_replica_set() {
        let mut api = ApiServer::new(Distribution::Constant(Span::ZERO), &Streams::new(1));
        let mut owners = Owners::default();
        let mut agenda = Agenda::<Event>::new();
        let recorder: &mut dyn Recorder = &mut owners;
        let mut cx = Context { now: Time::ZERO, agenda: &mut agenda, recorder };
        let objects = [
            owned(
                Kind::ReplicaSet,
                "a-name-that-was-cu-12345",
                (Kind::Deployment, "a-name-that-was-cut"),
            ),
            owned(Kind::Pod, "one", (Kind::ReplicaSet, "a-name-that-was-cu-12345")),
            owned(Kind::Pod, "two", (Kind::ReplicaSet, "unknown-12345")),
        ];
        for object in objects {
            api.create(object, &mut cx).expect("names are distinct");
        }
        assert_eq!(owners.0, [Some("default/a-name-that-was-cut".into()), None]);
    }
}
