//! Endpoints: those that somebody wrote, and those that nobody stores here, the mirror of a Service's
//! slices.

use std::{collections::BTreeMap, sync::Arc};

use api::{
    Change, Endpoint, EndpointAddress, EndpointSlice, EndpointSubset, Endpoints, Key, Kind, Labels,
    Meta, Object, Service, SlicePort, Verb, service::ServiceType,
};
use serde_json::{Value, json};

use super::{
    Neighbours, fields,
    meta::{api_version, meta, uid_beside},
};

/// What the Endpoints controller puts onto its own, and copies of no Service.
const MANAGED_BY: (&str, &str) = ("endpoints.kubernetes.io/managed-by", "endpoint-controller");

/// Endpoints as somebody wrote them.
pub(super) fn written(endpoints: &Endpoints) -> Value {
    json!({
        "apiVersion": api_version(Kind::Endpoints),
        "kind": "Endpoints",
        "metadata": meta(Kind::Endpoints, &endpoints.meta),
        "subsets": endpoints.subsets.iter().map(subset).collect::<Vec<_>>(),
    })
}

fn subset(subset: &EndpointSubset) -> Value {
    let all = |all: &[EndpointAddress]| -> Value { all.iter().map(address).collect() };
    fields([
        ("addresses", all(&subset.addresses)),
        ("notReadyAddresses", all(&subset.not_ready_addresses)),
        ("ports", subset.ports.iter().map(port).collect()),
    ])
}

/// A port of Endpoints; those of slices have a name though it be empty.
fn port(port: &SlicePort) -> Value {
    fields([
        ("name", port.name.as_str().into()),
        ("port", port.port.into()),
        ("protocol", port.protocol.name().into()),
    ])
}

fn address(address: &EndpointAddress) -> Value {
    fields([
        ("hostname", address.hostname.as_deref().into()),
        ("ip", address.ip.to_string().into()),
        ("nodeName", address.node_name.as_deref().into()),
    ])
}

/// Services and slices, and the Endpoints that follow from them.
#[derive(Clone, Debug, Default)]
pub struct Mirror {
    neighbours: Neighbours,
    services: BTreeMap<Key, Arc<Service>>,
    slices: BTreeMap<Key, Arc<EndpointSlice>>,
}

