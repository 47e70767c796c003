//! What an object says of others: a pod of its node, an endpoint of its pod, a Deployment of its
//! ReplicaSets.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use api::{Change, Endpoint, Kind, Labels, Object, PodId, Uid, Verb};
use serde_json::{Value, json};

use super::meta::uuid;

/// The annotation that says how often a Deployment's template was changed.
const REVISION: &str = "deployment.kubernetes.io/revision";

/// The objects of which others say something.
#[derive(Clone, Debug, Default)]
pub struct Neighbours {
    /// The addresses of nodes by their names.
    nodes: BTreeMap<Arc<str>, IpAddr>,
    pods: BTreeMap<PodId, Uid>,
    /// The revisions of ReplicaSets, by their owners and their own ids.
    revisions: BTreeMap<(Uid, Uid), u64>,
}

impl Neighbours {
    /// Takes objects in; of which nobody says anything do not matter.
    pub fn new<'a>(objects: impl IntoIterator<Item = &'a Object>) -> Self {
        let mut neighbours = Self::default();
        objects.into_iter().for_each(|object| neighbours.take(object));
        neighbours
    }

    /// Takes an object in.
    pub(super) fn take(&mut self, object: &Object) {
        match object {
            Object::Node(node) => {
                self.nodes.insert(node.meta.name.clone(), node.id.internal_ip());
            }
            Object::Pod(pod) => drop(self.pods.insert(pod.id, pod.meta.uid.clone())),
            Object::ReplicaSet(set) => {
                let number = revision(&set.meta.annotations);
                if let (Some(owner), Some(number)) = (&set.meta.owner, number) {
                    self.revisions.insert((owner.uid.clone(), set.meta.uid.clone()), number);
                }
            }
            _ => {}
        }
    }

    /// How objects of a kind change with what is written: when, and as they are then or were last.
    pub fn follow<T>(
        mut self,
        kind: Kind,
        journal: impl IntoIterator<Item = (T, Change)>,
    ) -> Vec<(T, Value)> {
        let mut changes = Vec::new();
        for (when, Change { verb, object }) in journal {
            match (&object, verb) {
                (Object::ReplicaSet(set), Verb::Deleted) => {
                    self.revisions.retain(|(_, uid), _| *uid != set.meta.uid);
                }
                // A pod that is gone may be an endpoint still.
                _ => self.take(&object),
            }
            if object.kind() == kind {
                changes.push((when, self.to_json(&object)));
            }
        }
        changes
    }

    /// An object as JSON, with what it says of these.
    #[must_use]
    pub fn to_json(&self, object: &Object) -> Value {
        let mut written = super::to_json(object);
        match object {
            Object::Pod(pod) => {
                let address = pod.node_name.as_ref().and_then(|name| self.nodes.get(name));
                if let Some(address) = address.map(IpAddr::to_string) {
                    written["status"]["hostIPs"] = json!([{ "ip": address }]);
                    written["status"]["hostIP"] = address.into();
                }
            }
            Object::EndpointSlice(slice) => {
                for (place, endpoint) in slice.endpoints.iter().enumerate() {
                    if let Some(target) = self.target(endpoint, &slice.meta.namespace) {
                        written["endpoints"][place]["targetRef"] = target;
                    }
                }
            }
            Object::Deployment(deployment) => {
                if let Some(number) = self.revision_of(&deployment.meta.uid) {
                    written["metadata"]["annotations"][REVISION] = number.to_string().into();
                }
            }
            _ => {}
        }
        written
    }

    /// How often the template of a Deployment was changed: the controller gives the highest
    /// revision to the ReplicaSet of the template, and writes it onto the Deployment as well.
    fn revision_of(&self, deployment: &Uid) -> Option<u64> {
        let own = self.revisions.iter().filter(|((owner, _), _)| owner == deployment);
        own.map(|(_, revision)| *revision).max()
    }

    /// `targetRef` of an endpoint of a namespace.
    pub(super) fn target(&self, endpoint: &Endpoint, namespace: &str) -> Option<Value> {
        let (pod, name) = endpoint.target.as_ref()?;
        let mut target = json!({ "kind": "Pod", "name": **name, "namespace": namespace });
        if let Some(uid) = self.pods.get(pod) {
            target["uid"] = uuid(uid).into();
        }
        Some(target)
    }
}

