//! A figure of a comparison under several loads: for each measure a panel, in it a curve for each
//! variant with its interval as a band.

use metrics::Measure;
use stats::Interval;

use super::{
    Figure, axis, font, headline,
    plot::{Mark, Plot},
    svg::{Area, Label, Svg, short},
    theme::{BODY, GRID, MARGIN, MUTED, SMALL, WIDTH, series},
    variants::{description, panel_title, tick_label, what},
};
use crate::{
    comparison::{ComparisonReport, sentence::finding},
    number::many,
};

/// The height of a panel.
const HEIGHT: f64 = 230.0;
/// Names are not wider than this.
const MOST_NAME: f64 = 220.0;
/// The least distance between two names.
const LINE: f64 = 16.0;
/// Values that differ by more than this factor are drawn on a logarithmic axis.
const WIDE: f64 = 20.0;

/// A variant's points: a load, and what was measured there.
struct Curve {
    place: usize,
    points: Vec<(f64, Interval)>,
}

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
    let note = format!("Lines are means over {seeds}, bands their 95% intervals.");
    let mut y = headline::draw(&mut svg, &note) + 16.0;
    for measure in measures {
        let curves = curves(report, *measure);
        if !curves.is_empty() {
            y = panel(&mut svg, report, *measure, &curves, y);
        }
    }
    svg.finish(y - 16.0)
}

fn curves(report: &ComparisonReport<'_>, measure: Measure) -> Vec<Curve> {
    let comparison = report.comparison;
    let curve = |place: usize| {
        let runs = comparison.runs.iter().zip(&comparison.estimates);
        let points = runs.filter(|(runs, _)| runs.variant == place).filter_map(|(runs, list)| {
            let estimate = list.iter().find(|estimate| estimate.measure == measure)?;
            Some((runs.load, estimate.interval))
        });
        Curve { place, points: points.collect() }
    };
    let curves = (0..comparison.variants.len()).map(curve);
    curves.filter(|curve| !curve.points.is_empty()).collect()
}

/// The vertical axis: linear from what is least, or decades.
struct Scale {
    logarithmic: bool,
    least: f64,
}

impl Scale {
    fn of(measure: Measure, curves: &[Curve]) -> Self {
        let means = || curves.iter().flat_map(|curve| &curve.points).map(|(_, it)| it.mean);
        let (low, high) = (means().fold(f64::INFINITY, f64::min), means().fold(0.0, f64::max));
        let logarithmic = low > 0.0 && high > low * WIDE;
        let least = if measure == Measure::MaxOverShare { 1.0 } else { 0.0 };
        Self { logarithmic, least: if logarithmic { low / 1.5 } else { least } }
    }

    fn place(&self, value: f64) -> f64 {
        let value = value.max(self.least);
        if self.logarithmic { libm::log10(value) } else { value }
    }

    fn ticks(&self, most: f64) -> Vec<f64> {
        if !self.logarithmic {
            return axis::ticks(self.least, most, 6);
        }
        let ticks = axis::log_ticks(self.least, most);
        ticks.into_iter().filter(|tick| tick.labelled).map(|tick| tick.value).collect()
    }
}

fn panel(
    svg: &mut Svg,
    report: &ComparisonReport<'_>,
    measure: Measure,
    curves: &[Curve],
    y: f64,
) -> f64 {
    let comparison = report.comparison;
    let scale = Scale::of(measure, curves);
    let suffix = if scale.logarithmic { ", logarithmic" } else { "" };
    let heading = format!("{}{suffix}", panel_title(measure));
    svg.text(&Label::new(MARGIN, y, &heading).bold());
    let most = curves.iter().flat_map(|curve| &curve.points).fold(scale.least, |most, (_, it)| {
        most.max(if it.half_width.is_finite() { it.high() } else { it.mean })
    });
    let most = if most > scale.least { most } else { scale.least + 1.0 };
    let widest = comparison.variants.iter().map(|name| font::width(name, BODY, true));
    let names = widest.fold(0.0, f64::max).min(MOST_NAME) + 14.0;
    let (left, right) = (MARGIN + 56.0, WIDTH - MARGIN - names);
    let area = Area { x: left, y: y + 14.0, width: right - left, height: HEIGHT };
    let (first, last) = (comparison.loads[0], comparison.loads[comparison.loads.len() - 1]);
    let (bottom, top) = (scale.place(scale.least), scale.place(most));
    let plot = Plot { area, x: first..last, y: bottom..top + (top - bottom) * 0.04 };
    grid(svg, &plot, measure, &scale, most, &comparison.loads);
    svg.raw(&plot.draw(&marks(curves, &scale)));
    for curve in curves {
        for (load, interval) in &curve.points {
            let point = (plot.px(*load), plot.py(scale.place(interval.mean)));
            svg.dot(point, series(curve.place));
        }
    }
    draw_names(svg, report, curves, &plot, &scale);
    area.bottom() + 76.0
}

