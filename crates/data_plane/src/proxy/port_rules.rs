//! The endpoints of one port of a Service as a node's rules have them, by which way a connection came.
//!
//! *Left out:* everything about addresses, which is in `rules.rs`.

use super::mode::Mode;
use crate::endpoints::{EndpointInfo, Place, ServiceInfo, categorize_endpoints};

/// The endpoints of a port. `E` is what names one.
#[derive(Clone, Debug)]
pub struct PortRules<E> {
    cluster: Vec<E>,
    local: Vec<E>,
    has_any: bool,
}

/// Who sends to an address that is meant for traffic from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// A pod.
    Pod,
    /// The node itself.
    Node,
    /// Anybody else.
    Outside,
}

/// What a new connection to a port may go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice<'a, E> {
    /// One of these, in the order of the rules.
    Endpoints(&'a [E]),
    /// Nothing, and the sender is told: a connection is refused.
    Reject,
    /// Nothing, and nobody is told: a connection times out.
    Drop,
}

impl<E: Clone> PortRules<E> {
    /// Chooses among endpoints; `endpoint` names the one in a place.
    #[must_use]
    pub fn new(
        service: ServiceInfo,
        infos: &[EndpointInfo],
        place: Place<'_>,
        mode: Mode,
        endpoint: impl Fn(usize) -> E,
    ) -> Self {
        let chosen = categorize_endpoints(infos, service, place);
        let named = |places: Option<Vec<usize>>| -> Vec<E> {
            places.unwrap_or_default().into_iter().map(&endpoint).collect()
        };
        let (cluster, mut local) = (named(chosen.cluster), named(chosen.local));
        if local.is_empty() && mode.local_falls_back_to_cluster() {
            local.clone_from(&cluster);
        }
        Self { cluster, local, has_any: chosen.has_any }
    }

    /// Whether there is any usable endpoint in the cluster.
    #[must_use]
    pub fn has_any(&self) -> bool {
        self.has_any
    }

    /// Traffic to the virtual address.
    #[must_use]
    pub fn internal(&self, service: ServiceInfo) -> Choice<'_, E> {
        self.choice(if service.internal_policy_local { &self.local } else { &self.cluster })
    }

    /// Traffic to an address from outside. A pod or the node itself that uses one is inside, so
    /// that the policy for outside does not hold it to local endpoints.
    #[must_use]
    pub fn external(&self, service: ServiceInfo, sender: Sender) -> Choice<'_, E> {
        let local = service.external_policy_local && sender == Sender::Outside;
        self.choice(if local { &self.local } else { &self.cluster })
    }

    /// Where there is no endpoint at all, the sender is told. Where there are only such that the
    /// policy excludes it is not: somebody else may have a way to them.
    fn choice<'a>(&self, endpoints: &'a [E]) -> Choice<'a, E> {
        if !self.has_any {
            Choice::Reject
        } else if endpoints.is_empty() {
            Choice::Drop
        } else {
            Choice::Endpoints(endpoints)
        }
    }
}
