//! The Services that a container finds in its environment (`pkg/kubelet/envvars`,
//! `getServiceEnvVarMap`).
//!
//! A kubelet reads them when it starts a container, so a Service that comes later is not in there,
//! and a container that starts again sees what is true then. They never change in between.
//!
//! *Left out:* the container's own `env`, whose entries win over these, and the lag of a kubelet's own
//! watch of Services.

use std::{collections::BTreeMap, sync::Arc};

use api::{EnvVar, Kind, Object, Protocol, service::environment_name};

use crate::api_server::{ApiServer, allocation::API_SERVER};

/// The namespace of the Service that every container sees.
const MASTER_NAMESPACE: &str = "default";
/// The Service that every container sees.
const MASTER_SERVICE: &str = "kubernetes";

/// What of a Service shows in the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its first cluster IP as it is written: empty or `None` if it has none.
    pub cluster_ip: String,
    /// Its ports.
    pub ports: Vec<Port>,
}

/// A port of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its name, empty if it has none.
    pub name: String,
    /// Its number.
    pub port: u16,
    /// Its protocol.
    pub protocol: Protocol,
}

impl From<&api::Service> for Service {
    fn from(service: &api::Service) -> Self {
        let api::ServiceSpec { cluster_ip, ports, .. } = &service.spec;
        Self {
            namespace: service.meta.namespace.to_string(),
            name: service.meta.name.to_string(),
            cluster_ip: cluster_ip.map_or_else(|| "None".to_owned(), |ip| ip.to_string()),
            ports: ports
                .iter()
                .map(|port| Port {
                    name: port.name.clone(),
                    port: port.port,
                    protocol: port.protocol,
                })
                .collect(),
        }
    }
}

/// The environments that kubelets give to containers. As kubelets know the same Services, what is
/// alike is made once for all of them, until a Service changes.
#[derive(Debug, Default)]
pub struct Environments {
    /// Of which moment the Services are that these were made of.
    services_version: u64,
    made: BTreeMap<(Arc<str>, bool), Arc<[EnvVar]>>,
}

impl Environments {
    /// The variables of a container that is started now in a namespace.
    pub fn of(&mut self, api: &ApiServer, namespace: &Arc<str>, links: bool) -> Arc<[EnvVar]> {
        if self.services_version != api.services_version() {
            self.services_version = api.services_version();
            self.made.clear();
        }
        let made = self.made.entry((namespace.clone(), links));
        made.or_insert_with(|| in_cluster(api, namespace, links).into()).clone()
    }
}

/// The variables of a container that is started now in a namespace of a cluster.
#[must_use]
pub fn in_cluster(api: &ApiServer, namespace: &str, links: bool) -> Vec<EnvVar> {
    let stored = api.list(Kind::Service).filter_map(|object| match object {
        Object::Service(service) => Some(Service::from(&**service)),
        _ => None,
    });
    // The API server's own Service is in every cluster, and in no manifest.
    let own = Service {
        namespace: MASTER_NAMESPACE.to_owned(),
        name: MASTER_SERVICE.to_owned(),
        cluster_ip: API_SERVER.to_string(),
        ports: vec![Port { name: "https".to_owned(), port: 443, protocol: Protocol::Tcp }],
    };
    let services: Vec<Service> = stored.chain([own]).collect();
    environment(&services, namespace, links)
}

/// The variables for a container in a namespace, ordered by the names of the Services.
///
/// With `links` (`enableServiceLinks`) these are the Services of its own namespace, and always the
/// API server's, unless its own namespace has a Service of that name.
#[must_use]
pub fn environment(services: &[Service], namespace: &str, links: bool) -> Vec<EnvVar> {
    let mut chosen: BTreeMap<&str, &Service> = BTreeMap::new();
    for service in services.iter().filter(|service| has_address(service)) {
        let own = links && service.namespace == namespace;
        let master = service.namespace == MASTER_NAMESPACE && service.name == MASTER_SERVICE;
        if own {
            chosen.insert(&service.name, service);
        } else if master {
            // Whichever is listed first, the namespace's own stays.
            chosen.entry(&service.name).or_insert(service);
        }
    }
    chosen.into_values().flat_map(service_variables).collect()
}

