//! `kubectl describe service`.

use super::LAST_APPLIED;
use crate::{Object, object::format_labels, table::tabbed};

/// So many endpoints are listed.
const LISTED: usize = 3;

/// What is known of a Service, with the endpoints of its slices; whether it has events is said where it
/// stands alone.
#[must_use]
pub fn describe_service(service: Object<'_>, slices: &[Object<'_>], events: bool) -> String {
    let own: Vec<Object<'_>> =
        slices.iter().copied().filter(|slice| belongs_to(*slice, service)).collect();
    let spec = service.at("spec");
    let or_none = |text: String| if text.is_empty() { "<none>".to_owned() } else { text };
    let joined = |path: &str| spec.texts(path).collect::<Vec<_>>().join(",");
    let mut rows: Vec<Vec<String>> = Vec::new();
    let row = |name: &str, value: String| vec![format!("{name}:"), value];
    rows.push(row("Name", service.name().to_owned()));
    rows.push(row("Namespace", service.namespace().to_owned()));
    let labels = service.entries("metadata.labels");
    rows.extend(multiline("Labels", labels.iter().map(|(key, value)| format!("{key}={value}"))));
    let annotations = service.entries("metadata.annotations");
    let annotations = annotations.iter().filter(|(key, _)| *key != LAST_APPLIED);
    let annotations = annotations.map(|(key, value)| format!("{key}: {value}"));
    rows.extend(multiline("Annotations", annotations));
    let mut say = |name: &str, value: String| rows.push(row(name, value));
    say("Selector", format_labels(&service.entries("spec.selector")));
    say("Type", spec.text("type").to_owned());
    let optional = |name: &'static str, text: String| (!text.is_empty()).then_some((name, text));
    let text = |path: &str| spec.text(path).to_owned();
    let ingress: Vec<String> = service.list("status.loadBalancer.ingress").map(ingress).collect();
    let parts = [
        optional("IP Family Policy", text("ipFamilyPolicy")),
        Some(("IP Families", or_none(joined("ipFamilies")))),
        Some(("IP", text("clusterIP"))),
        Some(("IPs", or_none(joined("clusterIPs")))),
        optional("External IPs", joined("externalIPs")),
        optional("External Name", text("externalName")),
        optional("LoadBalancer Ingress", ingress.join(", ")),
    ];
    parts.into_iter().flatten().for_each(|(name, text)| say(name, text));
    for port in spec.list("ports") {
        let (name, protocol) = (port.text("name"), port.text("protocol"));
        let shown = if name.is_empty() { "<unset>" } else { name };
        say("Port", format!("{shown}  {}/{protocol}", port.number("port")));
        say("TargetPort", format!("{}/{protocol}", port.int_or_text("targetPort")));
        if port.number("nodePort") != 0 {
            say("NodePort", format!("{shown}  {}/{protocol}", port.number("nodePort")));
        }
        say("Endpoints", endpoints(&own, name));
    }
    say("Session Affinity", text("sessionAffinity"));
    let health = spec.number("healthCheckNodePort");
    let health = if health == 0 { String::new() } else { health.to_string() };
    let parts = [
        optional("External Traffic Policy", text("externalTrafficPolicy")),
        optional("Internal Traffic Policy", text("internalTrafficPolicy")),
        optional("HealthCheck NodePort", health),
        optional("LoadBalancer Source Ranges", joined("loadBalancerSourceRanges")),
    ];
    parts.into_iter().flatten().for_each(|(name, text)| say(name, text));
    if events {
        say("Events", "<none>".to_owned());
    }
    tabbed(&rows)
}

/// Lines under each other, the first one behind the name; `<none>` of none.
fn multiline(name: &str, lines: impl Iterator<Item = String>) -> Vec<Vec<String>> {
    let mut names = std::iter::once(format!("{name}:")).chain(std::iter::repeat(String::new()));
    let mut rows: Vec<Vec<String>> =
        lines.map(|line| vec![names.next().unwrap_or_default(), line]).collect();
    if rows.is_empty() {
        rows.push(vec![format!("{name}:"), "<none>".to_owned()]);
    }
    rows
}

fn belongs_to(slice: Object<'_>, service: Object<'_>) -> bool {
    let labels = slice.entries("metadata.labels");
    let name = labels.iter().find(|(key, _)| *key == "kubernetes.io/service-name");
    slice.namespace() == service.namespace()
        && name.is_some_and(|(_, name)| *name == service.name())
}

/// An address that a load balancer was given, with its mode.
fn ingress(ingress: Object<'_>) -> String {
    let address = crate::object::or(ingress.text("ip"), ingress.text("hostname"));
    match ingress.text("ipMode") {
        "" => address.to_owned(),
        mode => format!("{address} ({mode})"),
    }
}

/// The ready endpoints of a port: the first three, and how many more there are.
fn endpoints(slices: &[Object<'_>], port_name: &str) -> String {
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
