//! The objects of a cluster as they were written, and what is wrong between them.

pub(crate) mod backends;
mod endpoints;
mod parents;
mod selectors;
mod slices;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
};

use api::{
    Cidr, Deployment, EndpointSlice, Endpoints, Gateway, HttpRoute, Ingress, Key, Kind, Labels,
    Meta, Object, Pod, PodSpec, Service,
    selector::matches_all,
    service::{SERVICE_RANGE, system_service},
};

use crate::{
    Code, Diagnostic, Scenario,
    diagnostic::Findings,
    kubernetes::at_path,
    source::{At, FileId, Manifest},
    yaml::Node,
};

/// How many pods all Deployments may have together.
const MOST_PODS: i64 = 20_000;

/// How many addresses the Service range has, 10.96.0.0/16 without its first and last.
const SERVICE_ADDRESSES: usize = 65_534;

/// An object and the tree it was read from.
#[derive(Clone, Debug)]
pub(crate) struct Written<T> {
    pub(crate) object: T,
    pub(crate) file: FileId,
    pub(crate) root: Arc<Node>,
}

impl<T> Written<T> {
    /// Where it stands, for an object that a step applies.
    pub(crate) fn applied(&self) -> Manifest {
        Manifest::Applied(At { file: self.file, extent: self.root.extent })
    }

    /// Where a field stands, or where it would be added.
    pub(crate) fn at(&self, path: &str) -> At {
        at_path(&self.root, path)
    }
}

/// All simulated objects of a load.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    pub(crate) deployments: Vec<Written<Deployment>>,
    pub(crate) pods: Vec<Written<Pod>>,
    pub(crate) services: Vec<Written<Service>>,
    pub(crate) endpoint_slices: Vec<Written<EndpointSlice>>,
    pub(crate) ingresses: Vec<Written<Ingress>>,
    pub(crate) http_routes: Vec<Written<HttpRoute>>,
    pub(crate) gateways: Vec<Written<Gateway>>,
    pub(crate) endpoints: Vec<Written<Endpoints>>,
    /// How many objects of each kind are not among these.
    pub(crate) passed_over: BTreeMap<String, usize>,
    /// Those that nobody here acts on.
    pub(crate) bystanders: Vec<Written<Object>>,
    /// Whether there are documents that could not be read: what is not here may be in them.
    pub(crate) incomplete: bool,
}

/// Pods that are alike: those of a Deployment, or one on its own.
#[derive(Clone, Copy)]
pub(crate) struct PodGroup<'a> {
    /// `Deployment` or `Pod`.
    pub(crate) kind: Kind,
    pub(crate) name: &'a Arc<str>,
    pub(crate) namespace: &'a Arc<str>,
    pub(crate) labels: &'a Labels,
    pub(crate) spec: &'a PodSpec,
    root: &'a Node,
}

impl<'a> PodGroup<'a> {
    /// The pods of a Deployment.
    pub(crate) fn of_deployment(written: &'a Written<Deployment>) -> Self {
        let Deployment { meta, spec, .. } = &written.object;
        Self {
            kind: Kind::Deployment,
            name: &meta.name,
            namespace: &meta.namespace,
            labels: &spec.template.labels,
            spec: &spec.template.spec,
            root: &written.root,
        }
    }

    pub(crate) fn key(&self) -> Key {
        Key::new(&**self.namespace, &**self.name)
    }

    /// Where a field of the pods' spec stands, or where it would be added.
    pub(crate) fn at(&self, field: &str) -> At {
        let spec = if self.kind == Kind::Deployment { "spec.template.spec" } else { "spec" };
        at_path(self.root, &format!("{spec}.{field}"))
    }
}

/// What the API server has against an address that a Service asks for, whoever else is there, and what to
/// do.
fn refused_address(address: IpAddr, of: &Key) -> Option<(String, String)> {
    let (network, bits) = SERVICE_RANGE;
    let range = format!("{network}/{bits}");
    if !range.parse::<Cidr>().is_ok_and(|range| range.contains(address)) {
        let problem = format!(
            "the provided IP ({address}) is not in the valid range. The range of valid IPs is {range}"
        );
        return Some((problem, "leave it out: this cluster has the range of kubeadm".to_owned()));
    }
    let (namespace, name) = system_service(address)?;
    let own = *of.namespace == *namespace && *of.name == *name;
    let problem = "provided IP is already allocated".to_owned();
    (!own).then(|| (problem, format!("leave it out: Service `{namespace}/{name}` has it")))
}

impl Objects {
    pub(crate) fn deployment(&self, key: &Key) -> Option<&Written<Deployment>> {
        self.deployments.iter().find(|written| is_called(&written.object.meta, key))
    }

    pub(crate) fn service(&self, key: &Key) -> Option<&Written<Service>> {
        self.services.iter().find(|written| is_called(&written.object.meta, key))
    }

    /// Whether there is nothing to rehearse; slices alone are not.
    pub(crate) fn is_empty(&self) -> bool {
        self.deployments.is_empty() && self.pods.is_empty() && self.services.is_empty()
    }

