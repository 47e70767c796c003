//! A comparison for a terminal: the variants, the differences, and the sentences last.

use metrics::{Comparison, Difference, Estimate, Measure, words::decimal};

use super::{ComparisonReport, amount, sentence::sentences, with_numbers};
use crate::{
    number::many,
    text::{
        Style, heading,
        paint::{Paint, Tone},
        table::{Side, Table},
        wrap,
    },
};

/// `report` for a terminal, with a line end.
#[must_use]
pub fn text(report: &ComparisonReport<'_>, style: Style) -> String {
    let style = Style { width: style.width.max(40), ..style };
    let mut sections = vec![head(report, style)];
    let numbered = with_numbers(report.comparison, |number, _| number);
    if let Some(numbered) = &numbered {
        sections.push(names(report.comparison, &numbered.variants, style));
    }
    let comparison = numbered.as_ref().unwrap_or(report.comparison);
    let report = &ComparisonReport { comparison, ..report.clone() };
    for load in 0..report.comparison.loads.len() {
        sections.push(variants(report, load, style));
        sections.push(differences(report, load, style));
    }
    sections.push(legend(comparison, style));
    sections.push(warnings(report, style));
    let sentences = sentences(report.comparison);
    let wrapped: Vec<String> =
        sentences.iter().map(|sentence| wrap::wrap(sentence, style.width, 0)).collect();
    sections.push(wrapped.join("\n"));
    sections.retain(|section| !section.is_empty());
    sections.join("\n\n") + "\n"
}

fn head(report: &ComparisonReport<'_>, style: Style) -> String {
    let comparison = report.comparison;
    let (first, last) = (comparison.seeds.first(), comparison.seeds.last());
    let seeds = match (first, last) {
        (Some(first), Some(last)) => format!("seeds {first} to {last}"),
        _ => String::new(),
    };
    let name = Paint(style.ansi).of(Tone::Bold, report.scenario);
    let variants = many(comparison.variants.len() as u64, "variant");
    let mut head = format!("{name}   {variants}   {seeds}");
    if !report.description.is_empty() {
        head.push('\n');
        head.push_str(&wrap::wrap(report.description, style.width, 0));
    }
    head
}

/// What the numbers stand for.
fn names(comparison: &Comparison, numbers: &[String], style: Style) -> String {
    let line = |(number, name): (&String, &String)| {
        format!("  {}", wrap::wrap(&format!("{number}  {name}"), style.width - 2, 6))
    };
    let lines: Vec<String> = numbers.iter().zip(&comparison.variants).map(line).collect();
    format!("{}\n{}", heading("VARIANTS", style), lines.join("\n"))
}

/// One line for each measure and variant under a load.
fn variants(report: &ComparisonReport<'_>, load: usize, style: Style) -> String {
    let comparison = report.comparison;
    let mut table = Table::new([
        ("MEASURE", Side::Left),
        ("VARIANT", Side::Left),
        ("MEAN", Side::Right),
        ("95% INTERVAL", Side::Right),
        ("", Side::Left),
    ]);
    let count = comparison.variants.len();
    let estimates = &comparison.estimates[load * count..(load + 1) * count];
    for measure in comparison.measures() {
        let of = |estimate: &&Estimate| estimate.measure == measure;
        let measured: Vec<(&String, &Estimate)> = comparison
            .variants
            .iter()
            .zip(estimates)
            .filter_map(|(variant, list)| Some((variant, list.iter().find(of)?)))
            .collect();
        let intervals: Vec<_> = measured.iter().map(|(_, it)| it.interval).collect();
        let written = amount::means(&intervals, measure.unit());
        let mut name = label(measure);
        for ((variant, estimate), (mean, range)) in measured.into_iter().zip(written) {
            let (best, tone) = if estimate.best { ("best", Tone::Good) } else { ("", Tone::Plain) };
            table.row([
                (name, Tone::Plain),
                (variant, Tone::Plain),
                (&mean, tone),
                (&range, Tone::Plain),
                (best, tone),
            ]);
            name = "";
        }
    }
    let table = table.render(style);
    match comparison.loads.len() {
        0 | 1 => table,
        _ => {
            let title = format!("AT {} TIMES THE LOAD", decimal(comparison.loads[load], 3));
            format!("{}\n{table}", heading(&title, style))
        }
    }
}

