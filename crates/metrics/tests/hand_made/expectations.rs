//! Expectations as they are written, held against streams made by hand.

use engine::Span;
use record::{Cause, ClientId, Outcome, Record};
use rollsim_metrics::{Expectation, Measures, Verdict};

use crate::{rollouts, stream::Stream};

fn check(measures: &Measures, text: &str) -> Verdict {
    let expectation = Expectation::parse(text);
    expectation.unwrap_or_else(|error| panic!("{text}: {error}")).check(measures)
}

/// 999 answers and one refusal in a thousand, and two requests without an answer.
fn thousand() -> Measures {
    let mut stream = Stream::new();
    stream.run_pod(0, 1, "web:v1");
    stream.run_pod(0, 2, "web:v1");
    stream.program_all(0, &[1, 2]);
    for place in 0..999 {
        let takes = if place < 989 { 20 } else { 250 };
        let pod = Some(if place % 3 == 0 { 1 } else { 2 });
        stream.finish((10 * place, takes), 0, pod, Outcome::Ok, Span::ZERO);
    }
    stream.fail(9_990, 0, Some(1), Cause::RefusedListenerClosed);
    stream.say(60_000, &Record::RequestsInFlight { client: ClientId(0), count: 2 });
    stream.end(60_000)
}

#[test]
fn thresholds_hold_or_do_not() {
    let measures = thousand();
    let cases = [
        // Exactly at the bound: 999 in 1000.
        ("success_rate >= 99.9%", 0.999, true, "99.9%"),
        ("success_rate > 99.9%", 0.999, false, "99.9%"),
        ("success_rate == 99.90%", 0.999, true, "99.9%"),
        ("success_rate<100%", 0.999, true, "99.9%"),
        ("latency.p50 <= 20ms", 20.0, true, "20 ms"),
        ("latency.p999 < 0.2s", 250.0, false, "250 ms"),
        ("latency.max < 1m", 250.0, true, "250 ms"),
        ("requests.total == 1002", 1_002.0, true, "1,002"),
        ("requests.failed != 0", 1.0, true, "1"),
        ("requests.in_flight <= 1", 2.0, false, "2"),
        ("requests.attempts >= 1000", 1_002.0, true, "1,002"),
        ("failed{cause=refused.listener-closed} == 0", 1.0, false, "1"),
        ("failed{cause=refused} <= 1", 1.0, true, "1"),
        ("failed{ cause = timeout } == 0", 0.0, true, "0"),
        ("balance.max_over_mean < 1.5", 1.332, true, "1.332"),
        ("client(shop) success_rate >= 99%", 0.999, true, "99.9%"),
        ("  client( shop )   requests.ok > 998.5  ", 999.0, true, "999"),
    ];
    for (text, measured, passed, words) in cases {
        let verdict = check(&measures, text);
        let got = verdict.measured.expect("it can be measured");
        assert!((got - measured).abs() < 1e-3 * measured + 1e-12, "{text}: {got}");
        assert_eq!((verdict.passed, verdict.words.as_str()), (passed, words), "{text}");
        assert_eq!(verdict.text, text.trim());
    }
}

#[test]
fn rollouts_are_held_to_their_extremes() {
    let measures = rollouts::story(true).end(60_000);
    let cases = [
        ("during(rollout) success_rate >= 99%", 0.5, false, "50%"),
        ("during(rollout) latency.p95 < 1s", 20.0, true, "20 ms"),
        ("rollout.duration < 90s", 5_600.0, true, "5.6 s"),
        ("rollout.complete == true", 1.0, true, "true"),
        ("rollout.complete != true", 1.0, false, "true"),
        ("rollout.pods_max <= 3", 3.0, true, "3"),
        ("rollout.available_min >= 2", 2.0, true, "2"),
    ];
    for (text, measured, passed, words) in cases {
        let verdict = check(&measures, text);
        let got = verdict.measured.expect("it can be measured");
        assert!((got - measured).abs() < 1e-9, "{text}: {got}");
        assert_eq!((verdict.passed, verdict.words.as_str()), (passed, words), "{text}");
    }
}

#[test]
fn what_cannot_be_measured_does_not_hold() {
    let empty = Stream::new().end(60_000);
    let unfinished = rollouts::story(false).end(60_000);
    let cases = [
        (&empty, "success_rate >= 0%", "no request finished"),
        (&empty, "latency.p99 < 1h", "no request was answered"),
        (&empty, "requests.failed == 0", "no request finished"),
        (&empty, "failed{cause=dns} == 0", "no request finished"),
        (&empty, "balance.cv < 1", "no request went to a pod of a Service that is called"),
        (&empty, "rollout.complete == false", "no rollout began"),
        (&empty, "during(rollout) success_rate > 1%", "no rollout began"),
        (&empty, "client(shop) success_rate > 1%", "no request finished of those that shop sent"),
        (&empty, "client(shoop) requests.total >= 0", "there is no client `shoop`"),
        (&unfinished, "rollout.duration < 1h", "a rollout was not complete when the run ended"),
    ];
    for (measures, text, why) in cases {
        let verdict = check(measures, text);
        assert_eq!((verdict.measured, verdict.passed), (None, false), "{text}");
        assert_eq!(verdict.words, format!("not measured: {why}"), "{text}");
    }
    assert!(check(&empty, "requests.total == 0").passed, "nothing is a count, too");
    assert!(check(&unfinished, "rollout.complete == false").passed);
}

const ALL: &str = "one of success_rate, latency.mean, latency.p50, latency.p90, latency.p95, \
               latency.p99, latency.p999, latency.max, requests.total, requests.ok, \
               requests.failed, requests.in_flight, requests.attempts, dns.queries, dns.queries_per_name, balance.jain, balance.cv, \
               balance.max_over_mean, balance.max_over_share, rollout.complete, rollout.duration, rollout.pods_max, \
               rollout.available_min, failed{cause=…}";

