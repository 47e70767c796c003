//! Services: defaulted, validated, and what of them is simulated.

use std::net::IpAddr;

use api::{
    Cidr, IntOrString, Labels, Protocol, Service, ServiceId, ServicePort, ServiceSpec,
    ServiceStatus, service::ServiceType,
};
use k8s_openapi::{api::core::v1 as core, apimachinery::pkg::util::intstr};

use super::{
    Checker, names,
    traffic::set_traffic,
    validation::{self, FieldError, Rules, defaults, field_error::Problem},
};
use crate::{
    Code,
    deserializer::deserialize,
    diagnostic::{Findings, suggest},
    kinds::LeftOutThings,
    objects::Written,
};

/// Reads a Service; `None` where not even a name is left.
pub(crate) fn service(cx: &mut Checker<'_>, left_out: &mut LeftOutThings) -> Option<Service> {
    cx.read(left_out, convert)
}

/// A Service as the API server has it, as far as that is known before a run.
#[derive(Clone, Debug)]
pub(crate) struct StoredService(core::Service);

impl StoredService {
    /// A new one; `None` where it cannot be read, which was said.
    pub(crate) fn new(written: &Written<Service>) -> Option<Self> {
        let mut service = with_defaults(written)?;
        defaults::as_stored(&mut service);
        Some(Self(service))
    }

    /// What becomes of it where another is applied, and what the API server has against that: what may
    /// not change.
    pub(crate) fn replace(&self, after: &Written<Service>) -> (Option<Self>, Findings) {
        let mut findings = Findings::default();
        let Some(mut new) = with_defaults(after) else { return (None, findings) };
        let mut alone = new.clone();
        defaults::allocate(&mut alone);
        let own = validation::service::validate(&alone, None, Rules::DEFAULT);
        defaults::keep_allocated(&mut new, &self.0);
        defaults::allocate(&mut new);
        let mut cx = Checker {
            file: after.file,
            root: &after.root,
            namespace: &after.object.meta.namespace,
            findings: &mut findings,
        };
        for error in validation::update_errors(&new, &self.0, Rules::DEFAULT) {
            // What is wrong with it in itself was said when it was read, and nothing is wrong with an
            // address that the cluster gave.
            let text = error.to_string();
            let known = own.iter().any(|known| known.to_string() == text);
            if !known && !text.contains(defaults::GIVEN) {
                say(&mut cx, &error, &new);
            }
        }
        defaults::as_stored(&mut new);
        (Some(Self(new)), findings)
    }

    /// Its address, if that is known.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.0.spec.as_ref()?.cluster_ip.as_deref()?.parse().ok()
    }

    /// Its node ports, as far as they are known.
    pub(crate) fn node_ports(&self) -> impl Iterator<Item = u16> {
        let spec = self.0.spec.iter();
        let ports = spec.flat_map(|spec| spec.ports.iter().flatten());
        ports.filter_map(|port| u16::try_from(port.node_port?).ok())
    }
}

/// Who may connect to its load balancer; what is no range was complained of.
fn source_ranges(spec: &core::ServiceSpec) -> Vec<Cidr> {
    let ranges = spec.load_balancer_source_ranges.iter().flatten();
    ranges.filter_map(|range| range.parse().ok()).collect()
}

fn with_defaults(written: &Written<Service>) -> Option<core::Service> {
    let mut service = deserialize::<core::Service>(&written.root, |_, _| false).value?;
    // It may be the command that applies it that says where it goes.
    service.metadata.namespace = Some(written.object.meta.namespace.to_string());
    defaults::set_defaults(&mut service);
    Some(service)
}

fn convert(cx: &mut Checker<'_>, read: core::Service) -> Option<Service> {
    let mut defaulted = read.clone();
    // Said by whoever wrote it, before a default stands in its place.
    let health_check = read.spec.as_ref().and_then(|spec| spec.health_check_node_port);
    let health_check = health_check.filter(|port| *port > 0);
    defaulted.metadata.namespace.get_or_insert_with(|| cx.namespace.to_owned());
    defaults::set_defaults(&mut defaulted);
    defaults::allocate(&mut defaulted);
    for error in validation::service::validate(&defaulted, None, Rules::DEFAULT) {
        // Names and labels are looked at for every kind alike.
        let elsewhere = ["metadata.name", "metadata.labels"];
        if !elsewhere.iter().any(|path| error.path.starts_with(path)) {
            say(cx, &error, &read);
        }
    }
    let meta = cx.meta(read.metadata, names::is_service_name);
    let spec = defaulted.spec?;
    topology_mode(cx, &meta.annotations);
    let kind = match spec.type_.as_deref() {
        Some("NodePort") => ServiceType::NodePort,
        Some("ClusterIP") => ServiceType::ClusterIP,
        Some("ExternalName") => ServiceType::ExternalName,
        _ => ServiceType::LoadBalancer,
    };
    node_ports(cx, &spec, kind);
    let cluster_ip = spec.cluster_ip.as_deref().unwrap_or_default();
    let mut read = ServiceSpec {
        kind,
        cluster_ip: cluster_ip.parse().ok(),
        headless: cluster_ip == "None",
        external_name: spec.external_name.clone().filter(|_| kind == ServiceType::ExternalName),
        selector: spec.selector.clone().filter(|selector| !selector.is_empty()),
        publish_not_ready_addresses: spec.publish_not_ready_addresses.unwrap_or(false),
        ports: spec.ports.iter().flatten().filter_map(|it| port(it, kind)).collect(),
        load_balancer_source_ranges: source_ranges(&spec),
        ..ServiceSpec::default()
    };
    set_traffic(&mut read, &spec);
    let health_check = health_check.filter(|_| read.needs_health_check());
    read.health_check_node_port = health_check.and_then(|port| u16::try_from(port).ok());
    (!meta.name.is_empty()).then(|| Service {
        meta,
        id: ServiceId::default(),
        spec: read,
        status: ServiceStatus::default(),
    })
}

