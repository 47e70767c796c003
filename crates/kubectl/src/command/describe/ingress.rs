//! `kubectl describe ingress`.

use super::{
    Options,
    lines::{annotations, labels},
    service::{belongs_to, endpoints},
};
use crate::{Object, object::or, printers::load_balancer, table::elastic};

/// What is known of an Ingress, with the Services that it leads to and their slices among these.
#[must_use]
pub fn describe_ingress(
    ingress: Object<'_>,
    services: &[Object<'_>],
    slices: &[Object<'_>],
    options: Options,
) -> String {
    let backend = |it: Object<'_>| backend(it, ingress.namespace(), services, slices);
    let default = ingress.at("spec.defaultBackend");
    let default = if default.is_set() { backend(default) } else { "<default>".to_owned() };
    let mut text = format!("Name:\t{}\n", ingress.name());
    text.push_str(&labels("Labels", &ingress.entries("metadata.labels")));
    text.push_str(&format!(
        "Namespace:\t{}\nAddress:\t{}\nIngress Class:\t{}\nDefault backend:\t{default}\n",
        ingress.namespace(),
        load_balancer(ingress, true),
        or(ingress.text("spec.ingressClassName"), "<none>"),
    ));
    let certificates: String = ingress.list("spec.tls").map(certificate).collect();
    if !certificates.is_empty() {
        text.push_str(&format!("TLS:\n{certificates}"));
    }
    text.push_str("Rules:\n  Host\tPath\tBackends\n  ----\t----\t--------\n");
    let rules = ingress.list("spec.rules").filter(|rule| rule.at("http").is_set());
    let rules: String = rules.map(|it| rule(it, &backend)).collect();
    text.push_str(&match rules.is_empty() {
        true => format!("  *\t*\t{default}\n"),
        false => rules,
    });
    text.push_str(&annotations("Annotations", &ingress.entries("metadata.annotations")));
    if options.events {
        text.push_str("Events:\t<none>\n");
    }
    elastic(&text)
}

fn certificate(tls: Object<'_>) -> String {
    let hosts = tls.texts("hosts").collect::<Vec<_>>().join(",");
    match tls.text("secretName") {
        "" => format!("  SNI routes {hosts}\n"),
        secret => format!("  {secret} terminates {hosts}\n"),
    }
}

fn rule(rule: Object<'_>, backend: &dyn Fn(Object<'_>) -> String) -> String {
    let paths = rule
        .list("http.paths")
        .map(|path| format!("    \t{} \t{}\n", path.text("path"), backend(path.at("backend"))));
    format!("  {}\t\n{}", or(rule.text("host"), "*"), paths.collect::<String>())
}

/// A Service's port, and who is behind it.
fn backend(
    backend: Object<'_>,
    namespace: &str,
    services: &[Object<'_>],
    slices: &[Object<'_>],
) -> String {
    let (name, port) = (backend.text("service.name"), backend.at("service.port"));
    let number = port.number("number");
    let shown = if number == 0 { port.text("name").to_owned() } else { number.to_string() };
    let mut here = services.iter().filter(|service| service.namespace() == namespace);
    let Some(service) = here.find(|service| service.name() == name) else {
        return format!("{name}:{shown} (<error: services \"{name}\" not found>)");
    };
    // The last one counts where several have the name or the number.
    let meant = service.list("spec.ports").rfind(|it| {
        let by_number = number != 0 && it.number("port") == number;
        by_number || (number == 0 && it.text("name") == port.text("name"))
    });
    let port_name = meant.map_or("", |port| port.text("name"));
    let own: Vec<Object<'_>> =
        slices.iter().copied().filter(|slice| belongs_to(*slice, *service)).collect();
    format!("{name}:{shown} ({})", endpoints(&own, port_name))
}
