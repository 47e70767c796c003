//! What a name server of the cluster knows: Services, their endpoints and pods, as its watches told.

use std::{collections::BTreeMap, net::IpAddr};

use api::Object;

/// A Service.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Its addresses; none of a headless Service.
    pub cluster_ips: Vec<IpAddr>,
    /// Whether it is headless.
    pub headless: bool,
    /// `externalName`, of one of that type.
    pub external_name: Option<String>,
    /// Its ports.
    pub ports: Vec<Port>,
}

/// A port of a Service, or of its endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its name, which may be empty.
    pub name: String,
    /// Its protocol, `TCP`.
    pub protocol: String,
    /// Its number; `None` stands for endpoints without any port, which have addresses all the same.
    pub number: Option<u16>,
}

/// Endpoints of a Service that have the same ports: an EndpointSlice.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Endpoints {
    /// The namespace.
    pub namespace: String,
    /// The Service.
    pub service: String,
    /// Their addresses.
    pub addresses: Vec<Address>,
    /// Their ports.
    pub ports: Vec<Port>,
}

/// An endpoint that is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Its address.
    pub ip: IpAddr,
    /// `hostname` of its pod, where that is under this Service.
    pub hostname: String,
    /// The name of its pod.
    pub pod: String,
    /// The zone of its node.
    pub zone: String,
}

impl Address {
    /// The label it has below its Service (`endpointHostname`): its host name, with `pod_names` the
    /// name of its pod, or its address with dashes.
    #[must_use]
    pub fn label(&self, pod_names: bool) -> String {
        if !self.hostname.is_empty() {
            return self.hostname.clone();
        }
        if pod_names && !self.pod.is_empty() {
            return self.pod.clone();
        }
        match self.ip {
            IpAddr::V4(ip) => ip.to_string().replace('.', "-"),
            IpAddr::V6(ip) => {
                let label = ip.to_string().replace(':', "-");
                // A label must not end in a dash.
                if label.ends_with('-') { label + "0" } else { label }
            }
        }
    }
}

/// Everything it knows.
#[derive(Clone, Debug, Default)]
pub struct Index {
    services: BTreeMap<(String, String), Service>,
    endpoints: BTreeMap<(String, String), Vec<Endpoints>>,
    /// The addresses of pods, with their namespaces.
    pods: Vec<(IpAddr, String)>,
}

impl Index {
    /// What the objects of a cluster say.
    pub fn of<'a>(objects: impl IntoIterator<Item = &'a Object>) -> Self {
        let mut index = Self::default();
        for object in objects {
            match object {
                Object::Service(service) => index.add_service(from_service(service)),
                Object::EndpointSlice(slice) if slice.service_name.is_empty() => {}
                Object::EndpointSlice(slice) => index.add_endpoints(from_slice(slice)),
                Object::Pod(pod) => {
                    if let Some(ip) = pod.status.pod_ip {
                        index.add_pod(ip, &pod.meta.namespace);
                    }
                }
                _ => {}
            }
        }
        index
    }

    /// Takes in a Service.
    pub fn add_service(&mut self, service: Service) {
        self.services.insert((service.namespace.clone(), service.name.clone()), service);
    }

    /// Takes in the Services that are in every cluster, but for those that it has already.
    pub fn add_missing(&mut self, system: &[Service]) {
        for service in system {
            let key = (service.namespace.clone(), service.name.clone());
            self.services.entry(key).or_insert_with(|| service.clone());
        }
    }

    /// Takes in endpoints.
    pub fn add_endpoints(&mut self, endpoints: Endpoints) {
        let key = (endpoints.namespace.clone(), endpoints.service.clone());
        self.endpoints.entry(key).or_default().push(endpoints);
    }

    /// Takes in the address of a pod.
    pub fn add_pod(&mut self, ip: IpAddr, namespace: &str) {
        self.pods.push((ip, namespace.to_owned()));
    }

    /// A Service.
    #[must_use]
    pub fn service(&self, namespace: &str, name: &str) -> Option<&Service> {
        self.services.get(&(namespace.to_owned(), name.to_owned()))
    }

    /// All Services.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.values()
    }

    /// The endpoints of a Service.
    #[must_use]
    pub fn endpoints(&self, namespace: &str, service: &str) -> &[Endpoints] {
        let key = (namespace.to_owned(), service.to_owned());
        self.endpoints.get(&key).map_or(&[], Vec::as_slice)
    }

    /// The endpoints of all Services.
    pub fn all_endpoints(&self) -> impl Iterator<Item = &Endpoints> {
        self.endpoints.values().flatten()
    }

    /// Whether a pod of a namespace has an address.
    #[must_use]
    pub fn has_pod(&self, ip: IpAddr, namespace: &str) -> bool {
        self.pods.iter().any(|(other, there)| *other == ip && there == namespace)
    }

    /// Whether anything is in a namespace.
    #[must_use]
    pub fn has_namespace(&self, namespace: &str) -> bool {
        // These are there from the beginning.
        matches!(namespace, "default" | "kube-system" | "kube-public" | "kube-node-lease")
            || self.services.keys().any(|(there, _)| there == namespace)
            || self.pods.iter().any(|(_, there)| there == namespace)
    }
}

fn from_service(service: &api::Service) -> Service {
    let api::ServiceSpec { cluster_ip, headless, external_name, ports, .. } = &service.spec;
    Service {
        name: service.meta.name.to_string(),
        namespace: service.meta.namespace.to_string(),
        cluster_ips: cluster_ip.iter().copied().collect(),
        headless: *headless,
        external_name: external_name.clone(),
        ports: ports
            .iter()
            .map(|port| Port {
                name: port.name.clone(),
                protocol: port.protocol.name().to_owned(),
                number: Some(port.port),
            })
            .collect(),
    }
}

/// Only endpoints that are ready are published: a slice says that of those that are not when the
/// Service publishes them too.
fn from_slice(slice: &api::EndpointSlice) -> Endpoints {
    let ready = slice.endpoints.iter().filter(|endpoint| endpoint.ready);
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let mut ports: Vec<Port> = slice
        .ports
        .iter()
        .map(|port| Port {
            name: port.name.clone(),
            protocol: port.protocol.name().to_owned(),
            number: port.port,
        })
        .collect();
    if ports.is_empty() {
        ports.push(Port { name: String::new(), protocol: String::new(), number: None });
    }
    Endpoints {
        namespace: slice.meta.namespace.to_string(),
        service: slice.service_name.to_string(),
        addresses: ready
            .map(|endpoint| Address {
                ip: endpoint.address,
                hostname: text(endpoint.hostname.as_deref()),
                pod: text(endpoint.target.as_ref().map(|(_, name)| &**name)),
                zone: text(endpoint.zone.as_deref()),
            })
            .collect(),
        ports,
    }
}
