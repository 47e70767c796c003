//! The Services that Ingresses and HTTPRoutes lead to.

use api::{
    HttpBackendRef, HttpRoute, Ingress, IngressBackend, IntOrString, Key, Service, ServicePort,
};

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
                None => self.no_service(&key, "Ingress"),
                Some(service) if port(&service.object, backend).is_none() => {
                    no_port(&service.object, &backend.port)
                }
                Some(_) => continue,
            };
            let diagnostic = Diagnostic::new(Code::NoBackend, message, help);
            let at = written.at(&format!("{path}.service"));
            findings.push(diagnostic.at(at, "leads nowhere"));
        }
    }

    /// Reports backends of an HTTPRoute that are not there, or may not be used: their share of the
    /// requests is answered with 500.
    pub(super) fn check_route_backends(
        &self,
        written: &Written<HttpRoute>,
        findings: &mut Findings,
    ) {
        let route = &written.object;
        let rules = route.spec.rules.iter().enumerate();
        let backends = rules.flat_map(|(rule, it)| {
            it.backends.iter().enumerate().map(move |(place, it)| (rule, place, it))
        });
        for (rule, place, backend) in backends {
            let key = route.backend_key(backend);
            let service = self.service(&key).map(|written| &written.object);
            if route_port(route, backend, service).is_some() {
                continue;
            }
            let (message, help) = match service {
                None => self.no_service(&key, "HTTPRoute"),
                Some(_) if key.namespace != route.meta.namespace => (
                    format!("Service `{key}` is in another namespace than this HTTPRoute"),
                    "name a Service of its own namespace: ReferenceGrants are not simulated"
                        .to_owned(),
                ),
                Some(service) => no_port(service, &IntOrString::Int(backend.port.into())),
            };
            let diagnostic = Diagnostic::new(Code::NoBackend, message, help);
            let at = written.at(&format!("spec.rules[{rule}].backendRefs[{place}]"));
            findings.push(diagnostic.at(at, "leads nowhere"));
        }
    }

    fn no_service(&self, key: &Key, leads: &str) -> (String, String) {
        let metas = self.services.iter().map(|written| &written.object.meta);
        let here = metas.filter(|meta| meta.namespace == key.namespace);
        let help = suggest(&key.name, "Service", here.map(|meta| &*meta.name));
        (format!("there is no Service `{key}` for this {leads}"), help)
    }
}

fn no_port(service: &Service, port: &IntOrString) -> (String, String) {
    let ports = service.spec.ports.iter();
    let ports: Vec<String> = match port {
        IntOrString::Int(_) => ports.map(|port| port.port.to_string()).collect(),
        IntOrString::String(_) => ports
            .map(|port| match port.name.as_str() {
                "" => format!("{}, which has no name: write `number` instead", port.port),
                name => format!("`{name}`"),
            })
            .collect(),
    };
    let help = format!("it has {}", ports.join(", "));
    (format!("Service `{}` has no port {port}", service.meta.key()), help)
}

/// The port of a Service that a backend of a route means; `None` too where the route may not lead
/// there, because it is of another namespace.
pub(crate) fn route_port<'a>(
    route: &HttpRoute,
    backend: &HttpBackendRef,
    service: Option<&'a Service>,
) -> Option<&'a ServicePort> {
    let service = service.filter(|it| it.meta.namespace == route.meta.namespace)?;
    service.spec.ports.iter().find(|port| port.port == backend.port)
}

/// The port of a Service that a backend means: its place among the Service's ports.
pub(crate) fn port(service: &Service, backend: &IngressBackend) -> Option<usize> {
    service.spec.ports.iter().position(|port| match &backend.port {
        IntOrString::Int(number) => i32::from(port.port) == *number,
        IntOrString::String(name) => port.name == *name,
    })
}
