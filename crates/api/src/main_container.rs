//! Which of a pod's containers the pod is known by: a version goes by its image.

use std::sync::Arc;

use crate::{Container, Labels, PodSpec};

/// Names the container that kubectl takes where nobody says which.
const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";

/// The place of the container that the annotation names, or the first that declares a port, or the first: a sidecar that
/// ships logs may stand before the program.
#[must_use]
pub fn main_container(annotations: &Labels, spec: &PodSpec) -> Option<usize> {
    let place = |is: &dyn Fn(&Container) -> bool| spec.containers.iter().position(is);
    let named = annotations.get(DEFAULT_CONTAINER);
    named
        .and_then(|name| place(&|it| *it.name == **name))
        .or_else(|| place(&|it| !it.ports.is_empty()))
        .or_else(|| place(&|_| true))
}

/// Its image.
pub(crate) fn version(annotations: &Labels, spec: &PodSpec) -> Arc<str> {
    match main_container(annotations, spec) {
        Some(place) => spec.containers[place].image.clone(),
        None => "<none>".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Protocol, pod::ContainerPort};

    #[test]
    fn a_pod_is_known_by_the_container_that_is_named_or_serves() {
        let port = ContainerPort { name: None, container_port: 80, protocol: Protocol::Tcp };
        let container = |name: &str, ports: usize| Container {
            name: name.into(),
            image: format!("{name}:v1").into(),
            ports: vec![port.clone(); ports],
            ..Container::default()
        };
        let known_by = |containers: Vec<Container>, annotation: Option<&str>| {
            let named = |name: &str| (DEFAULT_CONTAINER.to_owned(), name.to_owned());
            let annotations: Labels = annotation.map(named).into_iter().collect();
            version(&annotations, &PodSpec { containers, ..PodSpec::default() }).to_string()
        };
        let both = || vec![container("logs", 0), container("web", 1), container("proxy", 2)];
        assert_eq!(known_by(both(), None), "web:v1", "the first with a port");
        assert_eq!(known_by(both(), Some("logs")), "logs:v1", "as it is stated");
        assert_eq!(known_by(both(), Some("wbe")), "web:v1", "there is none of that name");
        assert_eq!(known_by(vec![container("a", 0), container("b", 0)], None), "a:v1");
        assert_eq!(known_by(Vec::new(), None), "<none>");
    }
}
