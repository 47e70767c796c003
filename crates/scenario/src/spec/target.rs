//! Where a client's requests go: a URL, and the Service it means.

use std::net::IpAddr;

use api::{IntOrString, Key, Protocol, Service, ServicePort, service::ServiceType};

use super::{
    Known,
    item::{Item, Reading},
    rule::{is_of_a_rule, who_has},
    variables::{self, Variable},
};
use crate::{Backend, Code, From, Host, Port, Target, diagnostic::suggest};

/// CoreDNS follows so many names that stand for others (`plugin/backend_lookup.go`).
const LONGEST_CHAIN: usize = 8;

/// A URL in its parts, with the byte offsets of those that complaints point at.
pub(super) struct Url<'a> {
    pub(super) host: &'a str,
    pub(super) host_offset: usize,
    port: Option<&'a str>,
    port_offset: usize,
    pub(super) protocol: Protocol,
    /// Of its scheme; UDP has none.
    default_port: Option<u16>,
}

impl Url<'_> {
    /// The port it names, or its scheme's; `None` of a text that is no port.
    pub(super) fn number(&self) -> Option<u16> {
        let Some(written) = self.port else { return self.default_port };
        written.parse().ok().filter(|number| *number > 0)
    }

    /// The ports of a Service that it can mean.
    fn ports<'s>(&self, service: &'s Service) -> impl Iterator<Item = &'s ServicePort> {
        let protocol = self.protocol;
        service.spec.ports.iter().filter(move |port| port.protocol == protocol)
    }
}

fn split(text: &str) -> Option<Url<'_>> {
    let (scheme, rest) = text.split_once("://")?;
    let (protocol, default_port) = match scheme {
        "http" => (Protocol::Tcp, Some(80)),
        "https" => (Protocol::Tcp, Some(443)),
        "udp" => (Protocol::Udp, None),
        _ => return None,
    };
    let host_offset = text.len() - rest.len();
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let bracket = authority.rfind(']').map_or(0, |at| at + 1);
    let colon = authority[bracket..].find(':').map(|at| at + bracket);
    let (host, port) = match colon {
        Some(at) => (&authority[..at], Some(&authority[at + 1..])),
        None => (authority, None),
    };
    let port_offset = host_offset + host.len() + 1;
    let url = Url { host, host_offset, port, port_offset, protocol, default_port };
    (!host.is_empty()).then_some(url)
}

/// The Service that a name means to a pod of a namespace; `Err` says why it means none. With
/// `rewrites` the cluster's DNS knows the short name of the course too.
pub(super) fn service_key(host: &str, namespace: &str, rewrites: bool) -> Result<Key, String> {
    let host = host.strip_suffix('.').unwrap_or(host).to_lowercase();
    let labels: Vec<&str> = host.split('.').collect();
    match labels.as_slice() {
        [name] => Ok(Key::new(namespace, *name)),
        [name, namespace]
        | [name, namespace, "svc"]
        | [name, namespace, "svc", "cluster", "local"] => Ok(Key::new(*namespace, *name)),
        // A pod of a headless Service, by its host name.
        [_, name, namespace, "svc"] | [_, name, namespace, "svc", "cluster", "local"] => {
            Ok(Key::new(*namespace, *name))
        }
        [name, namespace, "cluster", "local"] if rewrites => Ok(Key::new(*namespace, *name)),
        [name, namespace, "cluster", "local"] => Err(format!(
            "`{host}` does not resolve without a rewrite rule: the name of a Service is {name}.{namespace}.svc.cluster.local"
        )),
        _ => Err(format!("`{host}` is not the name of a Service in this cluster")),
    }
}

