//! The third figure: which share of the answers took at most how long.

use metrics::Measures;
use stats::LatencyHistogram;

use super::{
    Figure,
    axis::{log_ticks, millis_label, share_label},
    font, headline,
    plot::{Mark, Plot},
    svg::{Area, Label, Svg},
    theme::{BODY, FAINT, GRID, INK, MARGIN, MUTED, SMALL, VERSIONS, WIDTH},
};
use crate::number::latency;

/// The height of the plot.
const HEIGHT: f64 = 320.0;
/// The height of a row of flags.
const FLAG_ROW: f64 = 19.0;
/// Points closer than this are not drawn, in units of the figure.
const FINEST: f64 = 0.4;
/// The quantiles with a label, from the top of the figure to its bottom.
const QUANTILES: [(&str, f64); 6] =
    [("slowest", 1.0), ("p99.9", 0.999), ("p99", 0.99), ("p95", 0.95), ("p90", 0.9), ("p50", 0.5)];

/// The curve of all answers, with its quantiles, and that of those that arrived in a rollout.
pub(crate) fn figure(measures: &Measures) -> Figure {
    let title = headline::latencies(measures);
    let mut svg = Svg::new("latency", &title, &description(&measures.latency));
    let (Some(least), Some(most)) = (measures.latency.min(), measures.latency.max()) else {
        let y = headline::draw(&mut svg, "");
        return svg.finish(y + 8.0);
    };
    let note = "The share of answered requests that took at most so long, from arrival to answer, \
                retries included.";
    let y = headline::draw(&mut svg, note);
    let during = &measures.during_rollout.latency;
    let shown = !measures.rollouts.is_empty() && !during.is_empty();
    let rows = flags(&measures.latency, &coordinates(least, most, y)).iter().map(|it| it.row).max();
    let plot = coordinates(least, most, y + (rows.unwrap_or(0) + 1) as f64 * FLAG_ROW + 8.0);
    grid(&mut svg, &plot);
    let mut curves = Vec::new();
    if shown {
        curves.push(Mark::Line { points: points(during, &plot), tone: &VERSIONS[1], width: 2.0 });
    }
    let all =
        Mark::Line { points: points(&measures.latency, &plot), tone: &VERSIONS[0], width: 2.5 };
    curves.push(all);
    svg.raw(&plot.draw(&curves));
    if shown {
        names(&mut svg, &plot, measures.latency.quantile(0.5).unwrap_or(least));
    }
    draw_flags(&mut svg, &plot, &flags(&measures.latency, &plot));
    svg.finish(plot.area.bottom() + 46.0)
}

/// The horizontal axis is in decades of milliseconds, with air on both sides.
fn coordinates(least: u64, most: u64, y: f64) -> Plot {
    let (from, to) = (decade(least), decade(most).max(decade(least) + 0.3));
    let air = (to - from) * 0.04;
    let (left, right) = (MARGIN + 52.0, WIDTH - MARGIN - 8.0);
    Plot {
        area: Area { x: left, y, width: right - left, height: HEIGHT },
        // The flag of the slowest needs room to the right.
        x: from - air..to + (to - from) * 0.17,
        y: 0.0..1.02,
    }
}

fn grid(svg: &mut Svg, plot: &Plot) {
    let (from, to) = (libm::pow(10.0, plot.x.start), libm::pow(10.0, plot.x.end));
    let ticks = log_ticks(from, to);
    let at = |labelled: bool| {
        ticks.iter().filter(|it| it.labelled == labelled).map(|it| libm::log10(it.value)).collect()
    };
    let rows = [0.0, 0.25, 0.5, 0.75, 1.0];
    svg.raw(&plot.draw(&[
        Mark::Columns { at: at(false), tone: &FAINT },
        Mark::Columns { at: at(true), tone: &GRID },
        Mark::Rows { at: rows.to_vec(), tone: &GRID },
    ]));
    for row in rows {
        let (y, text) = (plot.py(row) + 4.0, share_label(row));
        svg.text(&Label::new(plot.area.x - 8.0, y, &text).end().size(SMALL).tone(&MUTED));
    }
    for tick in ticks.iter().filter(|tick| tick.labelled) {
        let (x, text) = (plot.px(libm::log10(tick.value)), millis_label(tick.value));
        let y = plot.area.bottom() + 18.0;
        svg.text(&Label::new(x, y, &text).middle().size(SMALL).tone(&MUTED));
    }
    let (x, y) = (plot.area.x + plot.area.width / 2.0, plot.area.bottom() + 36.0);
    let words = "latency, logarithmic";
    svg.text(&Label::new(x, y, words).middle().size(SMALL).tone(&MUTED));
}

