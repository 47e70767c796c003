//! HTTPRoutes: which Services a request from outside goes to, and in which shares.

use std::cmp::Reverse;

use crate::{
    Gateway, Key, Meta,
    host_match::{HostMatch, Star},
    ingress::is_prefix,
};

/// A `gateway.networking.k8s.io/v1` HTTPRoute.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpRoute {
    /// Metadata.
    pub meta: Meta,
    /// What it is to be.
    pub spec: HttpRouteSpec,
}

/// `spec` of an HTTPRoute.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct HttpRouteSpec {
    /// `parentRefs`: the Gateways that it is for.
    pub parents: Vec<ParentRef>,
    /// The hosts, each of which may begin with `*.`; none for every host of the Gateways.
    pub hostnames: Vec<String>,
    /// Its rules.
    pub rules: Vec<HttpRouteRule>,
}

/// A Gateway that a route is for.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ParentRef {
    /// Its namespace; the route's own where there is none.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// The one listener that is meant.
    pub section_name: Option<String>,
    /// The one port that is meant.
    pub port: Option<u16>,
}

/// A rule: what it is for, and where that leads.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct HttpRouteRule {
    /// Any of these is enough.
    pub matches: Vec<HttpRouteMatch>,
    /// `backendRefs`: where it leads.
    pub backends: Vec<HttpBackendRef>,
}

/// What a request has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRouteMatch {
    /// Its path.
    pub path: String,
    /// How that is compared.
    pub path_match: PathMatch,
    /// Whether a method, headers or query parameters are asked for too, which no request has here.
    pub asks_more: bool,
}

/// How a path of a match is compared with a request's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PathMatch {
    /// As it is.
    Exact,
    /// Element by element, up to its own end.
    #[default]
    PathPrefix,
    /// As a pattern, which matches nothing here.
    RegularExpression,
}

/// A port of a Service, and how much of the requests it is to get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpBackendRef {
    /// The Service's namespace; the route's own where there is none.
    pub namespace: Option<String>,
    /// The Service.
    pub name: String,
    /// Its port.
    pub port: u16,
    /// Its share is this of the sum of all.
    pub weight: u32,
}

impl Default for HttpRouteMatch {
    fn default() -> Self {
        Self { path: "/".to_owned(), path_match: PathMatch::default(), asks_more: false }
    }
}

impl HttpRoute {
    /// The Gateway that a parent reference of its names.
    #[must_use]
    pub fn parent_key(&self, parent: &ParentRef) -> Key {
        let own = || self.meta.namespace.to_string();
        Key::new(parent.namespace.clone().unwrap_or_else(own), parent.name.as_str())
    }

    /// The Service that a backend of its names.
    #[must_use]
    pub fn backend_key(&self, backend: &HttpBackendRef) -> Key {
        let own = || self.meta.namespace.to_string();
        Key::new(backend.namespace.clone().unwrap_or_else(own), backend.name.as_str())
    }

    /// How closely it names a host. A listener of one of its Gateways has to let that in at the port;
    /// where it has none, or one that is not there, every host is let in.
    #[must_use]
    pub fn host_match(&self, gateways: &[&Gateway], host: &str, port: u16) -> Option<HostMatch> {
        let admitted = |parent: &ParentRef| {
            let key = self.parent_key(parent);
            match gateways.iter().find(|it| it.meta.key() == key) {
                Some(gateway) => gateway.admits((self, parent), host, port),
                None => Some(HostMatch::Any),
            }
        };
        let parents = &self.spec.parents;
        let admitted = match &parents[..] {
            [] => HostMatch::Any,
            parents => parents.iter().filter_map(admitted).max()?,
        };
        let own = self.spec.hostnames.iter();
        match &self.spec.hostnames[..] {
            [] => Some(admitted),
            _ => own.filter_map(|it| HostMatch::of(Some(it), host, Star::Labels)).max(),
        }
    }
}

impl HttpRouteMatch {
    /// How closely it names a path: `Exact` is closest, then the longest prefix.
    fn closeness(&self, path: &str) -> Option<(bool, usize)> {
        let exact = self.path_match == PathMatch::Exact;
        let matches = match self.path_match {
            PathMatch::Exact => self.path == path,
            PathMatch::PathPrefix => is_prefix(&self.path, path),
            PathMatch::RegularExpression => false,
        };
        (matches && !self.asks_more).then_some((exact, self.path.len()))
    }
}

/// The rule that a request goes by. The closest host wins, then `Exact` before the longest prefix, then
/// the route whose key comes first (all of them are equally old), and of one route its first rule.
pub fn route<'a>(
    routes: impl Iterator<Item = &'a HttpRoute>,
    gateways: &[&Gateway],
    (host, port): (&str, u16),
    path: &str,
) -> Option<(&'a HttpRoute, &'a HttpRouteRule)> {
    let named: Vec<(HostMatch, &HttpRoute)> =
        routes.filter_map(|it| Some((it.host_match(gateways, host, port)?, it))).collect();
    let closest = named.iter().map(|(closeness, _)| *closeness).max()?;
    let routes = named.iter().filter(|(closeness, _)| *closeness == closest).map(|(_, it)| *it);
    let rules = routes.flat_map(|it| (0..).zip(&it.spec.rules).map(move |rule| (it, rule)));
    let matching = rules.filter_map(|(it, (place, rule)): (_, (u32, _))| {
        let closest = rule.matches.iter().filter_map(|own| own.closeness(path)).max()?;
        Some(((closest, Reverse(it.meta.key()), Reverse(place)), (it, rule)))
    });
    let best = matching.max_by(|(one, _), (other, _)| one.cmp(other));
    best.map(|(_, found)| found)
}

#[cfg(test)]
mod tests;
