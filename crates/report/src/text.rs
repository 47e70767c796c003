//! For a terminal: tables in kubectl's look, then why and what to change, the verdict last.
//!
//! The layout aims at eighty columns and uses what it gets. Colour marks only what is good or bad,
//! and nothing is said by colour alone.

mod balance;
mod outlook;
pub(crate) mod paint;
mod rollouts;
pub(crate) mod table;
mod timeline;
mod traffic;
pub(crate) mod wrap;

use crate::{
    report::Report,
    verdict::{self, Outcome},
};
use paint::{Paint, Tone};

/// How the text may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether escape sequences for colour are understood.
    pub ansi: bool,
    /// Columns to fit into. Fewer than 40 are taken for 40.
    pub width: usize,
}

impl Style {
    /// No colour, eighty columns: for files and pipes.
    pub const PLAIN: Self = Self { ansi: false, width: 80 };
}

/// `report` for a terminal, with a line end.
///
/// Sections without content are left out; the last line is the verdict.
#[must_use]
pub fn text(report: &Report<'_>, style: Style) -> String {
    let style = Style { width: style.width.max(40), ..style };
    let measures = report.measures;
    let verdict = verdict_line(report, style);
    let sections = [
        head(report, style),
        verdict.clone(),
        traffic::requests(measures, style),
        traffic::causes(measures, style),
        traffic::latency(measures, style),
        traffic::lookups(measures, style),
        traffic::connections(measures, style),
        balance::pods(measures, style),
        balance::evenness(measures, style),
        rollouts::rollouts(measures, style),
        rollouts::scalings(measures, style),
        timeline::timeline(measures, style),
        outlook::expectations(report, style),
        outlook::why(report, style),
        outlook::advice(report, style),
        outlook::warnings(report, style),
        verdict,
    ];
    let filled: Vec<&str> =
        sections.iter().map(|section| section.trim_end()).filter(|it| !it.is_empty()).collect();
    filled.join("\n\n") + "\n"
}

/// What was run, and what identifies the result.
fn head(report: &Report<'_>, style: Style) -> String {
    let measures = report.measures;
    let seconds = crate::number::seconds(measures.duration.as_secs_f64());
    let facts = format!(
        "seed {}   {seconds} simulated   fingerprint {}",
        report.seed, measures.fingerprint
    );
    let name = Paint(style.ansi).of(Tone::Bold, report.scenario);
    let one_line = report.scenario.chars().count() + 3 + facts.len() <= style.width;
    let between = if one_line { "   " } else { "\n" };
    let mut head = format!("{name}{between}{facts}");
    if !report.description.is_empty() {
        head.push('\n');
        head.push_str(&wrap::wrap(report.description, style.width, 0));
    }
    head
}

fn verdict_line(report: &Report<'_>, style: Style) -> String {
    let outcome = verdict::outcome(report);
    let tone = match outcome {
        Outcome::Pass => Tone::Good,
        Outcome::Fail => Tone::Bad,
        Outcome::Done => Tone::Bold,
        Outcome::Interrupted => Tone::Warn,
    };
    let line = format!("{}  {}", outcome.word(), verdict::sentence(report));
    let wrapped = wrap::wrap(&line, style.width, 6);
    let rest = wrapped.strip_prefix(outcome.word()).unwrap_or_default();
    format!("{}{rest}", Paint(style.ansi).of(tone, outcome.word()))
}

/// A section's heading.
pub(crate) fn heading(words: &str, style: Style) -> String {
    Paint(style.ansi).of(Tone::Bold, words)
}
