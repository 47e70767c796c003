//! The container runtime: the pods' networks and the programs in their containers, by number.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use api::{ContainerId, EnvVar, Labels, Listening, NodeId, Pod, PodId, ResolvConf};
use engine::Time;
use policy::Report;

use crate::server::{Server, ServerId};

/// A pod's network and its programs.
#[derive(Debug)]
pub struct Sandbox {
    /// Its node.
    pub node: NodeId,
    /// Its address.
    pub ip: Ipv4Addr,
    /// Its namespace.
    pub namespace: String,
    /// Its labels.
    pub labels: Labels,
    /// The images of its containers.
    pub images: Vec<Arc<str>>,
    /// The programs, in the order of its containers; `None` before their first start.
    pub servers: Vec<Option<ServerId>>,
    /// Which container listens on which port.
    pub listening: Listening,
    /// What its containers find in `/etc/resolv.conf`.
    pub resolv_conf: Arc<ResolvConf>,
    /// The environments of its programs, in the order of its containers; empty before their first
    /// start.
    pub environments: Vec<Arc<[EnvVar]>>,
}

impl Sandbox {
    /// The program that listens on a port, or will, or did.
    #[must_use]
    pub fn listener_of(&self, port: u16) -> Option<ServerId> {
        self.servers[usize::from(self.listening.container_at(port)?)]
    }
}

/// A pod's address as packets find it: small, because every request looks for one.
#[derive(Clone, Copy, Debug)]
struct Address {
    node: NodeId,
    /// The first port that its containers listen on, 0 for none, and the program that does.
    port: u16,
    server: Option<ServerId>,
}

/// Everything that runs.
#[derive(Debug, Default)]
pub struct Runtime {
    sandboxes: Vec<Option<Sandbox>>,
    /// Of the same pods.
    addresses: Vec<Option<Address>>,
    servers: Vec<Server>,
}

impl Runtime {
    /// A pod's network, while it has one.
    #[must_use]
    #[inline]
    pub fn sandbox(&self, pod: PodId) -> Option<&Sandbox> {
        self.sandboxes.get(pod.0 as usize)?.as_ref()
    }

    /// The node that a pod's address leads to, while there is one.
    #[must_use]
    #[inline]
    pub fn node_of(&self, pod: PodId) -> Option<NodeId> {
        Some(self.address(pod)?.node)
    }

    /// The program that listens on a port of a pod, or will, or did; `None` where no address
    /// answers, `Some(None)` where no program has to do with that port.
    #[must_use]
    #[inline]
    pub fn listener_of(&self, pod: PodId, port: u16) -> Option<Option<ServerId>> {
        let address = self.address(pod)?;
        if address.port == port && address.server.is_some() {
            return Some(address.server);
        }
        Some(self.sandbox(pod)?.listener_of(port))
    }

    #[inline]
    fn address(&self, pod: PodId) -> Option<&Address> {
        self.addresses.get(pod.0 as usize)?.as_ref()
    }

    /// The same, to change.
    pub fn first_server_mut(&mut self, pod: PodId) -> Option<&mut Server> {
        let server = self.address(pod)?.server?;
        Some(self.server_mut(server))
    }

    /// What the program at a pod's first port says of its load. It measures it from the first time on
    /// that it is asked.
    pub fn report(&mut self, pod: PodId, now: Time) -> Option<Report> {
        let server = self.first_server_mut(pod)?;
        server.measure_load();
        server.report(now)
    }

    /// The program that listens at the first port of a pod.
    #[must_use]
    pub fn first_server(&self, pod: PodId) -> Option<&Server> {
        Some(self.server(self.address(pod)?.server?))
    }

    /// A program.
    #[must_use]
    #[inline]
    pub fn server(&self, id: ServerId) -> &Server {
        &self.servers[id.place() as usize]
    }

    /// A program, to change.
    #[inline]
    pub fn server_mut(&mut self, id: ServerId) -> &mut Server {
        &mut self.servers[id.place() as usize]
    }

    /// Gives a pod its network. `stated` says which ports the program of an image listens on, where
    /// that is known.
    pub fn create_sandbox(
        &mut self,
        pod: &Pod,
        (node, resolv_conf): (NodeId, Arc<ResolvConf>),
        stated: impl Fn(&str) -> Vec<u16>,
    ) {
        let listening = pod.spec.listening(stated);
        let index = pod.id.0 as usize;
        if self.sandboxes.len() <= index {
            self.sandboxes.resize_with(index + 1, || None);
            self.addresses.resize(index + 1, None);
        }
        let port = listening.ports().next().unwrap_or(0);
        self.addresses[index] = Some(Address { node, port, server: None });
        let ip = match pod.status.pod_ip {
            Some(IpAddr::V4(ip)) => ip,
            _ => Ipv4Addr::UNSPECIFIED,
        };
        self.sandboxes[index] = Some(Sandbox {
            node,
            ip,
            namespace: pod.meta.namespace.as_ref().to_owned(),
            labels: pod.meta.labels.clone(),
            images: pod.spec.containers.iter().map(|c| c.image.clone()).collect(),
            servers: vec![None; pod.spec.containers.len()],
            listening,
            resolv_conf,
            environments: vec![Arc::default(); pod.spec.containers.len()],
        });
    }

    /// Takes a pod's network away.
    pub fn remove_sandbox(&mut self, pod: PodId) -> Option<Sandbox> {
        *self.addresses.get_mut(pod.0 as usize)? = None;
        self.sandboxes.get_mut(pod.0 as usize)?.take()
    }

    /// Starts a program in a container, in place of one that ended there.
    pub fn start(&mut self, server: Server, environment: Arc<[EnvVar]>) -> Option<ServerId> {
        let ContainerId { pod, index } = server.container;
        let sandbox = self.sandboxes.get_mut(pod.0 as usize)?.as_mut()?;
        let id = ServerId::after(self.servers.len() as u32);
        sandbox.servers[usize::from(index)] = Some(id);
        sandbox.environments[usize::from(index)] = environment;
        if let Some(address) = &mut self.addresses[pod.0 as usize] {
            address.server = sandbox.listener_of(address.port);
        }
        self.servers.push(server);
        Some(id)
    }

    /// The program in a container.
    #[must_use]
    pub fn server_in(&self, container: ContainerId) -> Option<ServerId> {
        let sandbox = self.sandbox(container.pod)?;
        sandbox.servers.get(usize::from(container.index)).copied().flatten()
    }
}
