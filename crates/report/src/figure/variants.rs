//! A figure of a comparison under one load: for each measure a panel, in it a row for each variant
//! with its mean as a point and its interval as a line.

use std::ops::Range;

use metrics::{Estimate, Measure};

use super::{
    Figure, axis, font, headline,
    plot::{Mark, Plot},
    svg::{Area, Label, Svg, short},
    theme::{BODY, GRID, MARGIN, MUTED, SMALL, WIDTH, series},
};
use crate::{
    comparison::{ComparisonReport, sentence::finding},
    number::many,
};

/// The height of a row.
const ROW: f64 = 24.0;
/// Names are not wider than this.
const MOST_NAME: f64 = 260.0;
/// Room for what an axis says below a panel, and for the heading of the next one.
const BETWEEN: f64 = 62.0;
/// An interval of no width still has an axis, this much of its mean to both sides.
const LEAST_SPREAD: f64 = 0.02;

/// A panel for each of the measures.
pub(crate) fn figure(
    report: &ComparisonReport<'_>,
    name: &'static str,
    measures: &[Measure],
) -> Figure {
    let comparison = report.comparison;
    let title = finding(comparison, measures, what(measures));
    let mut svg = Svg::new(name, &title, &description(report, measures));
    let seeds = many(comparison.seeds.len() as u64, "seed");
    let note = format!("Points are means over {seeds}, lines their 95% intervals.");
    let mut y = headline::draw(&mut svg, &note) + 16.0;
    let widest = comparison.variants.iter().map(|name| font::width(name, BODY, false));
    let left = MARGIN + widest.fold(0.0, f64::max).min(MOST_NAME) + 16.0;
    for measure in measures {
        let means = means(report, *measure);
        if !means.is_empty() {
            y = panel(&mut svg, report, *measure, &means, left, y);
        }
    }
    svg.finish(y - 18.0)
}

/// What measures are of, in a title.
pub(super) fn what(measures: &[Measure]) -> &'static str {
    if measures.contains(&Measure::MaxOverShare) { "evenness" } else { "latency" }
}

/// What a panel is headed by.
pub(super) fn panel_title(measure: Measure) -> &'static str {
    match measure {
        Measure::MaxOverShare => "load of the busiest pod over its even share: 1 is even",
        measure => measure.words(),
    }
}

/// What a tick of a measure says.
pub(super) fn tick_label(measure: Measure, value: f64) -> String {
    if measure == Measure::MaxOverShare { short(value) } else { axis::millis_label(value) }
}

/// The variants that have a mean, by their places.
fn means<'a>(report: &'a ComparisonReport<'_>, measure: Measure) -> Vec<(usize, &'a Estimate)> {
    let all = report.comparison.estimates.iter().enumerate();
    all.filter_map(|(place, list)| Some((place, list.iter().find(|it| it.measure == measure)?)))
        .collect()
}

fn panel(
    svg: &mut Svg,
    report: &ComparisonReport<'_>,
    measure: Measure,
    means: &[(usize, &Estimate)],
    left: f64,
    y: f64,
) -> f64 {
    svg.text(&Label::new(MARGIN, y, panel_title(measure)).bold());
    let height = means.len() as f64 * ROW;
    let area = Area { x: left, y: y + 10.0, width: WIDTH - MARGIN - 20.0 - left, height };
    let plot = Plot { area, x: extent(means), y: 0.0..1.0 };
    let ticks = axis::ticks(plot.x.start, plot.x.end, 7);
    svg.raw(&plot.draw(&[Mark::Columns { at: ticks.clone(), tone: &GRID }]));
    for tick in ticks {
        let text = tick_label(measure, tick);
        let (x, y) = (plot.px(tick), area.bottom() + 16.0);
        svg.text(&Label::new(x, y, &text).middle().size(SMALL).tone(&MUTED));
    }
    for (row, (place, estimate)) in means.iter().enumerate() {
        let middle = area.y + (row as f64 + 0.5) * ROW;
        let tone = series(*place);
        let name = &report.comparison.variants[*place];
        let name = font::elide(name, BODY, false, MOST_NAME);
        svg.text(&Label::new(left - 12.0, middle + 4.5, &name).end().tone(tone));
        let interval = estimate.interval;
        if interval.half_width.is_finite() {
            let (from, to) = (plot.px(interval.low()), plot.px(interval.high()));
            svg.line((from, middle), (to, middle), tone, 2.5);
            for end in [from, to] {
                svg.line((end, middle - 5.0), (end, middle + 5.0), tone, 1.5);
            }
        }
        svg.dot((plot.px(interval.mean), middle), tone);
    }
    area.bottom() + BETWEEN
}

/// From the lowest end of an interval to the highest, with air at both sides.
fn extent(means: &[(usize, &Estimate)]) -> Range<f64> {
    let ends = means.iter().map(|(_, Estimate { interval, .. })| match interval.half_width {
        width if width.is_finite() => (interval.low(), interval.high()),
        _ => (interval.mean, interval.mean),
    });
    let (low, high) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (from, to)| {
        (low.min(from), high.max(to))
    });
    let air = ((high - low) * 0.06).max(high.abs() * LEAST_SPREAD).max(1e-3);
    low - air..high + air
}

/// What a screen reader says.
pub(super) fn description(report: &ComparisonReport<'_>, measures: &[Measure]) -> String {
    let comparison = report.comparison;
    let mut parts = Vec::new();
    for (runs, estimates) in comparison.runs.iter().zip(&comparison.estimates) {
        let at = match comparison.loads.len() {
            0 | 1 => String::new(),
            _ => format!(" at {} times the load", short(runs.load)),
        };
        for estimate in estimates.iter().filter(|it| measures.contains(&it.measure)) {
            let value = tick_label(estimate.measure, estimate.interval.mean);
            let name = &comparison.variants[runs.variant];
            parts.push(format!("{name}{at}: {} {value}", estimate.measure.words()));
        }
    }
    format!("{}.", parts.join("; "))
}
