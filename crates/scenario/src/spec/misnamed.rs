//! What to say to a name that no policy and no layer has.

use policy::{CATALOGUE, LAYERS, project};

use crate::diagnostic::did_you_mean;

/// What is wrong with a name where a policy is wanted, and what to write.
pub(super) fn no_policy(name: &str) -> (String, String) {
    if let Some(layer) = policy::layer_by_name(name) {
        let layer = layer.name;
        return (
            format!("`{layer}` is a layer, which goes around a policy"),
            format!("write `{{ envoy.least_request: {{}}, layers: [ {layer} ] }}`"),
        );
    }
    let names = CATALOGUE.iter().map(|entry| entry.name).collect::<Vec<_>>();
    let help = meant(name, &names).unwrap_or_else(|| {
        "`rollsim explain balancing` lists all policies, and docs/policies.md what can be set"
            .into()
    });
    (format!("there is no policy `{name}`"), help)
}

/// What is wrong with a name where a layer is wanted, and what to write.
pub(super) fn no_layer(name: &str) -> (String, String) {
    if let Some(entry) = policy::by_name(name) {
        let policy = entry.name;
        return (
            format!("`{policy}` is a policy, not a layer"),
            format!("write it in place of the policy: `{{ {policy}: {{}}, layers: [ … ] }}`"),
        );
    }
    let names = LAYERS.iter().map(|entry| entry.name).collect::<Vec<_>>();
    let help =
        meant(name, &names).unwrap_or_else(|| format!("there are the layers {}", all(&names)));
    (format!("there is no layer `{name}`"), help)
}

/// Which of all names were probably meant: those of every project that has it, or the nearest.
fn meant(name: &str, names: &[&str]) -> Option<String> {
    let own: Vec<&str> = names.iter().copied().filter(|it| project(it) == name).collect();
    if !own.is_empty() {
        return Some(format!("`{name}` has {}", all(&own)));
    }
    let called = |own: &str| -> Vec<&str> {
        names.iter().copied().filter(|it| plain(of(it)) == plain(own)).collect()
    };
    // A project that nobody knows says nothing, while one that is misspelt says a lot.
    let from = name.split_once('.').map(|(project, _)| project);
    let near_project = from.and_then(|from| did_you_mean(from, names.iter().map(|it| project(it))));
    let own = if near_project.is_none() { of(name) } else { name };
    let mut found = called(own);
    if found.is_empty() {
        found.extend(did_you_mean(name, names.iter().copied()).filter(|_| from.is_some()));
    }
    if found.is_empty() && near_project.is_none() {
        found = did_you_mean(own, names.iter().map(|it| of(it))).map_or(Vec::new(), called);
    }
    if !found.is_empty() {
        return Some(format!("did you mean {}?", either(&found)));
    }
    let of_project: Vec<&str> =
        names.iter().copied().filter(|it| Some(project(it)) == near_project).collect();
    near_project.map(|near| format!("`{near}` has {}", all(&of_project)))
}

/// What stands behind the dot of a name.
fn of(name: &str) -> &str {
    name.split_once('.').map_or(name, |(_, own)| own)
}

/// A name without what projects write differently: `least_conn` and `leastconn` are one.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|it| !matches!(it, '_' | '-'));
    letters.flat_map(char::to_lowercase).collect()
}

/// `a`, `b` or `c`.
fn either(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => format!("`{only}`"),
        [some @ .., last] => format!("{} or `{last}`", all(some)),
    }
}

/// `a`, `b`, `c`.
fn all(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    shown.join(", ")
}
