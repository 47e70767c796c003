//! Why the API server refuses what a user asks for, as kubectl prints it.
//!
//! What is wrong with a Service by itself the scenario has said. Here is what depends on what is stored:
//! what may not change (`ValidateServiceUpdate`), and what another has or nobody has left
//! (`pkg/registry/core/service/storage/alloc.go`).

use std::fmt;

use api::{Key, Kind, Object, Service};

use super::{
    ApiServer, allocated_values,
    allocation::{
        NODE_PORTS, SERVICE_RANGE, SYSTEM_ADDRESSES, hosts_per_network, shared_node_port,
    },
};

/// Why something is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Objection {
    /// There is no such object.
    NotFound {
        /// What it is one of, in the plural and with its group: `deployments.apps`.
        resource: &'static str,
        /// Its name.
        name: String,
    },
    /// It is not valid, or not as a successor of the one that is there.
    Invalid {
        /// Its kind.
        kind: Kind,
        /// Its name.
        name: String,
        /// The field and what is wrong with it.
        cause: String,
    },
    /// It would come into a namespace that is being deleted.
    NamespaceTerminating {
        /// Its kind.
        kind: Kind,
        /// Its key.
        key: Key,
    },
    /// It would be valid, and cannot be done.
    InternalError(String),
}

impl fmt::Display for Objection {
    /// As kubectl prints it (`checkErr` of `k8s.io/kubectl/pkg/cmd/util`).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { resource, name } => {
                write!(f, "Error from server (NotFound): {resource} \"{name}\" not found")
            }
            Self::Invalid { kind, name, cause } => {
                write!(f, "The {kind} \"{name}\" is invalid: {cause}")
            }
            Self::NamespaceTerminating { kind, key } => write!(
                f,
                "Error from server (Forbidden): {} \"{}\" is forbidden: unable to create new content in \
                 namespace {} because it is being terminated",
                resource(*kind),
                key.name,
                key.namespace
            ),
            Self::InternalError(what) => {
                write!(f, "Error from server (InternalError): Internal error occurred: {what}")
            }
        }
    }
}

/// What objects of a kind are called in the plural, with their group.
fn resource(kind: Kind) -> &'static str {
    match kind {
        Kind::Deployment => "deployments.apps",
        Kind::Service => "services",
        _ => unreachable!("a user's commands are about Deployments and Services"),
    }
}

impl ApiServer {
    /// Why an object cannot be deleted or changed: it is not there.
    #[must_use]
    pub fn objection_to_key(&self, kind: Kind, key: &Key) -> Option<Objection> {
        let missing = self.get(kind, key).is_none();
        missing
            .then(|| Objection::NotFound { resource: resource(kind), name: key.name.to_string() })
    }

    /// Why a Service cannot be stored that is applied, whether or not one of its name is there.
    #[must_use]
    pub fn objection(&self, service: &Service) -> Option<Objection> {
        let stored = match self.get(Kind::Service, &service.meta.key()) {
            Some(Object::Service(stored)) => Some(&**stored),
            _ => None,
        };
        let key = service.meta.key();
        self.objection_to_new(Kind::Service, &key)
            .or_else(|| self.admit(&mut service.clone(), stored).err())
    }

    /// Gives a Service what it keeps of `old`, and looks whether it can be stored.
    pub(super) fn admit(
        &self,
        service: &mut Service,
        old: Option<&Service>,
    ) -> Result<(), Objection> {
        if let Some(old) = old {
            allocated_values::keep(service, old);
            unchanged(service, old)?;
        }
        self.check_address(service)?;
        self.check_node_ports(service, old)
    }

    /// Whether the address that it asks for is free, or one is left.
    fn check_address(&self, service: &Service) -> Result<(), Objection> {
        let spec = &service.spec;
        if let Some(address) = spec.cluster_ip {
            let mut others = self.others(service);
            let others_have_it = others.any(|other| other.spec.cluster_ip == Some(address));
            if others_have_it || SYSTEM_ADDRESSES.contains(&address) {
                let cause = format!(
                    "spec.clusterIPs: Invalid value: [\"{address}\"]: failed to allocate IP \
                     {address}: provided IP is already allocated"
                );
                return Err(invalid(service, cause));
            }
            return Ok(());
        }
        let (subnet, prefix) = (SERVICE_RANGE.0.into(), SERVICE_RANGE.1.into());
        let size = hosts_per_network(subnet, prefix) as usize;
        let may_be_full = self.services().count() >= size && spec.needs_cluster_ip();
        if may_be_full && self.taken_addresses().len() >= size {
            let cause =
                "spec.clusterIPs: Invalid value: [\"\"]: failed to allocate IP: range is full";
            return Err(invalid(service, cause.to_owned()));
        }
        Ok(())
    }