/// One line for each measure and variant but the one they are held against.
fn differences(report: &ComparisonReport<'_>, load: usize, style: Style) -> String {
    let comparison = report.comparison;
    let load = comparison.loads[load].to_bits();
    let title = format!("DIFFERENCES FROM {}", comparison.variants[comparison.against]);
    let mut table = Table::new([
        ("MEASURE", Side::Left),
        ("VARIANT", Side::Left),
        ("MEAN", Side::Right),
        ("95% INTERVAL", Side::Right),
        ("CHANCE", Side::Right),
        ("REAL", Side::Left),
    ]);
    for measure in Measure::ALL {
        let mut name = label(measure);
        let of = |it: &&Difference| it.measure == measure && it.load.to_bits() == load;
        for difference in comparison.differences.iter().filter(of) {
            let (mean, range) = amount::difference(difference.interval, measure.unit());
            let (word, tone) = match (difference.real, difference.is_better()) {
                (false, _) => ("", Tone::Plain),
                (true, true) => ("better", Tone::Good),
                (true, false) => ("worse", Tone::Bad),
            };
            table.row([
                (name, Tone::Plain),
                (&comparison.variants[difference.variant], Tone::Plain),
                (&mean, tone),
                (&range, Tone::Plain),
                (&chance(difference.adjusted), Tone::Plain),
                (word, tone),
            ]);
            name = "";
        }
    }
    format!("{}\n{}", heading(&title, style), table.render(style))
}

/// What a measure is called where there is little room.
fn label(measure: Measure) -> &'static str {
    match measure {
        Measure::Failed => "failed",
        Measure::LatencyP50 => "p50 latency",
        Measure::MaxOverShare => "max/share",
        Measure::RolloutDuration => "rollout",
        Measure::SuccessRate | Measure::LatencyMean | Measure::LatencyP99 => measure.words(),
    }
}

fn chance(probability: f64) -> String {
    match probability * 100.0 {
        percent if percent < 0.1 => "<0.1%".to_owned(),
        percent if percent < 99.95 => format!("{percent:.1}%"),
        _ => "100%".to_owned(),
    }
}

/// With fewer seeds than these, chance may bring about much.
const FEW_SEEDS: usize = 10;

fn legend(comparison: &Comparison, style: Style) -> String {
    let unclear = comparison.differences.iter().any(|it| !it.real && !it.is_nothing());
    let few = match comparison.seeds.len() {
        seeds if unclear && seeds < FEW_SEEDS => {
            format!(" {seeds} seeds tell little from chance: `--seeds 20` tells more.")
        }
        _ => String::new(),
    };
    let words = "Differences are means over pairs of runs under the same seed. CHANCE is how likely \
                 one so large would be without a real cause, adjusted for how many differ under any seed (Holm); \
                 REAL are those of at most 5%.";
    let wrapped = wrap::wrap(&format!("{words}{few}"), style.width, 0);
    let lines: Vec<String> =
        wrapped.lines().map(|line| Paint(style.ansi).of(Tone::Dim, line)).collect();
    lines.join("\n")
}

fn warnings(report: &ComparisonReport<'_>, style: Style) -> String {
    let paint = Paint(style.ansi);
    let lines = report.all_warnings().map(|warning| {
        let wrapped = wrap::wrap(&format!("warning: {warning}"), style.width, 9);
        wrapped.replacen("warning:", &paint.of(Tone::Warn, "warning:"), 1)
    });
    lines.collect::<Vec<_>>().join("\n")
}
