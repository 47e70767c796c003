//! What is reported: the measures of one run and what was concluded from them.

use metrics::{Measures, Verdict};

/// Everything a report shows. All four forms are made from this and nothing else.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// The program and its version: `rollsim 0.1.0`.
    pub tool: &'a str,
    /// What was rehearsed: files and folders as they were given, with the options that name some.
    pub inputs: Vec<String>,
    /// The scenario's name.
    pub scenario: &'a str,
    /// What the scenario says about itself; may be empty.
    pub description: &'a str,
    /// The seed of the run.
    pub seed: u64,
    /// What was measured.
    pub measures: &'a Measures,
    /// The scenario's expectations held against the measures, in its order.
    pub verdicts: Vec<Verdict>,
    /// What would have saved requests, the best first.
    pub advice: Vec<Advice>,
    /// Reasons not to trust the result, besides those of the measures.
    pub warnings: Vec<String>,
    /// What was found about the files, a line each. The text form tells only how many, since they
    /// stand beside it in full.
    pub about_files: Vec<String>,
    /// Whether the run was interrupted before its end.
    pub interrupted: bool,
}

impl Report<'_> {
    /// All reasons not to trust the result: the measures' own, then the others.
    pub(crate) fn all_warnings(&self) -> impl Iterator<Item = &str> {
        self.warnings_of_the_run().chain(self.about_files.iter().map(String::as_str))
    }

    /// The same without what was found about the files.
    pub(crate) fn warnings_of_the_run(&self) -> impl Iterator<Item = &str> {
        self.measures.warnings.iter().chain(&self.warnings).map(String::as_str)
    }
}

/// How to write several edits, so that none moves the lines of another.
pub(crate) fn edit_order(advice: &[Advice]) -> Option<&'static str> {
    let edits: usize = advice.iter().map(|advice| advice.edits.len()).sum();
    (edits > 1).then_some(
        "Lines are counted in the files as they are now: begin with those that are furthest down.",
    )
}

/// Lines to write into a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Where, and instead of what: `app.yaml, add below line 50`; `None` for an object that came
    /// from no file.
    pub place: Option<String>,
    /// The YAML, indented as it has to be there.
    pub lines: String,
}

/// One change to a manifest that would save requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What to do: `add a preStop sleep of 5 s`.
    pub summary: String,
    /// Where, as `file:line`, if the object came from a file.
    pub place: Option<String>,
    /// The field's path: `spec.template.spec.containers[0].lifecycle.preStop.sleep.seconds`.
    pub field: String,
    /// The lines to write, and where.
    pub edits: Vec<Edit>,
    /// What happens then: `with it, 0 failed`.
    pub outcome: String,
    /// What to know before it is done.
    pub note: Option<String>,
    /// Whether a second run with the change showed the outcome.
    pub verified: bool,
}

impl Advice {
    /// All lines to write.
    pub(crate) fn lines(&self) -> String {
        self.edits.iter().map(|edit| edit.lines.as_str()).collect::<Vec<_>>().join("\n")
    }
}
