//! Ingresses, their classes, and the ranges of Service addresses.

use super::{Options, Printer, always, first_few, service::load_balancer};
use crate::object::{Object, listed, or};

pub(super) const INGRESS: Printer = Printer {
    kind: "Ingress",
    columns: &[
        always("NAME"),
        always("CLASS"),
        always("HOSTS"),
        always("ADDRESS"),
        always("PORTS"),
        always("AGE"),
    ],
    cells: ingress,
};

pub(super) const INGRESS_CLASS: Printer = Printer {
    kind: "IngressClass",
    columns: &[always("NAME"), always("CONTROLLER"), always("PARAMETERS"), always("AGE")],
    cells: ingress_class,
};

pub(super) const SERVICE_CIDR: Printer = Printer {
    kind: "ServiceCIDR",
    columns: &[always("NAME"), always("CIDRS"), always("AGE")],
    cells: service_cidr,
};

fn ingress(object: Object<'_>, options: &Options) -> Vec<String> {
    let hosts: Vec<String> = object
        .list("spec.rules")
        .map(|rule| rule.text("host").to_owned())
        .filter(|host| !host.is_empty())
        .collect();
    let ports = if object.list("spec.tls").next().is_some() { "80, 443" } else { "80" };
    vec![
        object.name().to_owned(),
        or(object.text("spec.ingressClassName"), "<none>").to_owned(),
        if hosts.is_empty() { "*".to_owned() } else { first_few(&hosts, 3) },
        load_balancer(object, options.wide),
        ports.to_owned(),
        object.age(options.now),
    ]
}

fn ingress_class(object: Object<'_>, options: &Options) -> Vec<String> {
    let annotations = object.at("metadata.annotations");
    let mark = annotations.field("ingressclass.kubernetes.io/is-default-class");
    let default = mark.is_text("true");
    let parameters = object.at("spec.parameters");
    let parameters = if parameters.is_set() {
        let (group, kind) = (parameters.text("apiGroup"), parameters.text("kind"));
        let dot = if group.is_empty() { "" } else { "." };
        format!("{kind}{dot}{group}/{}", parameters.text("name"))
    } else {
        "<none>".to_owned()
    };
    vec![
        format!("{}{}", object.name(), if default { " (default)" } else { "" }),
        object.text("spec.controller").to_owned(),
        parameters,
        object.age(options.now),
    ]
}

fn service_cidr(object: Object<'_>, options: &Options) -> Vec<String> {
    vec![object.name().to_owned(), listed(object.texts("spec.cidrs")), object.age(options.now)]
}
