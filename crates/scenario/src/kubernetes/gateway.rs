//! Gateways: validated as their `CustomResourceDefinition` has it.
//!
//! *Left out:* `tls`, `addresses` and `infrastructure`, which change no request here; and `kinds` of
//! `allowedRoutes`.

use api::{Gateway, Listener, gateway::RoutesFrom};

use super::{Checker, gateway_api, http_route::hostname, names};
use crate::kinds::LeftOutThings;

const FROM: [&str; 4] = ["All", "None", "Same", "Selector"];

/// Reads a Gateway; `None` where not even a name is left.
pub(crate) fn gateway(cx: &mut Checker<'_>, left_out: &mut LeftOutThings) -> Option<Gateway> {
    cx.read(left_out, convert)
}

fn convert(cx: &mut Checker<'_>, read: gateway_api::Gateway) -> Option<Gateway> {
    let meta = cx.meta(read.metadata, names::is_subdomain);
    let class_name = read.spec.gateway_class_name.unwrap_or_default();
    if class_name.is_empty() {
        cx.required("spec.gatewayClassName", "", "name the GatewayClass");
    }
    let written = read.spec.listeners.unwrap_or_default();
    if written.is_empty() {
        cx.required(
            "spec.listeners",
            "",
            "add `listeners: [{ name: http, port: 80, protocol: HTTP }]`",
        );
    }
    let listeners = written.into_iter().enumerate();
    let listeners = listeners
        .filter_map(|(index, it)| listener(cx, &format!("spec.listeners[{index}]"), it))
        .collect();
    (!meta.name.is_empty()).then_some(Gateway { meta, class_name, listeners })
}

fn listener(cx: &mut Checker<'_>, path: &str, written: gateway_api::Listener) -> Option<Listener> {
    let mut text = |field: &str, value: Option<String>, help: &str| {
        let value = value.filter(|value| !value.is_empty());
        if value.is_none() {
            cx.required(&format!("{path}.{field}"), "", help);
        }
        value
    };
    let name = text("name", written.name, "add `name: http`");
    let protocol = text("protocol", written.protocol, "add `protocol: HTTP`");
    let field = format!("{path}.port");
    let port = match written.port {
        Some(port) => cx.port(&field, port),
        None => {
            cx.required(&field, "", "add `port: 80`");
            None
        }
    };
    let own = written.hostname.filter(|own| !own.is_empty());
    if let Some(own) = &own {
        hostname(cx, &format!("{path}.hostname"), own);
    }
    let namespaces = written.allowed_routes.and_then(|it| it.namespaces);
    let from = namespaces.and_then(|it| it.from);
    let from = routes_from(cx, &format!("{path}.allowedRoutes.namespaces.from"), from.as_deref());
    Some(Listener { name: name?, hostname: own, port: port?, protocol: protocol?, from })
}

fn routes_from(cx: &mut Checker<'_>, path: &str, written: Option<&str>) -> RoutesFrom {
    match written {
        None | Some("Same") => RoutesFrom::Same,
        Some("All") => RoutesFrom::All,
        Some("None") => RoutesFrom::None,
        Some("Selector") => {
            let message = format!("{path}: namespaces have no labels here, so every one may come");
            let help = "write All or Same";
            cx.report(crate::Code::FieldNotSimulated, path, message, help);
            RoutesFrom::All
        }
        Some(other) => {
            cx.unsupported(path, other, &FROM);
            RoutesFrom::Same
        }
    }
}
