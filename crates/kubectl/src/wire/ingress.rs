//! Ingresses.

use api::{
    Ingress, IngressBackend, IngressRule, IntOrString, Kind,
    ingress::{IngressTls, PathType},
};
use serde_json::{Value, json};

use super::{
    fields,
    meta::{api_version, meta},
    networking::load_balancer,
};

pub(super) fn ingress(object: &Ingress) -> Value {
    let spec = &object.spec;
    json!({
        "apiVersion": api_version(Kind::Ingress),
        "kind": "Ingress",
        "metadata": meta(Kind::Ingress, &object.meta),
        "spec": fields([
            ("defaultBackend", spec.default_backend.as_ref().map(backend).into()),
            ("ingressClassName", spec.class_name.clone().into()),
            ("rules", spec.rules.iter().map(rule).collect()),
            ("tls", spec.tls.iter().map(tls).collect()),
        ]),
        "status": { "loadBalancer": load_balancer(&object.addresses) },
    })
}

fn tls(tls: &IngressTls) -> Value {
    fields([("hosts", tls.hosts.clone().into()), ("secretName", tls.secret_name.as_str().into())])
}

fn rule(rule: &IngressRule) -> Value {
    let path = |it: &api::IngressPath| {
        let path_type = match it.path_type {
            PathType::Exact => "Exact",
            PathType::Prefix => "Prefix",
            PathType::ImplementationSpecific => "ImplementationSpecific",
        };
        json!({ "backend": backend(&it.backend), "path": it.path, "pathType": path_type })
    };
    let paths: Vec<Value> = rule.paths.iter().map(path).collect();
    fields([("host", rule.host.clone().into()), ("http", json!({ "paths": paths }))])
}

fn backend(backend: &IngressBackend) -> Value {
    let port = match &backend.port {
        IntOrString::Int(number) => json!({ "number": number }),
        IntOrString::String(name) => json!({ "name": name }),
    };
    json!({ "service": { "name": backend.service, "port": port } })
}
