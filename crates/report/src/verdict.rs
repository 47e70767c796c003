//! The whole result in one sentence: a word, then what happened.

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
    /// It did not reach its end.
    Interrupted,
}

impl Outcome {
    /// The word in front of the sentence.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Done => "DONE",
            Self::Interrupted => "INTERRUPTED",
        }
    }
}

/// How `report` came out.
pub(crate) fn outcome(report: &Report<'_>) -> Outcome {
    match (report.verdicts.len(), broken(report)) {
        _ if report.interrupted => Outcome::Interrupted,
        (0, _) => Outcome::Done,
        (_, 0) => Outcome::Pass,
        _ => Outcome::Fail,
    }
}

/// The result in one sentence, without its word, which is about the expectations: so they come first.
pub(crate) fn sentence(report: &Report<'_>) -> String {
    let requests = traffic(report);
    let (broken, all) = (broken(report), report.verdicts.len());
    match (outcome(report), all) {
        (Outcome::Done | Outcome::Interrupted, _) => requests,
        (Outcome::Pass, 1) => format!("the expectation held; {requests}"),
        (Outcome::Pass, 2) => format!("both expectations held; {requests}"),
        (Outcome::Pass, _) => format!("all {all} expectations held; {requests}"),
        (Outcome::Fail, 1) => format!("the expectation failed; {requests}"),
        (Outcome::Fail, 2) if broken == 2 => format!("both expectations failed; {requests}"),
        (Outcome::Fail, _) if broken == all => {
            format!("all {all} expectations failed; {requests}")
        }
        (Outcome::Fail, _) => format!("{broken} of {all} expectations failed; {requests}"),
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
        (_, _, None) => format!("{} in flight, none finished", many(total, "request")),
        (1, 0, _) => "the one request succeeded".to_owned(),
        (_, 0, _) if requests.in_flight == 0 => {
            format!("all {} succeeded", many(total, "request"))
        }
        (_, 0, _) => format!("none of {} failed", many(total, "request")),
        (_, failed, _) if failed == total => format!("all {} failed", many(total, "request")),
        (_, _, Some(rate)) => {
            let (failed, all) = (count(failed), many(total, "request"));
            format!("{failed} of {all} failed, {} succeeded", percent(rate))
        }
    }
}

#[cfg(test)]
mod tests {
    use metrics::{Counts, Measures, Verdict};

    use super::*;
    use crate::example;

    fn say(ok: u64, failed: u64, in_flight: u64, verdicts: &[bool]) -> String {
        let attempts = ok + failed + in_flight;
        let requests = Counts { ok, failed, in_flight, attempts };
        let measures = Measures { requests, ..example::nothing() };
        let verdict = |passed: &bool| Verdict {
            text: String::new(),
            measured: None,
            words: String::new(),
            passed: *passed,
        };
        let report = Report {
            tool: "",
            inputs: Vec::new(),
            scenario: "",
            description: "",
            seed: 1,
            measures: &measures,
            verdicts: verdicts.iter().map(verdict).collect(),
            advice: Vec::new(),
            warnings: Vec::new(),
            about_files: Vec::new(),
            interrupted: false,
        };
        format!("{}: {}", outcome(&report).word(), sentence(&report))
    }

    #[test]
    fn sentences_fit_their_numbers() {
        let cases = [
            (say(0, 0, 0, &[]), "DONE: no request was sent"),
            (say(0, 0, 4, &[]), "DONE: 4 requests in flight, none finished"),
            (say(1, 0, 0, &[]), "DONE: the one request succeeded"),
            (say(2_000, 0, 0, &[true]), "PASS: the expectation held; all 2,000 requests succeeded"),
            (say(8, 0, 1, &[true; 2]), "PASS: both expectations held; none of 9 requests failed"),
            (say(0, 7, 0, &[true; 3]), "PASS: all 3 expectations held; all 7 requests failed"),
            (
                say(999, 1, 0, &[true, false]),
                "FAIL: 1 of 2 expectations failed; 1 of 1,000 requests failed, 99.90% succeeded",
            ),
        ];
        for (said, expected) in cases {
            assert_eq!(said, expected);
        }
    }
}
