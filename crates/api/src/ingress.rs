//! Ingresses: which Service a request from outside goes to, by its host and its path.

use std::net::IpAddr;

use crate::{
    IntOrString, Meta,
    host_match::{HostMatch, Star},
};

/// A `networking.k8s.io/v1` Ingress.
#[derive(Clone, Debug, PartialEq)]
pub struct Ingress {
    /// Metadata.
    pub meta: Meta,
    /// What it is to be.
    pub spec: IngressSpec,
    /// `status.loadBalancer.ingress`: the addresses it is reached at.
    pub addresses: Vec<IpAddr>,
}

/// `spec` of an Ingress.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct IngressSpec {
    /// `ingressClassName`.
    pub class_name: Option<String>,
    /// Where requests go that no rule is for.
    pub default_backend: Option<IngressBackend>,
    /// Its rules.
    pub rules: Vec<IngressRule>,
    /// Its certificates.
    pub tls: Vec<IngressTls>,
}

/// Hosts, and the certificate that is for them.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct IngressTls {
    /// The hosts.
    pub hosts: Vec<String>,
    /// The Secret with the certificate; may be empty.
    pub secret_name: String,
}

/// A rule: a host, and where its paths lead.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct IngressRule {
    /// The host, which may begin with `*.`; `None` for every host.
    pub host: Option<String>,
    /// Its paths.
    pub paths: Vec<IngressPath>,
}

/// A path, and where it leads.
#[derive(Clone, Debug, PartialEq)]
pub struct IngressPath {
    /// The path.
    pub path: String,
    /// How it is compared.
    pub path_type: PathType,
    /// Where it leads.
    pub backend: IngressBackend,
}

/// How a path of a rule is compared with a request's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PathType {
    /// As it is.
    Exact,
    /// Element by element, up to its own end.
    #[default]
    Prefix,
    /// As the controller likes; here as `Prefix`.
    ImplementationSpecific,
}

/// A port of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IngressBackend {
    /// The Service, in the Ingress' own namespace.
    pub service: String,
    /// Its port, by number or by name.
    pub port: IntOrString,
}

impl IngressRule {
    fn host_match(&self, host: &str) -> Option<HostMatch> {
        HostMatch::of(self.host.as_deref(), host, Star::OneLabel)
    }
}

impl IngressPath {
    fn matches(&self, path: &str) -> bool {
        if self.path_type == PathType::Exact {
            return self.path == path;
        }
        is_prefix(&self.path, path)
    }
}

