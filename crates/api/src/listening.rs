//! Which port of a pod its programs listen on: not a part of Kubernetes, but both planes and every
//! check have to agree on it.

use crate::PodSpec;

/// Which container of a pod listens on which port. Not a field of Kubernetes, where `ports` of a
/// container are no more than information: here they say what its program listens on, unless the
/// scenario states it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Listening {
    /// Ports and the containers that listen on them.
    ports: Vec<(u16, u8)>,
    /// The container that answers on any port: the pod's first one, where it alone names none. The first is
    /// mostly what a pod is for, and a sidecar without ports mostly listens on none.
    any_port: Option<u8>,
}

impl Listening {
    /// The container that listens on a port.
    #[must_use]
    pub fn container_at(&self, port: u16) -> Option<u8> {
        let named = self.ports.iter().find(|(number, _)| *number == port);
        named.map(|(_, container)| *container).or(self.any_port)
    }

    /// The ports that a container listens on; none where it answers on any, or on no port at all.
    pub fn ports_of(&self, container: u8) -> impl Iterator<Item = u16> {
        let own = self.ports.iter().filter(move |(_, index)| *index == container);
        own.map(|(number, _)| *number)
    }

    /// Whether a container listens on any port at all.
    #[must_use]
    pub fn hears(&self, container: u8) -> bool {
        self.any_port == Some(container) || self.ports_of(container).next().is_some()
    }

    /// All ports that are named, in the order of the containers.
    pub fn ports(&self) -> impl Iterator<Item = u16> {
        self.ports.iter().map(|(number, _)| *number)
    }
}

impl PodSpec {
    /// Which container listens on which port, where `stated` says which ports the program of an
    /// image listens on: none where nobody said so, and then it is what the container declares.
    #[must_use]
    pub fn listening(&self, stated: impl Fn(&str) -> Vec<u16>) -> Listening {
        let mut ports = Vec::new();
        for (index, container) in self.containers.iter().enumerate() {
            let stated = stated(&container.image);
            let declared = container.ports.iter().map(|port| port.container_port);
            let numbers: Vec<u16> = if stated.is_empty() { declared.collect() } else { stated };
            ports.extend(numbers.into_iter().map(|number| (number, index as u8)));
        }
        let names_none =
            |index: &u8| ports.iter().all(|(_, container): &(u16, u8)| container != index);
        let silent: Vec<u8> = (0..self.containers.len() as u8).filter(names_none).collect();
        let any_port = match silent[..] {
            [0] => Some(0),
            _ => None,
        };
        Listening { ports, any_port }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Container, pod::ContainerPort};

    /// Who listens on port 9 in a pod whose containers declare these ports.
    fn at_nine(declared: &[&[u16]]) -> Option<u8> {
        let port = |number: &u16| ContainerPort {
            name: None,
            container_port: *number,
            protocol: crate::Protocol::Tcp,
        };
        let container = |ports: &&[u16]| Container {
            image: Arc::from("a"),
            ports: ports.iter().map(port).collect(),
            ..Container::default()
        };
        let containers = declared.iter().map(container).collect();
        PodSpec { containers, ..PodSpec::default() }.listening(|_| Vec::new()).container_at(9)
    }

    #[test]
    fn the_first_container_answers_where_it_alone_names_no_port() {
        let cases: [(&[&[u16]], Option<u8>); 7] = [
            (&[&[]], Some(0)),
            (&[&[8]], None),
            (&[&[9]], Some(0)),
            (&[&[], &[8]], Some(0)),
            (&[&[8], &[]], None),
            (&[&[8], &[9]], Some(1)),
            (&[&[], &[]], None),
        ];
        for (declared, expected) in cases {
            assert_eq!(at_nine(declared), expected, "{declared:?}");
        }
    }
}
