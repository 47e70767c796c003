//! What came out, a row per file.

use std::fmt::Write as _;

/// What came out of a case.
pub(crate) enum Verdict {
    /// The model agrees.
    Passed,
    /// It does not, or the case could not be read.
    Failed(String),
    /// The model has nothing of the kind.
    NotApplicable,
}

/// What came out of a file.
pub(crate) struct Row {
    file: &'static str,
    passed: usize,
    not_applicable: usize,
    failures: Vec<(String, String)>,
}

impl Row {
    /// A file of which no case has run.
    pub(crate) fn new(file: &'static str) -> Self {
        Self { file, passed: 0, not_applicable: 0, failures: Vec::new() }
    }

    /// Counts a case.
    pub(crate) fn add(&mut self, id: String, verdict: Verdict) {
        match verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::NotApplicable => self.not_applicable += 1,
            Verdict::Failed(problem) => self.failures.push((id, problem)),
        }
    }

    /// The failures, each with its case.
    pub(crate) fn failures(&self) -> impl Iterator<Item = String> {
        self.failures.iter().map(|(id, problem)| format!("{id}: {problem}"))
    }
}

/// One line per file, and one for all.
pub(crate) fn table(rows: &[Row]) -> String {
    let wide = rows.iter().map(|row| row.file.len()).max().unwrap_or(0);
    let mut text = format!("{:wide$}  passed  failed  not applicable\n", "file");
    let mut line = |name: &str, passed: usize, failed: usize, not_applicable: usize| {
        writeln!(text, "{name:wide$}  {passed:6}  {failed:6}  {not_applicable:14}")
            .expect("a String takes any text");
    };
    for row in rows {
        line(row.file, row.passed, row.failures.len(), row.not_applicable);
    }
    let sum = |count: fn(&Row) -> usize| rows.iter().map(count).sum();
    line("all", sum(|r| r.passed), sum(|r| r.failures.len()), sum(|r| r.not_applicable));
    text
}
