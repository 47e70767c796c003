//! The Services that Ingresses lead to.

use api::{Ingress, IngressBackend, IntOrString, Key, Service};

use super::{Objects, Written};
use crate::{
    Code, Diagnostic,
    diagnostic::{Findings, suggest},
};

impl Objects {
    /// Reports backends of an Ingress that are not there: requests to them are answered with 503.
    pub(super) fn check_backends(&self, written: &Written<Ingress>, findings: &mut Findings) {
        let spec = &written.object.spec;
        let default = spec.default_backend.iter();
        let default = default.map(|backend| ("spec.defaultBackend".to_owned(), backend));
        let rules = spec.rules.iter().enumerate().flat_map(|(rule, it)| {
            it.paths.iter().enumerate().map(move |(path, it)| {
                (format!("spec.rules[{rule}].http.paths[{path}].backend"), &it.backend)
            })
        });
        for (path, backend) in default.chain(rules) {
            let key = Key::new(written.object.meta.namespace.clone(), backend.service.as_str());
            let (message, help) = match self.service(&key) {
                None => {
                    let metas = self.services.iter().map(|written| &written.object.meta);
                    let here = metas.filter(|meta| meta.namespace == key.namespace);
                    let help = suggest(&key.name, "Service", here.map(|meta| &*meta.name));
                    (format!("there is no Service `{key}` for this Ingress"), help)
                }
                Some(service) if port(&service.object, backend).is_none() => {
                    let ports = service.object.spec.ports.iter();
                    let ports: Vec<String> = ports.map(|port| port.port.to_string()).collect();
                    let help = format!("it has {}", ports.join(", "));
                    (format!("Service `{key}` has no port {}", backend.port), help)
                }
                Some(_) => continue,
            };
            let diagnostic = Diagnostic::new(Code::NoBackend, message, help);
            let at = written.at(&format!("{path}.service"));
            findings.push(diagnostic.at(at, "leads nowhere"));
        }
    }
}

/// The port of a Service that a backend means: its place among the Service's ports.
pub(crate) fn port(service: &Service, backend: &IngressBackend) -> Option<usize> {
    service.spec.ports.iter().position(|port| match &backend.port {
        IntOrString::Int(number) => i32::from(port.port) == *number,
        IntOrString::String(name) => port.name == *name,
    })
}