/// Whether a path begins with the elements of another.
pub(crate) fn is_prefix(own: &str, path: &str) -> bool {
    let rest = path.strip_prefix(own.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// How closely the rules name a host; `None` where no rule is for it.
pub fn host_match<'a>(
    ingresses: impl Iterator<Item = &'a Ingress>,
    host: &str,
) -> Option<HostMatch> {
    ingresses.flat_map(|it| &it.spec.rules).filter_map(|rule| rule.host_match(host)).max()
}

/// Where a request goes: the Ingress that decides, and the backend. The closest host wins, then the
/// longest path, then `Exact` before `Prefix`; what no rule is for goes to a default backend.
pub fn route<'a>(
    ingresses: impl Iterator<Item = &'a Ingress> + Clone,
    host: &str,
    path: &str,
) -> Option<(&'a Ingress, &'a IngressBackend)> {
    let rules = ingresses.clone().flat_map(|it| it.spec.rules.iter().map(move |rule| (it, rule)));
    let named = rules.filter_map(|(it, rule)| Some((rule.host_match(host)?, it, rule)));
    let closest = named.clone().map(|(closeness, ..)| closeness).max();
    let named = named.filter(|(closeness, ..)| Some(*closeness) == closest);
    let paths = named.flat_map(|(_, it, rule)| rule.paths.iter().map(move |own| (it, own)));
    let matching = paths.filter(|(_, own)| own.matches(path));
    let rank = |own: &IngressPath| (own.path.len(), own.path_type == PathType::Exact);
    // Of two that are alike the first counts.
    let best = matching.reduce(|best, next| if rank(next.1) > rank(best.1) { next } else { best });
    best.map(|(it, own)| (it, &own.backend)).or_else(|| {
        let mut defaults = ingresses.filter_map(|it| Some((it, it.spec.default_backend.as_ref()?)));
        defaults.next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ingress(rules: &[(&str, &str, PathType, &str)]) -> Ingress {
        let rules = rules.iter().map(|(host, path, path_type, service)| IngressRule {
            host: (!host.is_empty()).then(|| (*host).to_owned()),
            paths: vec![IngressPath {
                path: (*path).to_owned(),
                path_type: *path_type,
                backend: IngressBackend {
                    service: (*service).to_owned(),
                    port: IntOrString::Int(80),
                },
            }],
        });
        let spec = IngressSpec { rules: rules.collect(), ..IngressSpec::default() };
        Ingress { meta: Meta::new("default", "web"), spec, addresses: Vec::new() }
    }

    /// The table of the Kubernetes documentation on path types, and of hosts.
    #[test]
    fn requests_go_where_the_rules_say() {
        use PathType::{Exact, Prefix};
        let paths = [
            ((Prefix, "/"), "/any/path", true),
            ((Exact, "/foo"), "/foo", true),
            ((Exact, "/foo"), "/bar", false),
            ((Exact, "/foo"), "/foo/", false),
            ((Exact, "/foo/"), "/foo", false),
            ((Prefix, "/foo"), "/foo", true),
            ((Prefix, "/foo"), "/foo/", true),
            ((Prefix, "/foo/"), "/foo", true),
            ((Prefix, "/foo/"), "/foo/", true),
            ((Prefix, "/aaa/bb"), "/aaa/bbb", false),
            ((Prefix, "/aaa/bbb"), "/aaa/bbb", true),
            ((Prefix, "/aaa/bbb/"), "/aaa/bbb", true),
            ((Prefix, "/aaa/bbb"), "/aaa/bbb/", true),
            ((Prefix, "/aaa/bbb"), "/aaa/bbb/ccc", true),
            ((Prefix, "/aaa/bbb"), "/aaa/bbbxyz", false),
        ];
        for ((path_type, own), path, matches) in paths {
            let ingress = ingress(&[("", own, path_type, "web")]);
            let found = route(std::iter::once(&ingress), "any.example.com", path);
            assert_eq!(found.is_some(), matches, "{path_type:?} {own} and {path}");
        }
        let hosts = ingress(&[
            ("", "/", Prefix, "any"),
            ("*.foo.com", "/", Prefix, "wild"),
            ("bar.foo.com", "/", Prefix, "root"),
            ("bar.foo.com", "/cart", Prefix, "cart"),
            ("bar.foo.com", "/cart", Exact, "exact"),
            ("only.foo.com", "/api", Prefix, "api"),
        ]);
        let cases = [
            ("bar.foo.com", "/x", Some("root")),
            ("bar.foo.com", "/cart/1", Some("cart")),
            ("bar.foo.com", "/cart", Some("exact")),
            ("baz.foo.com", "/", Some("wild")),
            ("baz.bar.foo.com", "/", Some("any")),
            ("foo.com", "/", Some("any")),
            ("only.foo.com", "/other", None),
        ];
        for (host, path, service) in cases {
            let found = route(std::iter::once(&hosts), host, path);
            assert_eq!(found.map(|(_, it)| it.service.as_str()), service, "{host}{path}");
        }
        let mut fallback = hosts;
        let backend = IngressBackend { service: "late".to_owned(), port: IntOrString::Int(80) };
        fallback.spec.default_backend = Some(backend);
        let found = route(std::iter::once(&fallback), "only.foo.com", "/other");
        assert_eq!(found.map(|(_, it)| it.service.as_str()), Some("late"));
    }
}
