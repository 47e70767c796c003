//! What it writes: the record stream, the figures, the page.

use std::fs;

use serde_json::Value;

use super::bench::{folder, rollsim, scenario};

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

/// What a reader has to be able to rebuild, by the names of its records and fields.
const FACTS: [(&str, &[&str]); 13] = [
    ("ReplicaSetScaled", &["deployment", "replicaSet", "image", "revision", "replicas"]),
    ("PodCreated", &["pod", "deployment", "replicaSet", "image"]),
    ("PodScheduled", &["pod", "node"]),
    ("ContainerStarted", &["pod", "container", "restarts"]),
    ("PodReady", &["pod"]),
    ("PodDeletionRequested", &["pod", "graceSeconds"]),
    ("ContainerTerminated", &["pod", "container"]),
    ("ContainerExited", &["pod", "container", "code", "inFlight"]),
    ("PodGone", &["pod"]),
    ("EndpointSliceWritten", &["service", "slice", "endpoints"]),
    ("RulesProgrammed", &["node", "service", "pods"]),
    ("RequestFinished", &["client", "number", "arrived", "connected", "pod", "outcome"]),
    ("Ended", &[]),
];

#[test]
fn the_record_has_one_fact_a_line_in_order_of_time_in_nanoseconds() {
    let folder = folder("record");
    let path = folder.join("deeper").join("run.ndjson");
    let name = path.to_str().unwrap();
    let ran = rollsim(&["run", &scenario("rolling-update"), "-o", "json", "--record", name]);
    let result: Value = serde_json::from_str(&ran.ended_with(0).stdout).expect("it is JSON");
    let facts = lines(&fs::read_to_string(&path).expect("it was written"));
    let times: Vec<i64> = facts.iter().map(|fact| fact["t"].as_i64().expect("whole")).collect();
    assert!(times.is_sorted());
    assert_eq!(times.last(), Some(&120_000_000_000), "two minutes, in nanoseconds");
    assert!(times[0] < 0, "what came before the scenario began is there too");
    for (record, fields) in FACTS {
        let first = facts.iter().find(|fact| fact["record"] == record);
        let fact = first.unwrap_or_else(|| panic!("there is no {record}"));
        for field in fields {
            assert!(!fact[field].is_null(), "{record} has no `{field}`: {fact}");
        }
    }
    let endpoints = facts.iter().filter_map(|fact| fact["endpoints"].as_array()).flatten();
    for endpoint in endpoints {
        for condition in ["ready", "serving", "terminating"] {
            assert!(endpoint[condition].is_boolean(), "{endpoint}");
        }
    }
    // And it is the run that the numbers are about.
    let finished = facts.iter().filter(|fact| fact["record"] == "RequestFinished");
    let failed = finished.clone().filter(|fact| fact["outcome"] != "ok").count() as u64;
    assert_eq!(result["requests"]["failed"], failed);
    let in_flight = result["requests"]["in_flight"].as_u64().expect("whole");
    assert_eq!(result["requests"]["total"], finished.count() as u64 + in_flight);
}

#[test]
fn a_record_on_standard_output_is_all_that_is_there() {
    let folder = folder("record-stdout");
    let path = folder.join("run.ndjson");
    let name = scenario("both-versions-selected");
    let file = rollsim(&["run", &name, "--record", path.to_str().unwrap()]).ended_with(0);
    let piped = rollsim(&["run", &name, "--record", "-"]).ended_with(0);
    assert_eq!(piped.stdout, fs::read_to_string(&path).expect("it was written"));
    // Listening changes nothing.
    assert_eq!(file.stdout, rollsim(&["run", &name]).ended_with(0).stdout);
}

#[test]
fn plots_are_pairs_of_svg_and_png() {
    let folder = folder("plots").join("new");
    let name = folder.to_str().unwrap();
    rollsim(&["run", &scenario("rolling-update"), "--plots", name]).ended_with(0);
    let mut names: Vec<String> = fs::read_dir(&folder)
        .expect("it was made")
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    assert!(names.len() >= 6 && names.len().is_multiple_of(2), "{names:?}");
    for pair in names.chunks(2) {
        let [png, svg] = pair else { panic!("{pair:?}") };
        assert_eq!(png.strip_suffix(".png"), svg.strip_suffix(".svg"), "{names:?}");
        let bytes = fs::read(folder.join(png)).unwrap();
        assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.len() > 1_000, "{png}");
        let text = fs::read_to_string(folder.join(svg)).unwrap();
        assert!(text.starts_with("<svg") && text.trim_end().ends_with("</svg>"), "{svg}");
    }
}

/// The page is to be sent round and to be read without a network, in years too.
#[test]
fn the_page_is_one_file_that_refers_to_nothing_outside() {
    let folder = folder("page");
    let path = folder.join("report.html");
    let name = path.to_str().unwrap();
    rollsim(&["run", &scenario("rolling-update"), "--html", name]).ended_with(0);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "one file");
    let page = fs::read_to_string(&path).unwrap();
    assert!(page.to_lowercase().starts_with("<!doctype html>"), "{}", &page[..100]);
    // The names of XML's name spaces are addresses that nobody looks up.
    let rest = page.replace("http://www.w3.org/", "");
    let outside = ["http://", "https://", "src=\"//", "href=\"//", "@import", "<link", "<iframe"];
    for word in outside {
        let place = rest.find(word);
        let around = place.map(|at| rest[at..].chars().take(80).collect::<String>());
        assert!(place.is_none(), "the page has {around:?}");
    }
    assert!(page.contains("<svg") && page.contains("refused.listener-closed"));
}

#[test]
fn all_that_is_written_is_the_same_bytes_each_time() {
    let folder = folder("same");
    let write = |name: &str| {
        let out = folder.join(name);
        let path = |name: &str| out.join(name).to_str().unwrap().to_owned();
        let (record, page) = (path("run.ndjson"), path("page.html"));
        let plots = path("plots");
        let name = scenario("single-replica-unavailable");
        let arguments = ["run", &name, "--record", &record, "--html", &page, "--plots", &plots];
        let ran = rollsim(&arguments).ended_with(0);
        let mut files = vec![fs::read(&record).unwrap(), fs::read(&page).unwrap()];
        let mut names: Vec<_> = fs::read_dir(&plots).unwrap().map(|e| e.unwrap().path()).collect();
        names.sort_unstable();
        files.extend(names.iter().map(|path| fs::read(path).unwrap()));
        (ran.stdout, files)
    };
    assert!(write("once") == write("twice"));
}
