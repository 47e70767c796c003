//! What stands in a page.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The pages with examples and command lines.
pub(crate) const PAGES: [&str; 10] = [
    "README.md",
    "docs/scenario.md",
    "docs/model.md",
    "docs/record.md",
    "docs/output.md",
    "docs/causes.md",
    "docs/kubectl.md",
    "docs/course.md",
    "scenarios/README.md",
    "reports/README.md",
];

pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

pub(crate) fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What stands in code in a page: `a.b` counts as itself and as `b`.
pub(crate) fn code(page: &str) -> BTreeSet<&str> {
    let spans = page.lines().filter(|line| !line.starts_with("```"));
    let spans = spans.flat_map(|line| line.split('`').skip(1).step_by(2));
    spans.flat_map(|span| [span, span.rsplit('.').next().unwrap_or(span)]).collect()
}

/// The cells of the table rows whose first cell is this, in code.
pub(crate) fn rows<'a>(page: &'a str, first: &str) -> Vec<Vec<&'a str>> {
    let wanted = format!("`{first}`");
    let cells = page.lines().filter_map(|line| line.strip_prefix('|'));
    let cells = cells.map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    cells.filter(|cells| cells.first() == Some(&wanted.as_str())).collect()
}

/// The fenced blocks of a language.
pub(crate) fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("\n```{language}\n");
    let ends = |block: &str| block.split("\n```").next().unwrap_or_default().to_owned();
    page.split(&fence).skip(1).map(ends).collect()
}

/// A block of YAML as a document, where it is a Scenario or, in the page about them, a part of one.
pub(crate) fn as_document(page: &str, block: &str) -> Option<String> {
    if block.contains("kind: Scenario") {
        return Some(block.to_owned());
    }
    (page == "docs/scenario.md").then(|| {
        let head = "apiVersion: rollsim.dev/v1\nkind: Scenario\nspec:\n";
        let body: String = block.lines().map(|line| format!("  {line}\n")).collect();
        format!("{head}  manifests: [app.yaml]\n{body}")
    })
}

#[track_caller]
pub(crate) fn assert_all<'a>(
    page: &str,
    known: &BTreeSet<&str>,
    words: impl IntoIterator<Item = &'a str>,
) {
    let missing: BTreeSet<&str> = words.into_iter().filter(|word| !known.contains(word)).collect();
    assert!(missing.is_empty(), "{page} does not mention {missing:?} in code");
}