/// The distribution as points of the plot, from zero on, thinned to what can be seen.
fn points(latencies: &LatencyHistogram, plot: &Plot) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = Vec::new();
    let mut below = 0.0;
    for (nanos, share) in latencies.cumulative() {
        let x = decade(nanos).clamp(plot.x.start, plot.x.end);
        let near = points.last().is_some_and(|last| {
            plot.px(x) - plot.px(last.0) < FINEST && plot.py(last.1) - plot.py(share) < FINEST
        });
        if !near || share >= 1.0 {
            points.extend([(x, below), (x, share)]);
        }
        below = share;
    }
    points
}

/// The curves' names, in the corner that a cumulative curve leaves free: the lower right one, or
/// the upper left one where even the median is far to the right.
fn names(svg: &mut Svg, plot: &Plot, median: u64) {
    let to_the_right = plot.px(decade(median)) > plot.area.x + plot.area.width * 0.6;
    let (x, y) = match to_the_right {
        true => (plot.area.x + 14.0, plot.py(1.0) + 24.0),
        false => (plot.area.right() - 180.0, plot.area.bottom() - 36.0),
    };
    let curves = [("all requests", &VERSIONS[0]), ("arrived in a rollout", &VERSIONS[1])];
    for (line, (text, tone)) in curves.into_iter().enumerate() {
        let y = y + line as f64 * 20.0;
        svg.line((x, y - 4.0), (x + 22.0, y - 4.0), tone, 2.5);
        svg.text(&Label::new(x + 30.0, y, text).bold().tone(tone).halo());
    }
}

/// A quantile as a flag: a mast from its point on the curve up to a text above the plot.
struct Flag {
    x: f64,
    y: f64,
    name: &'static str,
    value: String,
    row: usize,
}

impl Flag {
    fn width(&self) -> f64 {
        font::width(self.name, BODY, false) + font::width(&self.value, BODY, true) + 26.0
    }
}

/// The quantiles as flags, from the left. A flag that would hang over the mast of one further to
/// the right hangs higher than that one.
fn flags(latencies: &LatencyHistogram, plot: &Plot) -> Vec<Flag> {
    let mut flags: Vec<Flag> = Vec::new();
    for (name, quantile) in QUANTILES {
        // With fewer answers a quantile is one of the slowest ones, which has a flag already.
        let told_apart = quantile >= 1.0 || latencies.count() as f64 * (1.0 - quantile) >= 2.0;
        let value = if quantile >= 1.0 { latencies.max() } else { latencies.quantile(quantile) };
        let Some(nanos) = value.filter(|_| told_apart) else { continue };
        let (x, y) = (plot.px(decade(nanos)), plot.py(quantile));
        flags.push(Flag { x, y, name, value: latency(nanos as f64), row: 0 });
    }
    flags.reverse();
    for place in (0..flags.len()).rev() {
        let end = flags[place].x + flags[place].width();
        let under = flags[place + 1..].iter().filter(|right| right.x < end);
        flags[place].row = under.map(|right| right.row + 1).max().unwrap_or(0);
    }
    flags
}

fn draw_flags(svg: &mut Svg, plot: &Plot, flags: &[Flag]) {
    for flag in flags {
        let y = plot.area.y - 8.0 - flag.row as f64 * FLAG_ROW;
        svg.line((flag.x, flag.y), (flag.x, y - 10.0), &MUTED, 1.0);
        let text_x = flag.x + 5.0;
        svg.text(&Label::new(text_x, y, flag.name).tone(&MUTED));
        let value_x = text_x + font::width(flag.name, BODY, false) + 6.0;
        svg.text(&Label::new(value_x, y, &flag.value).bold());
    }
    for flag in flags {
        svg.dot((flag.x, flag.y), &INK);
    }
}

/// Where a latency is on the horizontal axis: decades of milliseconds, from a microsecond on.
fn decade(nanos: u64) -> f64 {
    libm::log10(nanos.max(1_000) as f64 / 1e6)
}

fn description(latencies: &LatencyHistogram) -> String {
    let values: Vec<String> = QUANTILES
        .iter()
        .rev()
        .filter_map(|(name, quantile)| {
            let nanos = latencies.quantile(*quantile)?;
            Some(format!("{name} {}", latency(nanos as f64)))
        })
        .collect();
    format!("Cumulative distribution of latencies: {}.", values.join(", "))
}
