//! HTTPRoutes: validated as their `CustomResourceDefinition` has it, with its defaults.
//!
//! *Left out:* filters, timeouts, retries and session persistence; matches by method, headers or query
//! parameters, which no request here has; and backends that are no Service.

use api::{
    HttpBackendRef, HttpRoute, HttpRouteRule, HttpRouteSpec,
    http_route::{HttpRouteMatch, ParentRef, PathMatch},
};

use super::{
    Checker,
    gateway_api::{self as written, HTTPBackendRef, HTTPRouteMatch, HTTPRouteRule},
    names,
};
use crate::{Code, kinds::LeftOutThings};

const GROUP: &str = "gateway.networking.k8s.io";
const PATH_TYPES: [&str; 3] = ["Exact", "PathPrefix", "RegularExpression"];
const MOST_HOSTNAMES: usize = 16;
const MOST_RULES: usize = 16;
const MOST_BACKENDS: usize = 16;
const MOST_WEIGHT: i32 = 1_000_000;

/// Reads an HTTPRoute; `None` where not even a name is left.
pub(crate) fn http_route(cx: &mut Checker<'_>, left_out: &mut LeftOutThings) -> Option<HttpRoute> {
    cx.read(left_out, convert)
}

fn convert(cx: &mut Checker<'_>, read: written::HTTPRoute) -> Option<HttpRoute> {
    let meta = cx.meta(read.metadata, names::is_subdomain);
    let hostnames = read.spec.hostnames.unwrap_or_default();
    cx.at_most("spec.hostnames", hostnames.len(), MOST_HOSTNAMES);
    for (index, own) in hostnames.iter().enumerate() {
        hostname(cx, &format!("spec.hostnames[{index}]"), own);
    }
    let parents = read.spec.parent_refs.unwrap_or_default().into_iter().enumerate();
    let parents = parents
        .filter_map(|(index, it)| parent(cx, &format!("spec.parentRefs[{index}]"), it))
        .collect();
    let rules = read.spec.rules.unwrap_or_else(|| vec![HTTPRouteRule::default()]);
    cx.at_most("spec.rules", rules.len(), MOST_RULES);
    let rules = rules.into_iter().enumerate();
    let rules = rules.map(|(index, it)| rule(cx, &format!("spec.rules[{index}]"), it)).collect();
    let spec = HttpRouteSpec { parents, hostnames, rules };
    (!meta.name.is_empty()).then_some(HttpRoute { meta, spec })
}

/// Checks a host, which may begin with `*.`.
pub(super) fn hostname(cx: &mut Checker<'_>, path: &str, own: &str) {
    let bare = own.strip_prefix("*.").unwrap_or(own);
    if let Err(detail) = names::is_subdomain(bare) {
        let help = "write a name in lower case, such as shop.example.com or *.example.com";
        cx.invalid(path, format!("{own:?}"), &detail, help);
    }
}

fn parent(cx: &mut Checker<'_>, path: &str, read: written::ParentReference) -> Option<ParentRef> {
    let group = read.group.as_deref().unwrap_or(GROUP);
    let kind = read.kind.as_deref().unwrap_or("Gateway");
    if (group, kind) != (GROUP, "Gateway") {
        let message = format!("{path}: a parent that is no Gateway is not simulated");
        let help = "the result holds for the same route without this parent";
        cx.report(Code::FieldNotSimulated, path, message, help);
        return None;
    }
    let name = read.name.unwrap_or_default();
    if name.is_empty() {
        cx.required(&format!("{path}.name"), "", "name the Gateway");
        return None;
    }
    let port = read.port.and_then(|port| cx.port(&format!("{path}.port"), port));
    Some(ParentRef { namespace: read.namespace, name, section_name: read.section_name, port })
}

fn rule(cx: &mut Checker<'_>, path: &str, read: HTTPRouteRule) -> HttpRouteRule {
    let matches = read.matches.filter(|matches| !matches.is_empty());
    let matches = matches.unwrap_or_else(|| vec![HTTPRouteMatch::default()]);
    let matches = matches.into_iter().enumerate();
    let matches = matches.map(|(index, it)| one_match(cx, &format!("{path}.matches[{index}]"), it));
    let matches = matches.collect();
    let backends = read.backend_refs.unwrap_or_default();
    cx.at_most(&format!("{path}.backendRefs"), backends.len(), MOST_BACKENDS);
    let backends = backends.into_iter().enumerate().filter_map(|(index, it)| {
        let field = format!("{path}.backendRefs[{index}]");
        backend(cx, &field, it)
    });
    HttpRouteRule { matches, backends: backends.collect() }
}

fn one_match(cx: &mut Checker<'_>, field: &str, read: HTTPRouteMatch) -> HttpRouteMatch {
    let some = |list: Option<Vec<_>>| list.is_some_and(|list| !list.is_empty());
    let asks_more = read.method.is_some() || some(read.headers) || some(read.query_params);
    let written = read.path.unwrap_or_default();
    let path = written.value.unwrap_or_else(|| "/".to_owned());
    let path_match = match written.kind.as_deref() {
        None | Some("PathPrefix") => PathMatch::PathPrefix,
        Some("Exact") => PathMatch::Exact,
        Some("RegularExpression") => {
            let at = format!("{field}.path.type");
            let message = format!("{at}: patterns are not simulated: such a match is never chosen");
            cx.report(Code::FieldNotSimulated, &at, message, "write PathPrefix or Exact");
            PathMatch::RegularExpression
        }
        Some(other) => {
            cx.unsupported(&format!("{field}.path.type"), other, &PATH_TYPES);
            PathMatch::PathPrefix
        }
    };
    if path_match != PathMatch::RegularExpression && !path.starts_with('/') {
        let detail = "value must be an absolute path and start with '/' when type one of \
                      ['Exact', 'PathPrefix']";
        let at = format!("{field}.path.value");
        cx.invalid(&at, format!("{path:?}"), detail, "begin it with `/`");
    }
    HttpRouteMatch { path, path_match, asks_more }
}

fn backend(cx: &mut Checker<'_>, path: &str, read: HTTPBackendRef) -> Option<HttpBackendRef> {
    let group = read.group.as_deref().unwrap_or_default();
    let kind = read.kind.as_deref().unwrap_or("Service");
    if (group, kind) != ("", "Service") {
        let message = format!("{path}: a backend that is no Service is not simulated");
        let help = "the result holds for the same route without this backend: name a Service";
        cx.report(Code::FieldNotSimulated, path, message, help);
        return None;
    }
    let name = read.name.unwrap_or_default();
    if name.is_empty() {
        cx.required(&format!("{path}.name"), "", "name the Service");
    }
    let weight = weight(cx, &format!("{path}.weight"), read.weight.unwrap_or(1));
    let Some(port) = read.port else {
        let detail = "Must have port for Service reference";
        cx.required(&format!("{path}.port"), detail, "add `port: 80`");
        return None;
    };
    let port = cx.port(&format!("{path}.port"), port)?;
    Some(HttpBackendRef { namespace: read.namespace, name, port, weight })
}

fn weight(cx: &mut Checker<'_>, path: &str, written: i32) -> u32 {
    let bound = match written {
        0..=MOST_WEIGHT => return written.unsigned_abs(),
        ..0 => "greater than or equal to 0",
        _ => "less than or equal to 1e+06",
    };
    let detail = format!("{path} in body should be {bound}");
    cx.invalid(path, written, &detail, "write a number from 0 to 1000000");
    1
}