/// The text; where it is wrong, what is wrong, and what to write instead.
const MISTAKES: &[(&str, usize, &str, &str)] = &[
    ("", 0, "a quantity is missing", "for example `success_rate >= 99.9%`"),
    ("> 5", 0, "a quantity is missing", "for example `success_rate >= 99.9%`"),
    ("sucess_rate > 9%", 0, "unknown quantity `sucess_rate`", "did you mean `success_rate`?"),
    ("latency.p98 < 1s", 0, "unknown quantity `latency.p98`", "did you mean `latency.p99`?"),
    ("p99 < 1s", 0, "unknown quantity `p99`", "did you mean `latency.p99`?"),
    ("Success_Rate > 9%", 0, "unknown quantity `Success_Rate`", "did you mean `success_rate`?"),
    ("xyz < 1", 0, "unknown quantity `xyz`", ALL),
    ("success_rate 99%", 13, "`success_rate` is followed by an operator", "one of < <= > >= == !="),
    ("success_rate = 99%", 13, "unknown operator `=`", "did you mean `==`?"),
    ("success_rate => 99%", 13, "unknown operator `=>`", "did you mean `>=`?"),
    ("success_rate === 99%", 13, "unknown operator `===`", "did you mean `==`?"),
    ("success_rate ≥ 99%", 13, "unknown operator `≥`", "did you mean `>=`?"),
    ("success_rate >=", 15, "a bound is missing", "for example `99.9%`"),
    (
        "success_rate >= 0.999",
        16,
        "`success_rate` is a rate: its bound is a percentage",
        "write `99.9%`, say",
    ),
    (
        "success_rate >= 99",
        16,
        "`success_rate` is a rate: its bound is a percentage",
        "write `99%`, say",
    ),
    ("success_rate >= 999%", 16, "a rate cannot exceed 100%", "write `99.9%`, say"),
    ("success_rate >= 99.9 %", 20, "a bound is written without a space", "write `99.9%`"),
    (
        "latency.p99 < 200",
        14,
        "`latency.p99` is a time: its bound is a duration",
        "write `200ms`, say",
    ),
    (
        "latency.p99 < 99%",
        14,
        "`latency.p99` is a time: its bound is a duration",
        "write `200ms`, say",
    ),
    ("latency.p99 < 200 ms", 17, "a bound is written without a space", "write `200ms`"),
    (
        "latency.p99 < 200mz",
        17,
        "unknown unit \"mz\": one of h, m, s, ms, us, ns",
        "write `200ms`, say",
    ),
    (
        "requests.failed == 0%",
        19,
        "`requests.failed` is a count: its bound is a number without a unit",
        "write `0`, say",
    ),
    (
        "balance.jain > 0.9s",
        15,
        "`balance.jain` is a plain number: its bound is a number without a unit",
        "write `0.9`, say",
    ),
    (
        "rollout.complete == yes",
        20,
        "`rollout.complete` is true or false: its bound is `true` or `false`",
        "write `true`, say",
    ),
    (
        "rollout.complete >= true",
        17,
        "`rollout.complete` is true or false, and not `>=`",
        "write `rollout.complete == true`",
    ),
    (
        "success_rate > 99% and latency.p99 < 1s",
        19,
        "an expectation ends with its bound",
        "write one expectation for each thing expected",
    ),
    (
        "failed == 0",
        7,
        "`failed` is followed by its cause: `{`",
        "write `failed{cause=refused}`, say; all failures are `requests.failed`",
    ),
    (
        "failed{cause=refused.listener-close} == 0",
        13,
        "unknown cause `refused.listener-close`",
        "did you mean `refused.listener-closed`?",
    ),
    ("failed{cause=refuse} == 0", 13, "unknown cause `refuse`", "did you mean `refused`?"),
    ("client shop success_rate > 1%", 6, "`client` of what?", "write `client(shop)`, say"),
    ("client() success_rate > 1%", 7, "`client` of what?", "write `client(shop)`, say"),
    ("client(shop success_rate > 1%", 29, "a `)` is missing", "write `client(shop)`, say"),
    (
        "during(fault) success_rate > 1%",
        7,
        "unknown time `fault`",
        "only `during(rollout)` is known",
    ),
    (
        "client(shop) balance.jain > 0.9",
        13,
        "`balance.jain` is measured over the whole run",
        "leave `client(…)` out",
    ),
    (
        "during(rollout) requests.in_flight == 0",
        16,
        "requests without an answer are not known by their arrival",
        "leave `during(rollout)` out",
    ),
];

#[test]
fn errors_say_where_and_what_instead() {
    for &(text, offset, message, help) in MISTAKES {
        let error = Expectation::parse(text).expect_err(text);
        let got = (error.offset(), error.to_string(), error.help());
        assert_eq!(got, (offset, message.to_owned(), Some(help)), "{text}");
    }
}

#[test]
fn any_text_is_read_or_refused_within_it() {
    use proptest::prelude::*;
    let words = "client|during|\\(shop\\)|\\(rollout|success_rate|latency\\.p99|failed|\\{cause=|\
                 refused|\\}| |<=|=|≥|9|\\.|%|ms|true|é";
    let texts = proptest::string::string_regex(&format!("({words}){{0,8}}")).expect("a pattern");
    proptest!(|(text in texts)| {
        if let Err(error) = Expectation::parse(&text) {
            prop_assert!(text.is_char_boundary(error.offset()), "{text:?}: {error:?}");
        }
    });
}