/// Says what the API server would, at the place of the field, with what to do about it.
fn say(cx: &mut Checker<'_>, error: &FieldError, written: &core::Service) {
    let code = match &error.problem {
        Problem::Required => Code::Missing,
        _ => Code::BadValue,
    };
    cx.report(code, &place_of(&error.path, written), error.to_string(), &help(error));
}

/// Where a field of an error is written: the API server copies some, and spells one in its own way.
fn place_of(path: &str, written: &core::Service) -> String {
    let lists_addresses = written.spec.as_ref().is_some_and(|spec| spec.cluster_ips.is_some());
    match path {
        "allocateLoadBalancerNodePorts" => "spec.allocateLoadBalancerNodePorts".to_owned(),
        path if path.starts_with("spec.clusterIPs") && !lists_addresses => {
            "spec.clusterIP".to_owned()
        }
        path if path.starts_with("spec.LoadBalancerSourceRanges") => {
            path.replace("LoadBalancer", "loadBalancer")
        }
        path => match path.split_once("annotations[").and_then(|(_, it)| it.strip_suffix(']')) {
            Some(name) => format!("metadata.annotations[{name:?}]"),
            None => path.to_owned(),
        },
    }
}

fn help(error: &FieldError) -> String {
    let field = error.path.rsplit('.').next().unwrap_or_default();
    let name = field.split('[').next().unwrap_or_default();
    let text = match (&error.problem, name) {
        (Problem::Unsupported { value, supported }, _) => {
            return suggest(value, "value", supported.iter().copied());
        }
        (Problem::Required, "ports") => "add a port",
        (Problem::Required, "name") => "a Service with several ports has to name each of them",
        (Problem::Required, _) => return format!("add `{name}: …`"),
        (Problem::Duplicate(_), "name") => "give each port its own name",
        (Problem::Duplicate(_), "nodePort") => "give each port its own node port",
        (Problem::Duplicate(_), "ports") => "a Service has each port of a protocol once",
        (Problem::Forbidden(_), "nodePort") => "set `type: NodePort`, or delete the node port",
        (_, "port" | "targetPort") => "write a port from 1 to 65535",
        (_, "name") => "use lower case letters, digits and hyphens",
        (_, "appProtocol") => "write a protocol such as http or kubernetes.io/h2c",
        (_, "clusterIPs") => "write an address, None for a headless one, or leave it out",
        (_, "externalIPs") => "write the address of a machine outside the cluster",
        (_, "LoadBalancerSourceRanges") => "write ranges such as 203.0.113.0/24",
        (_, "timeoutSeconds") => "write 10800, which is the default",
        (_, "externalTrafficPolicy") => "delete it, or set `type: NodePort`",
        (_, "externalName") => "write the name of a host",
        (_, "selector") => "write the labels that the pods have",
        _ => "delete it",
    };
    text.to_owned()
}

/// The annotation that asked for the own zone's endpoints before `trafficDistribution` did.
fn topology_mode(cx: &mut Checker<'_>, annotations: &Labels) {
    let name = "service.kubernetes.io/topology-mode";
    if annotations.get(name).is_some_and(|mode| mode.eq_ignore_ascii_case("auto")) {
        let path = format!("metadata.annotations[{name:?}]");
        let message = format!(
            "annotation `{name}` is not simulated: requests go to the pods of all zones alike"
        );
        let help = "the result holds for the same manifest without it";
        cx.report(Code::FieldNotSimulated, &path, message, help);
    }
}

/// Whether the node ports that are asked for can be given.
fn node_ports(cx: &mut Checker<'_>, spec: &core::ServiceSpec, kind: ServiceType) {
    let (first, last) = defaults::NODE_PORTS;
    for (index, port) in spec.ports.iter().flatten().enumerate() {
        let number = port.node_port.unwrap_or(0);
        let given = number != 0 && kind.has_node_ports();
        if given && !(i32::from(first)..=i32::from(last)).contains(&number) {
            let detail = format!(
                "provided port is not in the valid range. The range of valid ports is {first}-{last}"
            );
            let help = "write a port of that range, or leave it out";
            cx.invalid(&format!("spec.ports[{index}].nodePort"), number, &detail, help);
        }
    }
}

/// A port whose number is one; what else is wrong with it was said. A node port is given only where
/// the type has some.
fn port(written: &core::ServicePort, kind: ServiceType) -> Option<ServicePort> {
    let number = u16::try_from(written.port).ok().filter(|number| *number > 0)?;
    let target_port = match &written.target_port {
        Some(intstr::IntOrString::Int(target)) => IntOrString::Int(*target),
        Some(intstr::IntOrString::String(name)) => IntOrString::String(name.clone()),
        None => IntOrString::Int(written.port),
    };
    let protocol = match written.protocol.as_deref() {
        Some("UDP") => Protocol::Udp,
        Some("SCTP") => Protocol::Sctp,
        _ => Protocol::Tcp,
    };
    let node_port = written.node_port.and_then(|port| u16::try_from(port).ok());
    let name = written.name.clone().unwrap_or_default();
    let node_port = node_port.filter(|port| *port > 0 && kind.has_node_ports());
    Some(ServicePort { name, protocol, port: number, target_port, node_port })
}
