//! Gateways: where requests for HTTPRoutes come in.

use crate::{
    HttpRoute, Meta,
    host_match::{HostMatch, Star},
    http_route::ParentRef,
};

/// A `gateway.networking.k8s.io/v1` Gateway.
#[derive(Clone, Debug, PartialEq)]
pub struct Gateway {
    /// Metadata.
    pub meta: Meta,
    /// `gatewayClassName`.
    pub class_name: String,
    /// Where it listens.
    pub listeners: Vec<Listener>,
}

/// A port on which a Gateway listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Its name.
    pub name: String,
    /// The host that it is for, which may begin with `*.`; `None` for every host.
    pub hostname: Option<String>,
    /// The port.
    pub port: u16,
    /// What it understands: `HTTP`, `HTTPS` and others.
    pub protocol: String,
    /// `allowedRoutes.namespaces.from`: which routes may come to it.
    pub from: RoutesFrom,
}

/// From which namespaces routes may come to a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RoutesFrom {
    /// From its own alone.
    #[default]
    Same,
    /// From all.
    All,
    /// From none.
    None,
}

impl Gateway {
    /// How closely its listeners at a port let in a host for a route that names it as a parent.
    #[must_use]
    pub fn admits(
        &self,
        (route, parent): (&HttpRoute, &ParentRef),
        host: &str,
        port: u16,
    ) -> Option<HostMatch> {
        let own = self.listeners.iter().filter(|it| {
            let named = parent.section_name.as_ref().is_none_or(|name| *name == it.name)
                && parent.port.is_none_or(|port| port == it.port);
            named && it.port == port && self.is_open(it, route)
        });
        let own = own.filter_map(|it| HostMatch::of(it.hostname.as_deref(), host, Star::Labels));
        own.max()
    }

    /// Whether a listener takes HTTPRoutes, and this one.
    fn is_open(&self, listener: &Listener, route: &HttpRoute) -> bool {
        let from = match listener.from {
            RoutesFrom::Same => route.meta.namespace == self.meta.namespace,
            RoutesFrom::All => true,
            RoutesFrom::None => false,
        };
        from && matches!(&*listener.protocol, "HTTP" | "HTTPS")
    }
}