    /// The trees of all of them, and of no object that is passed over.
    pub(crate) fn roots(&self) -> impl Iterator<Item = &Arc<Node>> {
        fn of<T>(list: &[Written<T>]) -> impl Iterator<Item = &Arc<Node>> {
            list.iter().map(|written| &written.root)
        }
        let workloads = of(&self.deployments).chain(of(&self.pods));
        let services =
            of(&self.services).chain(of(&self.endpoint_slices)).chain(of(&self.endpoints));
        let routes = of(&self.ingresses).chain(of(&self.http_routes)).chain(of(&self.gateways));
        workloads.chain(services).chain(routes).chain(of(&self.bystanders))
    }

    /// How many there are of each kind, and of each that is passed over.
    pub(crate) fn kinds(&self) -> BTreeMap<&str, usize> {
        let mut kinds: BTreeMap<&str, usize> =
            self.passed_over.iter().map(|(kind, count)| (kind.as_str(), *count)).collect();
        for root in self.roots() {
            let kind = root.get("kind").and_then(|kind| kind.as_str());
            *kinds.entry(kind.unwrap_or_default()).or_default() += 1;
        }
        kinds
    }

    /// All pods there will be before the timeline changes something.
    pub(crate) fn pod_groups(&self) -> impl Iterator<Item = PodGroup<'_>> {
        let deployments = self.deployments.iter().map(PodGroup::of_deployment);
        let pods = self.pods.iter().map(|written| {
            let Pod { meta, spec, .. } = &written.object;
            PodGroup {
                kind: Kind::Pod,
                name: &meta.name,
                namespace: &meta.namespace,
                labels: &meta.labels,
                spec,
                root: &written.root,
            }
        });
        deployments.chain(pods)
    }

    /// The pods of a namespace that have these labels.
    pub(crate) fn selected<'a>(
        &'a self,
        namespace: &'a str,
        labels: &'a Labels,
    ) -> impl Iterator<Item = PodGroup<'a>> {
        self.pod_groups().filter(move |group| {
            **group.namespace == *namespace && matches_all(labels, group.labels)
        })
    }

    /// Whether pods of these labels are there, or may be in what could not be read.
    pub(crate) fn may_select(&self, namespace: &str, labels: &Labels) -> bool {
        self.incomplete || self.selected(namespace, labels).next().is_some()
    }

    /// The names of all Deployments of a namespace, for suggestions.
    pub(crate) fn deployment_names(&self, namespace: &str) -> Vec<&str> {
        let metas = self.deployments.iter().map(|written| &written.object.meta);
        metas.filter(|meta| *meta.namespace == *namespace).map(|meta| &*meta.name).collect()
    }

    /// Where Deployments are if not in `namespace`: help for who forgot `-n`.
    pub(crate) fn other_namespaces(&self, namespace: &str) -> String {
        let names = self.deployments.iter().map(|written| &*written.object.meta.namespace);
        let others: BTreeSet<&str> = names.filter(|name| *name != namespace).collect();
        let others: Vec<&str> = others.into_iter().collect();
        match others[..] {
            [] => "there is no Deployment in any namespace".to_owned(),
            [only] => format!("all Deployments are in namespace `{only}`: add -n {only}"),
            _ => format!("add -n and one of their namespaces: {}", others.join(", ")),
        }
    }

    /// Reports node ports and addresses that are given twice, too many pods, and Services and slices
    /// that lead nowhere, also not to what is applied later.
    pub(crate) fn check(&self, applied: &BTreeMap<String, Self>, findings: &mut Findings) {
        self.check_node_ports(findings);
        self.check_addresses(findings);
        self.check_number_of_pods(applied, findings);
        // Where objects are wrong, a Service may lead nowhere for that reason.
        let worth_it = !findings.any_error();
        for written in self.services.iter().filter(|_| worth_it) {
            if findings.is_full() {
                return;
            }
            self.check_selector(written, applied, findings);
        }
        for written in self.ingresses.iter().filter(|_| worth_it && !self.incomplete) {
            self.check_backends(written, findings);
        }
        for written in self.http_routes.iter().filter(|_| worth_it && !self.incomplete) {
            self.check_parents(written, findings);
            self.check_route_backends(written, findings);
        }
        for written in self.endpoint_slices.iter().filter(|_| worth_it) {
            if findings.is_full() {
                return;
            }
            self.check_slice(written, findings);
        }
        for written in self.endpoints.iter().filter(|_| worth_it) {
            self.check_endpoints(written, findings);
        }
    }

    fn check_node_ports(&self, findings: &mut Findings) {
        // By number alone: Services share none, whatever the protocol.
        let mut taken: BTreeMap<u16, (Key, At)> = BTreeMap::new();
        for written in &self.services {
            let key = written.object.meta.key();
            for (index, port) in written.object.spec.ports.iter().enumerate() {
                let Some(node_port) = port.node_port else { continue };
                let path = format!("spec.ports[{index}].nodePort");
                let at = written.at(&path);
                let Some((owner, first)) = taken.get(&node_port) else {
                    taken.insert(node_port, (key.clone(), at));
                    continue;
                };
                // Within one Service it is reported as a duplicate, if it is one.
                if *owner == key {
                    continue;
                }
                let message = format!(
                    "{path}: Invalid value: {node_port}: provided port is already allocated"
                );
                let help = "give each Service its own node port, or leave it out";
                findings.push(
                    Diagnostic::new(Code::BadValue, message, help)
                        .at(at, "taken already")
                        .because_of(*first, "taken here"),
                );
            }
        }
    }

    /// Addresses that Services state, and whether there are enough for the others.
    fn check_addresses(&self, findings: &mut Findings) {
        let mut taken: BTreeMap<IpAddr, At> = BTreeMap::new();
        let with_address =
            self.services.iter().filter(|written| written.object.spec.needs_cluster_ip());
        for (index, written) in with_address.enumerate() {
            let at = written.at("spec.clusterIP");
            if index == SERVICE_ADDRESSES {
                let message = "failed to allocate a Service's address: range is full";
                let help = format!("load {SERVICE_ADDRESSES} Services or fewer");
                findings.push(Diagnostic::new(Code::BadValue, message, help).at(at, ""));
                return;
            }
            let Some(address) = written.object.spec.cluster_ip else { continue };
            if let Some((problem, help)) = refused_address(address, &written.object.meta.key()) {
                let message = format!(
                    "spec.clusterIPs: Invalid value: [\"{address}\"]: failed to allocate IP {address}: {problem}"
                );
                findings.push(Diagnostic::new(Code::BadValue, message, help).at(at, ""));
                continue;
            }
            let Some(first) = taken.get(&address) else {
                taken.insert(address, at);
                continue;
            };
            let message = format!(
                "spec.clusterIPs: Invalid value: [\"{address}\"]: failed to allocate IP {address}: provided IP is already allocated"
            );
            let help = "give each Service its own address, or leave it out";
            findings.push(
                Diagnostic::new(Code::BadValue, message, help)
                    .at(at, "taken already")
                    .because_of(*first, "taken here"),
            );
        }
    }

    fn check_number_of_pods(&self, applied: &BTreeMap<String, Self>, findings: &mut Findings) {
        let mut total = 0;
        let new = applied.values().flat_map(|objects| &objects.deployments);
        let new = new.filter(|written| self.deployment(&written.object.meta.key()).is_none());
        for written in self.deployments.iter().chain(new) {
            total += i64::from(written.object.spec.replicas);
            if total > MOST_PODS {
                let message = format!("with this Deployment there are more than {MOST_PODS} pods");
                let help = "lower the replicas, or load fewer Deployments";
                let at = written.at("spec.replicas");
                findings.push(Diagnostic::new(Code::TooManyPods, message, help).at(at, ""));
                return;
            }
        }
    }

    /// Moves the objects into the scenario, in the order of their keys so that the order of files
    /// changes nothing.
    pub(crate) fn into_scenario(self, scenario: &mut Scenario) {
        let mirrored = self.mirrored_slices();
        let endpoints = self.endpoints.into_iter();
        let endpoints = endpoints.map(|written| Object::Endpoints(written.object.into()));
        let bystanders = self.bystanders.into_iter().map(|written| written.object);
        let routes = self.http_routes.into_iter();
        let routes = routes.map(|written| Object::HttpRoute(written.object.into()));
        let gateways = self.gateways.into_iter();
        let gateways = gateways.map(|written| Object::Gateway(written.object.into()));
        scenario.bystanders = endpoints.chain(bystanders).chain(routes).chain(gateways).collect();
        scenario.deployments = self.deployments.into_iter().map(|written| written.object).collect();
        scenario.pods = self.pods.into_iter().map(|written| written.object).collect();
        scenario.services = self.services.into_iter().map(|written| written.object).collect();
        scenario.endpoint_slices =
            self.endpoint_slices.into_iter().map(|written| written.object).collect();
        scenario.endpoint_slices.extend(mirrored);
        scenario.deployments.sort_by_cached_key(|object| object.meta.key());
        scenario.pods.sort_by_cached_key(|object| object.meta.key());
        scenario.services.sort_by_cached_key(|object| object.meta.key());
        scenario.endpoint_slices.sort_by_cached_key(|object| object.meta.key());
        scenario.ingresses = self.ingresses.into_iter().map(|written| written.object).collect();
        scenario.ingresses.sort_by_cached_key(|object| object.meta.key());
    }
}

fn is_called(meta: &Meta, key: &Key) -> bool {
    meta.name == key.name && meta.namespace == key.namespace
}

/// Labels as kubectl's `-l` takes them.
pub(crate) fn show_labels(labels: &Labels) -> String {
    let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    if pairs.is_empty() { "no labels".to_owned() } else { format!("`{}`", pairs.join(",")) }
}
