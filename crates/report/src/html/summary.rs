//! The top of the page: the verdict, four numbers, and the thresholds.

use super::markup::{Kind, escaped, table};
use crate::{
    number::{NONE, count, latency_or_none, many, percent_or_none, seconds},
    report::Report,
    verdict::{self, Outcome},
};

/// The verdict sentence, what was run, and the numbers that matter most.
pub(super) fn header(report: &Report<'_>) -> String {
    let outcome = verdict::outcome(report);
    let class = match outcome {
        Outcome::Pass => "pass",
        Outcome::Fail => "fail",
        Outcome::Done | Outcome::Interrupted => "done",
    };
    let description = match report.description {
        "" => String::new(),
        words => format!("<p class=\"lead\">{}</p>\n", escaped(words)),
    };
    format!(
        "<header>\n<p class=\"run\">{} <span>rehearsed by {}</span></p>\n\
         <h1><span class=\"badge {class}\">{}</span> {}</h1>\n{description}{}{}</header>\n",
        escaped(report.scenario),
        escaped(report.tool),
        outcome.word(),
        escaped(&sentence(report)),
        facts(report),
        numbers(report),
    )
}

/// The verdict with a capital letter, as the page's heading.
fn sentence(report: &Report<'_>) -> String {
    let sentence = verdict::sentence(report);
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).chain(['.']).collect()
    })
}

fn facts(report: &Report<'_>) -> String {
    let measures = report.measures;
    format!(
        "<p class=\"facts\">seed {} · {} simulated · {} · fingerprint <code>{}</code></p>\n",
        report.seed,
        seconds(measures.duration.as_secs_f64()),
        many(measures.pods.len() as u64, "pod"),
        escaped(&measures.fingerprint),
    )
}

/// What chance alone would have given, where that is defined.
fn of_chance(max_over_mean: f64) -> String {
    match max_over_mean.is_nan() {
        true => String::new(),
        false => format!("chance alone gives {max_over_mean:.2}"),
    }
}

fn numbers(report: &Report<'_>) -> String {
    let (requests, balance) = (report.measures.requests, report.measures.balance);
    let p99 = report.measures.latency.quantile(0.99).map(|nanos| nanos as f64);
    let (evenness, chance) = match balance.pods {
        0 => (NONE.to_owned(), "no pod was called".to_owned()),
        1 => (NONE.to_owned(), "only one pod was called".to_owned()),
        _ if !balance.is_measured() => (NONE.to_owned(), "no request came to a pod".to_owned()),
        _ => (format!("{:.2}", balance.max_over_mean), of_chance(balance.chance_max_over_mean)),
    };
    let failed = requests.failed > 0;
    let of_total = format!("of {}", many(requests.total(), "request"));
    let finished = match requests.in_flight {
        0 => "of all requests".to_owned(),
        open => format!("of those finished; {} in flight", count(open)),
    };
    let cards = [
        ("Success rate", percent_or_none(requests.success_rate()), finished, failed),
        ("Failed requests", count(requests.failed), of_total, failed),
        ("p99 latency", latency_or_none(p99), "of answered requests".to_owned(), false),
        ("Largest load over mean", evenness, chance, false),
    ];
    let cards: String = cards.iter().map(card).collect();
    format!("<dl class=\"numbers\">\n{cards}</dl>\n")
}

fn card((name, value, note, bad): &(&str, String, String, bool)) -> String {
    let class = if *bad { " class=\"bad\"" } else { "" };
    let (value, note) = (escaped(value), escaped(note));
    format!("<div><dt>{name}</dt><dd{class}>{value}</dd><dd class=\"note\">{note}</dd></div>\n")
}

/// What was expected, and what was measured.
pub(super) fn thresholds(report: &Report<'_>) -> String {
    if report.verdicts.is_empty() {
        return String::new();
    }
    let rows: Vec<_> = report
        .verdicts
        .iter()
        .map(|verdict| {
            let result = if verdict.passed { "✓ holds" } else { "✗ fails" };
            vec![
                (result.to_owned(), !verdict.passed),
                (verdict.text.clone(), false),
                (verdict.words.clone(), !verdict.passed),
            ]
        })
        .collect();
    let heads = [("Result", Kind::Words), ("Expectation", Kind::Name), ("Measured", Kind::Number)];
    format!(
        "<section aria-labelledby=\"expected\" class=\"quiet\">\n<h2 id=\"expected\">Against the thresholds</h2>\n\
         {}</section>\n",
        table("Expectations", &heads, &rows)
    )
}