    /// Whether the node ports that it asks for are free, and enough of them are left.
    fn check_node_ports(&self, service: &Service, old: Option<&Service>) -> Result<(), Objection> {
        let spec = &service.spec;
        if !spec.kind.has_node_ports() {
            return Ok(());
        }
        let own = |number: u16| old.is_some_and(|old| old.spec.node_ports().any(|it| it == number));
        let theirs = |number: u16| {
            self.others(service).any(|other| other.spec.node_ports().any(|it| it == number))
        };
        let taken = |number: &u16| !own(*number) && theirs(*number);
        for (index, port) in spec.ports.iter().enumerate() {
            if let Some(number) = port.node_port.filter(taken) {
                let cause = format!(
                    "spec.ports[{index}].nodePort: Invalid value: {number}: provided port is already \
                     allocated"
                );
                return Err(invalid(service, cause));
            }
        }
        if let Some(number) = spec.health_check_node_port.filter(taken) {
            return Err(Objection::InternalError(format!(
                "failed to allocate requested HealthCheck NodePort {number}: provided port is \
                 already allocated"
            )));
        }
        self.enough_node_ports(service, old)
    }

    /// Whether there are as many node ports as it does not ask for by number.
    fn enough_node_ports(&self, service: &Service, old: Option<&Service>) -> Result<(), Objection> {
        let spec = &service.spec;
        let mut wanted: Vec<u16> = Vec::new();
        for port in spec.ports.iter().filter(|port| port.node_port.is_none()) {
            let shares =
                shared_node_port(port, &spec.ports).is_some() || wanted.contains(&port.port);
            if old.is_some() || !shares {
                wanted.push(port.port);
            }
        }
        let mut taken = self.taken_node_ports();
        taken.extend(spec.node_ports());
        taken.extend(&self.reserved_node_ports);
        let (first, size) = NODE_PORTS;
        let given = taken.range(first..first + size).count();
        let left = usize::from(size) - given;
        if wanted.len() > left {
            let what = "failed to allocate a nodePort: range is full";
            return Err(Objection::InternalError(what.to_owned()));
        }
        let health_check = spec.needs_health_check() && spec.health_check_node_port.is_none();
        if health_check && wanted.len() == left {
            let what = "failed to allocate a HealthCheck NodePort 0: range is full";
            return Err(Objection::InternalError(what.to_owned()));
        }
        Ok(())
    }

    /// The Services of other names.
    fn others(&self, service: &Service) -> impl Iterator<Item = &Service> {
        let (name, namespace) = (service.meta.name.clone(), service.meta.namespace.clone());
        self.services().filter(move |it| it.meta.name != name || it.meta.namespace != namespace)
    }
}

/// Whether what may not change stays as it is, and is still what its type may have.
fn unchanged(new: &Service, old: &Service) -> Result<(), Objection> {
    if !new.spec.kind.has_addresses() || !old.spec.kind.has_addresses() {
        return Ok(());
    }
    let address = |service: &Service| (service.spec.headless, service.spec.cluster_ip);
    if address(new) != address(old) {
        let asked = new.spec.cluster_ip.map_or("None".to_owned(), |address| address.to_string());
        let cause =
            format!("spec.clusterIPs[0]: Invalid value: [\"{asked}\"]: may not change once set");
        return Err(invalid(new, cause));
    }
    if new.spec.headless && new.spec.kind.has_node_ports() {
        let kind = new.spec.kind;
        let cause = format!(
            "spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for {kind:?} services"
        );
        return Err(invalid(new, cause));
    }
    Ok(())
}

fn invalid(service: &Service, cause: String) -> Objection {
    Objection::Invalid { kind: Kind::Service, name: service.meta.name.to_string(), cause }
}

#[cfg(test)]
mod tests;
