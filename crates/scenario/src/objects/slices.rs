//! Whether anybody reads the EndpointSlices that were written by hand, and who answers there.

use api::{EndpointSlice, Key, Service, endpoint_slice::SERVICE_NAME_LABEL, service::ServiceType};

use super::{Objects, Written};
use crate::{
    Code, Diagnostic,
    diagnostic::{Findings, suggest},
};

impl Objects {
    /// Reports that a slice is nobody's, or that nobody is behind its addresses.
    pub(super) fn check_slice(&self, written: &Written<EndpointSlice>, findings: &mut Findings) {
        let slice = &written.object;
        let key = slice.meta.key();
        let unused = |path: &str, why: String, help: String| {
            let message = format!("EndpointSlice `{key}` is used by nobody: {why}");
            Diagnostic::new(Code::UnusedSlice, message, help).at(written.at(path), "")
        };
        if slice.service_name.is_empty() {
            let why = format!("it has no label `{SERVICE_NAME_LABEL}`");
            let help = format!("add `{SERVICE_NAME_LABEL}: NAME`, with the name of a Service");
            return findings.push(unused("metadata.labels", why, help));
        }
        let label = format!("metadata.labels[{SERVICE_NAME_LABEL:?}]");
        let service = Key::new(slice.meta.namespace.clone(), slice.service_name.clone());
        let Some(Written { object: service, .. }) = self.service(&service) else {
            if !self.incomplete {
                let metas = self.services.iter().map(|written| &written.object.meta);
                let here = metas.filter(|meta| meta.namespace == slice.meta.namespace);
                let help = suggest(&slice.service_name, "Service", here.map(|meta| &*meta.name));
                findings.push(unused(&label, format!("there is no Service `{service}`"), help));
            }
            return;
        };
        if service.spec.kind == ServiceType::ExternalName {
            let why = format!("Service `{}` is only a name", service.meta.key());
            let help = "delete the slice, or the type ExternalName".to_owned();
            return findings.push(unused(&label, why, help));
        }
        if service.spec.needs_cluster_ip() && !has_port_of(slice, service) {
            let why = format!("none of its ports is one of Service `{}`", service.meta.key());
            return findings.push(unused("ports", why, ports_of(service)));
        }
        if !slice.endpoints.is_empty() {
            findings.push(nobody_there(written));
        }
    }
}

/// Proxies find a port's endpoints by its name and protocol.
fn has_port_of(slice: &EndpointSlice, service: &Service) -> bool {
    slice.ports.iter().any(|port| {
        let mut known = service.spec.ports.iter();
        known.any(|it| (&it.name, it.protocol) == (&port.name, port.protocol))
    })
}

fn ports_of(service: &Service) -> String {
    let ports = service.spec.ports.iter();
    let names: Vec<String> =
        ports.map(|port| format!("{:?} ({})", port.name, port.protocol.name())).collect();
    format!("give its ports the names that the Service's have: {}", names.join(", "))
}

/// Pods get their addresses in the run, so none of them has one that is written before.
fn nobody_there(written: &Written<EndpointSlice>) -> Diagnostic {
    let message = format!(
        "the endpoints of EndpointSlice `{}` are not simulated: nobody answers at their addresses",
        written.object.meta.key()
    );
    let help = "requests that are sent there end with timeout.unreachable; in a real cluster \
                somebody may answer";
    Diagnostic::new(Code::FieldNotSimulated, message, help).at(written.at("endpoints"), "")
}
