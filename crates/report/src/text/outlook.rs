//! What was expected, why it came otherwise, what to change, and what not to trust.

use metrics::{Explanation, words::many};

use super::{
    Style, heading,
    paint::{Paint, Tone},
    table::{Side, Table},
    wrap,
};
use crate::{
    number::count,
    report::{Advice, Report, edit_order},
};

/// One line per expectation, with a tick or a cross.
pub(super) fn expectations(report: &Report<'_>, style: Style) -> String {
    if report.verdicts.is_empty() {
        return String::new();
    }
    let heads = [("  EXPECTATION", Side::Left), ("MEASURED", Side::Right), ("", Side::Left)];
    let mut table = Table::new(heads);
    for verdict in &report.verdicts {
        let (mark, word, tone) = match verdict.passed {
            true => ("✓", "holds", Tone::Good),
            false => ("✗", "fails", Tone::Bad),
        };
        table.row([
            (format!("{mark} {}", verdict.text), tone),
            (verdict.words.clone(), Tone::Plain),
            (word.to_owned(), tone),
        ]);
    }
    table.render(style)
}

/// Why requests failed, the largest cause first.
pub(super) fn why(report: &Report<'_>, style: Style) -> String {
    let explanations = &report.measures.explanations;
    if explanations.is_empty() {
        return String::new();
    }
    let blocks = explanations.iter().map(|explanation| reason(explanation, style));
    [heading("WHY", style)].into_iter().chain(blocks).collect::<Vec<_>>().join("\n")
}

fn reason(explanation: &Explanation, style: Style) -> String {
    let title = format!("{} × {}", count(explanation.count), explanation.cause);
    let title = Paint(style.ansi).of(Tone::Bad, &title);
    let text = wrap::indented(&explanation.text, style.width, 4);
    format!("  {title}\n{text}")
}

/// What to change, with the lines to add.
pub(super) fn advice(report: &Report<'_>, style: Style) -> String {
    if report.advice.is_empty() {
        return String::new();
    }
    let blocks = report.advice.iter().map(|advice| change(advice, style));
    let order = edit_order(&report.advice).map(|text| wrap::indented(text, style.width, 2));
    let parts = [heading("TRY", style)].into_iter().chain(blocks).chain(order);
    parts.collect::<Vec<_>>().join("\n")
}

fn change(advice: &Advice, style: Style) -> String {
    let paint = Paint(style.ansi);
    let summary = wrap::indented(&advice.summary, style.width, 2);
    let (tried, tone) = match advice.verified {
        true => ("✓ tried out", Tone::Good),
        false => ("not tried out", Tone::Plain),
    };
    let outcome = wrap::indented(&format!("{tried}: {}", advice.outcome), style.width, 4);
    let mut lines = vec![paint.of(Tone::Bold, &summary)];
    for edit in &advice.edits {
        let place = edit.place.as_deref().unwrap_or(&advice.field);
        let place = wrap::indented(&format!("in {place}:"), style.width, 4);
        lines.extend(place.lines().map(|line| paint.of(Tone::Dim, line)));
        // Who copies them finds them as they have to stand in the file.
        let margin = if edit.place.is_some() { "" } else { "    " };
        let indented = |line: &str| format!("{margin}{line}").trim_end().to_owned();
        lines.extend(edit.lines.lines().map(indented));
    }
    lines.extend(outcome.lines().map(|line| paint.of(tone, line)));
    lines.extend(advice.note.iter().map(|note| wrap::indented(note, style.width, 4)));
    lines.join("\n")
}

/// Reasons not to trust a number.
pub(super) fn warnings(report: &Report<'_>, style: Style) -> String {
    let paint = Paint(style.ansi);
    let found = report.about_files.len();
    let about_files = (found > 0).then(|| {
        let be = if found == 1 { "is" } else { "are" };
        format!("{} about the files {be} on standard error", many(found as u64, "warning"))
    });
    let lines: Vec<String> = report
        .warnings_of_the_run()
        .chain(about_files.as_deref())
        .map(|warning| {
            let wrapped = wrap::wrap(&format!("warning: {warning}"), style.width, 9);
            wrapped.replacen("warning:", &paint.of(Tone::Warn, "warning:"), 1)
        })
        .collect();
    lines.join("\n")
}