impl Mirror {
    /// Takes Services and slices in, and the pods that are their endpoints; what else there is does
    /// not matter.
    pub fn new<'a>(objects: impl IntoIterator<Item = &'a Object>) -> Self {
        let mut mirror = Self::default();
        for object in objects {
            mirror.take(object);
        }
        mirror
    }

    fn take(&mut self, object: &Object) {
        match object {
            Object::Service(service) => {
                self.services.insert(service.meta.key(), service.clone());
            }
            Object::EndpointSlice(slice) => {
                self.slices.insert(slice.meta.key(), slice.clone());
            }
            other => self.neighbours.take(other),
        }
    }

    fn drop(&mut self, object: &Object) {
        match object {
            Object::Service(service) => drop(self.services.remove(&service.meta.key())),
            Object::EndpointSlice(slice) => drop(self.slices.remove(&slice.meta.key())),
            _ => {}
        }
    }

    /// The Endpoints of each Service that has them, and of those that somebody wrote the ones that
    /// the Endpoints controller leaves; in the order of their names.
    #[must_use]
    pub fn endpoints(&self, by_hand: &[Object]) -> Vec<Value> {
        let mirrored = self.services.iter().filter(|(_, service)| has_endpoints(service));
        let mut all: BTreeMap<Key, Value> =
            by_hand.iter().map(|it| (it.key(), self.neighbours.to_json(it))).collect();
        all.extend(mirrored.map(|(key, service)| (key.clone(), self.endpoints_of(service))));
        all.into_values().collect()
    }

    fn endpoints_of(&self, service: &Service) -> Value {
        let own = self.slices.values().filter(|slice| is_mirrored(slice, service));
        let own: Vec<&EndpointSlice> = own.map(|slice| &**slice).collect();
        json!({
            "apiVersion": api_version(Kind::Endpoints),
            "kind": "Endpoints",
            "metadata": meta(Kind::Endpoints, &meta_of(service, &own)),
            "subsets": self.subsets(&own),
        })
    }

    /// The endpoints of slices by their ports, but for those of pods that are being deleted
    /// (`RepackSubsets`).
    fn subsets(&self, slices: &[&EndpointSlice]) -> Vec<Value> {
        let mut by_ports: BTreeMap<&[SlicePort], Vec<(&Endpoint, Value)>> = BTreeMap::new();
        for slice in slices {
            let listed = slice.endpoints.iter().filter(|it| it.ready || !it.terminating);
            let listed = listed.map(|it| (&**it, self.address_of(it, &slice.meta.namespace)));
            by_ports.entry(&slice.ports).or_default().extend(listed);
        }
        let subsets = by_ports.into_iter().filter(|(_, listed)| !listed.is_empty());
        let subset = |(ports, mut listed): (&[SlicePort], Vec<(&Endpoint, Value)>)| {
            listed.sort_by_key(|(endpoint, _)| endpoint.address);
            let of = |ready: bool| -> Value {
                let own = listed.iter().filter(|(endpoint, _)| endpoint.ready == ready);
                own.map(|(_, address)| address.clone()).collect()
            };
            fields([
                ("addresses", of(true)),
                ("notReadyAddresses", of(false)),
                ("ports", ports.iter().map(port).collect()),
            ])
        };
        subsets.map(subset).collect()
    }

    fn address_of(&self, endpoint: &Endpoint, namespace: &str) -> Value {
        fields([
            ("hostname", endpoint.hostname.as_deref().into()),
            ("ip", endpoint.address.to_string().into()),
            ("nodeName", endpoint.node_name.as_deref().into()),
            ("targetRef", self.neighbours.target(endpoint, namespace).into()),
        ])
    }

    /// How Endpoints change with what is written: when, and as they are then or were last.
    pub fn follow<T>(mut self, journal: impl IntoIterator<Item = (T, Change)>) -> Vec<(T, Value)> {
        let each = self.services.iter().filter(|(_, service)| has_endpoints(service));
        let mut known: BTreeMap<Key, Value> =
            each.map(|(key, service)| (key.clone(), self.endpoints_of(service))).collect();
        let mut changes = Vec::new();
        for (when, Change { verb, object }) in journal {
            match verb {
                Verb::Deleted => self.drop(&object),
                _ => self.take(&object),
            }
            let Some(key) = self.concerned(&object) else { continue };
            let service = self.services.get(&key).filter(|service| has_endpoints(service));
            let Some(service) = service else {
                changes.extend(known.remove(&key).map(|last| (when, last)));
                continue;
            };
            let new = self.endpoints_of(service);
            if !known.get(&key).is_some_and(|old| says_the_same(old, &new)) {
                known.insert(key, new.clone());
                changes.push((when, new));
            }
        }
        changes
    }

    /// The Service whose Endpoints may change with an object.
    fn concerned(&self, object: &Object) -> Option<Key> {
        match object {
            Object::Service(service) => Some(service.meta.key()),
            Object::EndpointSlice(slice) => {
                let mut services = self.services.iter();
                let own = services.find(|(_, service)| slice.service == Some(service.id));
                own.map(|(key, _)| key.clone())
            }
            _ => None,
        }
    }
}

/// Whether nobody would write Endpoints anew: a Service may change without them.
fn says_the_same(old: &Value, new: &Value) -> bool {
    old["subsets"] == new["subsets"] && old["metadata"]["labels"] == new["metadata"]["labels"]
}

/// Whether Endpoints are made for a Service: for those with a selector, but for mere names.
fn has_endpoints(service: &Service) -> bool {
    service.spec.selector.is_some() && service.spec.kind != ServiceType::ExternalName
}

/// Whether a slice says what the Endpoints of a Service say. Those are made of pods, as the slices that
/// the Service owns are; what somebody writes into a slice by hand is in no Endpoints.
fn is_mirrored(slice: &EndpointSlice, service: &Service) -> bool {
    slice.service == Some(service.id) && slice.meta.owner.is_some()
}

/// What the controller writes of a Service, with an id of its own.
fn meta_of(service: &Service, slices: &[&EndpointSlice]) -> Meta {
    let mut labels: Labels = service.meta.labels.clone();
    let (key, value) = MANAGED_BY;
    labels.insert(key.to_owned(), value.to_owned());
    if service.spec.headless {
        labels.insert("service.kubernetes.io/headless".to_owned(), String::new());
    }
    // Both controllers write at about the same time.
    let written = slices.iter().map(|slice| slice.meta.resource_version).max();
    Meta {
        uid: uid_beside(&service.meta.uid),
        labels,
        creation_timestamp: service.meta.creation_timestamp,
        resource_version: written.unwrap_or(service.meta.resource_version),
        ..Meta::new(service.meta.namespace.clone(), service.meta.name.clone())
    }
}