fn revision(annotations: &Labels) -> Option<u64> {
    annotations.get(REVISION)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use api::{
        EndpointSlice, Meta, Node, NodeId, Owner, Pod, PodSpec, PodStatus, ReplicaSet,
        ReplicaSetSpec, pod::Resources,
    };

    use super::*;

    fn node() -> Object {
        Object::Node(Arc::new(Node {
            meta: Meta::new("", "node-3"),
            id: NodeId(2),
            allocatable: Resources::default(),
            max_pods: 110,
            unschedulable: false,
        }))
    }

    /// A pod, bound to that node or not yet.
    fn pod(node: Option<&str>) -> Object {
        Object::Pod(Arc::new(Pod {
            meta: Meta { uid: Uid::from("pod"), ..Meta::new("shop", "web-1") },
            id: PodId(7),
            spec: Arc::new(PodSpec::default()),
            node_name: node.map(Into::into),
            status: PodStatus::default(),
        }))
    }

    fn replica_set(uid: &str, revision: &str) -> Object {
        let annotations = Labels::from([(REVISION.to_owned(), revision.to_owned())]);
        let owner =
            Owner { kind: Kind::Deployment, name: "web".into(), uid: Uid::from("deployment") };
        Object::ReplicaSet(Arc::new(ReplicaSet {
            meta: Meta {
                uid: Uid::from(uid),
                annotations,
                owner: Some(owner),
                ..Meta::new("shop", uid)
            },
            spec: ReplicaSetSpec::default(),
            status: api::ReplicaSetStatus::default(),
        }))
    }

    #[test]
    fn a_pod_says_its_nodes_address_once_it_has_a_node() {
        let neighbours = Neighbours::new(&[node()]);
        let bound = neighbours.to_json(&pod(Some("node-3")));
        assert_eq!(bound["status"]["hostIP"], "172.18.0.13");
        assert_eq!(bound["status"]["hostIPs"], json!([{ "ip": "172.18.0.13" }]));
        assert_eq!(neighbours.to_json(&pod(None))["status"]["hostIP"], Value::Null);
    }

    #[test]
    fn an_endpoint_says_which_pod_it_is() {
        let slice = Object::EndpointSlice(Arc::new(EndpointSlice {
            meta: Meta::new("shop", "web-abcde"),
            service_name: "web".into(),
            service: None,
            ports: Vec::new(),
            endpoints: vec![Arc::new(Endpoint {
                address: [10, 0, 0, 1].into(),
                ready: true,
                serving: true,
                terminating: false,
                node_name: None,
                zone: None,
                target: Some((PodId(7), "web-1".into())),
                hostname: None,
                for_zones: Vec::new(),
                for_nodes: Vec::new(),
            })],
        }));
        let written = Neighbours::new(&[pod(None)]).to_json(&slice);
        let target = json!({ "kind": "Pod", "name": "web-1", "namespace": "shop", "uid": "pod" });
        assert_eq!(written["endpoints"][0]["targetRef"], target);
    }

    #[test]
    fn the_highest_revision_is_that_of_the_deployment() {
        let deployment = Uid::from("deployment");
        let mut neighbours = Neighbours::new(&[replica_set("a", "2"), replica_set("b", "10")]);
        assert_eq!(neighbours.revision_of(&deployment), Some(10));
        assert_eq!(neighbours.revision_of(&Uid::from("another")), None);
        neighbours.take(&replica_set("a", "11"));
        assert_eq!(neighbours.revision_of(&deployment), Some(11));
    }
}
