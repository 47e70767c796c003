//! Gateways and HTTPRoutes.

use api::{
    Gateway, HttpBackendRef, HttpRoute, HttpRouteRule, Kind, Listener,
    gateway::RoutesFrom,
    http_route::{HttpRouteMatch, ParentRef, PathMatch},
};
use serde_json::{Value, json};

use super::{
    fields,
    meta::{api_version, meta},
};

const GROUP: &str = "gateway.networking.k8s.io";

pub(super) fn gateway(object: &Gateway) -> Value {
    json!({
        "apiVersion": api_version(Kind::Gateway),
        "kind": "Gateway",
        "metadata": meta(Kind::Gateway, &object.meta),
        "spec": {
            "gatewayClassName": object.class_name,
            "listeners": object.listeners.iter().map(listener).collect::<Vec<_>>(),
        },
    })
}

fn listener(listener: &Listener) -> Value {
    let from = match listener.from {
        RoutesFrom::Same => "Same",
        RoutesFrom::All => "All",
        RoutesFrom::None => "None",
    };
    fields([
        ("allowedRoutes", json!({ "namespaces": { "from": from } })),
        ("hostname", listener.hostname.clone().into()),
        ("name", listener.name.as_str().into()),
        ("port", listener.port.into()),
        ("protocol", listener.protocol.as_str().into()),
    ])
}

pub(super) fn http_route(object: &HttpRoute) -> Value {
    let spec = &object.spec;
    json!({
        "apiVersion": api_version(Kind::HttpRoute),
        "kind": "HTTPRoute",
        "metadata": meta(Kind::HttpRoute, &object.meta),
        "spec": fields([
            ("hostnames", spec.hostnames.clone().into()),
            ("parentRefs", spec.parents.iter().map(parent).collect()),
            ("rules", spec.rules.iter().map(rule).collect()),
        ]),
    })
}

fn parent(parent: &ParentRef) -> Value {
    fields([
        ("group", GROUP.into()),
        ("kind", "Gateway".into()),
        ("name", parent.name.as_str().into()),
        ("namespace", parent.namespace.clone().into()),
        ("port", parent.port.into()),
        ("sectionName", parent.section_name.clone().into()),
    ])
}

fn rule(rule: &HttpRouteRule) -> Value {
    fields([
        ("backendRefs", rule.backends.iter().map(backend).collect()),
        ("matches", rule.matches.iter().map(path).collect()),
    ])
}

fn path(own: &HttpRouteMatch) -> Value {
    let path_match = match own.path_match {
        PathMatch::Exact => "Exact",
        PathMatch::PathPrefix => "PathPrefix",
        PathMatch::RegularExpression => "RegularExpression",
    };
    json!({ "path": { "type": path_match, "value": own.path } })
}

fn backend(backend: &HttpBackendRef) -> Value {
    fields([
        ("group", Value::Null),
        ("kind", "Service".into()),
        ("name", backend.name.as_str().into()),
        ("namespace", backend.namespace.clone().into()),
        ("port", backend.port.into()),
        ("weight", backend.weight.into()),
    ])
}
