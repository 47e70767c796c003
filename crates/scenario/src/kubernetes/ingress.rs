//! Ingresses: validated as the API server does it (`pkg/apis/networking/validation`).
//!
//! *Left out:* `tls`, which costs no time here; backends that are no Service; and annotations of
//! controllers.

use api::ingress::{IngressTls, PathType};
use api::{Ingress, IngressBackend, IngressPath, IngressRule, IngressSpec, IntOrString};
use k8s_openapi::api::networking::v1 as networking;

use super::{Checker, names};
use crate::kinds::LeftOutThings;

const PATH_TYPES: [&str; 3] = ["Exact", "ImplementationSpecific", "Prefix"];

/// Reads an Ingress; `None` where not even a name is left.
pub(crate) fn ingress(cx: &mut Checker<'_>, left_out: &mut LeftOutThings) -> Option<Ingress> {
    cx.read(left_out, convert)
}

fn convert(cx: &mut Checker<'_>, read: networking::Ingress) -> Option<Ingress> {
    let meta = cx.meta(read.metadata, names::is_subdomain);
    let written = read.spec.unwrap_or_default();
    let rules = written.rules.unwrap_or_default();
    if rules.is_empty() && written.default_backend.is_none() {
        let detail = "either `defaultBackend` or `rules` must be specified";
        cx.invalid("spec", "[]networking.IngressRule(nil)", detail, "add a rule");
    }
    let default = written.default_backend;
    let default_backend = default.and_then(|it| backend(cx, "spec.defaultBackend", &it));
    let rules = rules.into_iter().enumerate();
    let spec = IngressSpec {
        class_name: written.ingress_class_name,
        default_backend,
        rules: rules.map(|(index, it)| rule(cx, &format!("spec.rules[{index}]"), it)).collect(),
        tls: written.tls.unwrap_or_default().into_iter().map(tls).collect(),
    };
    (!meta.name.is_empty()).then(|| Ingress { meta, spec, addresses: Vec::new() })
}

fn tls(written: networking::IngressTLS) -> IngressTls {
    let hosts = written.hosts.unwrap_or_default();
    IngressTls { hosts, secret_name: written.secret_name.unwrap_or_default() }
}

fn rule(cx: &mut Checker<'_>, path: &str, written: networking::IngressRule) -> IngressRule {
    let host = written.host.filter(|host| !host.is_empty());
    if let Some(host) = &host {
        let bare = host.strip_prefix("*.").unwrap_or(host);
        let field = format!("{path}.host");
        if host.parse::<std::net::IpAddr>().is_ok() {
            let detail = "must be a DNS name, not an IP address";
            cx.invalid(&field, format!("{host:?}"), detail, "write a name, or leave it out");
        } else if let Err(detail) = names::is_subdomain(bare) {
            let help = "write a name in lower case, such as shop.example.com";
            cx.invalid(&field, format!("{host:?}"), &detail, help);
        }
    }
    let paths = written.http.map(|http| http.paths).unwrap_or_default();
    let paths = paths.into_iter().enumerate().filter_map(|(index, it)| {
        let field = format!("{path}.http.paths[{index}]");
        http_path(cx, &field, it)
    });
    let paths = paths.collect();
    IngressRule { host, paths }
}

fn http_path(
    cx: &mut Checker<'_>,
    field: &str,
    written: networking::HTTPIngressPath,
) -> Option<IngressPath> {
    let path_type = match written.path_type.as_str() {
        "Exact" => PathType::Exact,
        "Prefix" => PathType::Prefix,
        "ImplementationSpecific" => PathType::ImplementationSpecific,
        "" => {
            cx.required(
                &format!("{field}.pathType"),
                "pathType must be specified",
                "add `pathType: Prefix`",
            );
            PathType::Prefix
        }
        other => {
            cx.unsupported(&format!("{field}.pathType"), other, &PATH_TYPES);
            PathType::Prefix
        }
    };
    let path = written.path.unwrap_or_default();
    let unsaid = path.is_empty() && path_type == PathType::ImplementationSpecific;
    if !unsaid && !path.starts_with('/') {
        let detail = "must be an absolute path";
        cx.invalid(&format!("{field}.path"), format!("{path:?}"), detail, "begin it with `/`");
    }
    let path = if path.is_empty() { "/".to_owned() } else { path };
    let backend = backend(cx, &format!("{field}.backend"), &written.backend)?;
    Some(IngressPath { path, path_type, backend })
}

fn backend(
    cx: &mut Checker<'_>,
    field: &str,
    written: &networking::IngressBackend,
) -> Option<IngressBackend> {
    let Some(service) = &written.service else {
        let message = format!("{field}: a backend that is no Service is not simulated");
        let help = "name a Service, or expect no answer at this path";
        cx.report(crate::Code::FieldNotSimulated, field, message, help);
        return None;
    };
    if service.name.is_empty() {
        cx.required(&format!("{field}.service.name"), "", "name the Service");
    }
    let port = service.port.as_ref();
    let number = port.and_then(|port| port.number).filter(|number| *number != 0);
    let name = port.and_then(|port| port.name.clone()).filter(|name| !name.is_empty());
    let port = match (number, name) {
        (Some(_), Some(_)) => {
            let detail = "cannot set both port name & port number";
            cx.invalid(field, "\"\"", detail, "delete one of the two");
            return None;
        }
        (Some(number), None) => {
            cx.port(&format!("{field}.service.port.number"), number)?;
            IntOrString::Int(number)
        }
        (None, Some(name)) => IntOrString::String(name),
        (None, None) => {
            cx.required(field, "port name or number is required", "add `port: { number: 80 }`");
            return None;
        }
    };
    Some(IngressBackend { service: service.name.clone(), port })
}
