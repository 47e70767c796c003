//! What a container sees: the Services in its environment, its resolv.conf, what names come to, and
//! who answers at an address.
//!
//! Names follow from the objects that the API server holds at the moment; connections from the rules
//! that are in force on the container's node, and from who listens. *Left out:* the lag of the name
//! servers' own watches, their caches, and the variables of a container's own `env`.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use api::{EnvVar, Kind, Meta, NodeId, Object, Pod, PodId, Protocol, ResolvConf, ServiceId};
use control_plane::{api_server::allocation::CLUSTER_DNS, kubelet::env_vars};
use data_plane::{
    Attempt,
    dns::{
        index::Index,
        name::{Name, NotAName},
        record::{Data, Question, RecordType},
        resolver::{Query, Resolution, resolve},
        reverse::name_of,
        server::Server,
    },
};

use crate::{World, discovery};

/// The first address that a pod of the first node has (`new_address` of the kubelet).
const FIRST_POD: Ipv4Addr = Ipv4Addr::new(10, 128, 0, 2);

/// The inside of a container of a namespace: of one that runs, or of a new one.
#[derive(Clone)]
pub struct Inside<'w> {
    world: &'w World,
    namespace: &'w str,
    node: NodeId,
    /// Its pod, if it runs.
    pod: Option<PodId>,
    environment: Arc<[EnvVar]>,
    resolv_conf: Arc<ResolvConf>,
    rewrites_short_names: bool,
}

/// What became of a connection; where nobody answered, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    /// The pod of this name answered.
    Answered(String),
    /// The sender was told that nobody listens.
    Refused(String),
    /// There was no answer at all.
    Unanswered(String),
}

impl<'w> Inside<'w> {
    /// In a container that runs, by the names of its pod and its own, or else in that of a new pod on
    /// the first node; `rewrites_short_names` as the scenario's `cluster.dns.rewrites` has it.
    #[must_use]
    pub fn new(
        world: &'w World,
        namespace: &'w str,
        container: Option<(&str, &str)>,
        rewrites_short_names: bool,
    ) -> Self {
        let new = Self {
            world,
            namespace,
            node: NodeId(0),
            pod: None,
            environment: env_vars::in_cluster(world.control_plane.api(), namespace, true).into(),
            resolv_conf: discovery::plain_resolv_conf(namespace).into(),
            rewrites_short_names,
        };
        container.and_then(|(pod, container)| new.started(pod, container)).unwrap_or(new)
    }

    /// It in a container that runs, where there is one of that name.
    fn started(&self, pod: &str, container: &str) -> Option<Self> {
        let in_namespace = |it: &&Pod| *it.meta.namespace == *self.namespace;
        let pod = self.pods().filter(in_namespace).find(|it| *it.meta.name == *pod)?;
        let place = pod.spec.containers.iter().position(|it| *it.name == *container)?;
        let sandbox = self.world.data_plane.sandbox(pod.id)?;
        Some(Self {
            node: sandbox.node,
            pod: Some(pod.id),
            environment: sandbox.environments[place].clone(),
            resolv_conf: sandbox.resolv_conf.clone(),
            ..self.clone()
        })
    }

    /// The variables that the kubelet set for the Services there were when it was started.
    #[must_use]
    pub fn service_variables(&self) -> &[EnvVar] {
        &self.environment
    }

    /// Its resolv.conf.
    #[must_use]
    pub fn resolv_conf(&self) -> &ResolvConf {
        &self.resolv_conf
    }

    /// The address of the name server.
    #[must_use]
    pub fn name_server(&self) -> IpAddr {
        CLUSTER_DNS
    }

    /// What a name comes to, with every question that it took.
    ///
    /// # Errors
    /// A text that is no name.
    pub fn resolve(&self, name: &str) -> Result<Resolution, NotAName> {
        let config = discovery::name_server(self.rewrites_short_names);
        let index = self.index();
        // Nothing outside the cluster is simulated.
        let server = Server { config: &config, index: &index, upstream: &|_| Vec::new() };
        resolve(name, &self.resolv_conf, &mut |question| server.answer(question))
    }

