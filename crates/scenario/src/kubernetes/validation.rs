//! What the API server says of a Service, word for word (`pkg/apis/core/validation`).
//!
//! Objects are validated as they are after defaulting (`defaults`). Errors come in Kubernetes' own
//! order. Nothing here knows a file: whoever has one finds the place of a field.
//!
//! *Left out:* managed fields, finalizers, owners and what else of metadata nobody writes by hand.

pub(crate) mod addresses;
pub(crate) mod defaults;
pub(crate) mod field_error;
mod ports;
pub(crate) mod service;
mod update;

use k8s_openapi::api::core::v1 as core;
use serde::{Deserialize, Deserializer};

pub(crate) use self::field_error::FieldError;

/// Feature gates and the like that decide what is valid.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// `RelaxedServiceNameValidation`: names may begin with a digit.
    pub relaxed_names: bool,
    /// `PreferSameTrafficDistribution`: `PreferSameZone` and `PreferSameNode`.
    pub prefer_same: bool,
    /// `StrictIPCIDRValidation`: no leading zeros in addresses.
    pub strict_addresses: bool,
}

impl Rules {
    /// Those of Kubernetes 1.36 as it comes.
    pub const DEFAULT: Self =
        Self { relaxed_names: true, prefer_same: true, strict_addresses: true };
}

/// What is wrong with a Service that is to replace another, both as they are after defaulting.
pub(crate) fn update_errors(
    new: &core::Service,
    old: &core::Service,
    rules: Rules,
) -> Vec<FieldError> {
    update::validate(new, old, rules)
}

/// What is wrong with a Service, that replaces `old` if there is one: one text an error, such as
/// `spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive`.
///
/// # Errors
/// Where the object is no Service.
pub fn service_errors<'de, D: Deserializer<'de>>(
    object: D,
    old: Option<D>,
    rules: Rules,
) -> Result<Vec<String>, D::Error> {
    let new = core::Service::deserialize(object)?;
    let old = old.map(core::Service::deserialize).transpose()?;
    let errors = match &old {
        Some(old) => update::validate(&new, old, rules),
        None => service::validate(&new, None, rules),
    };
    Ok(errors.iter().map(FieldError::to_string).collect())
}

/// What the API server makes of a Service before it looks at it, for a test of the defaults.
///
/// # Errors
/// Where the object is no Service.
pub fn with_defaults<'de, D: Deserializer<'de>, S: serde::Serializer>(
    object: D,
    to: S,
) -> Result<Result<S::Ok, S::Error>, D::Error> {
    let mut service = core::Service::deserialize(object)?;
    defaults::set_defaults(&mut service);
    Ok(serde::Serialize::serialize(&service, to))
}
