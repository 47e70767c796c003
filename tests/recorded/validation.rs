//! What a real API server said of manifests: the same is said when they are read.

use std::{collections::BTreeSet, io};

use scenario::{Code, Files, Found, Severity, load};
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
        if !matches!(kind, "Service" | "Deployment")
            || OTHERWISE.iter().any(|(other, _)| *other == name)
        {
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
