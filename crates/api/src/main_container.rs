//! Which of a pod's containers the pod is known by: a version goes by its image, and advice is for it.

use std::sync::Arc;

use crate::{IntOrString, Labels, PodSpec, Service, ServicePort};

/// Names the container that kubectl takes where nobody says which.
const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";

/// The place of the container that one of these Services leads to, which select the pod; or that the annotation
/// names; or of the first that declares a port; or of the first. A sidecar may stand before the program.
#[must_use]
pub fn main_container<'s>(
    annotations: &Labels,
    spec: &PodSpec,
    services: impl IntoIterator<Item = &'s Service>,
) -> Option<usize> {
    let led_to = services.into_iter().flat_map(|service| &service.spec.ports);
    let named = annotations.get(DEFAULT_CONTAINER);
    let of_name = |name: &String| spec.containers.iter().position(|it| *it.name == **name);
    led_to
        .filter_map(|port| declaring(spec, port))
        .next()
        .or_else(|| named.and_then(of_name))
        .or_else(|| spec.containers.iter().position(|container| !container.ports.is_empty()))
        .or((!spec.containers.is_empty()).then_some(0))
}

/// The image of the main container.
#[must_use]
pub fn version<'s>(
    annotations: &Labels,
    spec: &PodSpec,
    services: impl IntoIterator<Item = &'s Service>,
) -> Arc<str> {
    match main_container(annotations, spec, services) {
        Some(place) => spec.containers[place].image.clone(),
        None => "<none>".into(),
    }
}

/// The container that declares the port that a Service leads to.
fn declaring(spec: &PodSpec, port: &ServicePort) -> Option<usize> {
    spec.containers.iter().position(|container| {
        let mut ports = container.ports.iter().filter(|it| it.protocol == port.protocol);
        ports.any(|declared| match &port.target_port {
            IntOrString::Int(number) => i32::from(declared.container_port) == *number,
            IntOrString::String(name) => declared.name.as_ref() == Some(name),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Container, Meta, Protocol, ServiceId, ServiceSpec, ServiceStatus, pod::ContainerPort,
    };

    fn container(name: &str, ports: &[u16]) -> Container {
        let port = |number: &u16| ContainerPort {
            name: Some(format!("p{number}")),
            container_port: *number,
            protocol: Protocol::Tcp,
        };
        Container {
            name: name.into(),
            image: format!("{name}:v1").into(),
            ports: ports.iter().map(port).collect(),
            ..Container::default()
        }
    }

    fn known_by(containers: Vec<Container>, annotation: &str, services: &[Service]) -> String {
        let annotations = [(DEFAULT_CONTAINER.to_owned(), annotation.to_owned())].into();
        let spec = PodSpec { containers, ..PodSpec::default() };
        version(&annotations, &spec, services).to_string()
    }

    #[test]
    fn a_pod_is_known_by_the_container_that_serves_or_is_named() {
        let both =
            || vec![container("logs", &[]), container("proxy", &[9901]), container("web", &[8080])];
        assert_eq!(known_by(both(), "", &[]), "proxy:v1", "the first with a port");
        assert_eq!(known_by(both(), "logs", &[]), "logs:v1", "as it is stated");
        assert_eq!(known_by(both(), "wbe", &[]), "proxy:v1", "there is none of that name");
        let a_b = vec![container("a", &[]), container("b", &[])];
        assert_eq!(known_by(a_b, "", &[]), "a:v1");
        assert_eq!(known_by(Vec::new(), "", &[]), "<none>");
        let service = |target_port: IntOrString| {
            let port = ServicePort {
                name: String::new(),
                protocol: Protocol::Tcp,
                port: 80,
                target_port,
                node_port: None,
            };
            let spec = ServiceSpec { ports: vec![port], ..ServiceSpec::default() };
            let (meta, id) = (Meta::new("default", "web"), ServiceId(0));
            Service { meta, id, spec, status: ServiceStatus::default() }
        };
        for target in [IntOrString::Int(8080), IntOrString::String("p8080".to_owned())] {
            assert_eq!(known_by(both(), "logs", &[service(target)]), "web:v1");
        }
        assert_eq!(known_by(both(), "logs", &[service(IntOrString::Int(1))]), "logs:v1");
    }
}
