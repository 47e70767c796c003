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
        (Outcome::Pass, 2) => format!("{requests}; both expectations held"),
        (Outcome::Pass, _) => format!("{requests}; all {all} expectations held"),
        (Outcome::Fail, 1) => format!("{requests}; the expectation failed"),
        (Outcome::Fail, 2) if broken == 2 => format!("{requests}; both expectations failed"),
        (Outcome::Fail, _) if broken == all => {
            format!("{requests}; all {all} expectations failed")
        }
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
            scenario: "",
            description: "",
            seed: 1,
            measures: &measures,
            verdicts: verdicts.iter().map(verdict).collect(),
            advice: Vec::new(),
            warnings: Vec::new(),
        };
        format!("{}: {}", outcome(&report).word(), sentence(&report))
    }

    #[test]
    fn sentences_fit_their_numbers() {
        let cases = [
            (say(0, 0, 0, &[]), "DONE: no request was sent"),
            (say(0, 0, 4, &[]), "DONE: 4 requests in flight, none finished"),
            (say(1, 0, 0, &[]), "DONE: the one request succeeded"),
            (say(2_000, 0, 0, &[true]), "PASS: all 2,000 requests succeeded; the expectation held"),
            (say(8, 0, 1, &[true; 2]), "PASS: none of 9 requests failed; both expectations held"),
            (say(0, 7, 0, &[true; 3]), "PASS: all 7 requests failed; all 3 expectations held"),
            (
                say(999, 1, 0, &[true, false]),
                "FAIL: 1 of 1,000 requests failed, 99.90% succeeded; 1 of 2 expectations failed",
            ),
        ];
        for (said, expected) in cases {
            assert_eq!(said, expected);
        }
    }
}
