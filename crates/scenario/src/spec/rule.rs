//! Where a rule of an Ingress or of an HTTPRoute leads a client's requests to.

use api::{Gateway, HostMatch, HttpRoute, HttpRouteRule, Ingress, Key, http_route, ingress};

use super::{
    Known,
    item::{Item, Reading},
    target::{Url, service_key},
};
use crate::{
    Code, Host, Port, Target, diagnostic::suggest, objects::backends, scenario::Backend,
    scenario::WeightedBackend,
};

/// Whether a host is the matter of a rule: no Service has that name.
pub(super) fn is_of_a_rule(url: &Url<'_>, known: &Known<'_>) -> bool {
    let key = service_key(url.host, "default", known.cluster.dns.rewrites);
    let named = key.is_ok_and(|key| known.service(&key).is_some());
    let objects = known.objects;
    let any = !objects.ingresses.is_empty() || !objects.http_routes.is_empty();
    any && !named
}

/// What has a host of just that name.
pub(super) fn who_has(host: &str, known: &Known<'_>) -> Option<&'static str> {
    let mut rules = ingresses(known).flat_map(|it| &it.spec.rules);
    let mut names = routes(known).flat_map(|it| &it.spec.hostnames);
    if rules.any(|rule| rule.host.as_deref() == Some(host)) {
        return Some("an Ingress");
    }
    names.any(|name| name == host).then_some("an HTTPRoute")
}

fn ingresses<'a>(known: &Known<'a>) -> impl Iterator<Item = &'a Ingress> + Clone + use<'a> {
    known.objects.ingresses.iter().map(|written| &written.object)
}

fn routes<'a>(known: &Known<'a>) -> impl Iterator<Item = &'a HttpRoute> + Clone + use<'a> {
    known.objects.http_routes.iter().map(|written| &written.object)
}

/// The path of a URL, without query and fragment.
fn path_of<'a>(text: &'a str, url: &Url<'_>) -> &'a str {
    let rest = &text[url.host_offset..];
    let path = rest.find('/').map_or("/", |at| &rest[at..]);
    path.split(['?', '#']).next().unwrap_or(path)
}

impl Reading<'_> {
    /// Where a rule leads a URL to. Of an Ingress and an HTTPRoute that have its host the one that names
    /// it more closely counts, and the HTTPRoute where neither does.
    pub(super) fn by_rule(
        &mut self,
        item: &Item<'_>,
        text: &str,
        url: &Url<'_>,
        known: &Known<'_>,
    ) -> Option<Target> {
        let path = path_of(text, url);
        let gateways: Vec<&Gateway> =
            known.objects.gateways.iter().map(|written| &written.object).collect();
        // What is no port is complained of where a Service is looked for.
        let asked = (url.host, url.number().unwrap_or_default());
        let by_ingress = ingress::host_match(ingresses(known), url.host);
        let host_match = |it: &HttpRoute| it.host_match(&gateways, asked.0, asked.1);
        let by_route = routes(known).filter_map(host_match).max();
        let routed = if is_for_the_route(by_route, by_ingress) {
            let (route, rule) = http_route::route(routes(known), &gateways, asked, path)
                .or_else(|| self.no_rule(item, (url, path), known))?;
            of_route(route, rule, known)
        } else {
            let (ingress, backend) = ingress::route(ingresses(known), url.host, path)
                .or_else(|| self.no_rule(item, (url, path), known))?;
            of_ingress(ingress, backend, known)
        };
        let greatest = routed.iter().rev().filter(|it| it.backend.is_some());
        let main = greatest.max_by_key(|it| it.weight).and_then(|it| it.backend.as_ref());
        Some(Target {
            backend: None,
            url: text.to_owned(),
            protocol: url.protocol,
            host: Host::Name(url.host.to_owned()),
            port: Port::Number(main.and_then(|it| port_of(it, known)).unwrap_or(80)),
            service: main.map_or_else(|| Key::new("", ""), |it| it.service.clone()),
            balanced: false,
            routed,
        })
    }

    /// Complains where no rule is for a URL.
    fn no_rule<T>(
        &mut self,
        item: &Item<'_>,
        (url, path): (&Url<'_>, &str),
        known: &Known<'_>,
    ) -> Option<T> {
        let rules = || ingresses(known).flat_map(|it| &it.spec.rules);
        let has = |route: &&HttpRoute| route.spec.hostnames.iter().any(|name| name == url.host);
        let own_rules = rules().filter(|rule| rule.host.as_deref() == Some(url.host));
        let own_paths = own_rules.flat_map(|rule| &rule.paths).map(|own| own.path.as_str());
        let own_routes = routes(known).filter(has).flat_map(|it| &it.spec.rules);
        let matches = own_routes.flat_map(|rule| &rule.matches).map(|own| own.path.as_str());
        let paths: Vec<&str> = own_paths.chain(matches).collect();
        let hosts = rules().filter_map(|rule| rule.host.as_deref());
        let names = routes(known).flat_map(|it| &it.spec.hostnames).map(String::as_str);
        let admitted = routes(known).filter(has).all(|it| it.spec.parents.is_empty());
        let help = match &paths[..] {
            [] => suggest(url.host, "host", hosts.chain(names)),
            paths if admitted => format!("the rules for that host are for {}", paths.join(", ")),
            paths => format!(
                "the rules for that host are for {}, at the ports and hosts of their Gateways' listeners",
                paths.join(", ")
            ),
        };
        let of = match routes(known).next() {
            Some(_) => "an Ingress or HTTPRoute",
            None => "an Ingress",
        };
        let message =
            format!("no rule of {of} is for {}{path}, and no Service has that name", url.host);
        self.report_inside(Code::UnknownService, item, url.host_offset, message, &help);
        None
    }
}

fn is_for_the_route(by_route: Option<HostMatch>, by_ingress: Option<HostMatch>) -> bool {
    by_route.is_some() && by_route >= by_ingress
}

/// The number of a backend's port.
fn port_of(backend: &Backend, known: &Known<'_>) -> Option<u16> {
    let mut ports = known.service(&backend.service)?.object.spec.ports.iter();
    ports.find(|port| port.name == backend.port_name).map(|port| port.port)
}

/// The one backend of an Ingress.
fn of_ingress(
    ingress: &Ingress,
    backend: &api::IngressBackend,
    known: &Known<'_>,
) -> Vec<WeightedBackend> {
    let service = Key::new(ingress.meta.namespace.clone(), backend.service.as_str());
    let written = known.service(&service).map(|written| &written.object);
    let port = written.and_then(|it| it.spec.ports.get(backends::port(it, backend)?));
    // What is written for a port that is not there is no port's name: a number has no letter.
    let port_name = port.map_or_else(|| backend.port.to_string(), |port| port.name.clone());
    vec![WeightedBackend { backend: Some(Backend { service, port_name }), weight: 1 }]
}

/// The backends of a rule of an HTTPRoute; one that leads nowhere where it has none.
fn of_route(route: &HttpRoute, rule: &HttpRouteRule, known: &Known<'_>) -> Vec<WeightedBackend> {
    let backends = rule.backends.iter().map(|own| {
        let service = route.backend_key(own);
        let written = known.service(&service).map(|written| &written.object);
        let port = backends::route_port(route, own, written);
        let backend = port.map(|port| Backend { service, port_name: port.name.clone() });
        WeightedBackend { backend, weight: own.weight }
    });
    let backends: Vec<WeightedBackend> = backends.collect();
    match backends.is_empty() {
        true => vec![WeightedBackend { backend: None, weight: 1 }],
        false => backends,
    }
}
