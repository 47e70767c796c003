//! The Services in a container's environment.

use api::{EnvVar, Protocol};
use control_plane::kubelet::env_vars::{Port, Service, from_services};

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
    pods::protocol,
};

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    if case.test != "TestFromServices" {
        return case.unknown();
    }
    let expected = case.expected(|f| {
        f.objects("env", |f| {
            let (name, value) = (f.text_or_empty("name")?, f.text_or_empty("value")?);
            Ok(EnvVar { name: name.to_owned(), value: value.to_owned() })
        })
    })?;
    let services = case.input(|f| f.objects("services", service))?;
    agree("env", &expected, &from_services(&services))
}

fn service(f: &Fields<'_>) -> Read<Service> {
    let (namespace, name) = f.object("metadata", |f| {
        Ok((f.text_or_empty("namespace")?.to_owned(), f.text_or_empty("name")?.to_owned()))
    })?;
    f.object("spec", |f| {
        // Who is behind a Service does not show.
        f.ignore(&["selector", "type", "clusterIPs"]);
        let cluster_ip = f.text_or_empty("clusterIP")?.to_owned();
        Ok(Service { namespace, name, cluster_ip, ports: f.objects("ports", port)? })
    })
}

fn port(f: &Fields<'_>) -> Read<Port> {
    f.ignore(&["targetPort", "nodePort"]);
    let protocol = protocol(f.text_or_empty("protocol")?).unwrap_or(Protocol::Tcp);
    Ok(Port { name: f.text_or_empty("name")?.to_owned(), port: f.int_or_zero("port")?, protocol })
}
