//! What a container sees: the Services in its environment, its resolv.conf, what names come to, and
//! who answers at an address.
//!
//! Names follow from the objects that the API server holds at the moment; connections from the rules
//! that are in force on the container's node, and from who listens. *Left out:* the lag
//! of the name servers' own watches; Services that came after the container started, because here
//! all are there before; and the variables of a container's own `env`.

use std::net::{IpAddr, Ipv4Addr};

use api::{Kind, NodeId, Object, Pod, PodId, Protocol, ServiceSpec};
use control_plane::kubelet::{
    env_vars::{self, EnvVar, Port, Service},
    resolv_conf::{ClusterDns, DnsPolicy, PodDns, ResolvConf, for_pod},
};
use data_plane::{
    Attempt,
    dns::{
        index::{self, Index},
        name::NotAName,
        resolver::{self, Resolution, resolve},
        server::{Config, Server},
    },
};

use crate::World;

/// The cluster's zone.
const ZONE: &str = "cluster.local";
/// The Service of the API server (`kubernetes`) and that of the cluster's DNS, where kubeadm puts
/// them. No manifest has them, and every cluster does.
const API_SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 96, 0, 1));
const CLUSTER_DNS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 96, 0, 10));

/// The inside of a container of a namespace, on a node.
#[derive(Clone, Copy)]
pub struct Inside<'w> {
    world: &'w World,
    namespace: &'w str,
    node: Option<&'w api::Node>,
    rewrites_short_names: bool,
}

/// What became of a connection; where nobody answered, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connected {
    /// The pod of this name answered.
    Answered(String),
    /// The sender was told that nobody listens.
    Refused(String),
    /// There was no answer at all.
    Unanswered(String),
}

impl<'w> Inside<'w> {
    /// In a namespace and on the node of a name, or on the first; `rewrites_short_names` as the
    /// scenario's `cluster.dns.rewrites` has it.
    #[must_use]
    pub fn new(
        world: &'w World,
        namespace: &'w str,
        node: Option<&str>,
        rewrites_short_names: bool,
    ) -> Self {
        let mut nodes = world.objects(Kind::Node).filter_map(|object| match object {
            Object::Node(node) => Some(&**node),
            _ => None,
        });
        let node = nodes.find(|known| node.is_none_or(|node| *known.meta.name == *node));
        Self { world, namespace, node, rewrites_short_names }
    }

    /// The variables that the kubelet sets for the Services there are.
    #[must_use]
    pub fn service_variables(&self) -> Vec<EnvVar> {
        let mut services: Vec<Service> = self
            .services()
            .map(|service| {
                let ServiceSpec { cluster_ip, ports, .. } = &service.spec;
                Service {
                    namespace: service.meta.namespace.to_string(),
                    name: service.meta.name.to_string(),
                    cluster_ip: cluster_ip.map_or("None".to_owned(), |ip| ip.to_string()),
                    ports: ports
                        .iter()
                        .map(|port| Port {
                            name: port.name.clone(),
                            port: port.port,
                            protocol: port.protocol,
                        })
                        .collect(),
                }
            })
            .collect();
        services.push(Service {
            namespace: "default".to_owned(),
            name: "kubernetes".to_owned(),
            cluster_ip: API_SERVER.to_string(),
            ports: vec![Port { name: "https".to_owned(), port: 443, protocol: Protocol::Tcp }],
        });
        env_vars::environment(&services, self.namespace, true)
    }

    /// Its resolv.conf, on a node that has no search domains of its own.
    #[must_use]
    pub fn resolv_conf(&self) -> ResolvConf {
        let pod = PodDns {
            namespace: self.namespace,
            policy: DnsPolicy::ClusterFirst,
            host_network: false,
            config: None,
        };
        let cluster =
            ClusterDns { servers: vec![CLUSTER_DNS.to_string()], domain: ZONE.to_owned() };
        for_pod(&pod, &cluster, &ResolvConf::default()).0
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
        let config = Config {
            rewrites_short_names: self.rewrites_short_names,
            addresses: vec![CLUSTER_DNS],
            ..Config::kubeadm(ZONE)
        };
        let index = self.index();
        // Nothing outside the cluster is simulated.
        let server = Server { config: &config, index: &index, upstream: &|_| Vec::new() };
        let conf = self.resolv_conf();
        let ndots = conf.options.iter().find_map(|option| option.strip_prefix("ndots:"));
        let conf = resolver::ResolvConf {
            search: conf.searches,
            ndots: ndots.and_then(|ndots| ndots.parse().ok()).unwrap_or(1),
        };
        resolve(name, &conf, &mut |question| server.answer(question))
    }