/// The variables for a list of Services, in its order.
#[must_use]
pub fn from_services(services: &[Service]) -> Vec<EnvVar> {
    services.iter().flat_map(service_variables).collect()
}

fn has_address(service: &Service) -> bool {
    !service.cluster_ip.is_empty() && service.cluster_ip != "None"
}

fn service_variables(service: &Service) -> Vec<EnvVar> {
    // An API server stores no Service with an address and without ports.
    let Some(first) = service.ports.first().filter(|_| has_address(service)) else {
        return Vec::new();
    };
    let prefix = environment_name(&service.name);
    let mut variables = vec![
        variable(format!("{prefix}_SERVICE_HOST"), service.cluster_ip.clone()),
        variable(format!("{prefix}_SERVICE_PORT"), first.port.to_string()),
    ];
    for port in service.ports.iter().filter(|port| !port.name.is_empty()) {
        let name = format!("{prefix}_SERVICE_PORT_{}", environment_name(&port.name));
        variables.push(variable(name, port.port.to_string()));
    }
    variables.push(variable(format!("{prefix}_PORT"), url(service, first)));
    for port in &service.ports {
        variables.extend(link_variables(&prefix, service, port));
    }
    variables
}

/// The variables that Docker's links had.
fn link_variables(prefix: &str, service: &Service, port: &Port) -> [EnvVar; 4] {
    let protocol = port.protocol.name();
    let prefix = format!("{prefix}_PORT_{}_{protocol}", port.port);
    [
        variable(prefix.clone(), url(service, port)),
        variable(format!("{prefix}_PROTO"), protocol.to_lowercase()),
        variable(format!("{prefix}_PORT"), port.port.to_string()),
        variable(format!("{prefix}_ADDR"), service.cluster_ip.clone()),
    ]
}

fn url(service: &Service, port: &Port) -> String {
    let (protocol, ip) = (port.protocol.name().to_lowercase(), &service.cluster_ip);
    if ip.contains(':') {
        format!("{protocol}://[{ip}]:{}", port.port)
    } else {
        format!("{protocol}://{ip}:{}", port.port)
    }
}

fn variable(name: String, value: String) -> EnvVar {
    EnvVar { name, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(namespace: &str, name: &str, cluster_ip: &str) -> Service {
        let port = Port { name: String::new(), port: 80, protocol: Protocol::Tcp };
        Service {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            cluster_ip: cluster_ip.to_owned(),
            ports: vec![port],
        }
    }

    fn hosts(services: &[Service], namespace: &str, links: bool) -> Vec<String> {
        let all = environment(services, namespace, links).into_iter();
        let hosts = all.filter(|variable| variable.name.ends_with("_SERVICE_HOST"));
        hosts.map(|variable| format!("{}={}", variable.name, variable.value)).collect()
    }

    #[test]
    fn a_container_sees_its_own_namespace_and_the_api_server() {
        let services = [
            service("shop", "web", "10.0.0.2"),
            service("shop", "headless", "None"),
            service("shop", "pending", ""),
            service("other", "db", "10.0.0.3"),
            service("default", "kubernetes", "10.0.0.1"),
        ];
        let both = ["KUBERNETES_SERVICE_HOST=10.0.0.1", "WEB_SERVICE_HOST=10.0.0.2"];
        assert_eq!(hosts(&services, "shop", true), both);
        assert_eq!(hosts(&services, "shop", false), both[..1]);
    }

    #[test]
    fn a_namespace_may_have_a_service_called_kubernetes() {
        let mut services = [
            service("default", "kubernetes", "10.0.0.1"),
            service("shop", "kubernetes", "10.0.0.9"),
        ];
        for _ in 0..2 {
            assert_eq!(hosts(&services, "shop", true), ["KUBERNETES_SERVICE_HOST=10.0.0.9"]);
            assert_eq!(hosts(&services, "shop", false), ["KUBERNETES_SERVICE_HOST=10.0.0.1"]);
            services.reverse();
        }
    }
}