impl Reading<'_> {
    /// `target` of a client.
    pub(super) fn target(
        &mut self,
        item: &Item<'_>,
        from: &From,
        known: &Known<'_>,
    ) -> Option<Target> {
        let text = self.text(item)?;
        let Some(url) = split(&text) else {
            let message = format!("{}: {text:?} is not a URL", item.path());
            self.report(
                Code::BadValue,
                item,
                message,
                "write http://NAME/, http://NAME.NAMESPACE:PORT/ or udp://NAME:PORT",
            );
            return None;
        };
        let namespace = match from {
            From::Pods { namespace, .. } => &**namespace,
            From::Node(_) | From::Outside => "default",
        };
        if *from == From::Outside && url.protocol == Protocol::Tcp && is_of_a_rule(&url, known) {
            return self.by_rule(item, &text, &url, known);
        }
        let bare = url.host.trim_start_matches('[').trim_end_matches(']');
        let address: Option<IpAddr> = bare.parse().ok();
        let variable = variables::name_in(url.host);
        let service = match (address, variable) {
            (Some(address), _) => self.service_at(item, &url, address, known)?,
            (None, Some(name)) => {
                self.in_a_container(item, &url, from)?;
                let at = (name, url.host_offset);
                match self.variable(item, at, namespace, known)? {
                    Variable::Host(service) => service,
                    Variable::Port(_) => {
                        let message = format!("`{name}` is a port, not an address");
                        let help = "write $(NAME_SERVICE_HOST):$(NAME_SERVICE_PORT)";
                        self.report_inside(Code::BadValue, item, url.host_offset, message, help);
                        return None;
                    }
                }
            }
            (None, None) => self.service_named(item, &url, namespace, known)?,
        };
        let service = self.behind_alias(item, &url, service, known)?;
        let port = self.port(item, &url, namespace, known)?;
        // A load balancer has the Service's own ports, and a node has its node ports.
        let balanced = *from == From::Outside
            && service.spec.kind == ServiceType::LoadBalancer
            && url.ports(service).any(|it| it.port == port.number());
        let port = match port {
            // Its name leads to the pods themselves, and so to the ports that they listen on.
            port if service.spec.headless => {
                self.reachable(item, &url, service, from)?;
                port
            }
            Port::Number(number) => {
                Port::Number(self.service_port(item, (&url, number), service, (from, known))?)
            }
            Port::Variable(name, number) => Port::Variable(
                name,
                self.service_port(item, (&url, number), service, (from, known))?,
            ),
        };
        let port_number = port.number();
        let host = address.map_or_else(|| host_of(&url, variable), Host::Address);
        Some(Target {
            url: text.clone(),
            protocol: url.protocol,
            host,
            port,
            service: service.meta.key(),
            backend: backend(service, port_number),
            balanced,
            routed: Vec::new(),
        })
    }

    /// The Service that a Service of type ExternalName stands for, or that one itself.
    fn behind_alias<'k>(
        &mut self,
        item: &Item<'_>,
        url: &Url<'_>,
        service: &'k Service,
        known: &Known<'k>,
    ) -> Option<&'k Service> {
        let mut behind = service;
        for _ in 0..LONGEST_CHAIN {
            let Some(host) = &behind.spec.external_name else { return Some(behind) };
            let labels = host.trim_end_matches('.').split('.').count();
            let whole = host.trim_end_matches('.').ends_with(".cluster.local") && labels > 4;
            let key = service_key(host, "", false).ok().filter(|_| whole);
            let Some(written) = key.and_then(|key| known.service(&key)) else { break };
            behind = &written.object;
        }
        let (key, host) = (service.meta.key(), service.spec.external_name.as_deref());
        let message = format!(
            "Service `{key}` stands for {}, which is no Service of this cluster",
            host.unwrap_or_default()
        );
        let help =
            "hosts outside are not simulated: name a Service by NAME.NAMESPACE.svc.cluster.local";
        self.report_inside(Code::NotYet, item, url.host_offset, message, help);
        None
    }

    /// Complains where a client that is in no container has a variable in its target.
    fn in_a_container(&mut self, item: &Item<'_>, url: &Url<'_>, from: &From) -> Option<()> {
        if matches!(from, From::Pods { .. }) {
            return Some(());
        }
        let message = "a client that is in no pod has no environment to find variables in";
        let help = "write the Service's name, or let it send from pods: `from: { pods: app=shop }`";
        self.report_inside(Code::BadValue, item, url.host_offset, message.to_owned(), help);
        None
    }

    fn service_at<'k>(
        &mut self,
        item: &Item<'_>,
        url: &Url<'_>,
        address: IpAddr,
        known: &Known<'k>,
    ) -> Option<&'k Service> {
        let services = || known.services().map(|written| &written.object);
        let found = services().find(|service| service.spec.cluster_ip == Some(address));
        if found.is_none() {
            let message = format!("no Service states the address {address}");
            let help = "state it as `clusterIP` of a Service, or use the Service's name";
            self.report_inside(Code::UnknownService, item, url.host_offset, message, help);
        }
        found
    }

    fn service_named<'k>(
        &mut self,
        item: &Item<'_>,
        url: &Url<'_>,
        namespace: &str,
        known: &Known<'k>,
    ) -> Option<&'k Service> {
        let rewrites = known.cluster.dns.rewrites;
        let key = match service_key(url.host, namespace, true) {
            Ok(key) => {
                if let Err(message) = service_key(url.host, namespace, rewrites) {
                    let help = "write the whole name, or leave out `rewrites` of `cluster.dns`";
                    let code = Code::NameUnresolved;
                    self.report_inside(code, item, url.host_offset, message, help);
                }
                key
            }
            Err(message) => {
                let help = if let Some(rule) = who_has(url.host, known) {
                    &format!("{rule} has that host: write `from: outside`")
                } else {
                    "write NAME, NAME.NAMESPACE or NAME.NAMESPACE.svc.cluster.local"
                };
                self.report_inside(Code::UnknownService, item, url.host_offset, message, help);
                return None;
            }
        };
        if let Some(written) = known.service(&key) {
            return Some(&written.object);
        }
        if !known.incomplete() {
            let metas = || known.services().map(|written| &written.object.meta);
            let elsewhere = metas().find(|meta| meta.name == key.name);
            let help = match elsewhere {
                Some(meta) => format!(
                    "there is one in another namespace: write http://{}.{}",
                    meta.name, meta.namespace
                ),
                None => {
                    let here = metas().filter(|meta| meta.namespace == key.namespace);
                    suggest(&key.name, "Service", here.map(|meta| &*meta.name))
                }
            };
            let message = format!("there is no Service `{key}`");
            self.report_inside(Code::UnknownService, item, url.host_offset, message, help);
        }
        None
    }

    /// The port the URL has, or its scheme's.
    fn port(
        &mut self,
        item: &Item<'_>,
        url: &Url<'_>,
        namespace: &str,
        known: &Known<'_>,
    ) -> Option<Port> {
        let written = url.port.unwrap_or_default();
        if let Some(name) = variables::name_in(written) {
            let at = (name, url.port_offset);
            if let Variable::Port(number) = self.variable(item, at, namespace, known)? {
                return Some(Port::Variable(name.to_owned(), number));
            }
        }
        let number = url.number();
        if number.is_none() {
            let (offset, message) = match url.port {
                Some(_) => (url.port_offset, format!("{}: {written:?} is not a port", item.path())),
                None => (url.host_offset, format!("{}: UDP has no port by default", item.path())),
            };
            let help = "write a number from 1 to 65535 after a colon";
            self.report_inside(Code::BadValue, item, offset, message, help);
        }
        number.map(Port::Number)
    }

    /// Complains where a client outside asks for a Service that is for the cluster alone.
    fn reachable(
        &mut self,
        item: &Item<'_>,
        url: &Url<'_>,
        service: &Service,
        from: &From,
    ) -> Option<()> {
        let inside_only = service.spec.kind == ServiceType::ClusterIP;
        if *from != From::Outside || !inside_only {
            return Some(());
        }
        let message = format!("Service `{}` cannot be reached from outside", service.meta.key());
        let help = "give it `type: NodePort` or `type: LoadBalancer`, or let the client be inside";
        self.report_inside(Code::NotReachable, item, url.host_offset, message, help);
        None
    }

    /// The port of the Service that the URL leads to, now or once a step has applied another version.
    fn service_port(
        &mut self,
        item: &Item<'_>,
        (url, number): (&Url<'_>, u16),
        service: &Service,
        (from, known): (&From, &Known<'_>),
    ) -> Option<u16> {
        self.reachable(item, url, service, from)?;
        let (key, outside) = (service.meta.key(), *from == From::Outside);
        let versions = || known.services().filter(|written| written.object.meta.key() == key);
        let ports = || versions().flat_map(|written| url.ports(&written.object));
        let found = ports()
            .find(|port| port.port == number)
            .or_else(|| ports().find(|port| outside && port.node_port == Some(number)));
        if found.is_none() {
            let offset = if url.port.is_some() { url.port_offset } else { url.host_offset };
            let of = if url.protocol == Protocol::Udp { "UDP port" } else { "port" };
            let message = format!("Service `{key}` has no {of} {number}");
            let help = ports_of(service, url, number);
            self.report_inside(Code::UnknownPort, item, offset, message, help);
        }
        found.map(|port| port.port)
    }
}

/// The ports a Service has, for one who asked for another.
fn ports_of(service: &Service, url: &Url<'_>, asked: u16) -> String {
    let (ports, name) = (|| url.ports(service), url.protocol.name());
    let numbers: Vec<String> = ports().map(|port| port.port.to_string()).collect();
    let behind = IntOrString::Int(asked.into());
    match (ports().find(|port| port.target_port == behind), numbers.as_slice()) {
        (Some(port), _) => {
            format!("{asked} is the port of its pods; the Service's own is {}", port.port)
        }
        (None, []) => format!("it has no {name} port at all"),
        (None, [only]) => format!("its only {name} port is {only}"),
        (None, many) => format!("its {name} ports are {}", many.join(", ")),
    }
}

/// A host that is no address.
fn host_of(url: &Url<'_>, variable: Option<&str>) -> Host {
    match variable {
        Some(name) => Host::Variable(name.to_owned()),
        None => Host::Name(url.host.to_owned()),
    }
}

/// The port of a Service that leads to pods, by its number.
fn backend(service: &Service, number: u16) -> Option<Backend> {
    let ports = &service.spec.ports;
    // Names of a headless Service lead to pods at the pods' own port.
    let only = ports.first().filter(|_| service.spec.headless && ports.len() == 1);
    let port = ports.iter().find(|port| port.port == number).or(only)?;
    service.spec.selector.as_ref()?;
    Some(Backend { service: service.meta.key(), port_name: port.name.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mean_what_they_mean_to_a_pod() {
        let cases = [
            ("web", "shop/web"),
            ("web.prod", "prod/web"),
            ("web.prod.svc", "prod/web"),
            ("web.prod.svc.cluster.local", "prod/web"),
            ("WEB.prod.svc.cluster.local.", "prod/web"),
        ];
        for (host, key) in cases {
            let found = service_key(host, "shop", false).map(|key| key.to_string());
            assert_eq!(found, Ok(key.to_owned()));
        }
        for host in ["web.prod.cluster.local", "a.b.c", "example.com.svc.x"] {
            assert!(service_key(host, "shop", false).is_err(), "{host}");
        }
        let short = service_key("web.prod.cluster.local", "shop", true);
        assert_eq!(short, Ok(Key::new("prod", "web")), "by the rewrite rule");
    }

    #[test]
    fn urls_are_split_at_their_ports() {
        let parts =
            |text| split(text).map(|url| (url.host.to_owned(), url.port.map(str::to_owned)));
        assert_eq!(parts("http://web/"), Some(("web".to_owned(), None)));
        assert_eq!(
            parts("https://web:8443/a:b"),
            Some(("web".to_owned(), Some("8443".to_owned())))
        );
        assert_eq!(
            parts("http://[fd00::1]:80"),
            Some(("[fd00::1]".to_owned(), Some("80".to_owned())))
        );
        assert_eq!(parts("udp://dns:53"), Some(("dns".to_owned(), Some("53".to_owned()))));
        for text in ["web", "http://", "http:///x", "ftp://web", "udp://", ""] {
            assert_eq!(parts(text), None, "{text}");
        }
    }
}