    /// The names of an address, with the question for them.
    #[must_use]
    pub fn resolve_address(&self, address: IpAddr) -> (Query, Vec<Name>) {
        let config = discovery::name_server(self.rewrites_short_names);
        let index = self.index();
        let server = Server { config: &config, index: &index, upstream: &|_| Vec::new() };
        let question = Question { name: name_of(address), record_type: RecordType::Ptr };
        let answer = server.answer(&question);
        let names = answer.answer.iter().filter_map(|record| match &record.data {
            Data::Ptr(name) => Some(name.clone()),
            _ => None,
        });
        let names = names.collect();
        (Query { question, answer }, names)
    }

    /// The address of its pod; of a new one the first that is free above those of its node's pods.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        let of = |id: PodId| self.pods().find(|pod| pod.id == id)?.status.pod_ip;
        if let Some(address) = self.pod.and_then(of) {
            return address;
        }
        let node = self.node_name(self.node);
        let beside = self.pods().filter(|pod| pod.node_name.as_deref() == Some(node));
        let taken = beside.filter_map(|pod| match pod.status.pod_ip? {
            IpAddr::V4(address) => Some(u32::from(address)),
            IpAddr::V6(_) => None,
        });
        taken.max().map_or(FIRST_POD, |last| Ipv4Addr::from(last + 1)).into()
    }

    /// What becomes of a connection to an address: a Service's, a pod's, a node's, a load balancer's,
    /// its own pod's or nobody's.
    #[must_use]
    pub fn connect(&self, address: IpAddr, port: u16) -> Connection {
        let plane = &self.world.data_plane;
        if address.is_loopback() {
            let attempt = self.pod.map(|pod| (pod, plane.try_pod(pod, port)));
            return attempt.map_or_else(
                || Connection::Refused(format!("nobody listens in a new pod at port {port}")),
                |(pod, attempt)| self.at_pod(pod, attempt, port),
            );
        }
        // Another moment is another chance.
        let moment = format!("attempt/{}", self.world.agenda.now().as_nanos());
        let mut random = self.world.initial.streams.named(&moment);
        if let Some(service) = self.services().find(|it| it.spec.cluster_ip == Some(address)) {
            let attempt = plane.try_service(self.node, service.id, port, &mut random);
            return self.at_service(service, attempt, (self.node, port));
        }
        if let Some(pod) = self.pods().find(|pod| pod.status.pod_ip == Some(address)) {
            return self.at_pod(pod.id, plane.try_pod(pod.id, port), port);
        }
        if let Some(service) = self.services().find(|it| it.status.ingress.contains(&address)) {
            let attempt = plane.try_load_balancer(self.node, service.id, port, &mut random);
            if let Some(why) = self.kept_out(service, attempt) {
                return Connection::Unanswered(why);
            }
            return self.at_service(service, attempt, (self.node, port));
        }
        if let Some(node) = self.nodes().find(|node| node.id.internal_ip() == address) {
            return self.at_node(node, port, plane.try_node_port(node.id, port, &mut random));
        }
        Connection::Unanswered(self.nobody_at(address))
    }

    /// Why the node's rules drop what a load balancer's own address would let in: they hold pods,
    /// too, to `loadBalancerSourceRanges`. A port without rules and one without endpoints come
    /// first.
    fn kept_out(&self, service: &api::Service, attempt: Attempt) -> Option<String> {
        let (ranges, own) = (&service.spec.load_balancer_source_ranges, self.address());
        let earlier = matches!(attempt, Attempt::NoSuchPort { .. } | Attempt::NoEndpoint);
        if earlier || ranges.is_empty() || ranges.iter().any(|range| range.contains(own)) {
            return None;
        }
        let ranges: Vec<String> = ranges.iter().map(ToString::to_string).collect();
        Some(format!(
            "loadBalancerSourceRanges of {} let {} in, and the pod's address is {own}",
            service.meta.name,
            ranges.join(" and ")
        ))
    }

    /// An attempt at a port of a node, in words.
    fn at_node(
        &self,
        node: &api::Node,
        port: u16,
        attempt: Option<(ServiceId, Attempt)>,
    ) -> Connection {
        let found = attempt.and_then(|(id, attempt)| {
            let service = self.services().find(|service| service.id == id)?;
            Some((service, attempt))
        });
        match found {
            Some((service, attempt)) => self.at_service(service, attempt, (node.id, port)),
            None => Connection::Refused(format!(
                "{} has no rule for port {port}: no Service has that node port",
                node.meta.name
            )),
        }
    }

    /// Why nobody is at an address, as far as that is known.
    fn nobody_at(&self, address: IpAddr) -> String {
        let kinds = [Kind::Service, Kind::EndpointSlice];
        let mut listed = kinds.into_iter().flat_map(|kind| self.world.listed(kind));
        let known = listed.find_map(|object| match object {
            Object::Service(it) if it.spec.cluster_ip == Some(address) => {
                let Meta { name, namespace, .. } = &it.meta;
                Some(format!("is {name} of namespace {namespace}, and what is behind it"))
            }
            Object::EndpointSlice(it) if it.endpoints.iter().any(|it| it.address == address) => {
                Some(format!("is an endpoint of {}, and who is there", it.service_name))
            }
            _ => None,
        });
        match known {
            Some(known) => format!("{address} {known} is not simulated"),
            None => format!("no Service, no pod and no node has the address {address}"),
        }
    }

    /// An attempt at a pod, in words.
    fn at_pod(&self, pod: PodId, attempt: Attempt, port: u16) -> Connection {
        let name = self.name_of(pod);
        match attempt {
            Attempt::Accepted(_) => Connection::Answered(name),
            Attempt::Closed(_) => {
                Connection::Refused(format!("nobody listens in {name} at port {port}"))
            }
            _ => Connection::Unanswered(format!("the address is that of {name}, which is gone")),
        }
    }

    /// An attempt at a Service, in words, with the node whose rules decided.
    fn at_service(
        &self,
        service: &api::Service,
        attempt: Attempt,
        (node, port): (NodeId, u16),
    ) -> Connection {
        let (name, node) = (&service.meta.name, self.node_name(node));
        match attempt {
            Attempt::Accepted(pod) => Connection::Answered(self.name_of(pod)),
            Attempt::Closed(pod) => Connection::Refused(format!(
                "nobody listens in {} at the target port of {name}",
                self.name_of(pod)
            )),
            Attempt::Unanswered(pod) => Connection::Unanswered(format!(
                "{node} still sends {name} to {}, which is gone",
                self.name_of(pod)
            )),
            Attempt::Nobody => Connection::Unanswered(format!(
                "{node} sends {name} to an address of an EndpointSlice that no pod has"
            )),
            Attempt::NoEndpoint => Connection::Refused(format!(
                "{name} has no ready endpoint by the rules in force on {node}"
            )),
            Attempt::NoLocalEndpoint => Connection::Unanswered(format!(
                "{name} wants endpoints of the caller's node, and {node} has none"
            )),
            Attempt::NoSuchPort { told } => {
                let ports = ports_of(service);
                let text = format!("{node} has no rule for port {port} of {name}, {ports}");
                if told { Connection::Refused(text) } else { Connection::Unanswered(text) }
            }
        }
    }

    fn node_name(&self, id: NodeId) -> &'w str {
        self.nodes().find(|node| node.id == id).map_or("", |node| &*node.meta.name)
    }

    fn name_of(&self, id: PodId) -> String {
        let pod = self.pods().find(|pod| pod.id == id);
        pod.map_or_else(|| "a pod that is deleted".to_owned(), |pod| pod.meta.name.to_string())
    }

    fn nodes(&self) -> impl Iterator<Item = &'w api::Node> {
        self.world.objects(Kind::Node).filter_map(|object| match object {
            Object::Node(node) => Some(&**node),
            _ => None,
        })
    }

    fn pods(&self) -> impl Iterator<Item = &'w Pod> {
        self.world.objects(Kind::Pod).filter_map(|object| match object {
            Object::Pod(pod) => Some(&**pod),
            _ => None,
        })
    }

    fn services(&self) -> impl Iterator<Item = &'w api::Service> {
        self.world.objects(Kind::Service).filter_map(|object| match object {
            Object::Service(service) => Some(&**service),
            _ => None,
        })
    }

    fn index(&self) -> Index {
        let kinds = [Kind::Service, Kind::EndpointSlice, Kind::Pod];
        let objects: Vec<Object> =
            kinds.into_iter().flat_map(|kind| self.world.listed(kind)).collect();
        Index::of(&objects)
    }
}

/// "which listens on 80 and 443", as far as TCP goes.
fn ports_of(service: &api::Service) -> String {
    let ports = service.spec.ports.iter().filter(|port| port.protocol == Protocol::Tcp);
    let ports: Vec<String> = ports.map(|port| port.port.to_string()).collect();
    match &ports[..] {
        [] => "which has no ports".to_owned(),
        [only] => format!("which listens on {only}"),
        [others @ .., last] => format!("which listens on {} and {last}", others.join(", ")),
    }
}
