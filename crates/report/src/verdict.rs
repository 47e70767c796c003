//! The whole result in one sentence: a word for machines' eyes, then what happened.

use crate::{
    number::{count, many, percent},
    report::Report,
};

/// How a run came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Every expectation held.
    Pass,
    /// At least one did not.
    Fail,
    /// Nothing was expected.
    Done,
}

impl Outcome {
    /// The word in front of the sentence.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Done => "DONE",
        }
    }
}

/// How `report` came out.
pub(crate) fn outcome(report: &Report<'_>) -> Outcome {
    match (report.verdicts.len(), broken(report)) {
        (0, _) => Outcome::Done,
        (_, 0) => Outcome::Pass,
        _ => Outcome::Fail,
    }
}

/// The result in one sentence, without its word.
pub(crate) fn sentence(report: &Report<'_>) -> String {
    let requests = traffic(report);
    let (broken, all) = (broken(report), report.verdicts.len());
    match (outcome(report), all) {
        (Outcome::Done, _) => requests,
        (Outcome::Pass, 1) => format!("{requests}; the expectation held"),
        (Outcome::Pass, _) => format!("{requests}; all {all} expectations held"),
        (Outcome::Fail, 1) => format!("{requests}; the expectation failed"),
        (Outcome::Fail, _) => format!("{requests}; {broken} of {all} expectations failed"),
    }
}

fn broken(report: &Report<'_>) -> usize {
    report.verdicts.iter().filter(|verdict| !verdict.passed).count()
}

/// What became of the requests.
fn traffic(report: &Report<'_>) -> String {
    let requests = report.measures.requests;
    let (total, failed) = (requests.total(), requests.failed);
    match (total, failed, requests.success_rate()) {
        (0, ..) => "no request was sent".to_owned(),
        (_, _, None) => format!("none of {} was answered yet", many(total, "request")),
        (_, 0, _) => format!("none of {} failed", many(total, "request")),
        (_, _, Some(rate)) => {
            let (failed, all) = (count(failed), many(total, "request"));
            format!("{failed} of {all} failed, {} succeeded", percent(rate))
        }
    }
}
