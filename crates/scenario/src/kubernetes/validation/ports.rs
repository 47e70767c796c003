//! The ports of a Service (`validateServicePort`, and the duplicates among them).

use std::collections::BTreeSet;

use api::names::port_name_problems;
use k8s_openapi::{api::core::v1::ServicePort, apimachinery::pkg::util::intstr::IntOrString};

use super::{
    super::names,
    field_error::{Errors, quoted},
};

/// What is wrong with each port by itself.
pub(super) fn each(ports: &[ServicePort], errors: &mut Errors) {
    let mut names = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let path = |field: &str| format!("spec.ports[{index}].{field}");
        match port.name.as_deref().unwrap_or_default() {
            "" if ports.len() > 1 => errors.required(path("name")),
            "" => {}
            name => {
                errors.check(path("name"), name, names::is_label_name);
                if !names.insert(name) {
                    errors.duplicate(path("name"), quoted(name));
                }
            }
        }
        number(path("port"), port.port, errors);
        match port.protocol.as_deref().unwrap_or_default() {
            "" => errors.required(path("protocol")),
            protocol => errors.one_of(path("protocol"), protocol, &["SCTP", "TCP", "UDP"]),
        }
        match &port.target_port {
            None => number(path("targetPort"), 0, errors),
            Some(IntOrString::Int(target)) => number(path("targetPort"), *target, errors),
            Some(IntOrString::String(name)) => {
                for problem in port_name_problems(name) {
                    errors.invalid(path("targetPort"), quoted(name), problem);
                }
            }
        }
        if let Some(protocol) = &port.app_protocol {
            errors.check(path("appProtocol"), protocol, names::is_label_key);
        }
    }
}

/// A port's number.
pub(super) fn number(path: String, number: i32, errors: &mut Errors) {
    if !(1..=65535).contains(&number) {
        errors.invalid(path, number, "must be between 1 and 65535, inclusive");
    }
}

/// What of them may be there once only.
pub(super) fn duplicates(ports: &[ServicePort], errors: &mut Errors) {
    let protocol = |port: &ServicePort| port.protocol.clone().unwrap_or_default();
    let mut seen = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let Some(number) = port.node_port.filter(|number| *number != 0) else { continue };
        if !seen.insert((protocol(port), number)) {
            errors.duplicate(format!("spec.ports[{index}].nodePort"), number);
        }
    }
    let mut seen = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let key = (protocol(port), port.port);
        // The key is shown, which is a port of nothing but these two.
        let shown = format!(
            "{{\"Name\":\"\",\"Protocol\":{:?},\"AppProtocol\":null,\"Port\":{},\"TargetPort\":0,\
             \"NodePort\":0}}",
            key.0, key.1
        );
        if !seen.insert(key) {
            errors.duplicate(format!("spec.ports[{index}]"), shown);
        }
    }
}
