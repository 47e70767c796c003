//! Kubernetes objects: read as their types, checked and defaulted as the API server does it.
//!
//! Messages are the API server's own where it has one. What it refuses beyond what could change a
//! rollout (environment variables, volumes, security contexts) is not checked.

mod deployment;
mod endpoint_slice;
mod endpoints;
mod gateway;
pub(crate) mod gateway_api;
mod horizontal_pod_autoscaler;
mod http_route;
mod ingress;
mod int_or_percent;
mod labels;
mod left_out;
mod names;
mod pod;
mod pod_disruption_budget;
mod probe;
mod service;
mod template_text;
mod traffic;
pub mod validation;

use std::{fmt::Display, sync::Arc};

use api::Meta;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;

pub(crate) use self::{
    deployment::{MOST_REPLICAS, deployment},
    endpoint_slice::endpoint_slice,
    endpoints::{endpoints, mirrored},
    gateway::gateway,
    horizontal_pod_autoscaler::horizontal_pod_autoscaler,
    http_route::http_route,
    ingress::ingress,
    labels::parse_labels,
    names::is_subdomain,
    pod::pod,
    pod_disruption_budget::pod_disruption_budget,
    service::{StoredService, service},
    template_text::template_text,
};
use crate::{
    Code, Diagnostic,
    deserializer::{Mismatch, UnknownField, deserialize},
    diagnostic::{Findings, suggest},
    field_path::FieldPath,
    kinds::LeftOutThings,
    source::{At, FileId},
    yaml::Node,
};

/// Where kubectl puts objects if nobody says where.
pub(crate) const DEFAULT_NAMESPACE: &str = "default";

/// An object on its way from tree to plain data.
pub(crate) struct Checker<'a> {
    pub(crate) file: FileId,
    pub(crate) root: &'a Arc<Node>,
    /// Where the object goes if it does not say so.
    pub(crate) namespace: &'a str,
    pub(crate) findings: &'a mut Findings,
}