#[cfg(test)]
mod tests {
    use api::{Endpoint, Kind, Meta, Owner, Protocol, ServiceId, ServiceSpec, SlicePort, Uid};

    use super::*;

    fn service(kind: ServiceType) -> Object {
        let selector = Some([("app".to_owned(), "web".to_owned())].into_iter().collect());
        let spec = ServiceSpec { kind, selector, ..ServiceSpec::default() };
        Object::Service(Arc::new(Service {
            status: api::ServiceStatus::default(),
            meta: Meta::new("shop", "web"),
            id: ServiceId(7),
            spec,
        }))
    }

    /// A slice of that Service with an endpoint, by the end of its address and whether it is ready.
    fn slice(name: &str, by_hand: bool, endpoint: (u8, bool)) -> Object {
        let (end, ready) = endpoint;
        let mut meta = Meta::new("shop", name);
        meta.owner = (!by_hand).then(|| Owner {
            kind: Kind::Service,
            name: "web".into(),
            uid: Uid("1".into()),
        });
        Object::EndpointSlice(Arc::new(EndpointSlice {
            meta,
            service_name: "web".into(),
            service: Some(ServiceId(7)),
            ports: vec![SlicePort {
                name: String::new(),
                protocol: Protocol::Tcp,
                port: Some(8080),
            }],
            endpoints: vec![Arc::new(Endpoint {
                address: [10, 0, 0, end].into(),
                ready,
                serving: ready,
                terminating: false,
                node_name: None,
                zone: None,
                target: None,
                hostname: None,
                for_zones: Vec::new(),
                for_nodes: Vec::new(),
            })],
        }))
    }

    fn addresses(endpoints: &Value) -> Vec<&str> {
        let subsets = endpoints["subsets"].as_array().into_iter().flatten();
        let addresses = subsets.flat_map(|it| it["addresses"].as_array().into_iter().flatten());
        addresses.filter_map(|address| address["ip"].as_str()).collect()
    }

    #[test]
    fn endpoints_mirror_what_is_ready_in_the_controllers_slices() {
        let slices = [
            slice("b", false, (2, true)),
            slice("a", false, (1, true)),
            slice("c", false, (3, false)),
        ];
        let by_hand = slice("d", true, (4, true));
        let named = |kind| {
            Mirror::new([&service(kind), &by_hand].into_iter().chain(&slices)).endpoints(&[])
        };
        let all = named(ServiceType::ClusterIP);
        assert_eq!(all.iter().map(addresses).collect::<Vec<_>>(), [["10.0.0.1", "10.0.0.2"]]);
        let expected = json!([{
            "addresses": [{ "ip": "10.0.0.1" }, { "ip": "10.0.0.2" }],
            "notReadyAddresses": [{ "ip": "10.0.0.3" }],
            "ports": [{ "port": 8080, "protocol": "TCP" }],
        }]);
        assert_eq!(all[0]["subsets"], expected);
        assert!(named(ServiceType::ExternalName).is_empty());
    }

    #[test]
    fn endpoints_change_with_their_slices_and_go_with_their_service() {
        let cluster_ip = service(ServiceType::ClusterIP);
        let mirror = Mirror::new([&cluster_ip, &slice("a", false, (1, true))]);
        let change = |verb, object| Change { verb, object };
        let journal = [
            (1, change(Verb::Modified, slice("a", false, (1, true)))),
            (2, change(Verb::Added, slice("b", false, (2, true)))),
            (3, change(Verb::Added, slice("c", true, (3, true)))),
            (4, change(Verb::Modified, cluster_ip.clone())),
            (5, change(Verb::Deleted, slice("a", false, (1, true)))),
            (6, change(Verb::Deleted, cluster_ip.clone())),
            (7, change(Verb::Deleted, slice("b", false, (2, true)))),
            (8, change(Verb::Added, cluster_ip)),
        ];
        let changes = mirror.follow(journal);
        let seen: Vec<(i32, Vec<&str>)> =
            changes.iter().map(|(when, endpoints)| (*when, addresses(endpoints))).collect();
        let expected = [
            (2, vec!["10.0.0.1", "10.0.0.2"]),
            (5, vec!["10.0.0.2"]),
            (6, vec!["10.0.0.2"]),
            (8, vec![]),
        ];
        assert_eq!(seen, expected);
    }
}
