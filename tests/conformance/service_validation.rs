//! What the API server says of a Service.

use std::collections::BTreeMap;

use scenario::validation::{Rules, service_errors};
use serde_json::Value;

use crate::{
    case::{Case, agree},
    fields::{Fields, Problem, Read},
};

/// Checks a case.
pub(crate) fn check(case: &Case) -> Result<(), Problem> {
    match case.test.as_str() {
        "TestValidateServiceCreate" | "TestValidateServiceExternalTrafficPolicy" => {
            check_errors(case, "service", None)
        }
        "TestValidateServiceUpdate" => check_errors(case, "newService", Some("oldService")),
        _ => case.unknown(),
    }
}

fn check_errors(case: &Case, new: &str, old: Option<&str>) -> Result<(), Problem> {
    let (count, errors) = case.expected(|f| {
        let count = f.needed("numErrs", f.int::<i64>("numErrs")?)?;
        Ok((count as usize, f.texts("errors")?))
    })?;
    agree("number of errors", &count, &errors.len())?;
    let got = case.input(|f| {
        let rules = rules(f)?;
        let new = f.needed(new, f.value(new))?;
        let old = old.map(|name| f.needed(name, f.value(name))).transpose()?;
        service_errors::<&Value>(new, old, rules).map_err(|error| error.to_string())
    })?;
    // This test calls the part of the validation alone that these two fields are in.
    let part = case.test == "TestValidateServiceExternalTrafficPolicy";
    let of_part = |error: &String| {
        let fields = ["spec.externalTrafficPolicy:", "spec.healthCheckNodePort:"];
        fields.iter().any(|field| error.starts_with(field))
    };
    let got = got.into_iter().filter(|error| !part || of_part(error)).collect();
    agree("errors", &counted(errors), &counted(got))
}

/// The gates of the tests; those for updates say nothing of two of them.
fn rules(f: &Fields<'_>) -> Read<Rules> {
    Ok(Rules {
        relaxed_names: f.flag("relaxedServiceNames")?,
        prefer_same: f.flag("newTrafficDist")?,
        strict_addresses: !f.flag("legacyIPs")?,
    })
}

/// In no order: Kubernetes goes through maps.
fn counted(errors: Vec<String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for error in errors {
        *counts.entry(error).or_default() += 1;
    }
    counts
}