impl Checker<'_> {
    /// Reads the tree as a type and makes an object of it. What only follows from a value of a
    /// wrong type, or from a misspelt field, is not reported as well.
    fn read<T: for<'n> Deserialize<'n>, O>(
        &mut self,
        left_out: &mut LeftOutThings,
        convert: fn(&mut Checker<'_>, T) -> Option<O>,
    ) -> Option<O> {
        let read = deserialize::<T>(self.root, left_out::is_one);
        report_misread(self.file, &read.mismatches, &read.unknown, self.findings);
        for field in &read.known {
            left_out::note(field, self.file, left_out);
        }
        let (whole, spelt) = (read.mismatches.is_empty(), read.unknown.is_empty());
        let mut found = Findings::default();
        let object = convert(&mut Checker { findings: &mut found, ..*self }, read.value?);
        self.findings
            .append(found, |diagnostic| whole && (spelt || diagnostic.code != Code::Missing));
        object
    }

    /// Where a field stands, or where it would be added.
    fn at(&self, path: &str) -> At {
        at_path(self.root, path)
    }

    fn report(&mut self, code: Code, path: &str, message: String, help: &str) {
        let diagnostic = Diagnostic::new(code, message, help);
        self.findings.push(diagnostic.at(self.at(path), ""));
    }

    /// `path: Invalid value: x: detail`, as the API server says it.
    fn invalid(&mut self, path: &str, value: impl Display, detail: &str, help: &str) {
        let message = format!("{path}: Invalid value: {value}: {detail}");
        self.report(Code::BadValue, path, message, help);
    }

    fn unsupported(&mut self, path: &str, value: &str, supported: &[&str]) {
        let list: Vec<String> = supported.iter().map(|value| format!("{value:?}")).collect();
        let message =
            format!("{path}: Unsupported value: {value:?}: supported values: {}", list.join(", "));
        self.report(
            Code::BadValue,
            path,
            message,
            &suggest(value, "value", supported.iter().copied()),
        );
    }

    fn forbidden(&mut self, path: &str, detail: &str, help: &str) {
        self.report(Code::BadValue, path, format!("{path}: Forbidden: {detail}"), help);
    }

    fn duplicate(&mut self, path: &str, value: impl Display, help: &str) {
        self.report(Code::BadValue, path, format!("{path}: Duplicate value: {value}"), help);
    }

    /// Whether a list is not too long.
    fn at_most(&mut self, path: &str, count: usize, most: usize) -> bool {
        if count > most {
            let message = format!("{path}: Too many: {count}: must have at most {most} items");
            self.report(Code::BadValue, path, message, "make several objects of it");
        }
        count <= most
    }

    fn required(&mut self, path: &str, detail: &str, help: &str) {
        let separator = if detail.is_empty() { "" } else { ": " };
        let message = format!("{path}: Required value{separator}{detail}");
        self.report(Code::Missing, path, message, help);
    }

    /// A number that may not be negative; what is wrong becomes the default.
    fn not_negative(&mut self, path: &str, value: Option<i32>, default: u32) -> u32 {
        let Some(value) = value else { return default };
        u32::try_from(value).unwrap_or_else(|_| {
            self.invalid(path, value, "must be greater than or equal to 0", "write 0 or more");
            default
        })
    }

    /// A port number.
    fn port(&mut self, path: &str, value: i32) -> Option<u16> {
        let port = u16::try_from(value).ok().filter(|port| *port > 0);
        if port.is_none() {
            let detail = "must be between 1 and 65535, inclusive";
            self.invalid(path, value, detail, "write a port number");
        }
        port
    }

    /// Metadata; without a namespace the object goes where kubectl puts it.
    fn meta(&mut self, metadata: ObjectMeta, is_name: names::NameCheck) -> Meta {
        let name = metadata.name.unwrap_or_default();
        if name.is_empty() {
            self.required("metadata.name", "name or generateName is required", "add `name: …`");
        } else if let Err(detail) = is_name(&name) {
            let help = "use lower case letters, digits and hyphens";
            self.invalid("metadata.name", format!("{name:?}"), &detail, help);
        }
        let namespace = metadata.namespace.filter(|namespace| !namespace.is_empty());
        let namespace = namespace.unwrap_or_else(|| self.namespace.to_owned());
        if let Err(detail) = names::is_label_name(&namespace) {
            let help = "use lower case letters, digits and hyphens";
            self.invalid("metadata.namespace", format!("{namespace:?}"), &detail, help);
        }
        let labels = metadata.labels.unwrap_or_default();
        self.labels("metadata.labels", &labels);
        let annotations = metadata.annotations.unwrap_or_default();
        Meta { labels, annotations, ..Meta::new(namespace, name) }
    }
}

/// Where a field of a tree stands, or where it would be added.
pub(crate) fn at_path(root: &Node, path: &str) -> At {
    let path = path.parse::<FieldPath>().unwrap_or_default();
    let found = path.find(root);
    At { file: found.node.file, extent: found.value_extent() }
}

/// Reports what is wrong with the shape of an object.
pub(crate) fn report_misread(
    file: FileId,
    mismatches: &[Mismatch],
    unknown: &[UnknownField],
    findings: &mut Findings,
) {
    for field in unknown {
        let help = suggest(&field.name, "field", field.fields.iter().copied());
        let message = format!("unknown field `{}`", field.path);
        let at = At { file, extent: field.extent };
        let label = format!("not a field of {}", field.owner);
        findings.push(Diagnostic::new(Code::UnknownField, message, help).at(at, label));
    }
    for mismatch in mismatches {
        let message = match mismatch.path.as_str() {
            "" => mismatch.message.clone(),
            path => format!("{path}: {}", mismatch.message),
        };
        let at = At { file, extent: mismatch.extent };
        let diagnostic = Diagnostic::new(Code::WrongType, message, mismatch.help.as_str());
        findings.push(diagnostic.at(at, "wrong type"));
    }
}
