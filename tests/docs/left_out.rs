//! What is left out.

use crate::{
    page::{assert_all, code, read},
    rust_source::{seconds_of_tuples, source, sources_in},
};

/// What is left out is collected word for word, so that the page cannot promise more than the code.
#[test]
fn all_that_is_left_out_is_in_the_page() {
    let page = read("docs/model.md");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let flat = words(&page);
    for name in ["control_plane", "data_plane"].map(|it| format!("crates/{it}/src")) {
        for file in sources_in(&name) {
            let text = source(&file);
            let head = text.lines().filter_map(|line| line.strip_prefix("//!"));
            let head: String = head.map(|line| format!("{}\n", line.trim())).collect();
            let left_out = head.split("Left out:").skip(1);
            for rest in left_out {
                let rest = rest.trim_start_matches('*').split("\n\n").next().unwrap_or_default();
                assert!(flat.contains(&words(rest)), "docs/model.md lacks, of {file}: {rest}");
                let short = file.rsplit('/').next().unwrap_or_default();
                assert!(page.contains(short), "docs/model.md does not name {file}");
            }
        }
    }
}

#[test]
fn fields_and_kinds_that_are_not_simulated_are_in_the_page() {
    let page = read("docs/model.md");
    let known = code(&page);
    let fields = seconds_of_tuples(&source("crates/scenario/src/kubernetes/left_out.rs"));
    assert!(fields.contains("affinity") && fields.contains("stopSignal"), "{fields:?}");
    assert_all("docs/model.md", &known, fields.iter().map(String::as_str));
    let kinds = source("crates/scenario/src/kinds.rs");
    let kinds = kinds
        .lines()
        .filter_map(|line| line.split_once(": LeftOut(").or_else(|| line.split_once(": Shown(")));
    assert_all("docs/model.md", &known, kinds.map(|(kind, _)| kind.trim()));
}
