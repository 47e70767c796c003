//! `kubectl describe service`.

use super::{
    Options,
    lines::{annotations, labels},
};
use crate::{
    Object,
    object::{format_labels, listed, or},
    table::elastic,
};

/// So many endpoints are listed.
const LISTED: usize = 3;

/// What is known of a Service, with the endpoints of its slices among these.
#[must_use]
pub fn describe_service(service: Object<'_>, slices: &[Object<'_>], options: Options) -> String {
    let slices = slices.iter().copied().filter(|slice| belongs_to(*slice, service));
    let slices: Vec<Object<'_>> = slices.collect();
    let (kind, selector) = (service.text("spec.type"), service.entries("spec.selector"));
    let mut text = format!("Name:\t{}\nNamespace:\t{}\n", service.name(), service.namespace());
    text.push_str(&labels("Labels", &service.entries("metadata.labels")));
    text.push_str(&annotations("Annotations", &service.entries("metadata.annotations")));
    text.push_str(&format!("Selector:\t{}\nType:\t{kind}\n", format_labels(&selector)));
    text.push_str(&addresses(service));
    text.extend(service.list("spec.ports").map(|it| port(it, &slices)));
    text.push_str(&policies(service.at("spec")));
    if options.events {
        text.push_str("Events:\t<none>\n");
    }
    elastic(&text)
}

/// Lines of titles and texts, but for those that are empty.
fn said<const N: usize>(lines: [(&str, String); N]) -> String {
    let said = lines.into_iter().filter(|(_, text)| !text.is_empty());
    said.map(|(title, text)| format!("{title}:\t{text}\n")).collect()
}

fn joined(object: Object<'_>, path: &str) -> String {
    object.texts(path).collect::<Vec<_>>().join(",")
}

/// What it is reached at.
fn addresses(service: Object<'_>) -> String {
    let spec = service.at("spec");
    let ingress: Vec<String> = service.list("status.loadBalancer.ingress").map(ingress).collect();
    let family = said([("IP Family Policy", spec.text("ipFamilyPolicy").to_owned())]);
    let own = format!(
        "IP Families:\t{}\nIP:\t{}\nIPs:\t{}\n",
        listed(spec.texts("ipFamilies")),
        spec.text("clusterIP"),
        listed(spec.texts("clusterIPs")),
    );
    let outside = said([
        ("External IPs", joined(spec, "externalIPs")),
        ("External Name", spec.text("externalName").to_owned()),
        ("LoadBalancer Ingress", ingress.join(", ")),
    ]);
    family + &own + &outside
}

/// A port, and who is behind it.
fn port(port: Object<'_>, slices: &[Object<'_>]) -> String {
    let (name, protocol) = (port.text("name"), port.text("protocol"));
    let shown = or(name, "<unset>");
    let node_port = match port.number("nodePort") {
        0 => String::new(),
        number => format!("NodePort:\t{shown}\t{number}/{protocol}\n"),
    };
    format!(
        "Port:\t{shown}\t{}/{protocol}\nTargetPort:\t{}/{protocol}\n{node_port}Endpoints:\t{}\n",
        port.number("port"),
        port.int_or_text("targetPort"),
        endpoints(slices, name),
    )
}

/// Who may come in, and where to.
fn policies(spec: Object<'_>) -> String {
    let health = match spec.number("healthCheckNodePort") {
        0 => String::new(),
        port => port.to_string(),
    };
    let affinity = format!("Session Affinity:\t{}\n", spec.text("sessionAffinity"));
    affinity
        + &said([
            ("External Traffic Policy", spec.text("externalTrafficPolicy").to_owned()),
            ("Internal Traffic Policy", spec.text("internalTrafficPolicy").to_owned()),
            ("HealthCheck NodePort", health),
            ("LoadBalancer Source Ranges", joined(spec, "loadBalancerSourceRanges")),
        ])
}

pub(super) fn belongs_to(slice: Object<'_>, service: Object<'_>) -> bool {
    let labels = slice.entries("metadata.labels");
    let name = labels.iter().find(|(key, _)| *key == "kubernetes.io/service-name");
    slice.namespace() == service.namespace()
        && name.is_some_and(|(_, name)| *name == service.name())
}

/// An address that a load balancer was given, with its mode.
fn ingress(ingress: Object<'_>) -> String {
    let address = or(ingress.text("ip"), ingress.text("hostname"));
    match ingress.text("ipMode") {
        "" => address.to_owned(),
        mode => format!("{address} ({mode})"),
    }
}

/// The ready endpoints of a port: the first three, and how many more there are.
pub(super) fn endpoints(slices: &[Object<'_>], port_name: &str) -> String {
    if slices.is_empty() {
        return "<none>".to_owned();
    }
    let mut all = Vec::new();
    for slice in slices {
        let ports = slice.list("ports").filter(|port| port.text("name") == port_name);
        for port in ports {
            let ready = slice.list("endpoints").filter(|endpoint| {
                let ready = endpoint.at("conditions.ready");
                !ready.is_set() || endpoint.flag("conditions.ready")
            });
            let number = port.number("port");
            all.extend(ready.filter_map(|endpoint| {
                let address = endpoint.texts("addresses").next()?.to_owned();
                let address = if address.contains(':') { format!("[{address}]") } else { address };
                Some(format!("{address}:{number}"))
            }));
        }
    }
    let more = all.len().saturating_sub(LISTED);
    all.truncate(LISTED);
    match more {
        0 => all.join(","),
        more => format!("{} + {more} more...", all.join(",")),
    }
}