/// Bands at the back, lines in front of them.
fn marks(curves: &[Curve], scale: &Scale) -> Vec<Mark> {
    let band = |curve: &Curve| {
        let finite = curve.points.iter().filter(|(_, it)| it.half_width.is_finite());
        let ends = finite.map(|(load, it)| (*load, scale.place(it.low()), scale.place(it.high())));
        Mark::Band { points: ends.collect(), tone: series(curve.place), opacity: 0.16 }
    };
    let line = |curve: &Curve| {
        let points = curve.points.iter().map(|(load, it)| (*load, scale.place(it.mean)));
        Mark::Line { points: points.collect(), tone: series(curve.place), width: 2.0 }
    };
    curves.iter().map(band).chain(curves.iter().map(line)).collect()
}

fn grid(svg: &mut Svg, plot: &Plot, measure: Measure, scale: &Scale, most: f64, loads: &[f64]) {
    let ticks = scale.ticks(most);
    let rows = ticks.iter().map(|tick| scale.place(*tick)).collect();
    svg.raw(&plot.draw(&[
        Mark::Columns { at: loads.to_vec(), tone: &GRID },
        Mark::Rows { at: rows, tone: &GRID },
    ]));
    for tick in ticks {
        let (x, y) = (plot.area.x - 8.0, plot.py(scale.place(tick)) + 4.0);
        svg.text(&Label::new(x, y, &tick_label(measure, tick)).end().size(SMALL).tone(&MUTED));
    }
    let mut free = f64::NEG_INFINITY;
    for load in loads {
        let (x, text) = (plot.px(*load), short(*load));
        let half = font::width(&text, SMALL, false) / 2.0;
        // Loads may be closer than their labels are wide.
        if x - half > free {
            let y = plot.area.bottom() + 17.0;
            svg.text(&Label::new(x, y, &text).middle().size(SMALL).tone(&MUTED));
            free = x + half + 6.0;
        }
    }
    let (x, y) = (plot.area.x + plot.area.width / 2.0, plot.area.bottom() + 35.0);
    let words = "load: times the scenario's rate of requests";
    svg.text(&Label::new(x, y, words).middle().size(SMALL).tone(&MUTED));
}

/// Each name stands at the end of its curve, or as near as those above leave room.
fn draw_names(
    svg: &mut Svg,
    report: &ComparisonReport<'_>,
    curves: &[Curve],
    plot: &Plot,
    scale: &Scale,
) {
    let end = |curve: &Curve| {
        let last = curve.points.last().map_or(0.0, |(_, interval)| interval.mean);
        (plot.py(scale.place(last)), curve.place)
    };
    let mut ends: Vec<(f64, usize)> = curves.iter().map(end).collect();
    ends.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut free = plot.area.y;
    let mut placed: Vec<f64> = Vec::new();
    for (y, _) in &ends {
        free = y.max(free);
        placed.push(free);
        free += LINE;
    }
    // What ran out of the panel at its bottom moves up again.
    let mut most = plot.area.bottom();
    for y in placed.iter_mut().rev() {
        *y = y.min(most);
        most = *y - LINE;
    }
    for ((_, place), y) in ends.iter().zip(placed) {
        let name = font::elide(&report.comparison.variants[*place], BODY, true, MOST_NAME);
        let at = plot.area.right() + 12.0;
        svg.text(&Label::new(at, y + 4.0, &name).bold().tone(series(*place)));
    }
}
