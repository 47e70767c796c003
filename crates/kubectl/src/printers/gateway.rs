//! Gateways and HTTPRoutes, whose columns their definitions (`CustomResourceDefinition`) state.

use serde_json::Value;

use super::{Options, Printer, always};
use crate::object::Object;

pub(super) const GATEWAY: Printer = Printer {
    kind: "Gateway",
    columns: &[
        always("NAME"),
        always("CLASS"),
        always("ADDRESS"),
        always("PROGRAMMED"),
        always("AGE"),
    ],
    cells: gateway,
};

pub(super) const HTTP_ROUTE: Printer = Printer {
    kind: "HTTPRoute",
    columns: &[always("NAME"), always("HOSTNAMES"), always("AGE")],
    cells: http_route,
};

fn gateway(object: Object<'_>, options: &Options) -> Vec<String> {
    let addresses: Vec<&str> =
        object.list("status.addresses").map(|address| address.text("value")).collect();
    let programmed = object.list("status.conditions").find(|it| it.text("type") == "Programmed");
    vec![
        object.name().to_owned(),
        object.text("spec.gatewayClassName").to_owned(),
        addresses.join(","),
        programmed.map_or(String::new(), |it| it.text("status").to_owned()),
        object.age(options.now),
    ]
}

/// The host names stand there as JSON has them.
fn http_route(object: Object<'_>, options: &Options) -> Vec<String> {
    let hostnames: Vec<Value> = object.texts("spec.hostnames").map(Value::from).collect();
    let hostnames =
        if hostnames.is_empty() { String::new() } else { Value::from(hostnames).to_string() };
    vec![object.name().to_owned(), hostnames, object.age(options.now)]
}
