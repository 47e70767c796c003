//! One connection made by hand: what a program in a container would meet at this moment.
//!
//! Nothing changes by it: no request is counted, no policy hears of it, no queue grows.
//!
//! *Left out:* session affinity and what a policy remembers, so of the pods that are in force any may
//! be chosen; full backlogs; and ipvs' refusal of ports that a Service does not have.

use api::{NodeId, PodId, ServiceId};
use engine::Random;

use crate::{
    DataPlane,
    connection::{self, Connection},
    kube_proxy::{Refusal, Target},
};

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// A pod's program takes it.
    Accepted(PodId),
    /// The pod's address says that nobody listens at the port.
    Closed(PodId),
    /// The address was that pod's, and is nobody's any more.
    Unanswered(PodId),
    /// The address never was a pod's: somebody wrote it into an EndpointSlice.
    Nobody,
    /// The node's rules refuse it: the Service has no endpoint.
    NoEndpoint,
    /// The node's rules drop it: the Service has endpoints, and wants those of the node only.
    NoLocalEndpoint,
    /// The node has no rules for that port of the Service's address.
    NoSuchPort {
        /// Whether the mode says so to the sender.
        told: bool,
    },
}

impl DataPlane {
    /// A connection from a node to a Service's address, by the rules in force there.
    pub fn try_service(
        &self,
        from: NodeId,
        service: ServiceId,
        port: u16,
        random: &mut dyn Random,
    ) -> Attempt {
        let proxy = &self.proxies[from.0 as usize];
        match proxy.targets(service, port) {
            None => Attempt::NoSuchPort { told: proxy.guards_cluster_ips() },
            Some(found) => self.try_one_of(found, random),
        }
    }

    /// A connection from a pod on a node to the address of a Service's load balancer, which its own
    /// node's rules take for the Service.
    pub fn try_load_balancer(
        &self,
        from: NodeId,
        service: ServiceId,
        port: u16,
        random: &mut dyn Random,
    ) -> Attempt {
        match self.proxies[from.0 as usize].targets_around(service, port) {
            None => Attempt::NoSuchPort { told: false },
            Some(found) => self.try_one_of(found, random),
        }
    }

    /// A connection from a pod to a port of a node, by the rules in force on that node, with the Service
    /// that it leads to. Every mode answers at a node's primary address, and nodes have no other.
    pub fn try_node_port(
        &self,
        at: NodeId,
        node_port: u16,
        random: &mut dyn Random,
    ) -> Option<(ServiceId, Attempt)> {
        let proxy = &self.proxies[at.0 as usize];
        let (service, port) = proxy.behind_node_port(node_port)?;
        let found = proxy.targets_around(service, port)?;
        Some((service, self.try_one_of(found, random)))
    }

    fn try_one_of(&self, found: Result<&[Target], Refusal>, random: &mut dyn Random) -> Attempt {
        match found {
            Err(Refusal::Reject) => Attempt::NoEndpoint,
            Err(Refusal::Drop) => Attempt::NoLocalEndpoint,
            Err(Refusal::NoRules { .. } | Refusal::NotAdmitted | Refusal::Held { .. }) => {
                Attempt::NoSuchPort { told: false }
            }
            Err(Refusal::NoSuchPort { told }) => Attempt::NoSuchPort { told },
            Ok(targets) => {
                let target = targets[random.below(targets.len() as u32) as usize];
                target.pod.map_or(Attempt::Nobody, |pod| self.try_pod(pod, target.port))
            }
        }
    }

    /// A connection straight to a pod.
    #[must_use]
    pub fn try_pod(&self, pod: PodId, port: u16) -> Attempt {
        match connection::connect(&self.runtime, pod, port) {
            Connection::Accepted(_) => Attempt::Accepted(pod),
            Connection::Refused(_) => Attempt::Closed(pod),
            Connection::Unanswered => Attempt::Unanswered(pod),
        }
    }
}
