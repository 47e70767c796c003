//! What a real API server said of manifests: the same is said when they are read.

use std::{collections::BTreeSet, io};

use scenario::{
    Code, Files, Found, Severity, load,
    validation::{Rules, service_errors, with_defaults},
};
use serde_json::Value;

use crate::recording;

/// Cases in which something else is said, or nothing, each with the reason.
const OTHERWISE: &[(&str, &str)] = &[
    ("svc_name_empty", "the API server gave it an address first, and complains of that"),
    ("svc_nodePort_conflict", "another Service of that cluster has the port"),
    ("dep_replicas_huge_ok", "two thousand million pods are more than can be simulated"),
    ("dep_selector_missing", SECOND),
    ("dep_selector_bad_operator", SECOND),
    ("dep_selector_in_no_values", SECOND),
    ("dep_selector_exists_with_values", SECOND),
    ("dep_pds_negative", SECOND),
    ("dep_restartPolicy_bad", SECOND),
    ("dep_strategy_bad", "the value is shown as a Go struct there; here it is the field `type`"),
];

const SECOND: &str = "a second error that follows from the first is not said";

/// One file.
struct Only(String);

impl Files for Only {
    fn look(&self, _: &str) -> io::Result<Found> {
        Ok(Found::File)
    }

    fn read(&self, _: &str, _: usize) -> io::Result<Vec<u8>> {
        Ok(self.0.as_bytes().to_vec())
    }
}

/// The errors about an object, `path: message` each. What a manifest by itself lacks, such as
/// clients, is no matter of the object.
fn errors(manifest: &Value) -> BTreeSet<String> {
    let files = Only(manifest.to_string());
    let loaded = load(&["object.json".to_owned()], &files, &|_| Ok(None));
    let errors = loaded.diagnostics.iter().filter(|found| found.severity() == Severity::Error);
    errors.filter(|found| found.code != Code::NothingThere).map(|it| it.message.clone()).collect()
}

#[test]
fn objects_are_refused_in_the_api_servers_words() {
    let Some(file) = recording::json("validation.json") else { return };
    let (mut agreed, mut wrong) = (0, Vec::new());
    for case in file["cases"].as_array().expect("there are cases") {
        let name = case["case"].as_str().expect("each has a name");
        let kind = case["manifest"]["kind"].as_str().unwrap_or_default();
        let compared = ["Service", "Deployment", "PodDisruptionBudget", "EndpointSlice"];
        if !compared.contains(&kind) || OTHERWISE.iter().any(|(other, _)| *other == name) {
            continue;
        }
        let causes = case["causes"].as_array().into_iter().flatten();
        let expected: BTreeSet<String> = causes
            .map(|cause| {
                let text = |key: &str| cause[key].as_str().unwrap_or_default().to_owned();
                format!("{}: {}", text("field"), text("message"))
            })
            .collect();
        let found = errors(&case["manifest"]);
        // What cannot be decoded is refused there in words about Go's types, and here in others.
        let undecoded = expected.is_empty() && case["verdict"] == "rejected";
        if found == expected || (undecoded && !found.is_empty()) {
            agreed += 1;
        } else {
            wrong.push(format!("{name}\n  expected {expected:#?}\n  found    {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{agreed} agree, {} do not:\n{}", wrong.len(), wrong.join("\n"));
    println!("{agreed} objects are taken or refused as by the API server");
    assert!(agreed > 100, "only {agreed} cases were compared");
}

/// A Service as that API server stored it.
fn stored(manifest: &Value) -> Value {
    let service = with_defaults(manifest, serde_json::value::Serializer);
    let mut service = service.expect("it is a Service").expect("it is JSON again");
    let given = serde_json::json!({
        "metadata": { "namespace": "default" },
        "spec": {
            "clusterIP": "10.96.218.190",
            "clusterIPs": ["10.96.218.190"],
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
        },
    });
    merge(&mut service, &given);
    service
}

/// A merge patch (RFC 7386).
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else {
        *target = patch.clone();
        return;
    };
    for (name, value) in fields {
        match value {
            Value::Null => drop(target.as_object_mut().map(|target| target.remove(name))),
            value => merge(&mut target[name], value),
        }
    }
}

/// A scenario that applies a changed Deployment.
struct Changed {
    before: String,
    after: String,
}

impl Files for Changed {
    fn look(&self, _: &str) -> io::Result<Found> {
        Ok(Found::File)
    }

    fn read(&self, path: &str, _: usize) -> io::Result<Vec<u8>> {
        const SCENARIO: &str = "{ apiVersion: rollsim.dev/v1, kind: Scenario, metadata: { name: a }, \
                                spec: { duration: 60s, manifests: [before.json], timeline: [ \
                                { at: 1s, kubectl: apply -f after.json } ] } }";
        let text = match path {
            "before.json" => &self.before,
            "after.json" => &self.after,
            _ => SCENARIO,
        };
        Ok(text.as_bytes().to_vec())
    }
}

#[test]
fn changes_of_deployments_are_refused_in_the_api_servers_words() {
    const OTHER: [(&str, &str); 2] = [
        ("upd_dep_name_change", "a file with another name is another Deployment"),
        ("upd_dep_to_recreate_keep_ru", "kubectl takes rollingUpdate away, which a merge does not"),
    ];
    let Some(file) = recording::json("validation.json") else { return };
    let mut seen = 0;
    for case in file["cases"].as_array().expect("there are cases") {
        let other = OTHER.iter().any(|(name, _)| case["case"] == *name);
        if case["existing"]["kind"] != "Deployment" || other {
            continue;
        }
        let mut after = case["existing"].clone();
        merge(&mut after, &case["patch"]);
        let files = Changed { before: case["existing"].to_string(), after: after.to_string() };
        let loaded = load(&["scenario.yaml".to_owned()], &files, &|_| Ok(None));
        let errors = loaded.diagnostics.iter().filter(|it| it.severity() == Severity::Error);
        let errors: Vec<&str> = errors.map(|it| it.message.as_str()).collect();
        let message = case["message"].as_str().unwrap_or_default();
        let expected: Vec<&str> =
            message.split_once(" is invalid: ").map(|(_, errors)| errors).into_iter().collect();
        assert_eq!(errors, expected, "{}", case["case"]);
        seen += 1;
    }
    assert!(seen > 3, "only {seen} changes were compared");
}

#[test]
fn changes_of_services_are_refused_in_the_api_servers_words() {
    let Some(file) = recording::json("validation.json") else { return };
    let mut seen = 0;
    for case in file["cases"].as_array().expect("there are cases") {
        if case["existing"]["kind"] != "Service" {
            continue;
        }
        let old = stored(&case["existing"]);
        let mut new = old.clone();
        merge(&mut new, &case["patch"]);
        if new["spec"]["type"] == "ExternalName" {
            // What belongs to an address goes with it.
            for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
                new["spec"].as_object_mut().expect("it is an object").remove(field);
            }
        }
        let new = with_defaults(&new, serde_json::value::Serializer);
        let new = new.expect("it is a Service").expect("it is JSON again");
        let errors = service_errors(&new, Some(&old), Rules::DEFAULT).expect("they are Services");
        let message = case["message"].as_str().unwrap_or_default();
        let expected: Vec<&str> =
            message.split_once(" is invalid: ").map(|(_, errors)| errors).into_iter().collect();
        assert_eq!(errors, expected, "{}", case["case"]);
        seen += 1;
    }
    assert!(seen > 3, "only {seen} changes were compared");
}