    /// What becomes of a connection to an address: a Service's, a pod's or nobody's.
    #[must_use]
    pub fn connect(&self, address: IpAddr, port: u16) -> Connected {
        if let Some(service) = self.services().find(|it| it.spec.cluster_ip == Some(address)) {
            let (node, name) = self.node.map_or((NodeId(0), ""), |it| (it.id, &*it.meta.name));
            // Another moment is another chance.
            let moment = format!("attempt/{}", self.world.agenda.now().as_nanos());
            let mut random = self.world.initial.streams.named(&moment);
            let plane = &self.world.data_plane;
            let attempt = plane.try_service(node, service.id, port, &mut random);
            return self.told(attempt, port, Some((service, name)));
        }
        match self.pods().find(|pod| pod.status.pod_ip == Some(address)) {
            Some(pod) => self.told(self.world.data_plane.try_pod(pod.id, port), port, None),
            None => {
                Connected::Unanswered(format!("no Service and no pod has the address {address}"))
            }
        }
    }

    /// An attempt in words; of one to a Service, with the node whose rules decided.
    fn told(&self, attempt: Attempt, port: u16, by: Option<(&api::Service, &str)>) -> Connected {
        let (service, node) = by.map_or(("", ""), |(service, node)| (&*service.meta.name, node));
        match attempt {
            Attempt::Accepted(pod) => Connected::Answered(self.name_of(pod)),
            Attempt::Closed(pod) => {
                let port = match by {
                    Some((service, _)) => format!("the target port of {}", service.meta.name),
                    None => format!("port {port}"),
                };
                Connected::Refused(format!("nobody listens in {} at {port}", self.name_of(pod)))
            }
            Attempt::Unanswered => {
                Connected::Unanswered("the address is that of a pod that is gone".to_owned())
            }
            Attempt::Nobody => Connected::Unanswered(format!(
                "an EndpointSlice of {service} leads to an address that no pod has"
            )),
            Attempt::NoEndpoint => Connected::Refused(format!(
                "{service} has no ready endpoint by the rules in force on {node}"
            )),
            Attempt::NoLocalEndpoint => Connected::Unanswered(format!(
                "{service} wants endpoints of the caller's node, and {node} has none"
            )),
            Attempt::NoSuchPort { told } => {
                let ports = by.map_or(String::new(), |(service, _)| ports_of(service));
                let text = format!("{node} has no rule for port {port} of {service}, {ports}");
                if told { Connected::Refused(text) } else { Connected::Unanswered(text) }
            }
        }
    }

    fn name_of(&self, id: PodId) -> String {
        let pod = self.pods().find(|pod| pod.id == id);
        pod.map_or_else(|| "a pod that is deleted".to_owned(), |pod| pod.meta.name.to_string())
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
        let mut index = Index::of(kinds.into_iter().flat_map(|kind| self.world.objects(kind)));
        let port = |name: &str, protocol: &str, number| index::Port {
            name: name.to_owned(),
            protocol: protocol.to_owned(),
            number: Some(number),
        };
        let system = [
            ("default", "kubernetes", API_SERVER, vec![port("https", "TCP", 443)]),
            (
                "kube-system",
                "kube-dns",
                CLUSTER_DNS,
                vec![port("dns", "UDP", 53), port("dns-tcp", "TCP", 53)],
            ),
        ];
        for (namespace, name, ip, ports) in system {
            if index.service(namespace, name).is_none() {
                index.add_service(index::Service {
                    name: name.to_owned(),
                    namespace: namespace.to_owned(),
                    cluster_ips: vec![ip],
                    ports,
                    ..index::Service::default()
                });
            }
        }
        index
    }
}

/// "which listens on 80 and 443".
fn ports_of(service: &api::Service) -> String {
    let ports: Vec<String> = service.spec.ports.iter().map(|port| port.port.to_string()).collect();
    match &ports[..] {
        [] => "which has no ports".to_owned(),
        [only] => format!("which listens on {only}"),
        [others @ .., last] => format!("which listens on {} and {last}", others.join(", ")),
    }
}
