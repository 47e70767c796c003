//! What goes in and what comes out: fields, expectations, causes, records, results.

use std::collections::{BTreeMap, BTreeSet};

use record::Cause;

use crate::{
    page::{assert_all, code, read, rows},
    rehearsal::{eventful, keys},
    rust_source::{listed_words, source, sources_in, texts_after, variants},
};

#[test]
fn every_word_of_the_scenario_format_is_in_its_page() {
    let mut files = sources_in("crates/scenario/src/spec");
    files.extend(["spec", "profile", "rate"].map(|name| format!("crates/scenario/src/{name}.rs")));
    let words: BTreeSet<String> =
        files.iter().flat_map(|name| listed_words(&source(name))).collect();
    for known in ["crashAfter", "namespace", "podCreateAnswer", "lameDuck", "at", "--to-revision"] {
        assert!(
            words.contains(known),
            "the lists are read wrongly: {known} is not among {words:?}"
        );
    }
    let page = read("docs/scenario.md");
    assert_all("docs/scenario.md", &code(&page), words.iter().map(String::as_str));
}

#[test]
fn everything_that_can_be_expected_is_in_the_page() {
    let quantities = source("crates/metrics/src/quantity.rs");
    let names = texts_after(&quantities, &["traffic(\"", "balance(\"", "rollouts(\""]);
    assert!(names.contains("latency.p99") && names.len() > 15, "{names:?}");
    assert_all("docs/scenario.md", &code(&read("docs/scenario.md")), names);
}

#[test]
fn every_cause_has_a_section() {
    let page = read("docs/causes.md");
    for cause in Cause::ALL {
        assert!(page.contains(&format!("\n## {cause}\n")), "docs/causes.md has no {cause}");
    }
}

#[test]
fn every_record_is_in_its_page_with_its_fields() {
    let page = read("docs/record.md");
    let (stream, _) = eventful();
    let mut met = BTreeMap::new();
    for line in &stream {
        let kind = line["record"].as_str().expect("every line has its kind");
        keys(line, met.entry(kind).or_insert_with(BTreeSet::new));
    }
    for kind in variants(&source("crates/record/src/record.rs"), "Record") {
        assert!(met.contains_key(kind), "the run for this test has no {kind}");
        let rows = rows(&page, kind);
        assert_eq!(rows.len(), 1, "docs/record.md has no row for {kind}");
        let row = rows[0].join("|");
        let text = if kind == "RequestFinished" { &page } else { &row };
        let fields = met[kind].iter().copied().filter(|key| !matches!(*key, "t" | "record"));
        assert_all(&format!("docs/record.md, {kind},"), &code(text), fields);
    }
}

#[test]
fn every_key_of_a_result_is_in_its_page() {
    let (_, result) = eventful();
    let mut found = BTreeSet::new();
    keys(&result, &mut found);
    for known in ["gap_ms", "snippet", "p999", "replica_sets", "superseded", "measured"] {
        assert!(found.contains(known), "the result is too poor for this test: it has no {known}");
    }
    assert_all("docs/output.md", &code(&read("docs/output.md")), found);
}
