//! The two upper panels of the first figure: the share of requests answered, and how many failed.

use std::ops::Range;

use metrics::{Measures, Second};

use super::{
    axis::{share_label, ticks},
    plot::{Mark, Plot, steps},
    svg::{Area, Label, Svg, short},
    theme::{BAD, FAINT, GOOD, GRID, MUTED, SMALL},
    time::TimeAxis,
};
use crate::{
    number::{count, percent, seconds},
    window::answered,
};

/// The height of the upper panel without its heading.
const ANSWERED_HEIGHT: f64 = 130.0;
/// The height of the lower one without its heading.
const FAILED_HEIGHT: f64 = 56.0;
/// The height of a panel's heading.
pub(crate) const HEADING: f64 = 26.0;
/// Where the axis of shares may begin.
const FLOORS: [f64; 12] = [0.999, 0.995, 0.99, 0.98, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.2, 0.0];

type Bin = (Range<usize>, Second);

/// The share of requests answered; `top` is where its heading may begin. Returns its bottom.
pub(crate) fn answered_panel(svg: &mut Svg, axis: TimeAxis, bins: &[Bin], top: f64) -> f64 {
    let heading = Label::new(axis.left, top + 17.0, "Requests answered").bold();
    svg.text(&heading);
    let worst = bins.iter().filter_map(|(_, bin)| answered(*bin)).reduce(f64::min).unwrap_or(1.0);
    let floor = FLOORS.into_iter().find(|floor| *floor <= worst).unwrap_or(0.0);
    let area = area(axis, top, ANSWERED_HEIGHT);
    let x = axis.window.from as f64..axis.window.to as f64;
    // A little air above 100%, or the line would be cut in half.
    let plot = Plot { area, x, y: floor..1.0 + (1.0 - floor) * 0.03 };
    let rows = ticks(floor, 1.0, 4);
    let mut marks = grid(axis, &rows);
    for run in bins.chunk_by(both) {
        let points = steps(run.iter().filter_map(|(range, bin)| {
            Some((range.start as f64..range.end as f64, answered(*bin)?))
        }));
        if points.is_empty() {
            continue;
        }
        marks.push(Mark::Between { points: points.clone(), level: 1.0, tone: &BAD, opacity: 0.16 });
        marks.push(Mark::Line { points, tone: &GOOD, width: 1.75 });
    }
    svg.raw(&plot.draw(&marks));
    for row in rows {
        let (y, text) = (plot.py(row) + 4.0, share_label(row));
        svg.text(&Label::new(axis.left - 8.0, y, &text).end().size(SMALL).tone(&MUTED));
    }
    name_lowest(svg, &plot, axis, bins, worst);
    area.bottom()
}

/// The lowest bin says its value beside it, on the side with more room.
fn name_lowest(svg: &mut Svg, plot: &Plot, axis: TimeAxis, bins: &[Bin], worst: f64) {
    let lowest = |(_, bin): &&Bin| bin.failed > 0 && answered(*bin).is_some_and(|it| it <= worst);
    let Some((range, _)) = bins.iter().find(lowest) else { return };
    let (left, right) = (axis.px(range.start as f64), axis.px(range.end as f64));
    let text = format!("{} at {}", percent(worst), seconds(range.start as f64));
    let y = (plot.py(worst) - 2.0).min(plot.area.bottom() - 4.0);
    let label = match right + 170.0 < axis.right {
        true => Label::new(right + 6.0, y, &text),
        false => Label::new(left - 6.0, y, &text).end(),
    };
    svg.text(&label.bold().tone(&BAD).halo());
}

/// How many requests failed a second, where any did. Returns its bottom.
pub(crate) fn failed_panel(svg: &mut Svg, axis: TimeAxis, bins: &[Bin], top: f64) -> f64 {
    let per_second = |(range, bin): &Bin| f64::from(bin.failed) / range.len().max(1) as f64;
    let most = bins.iter().map(per_second).fold(0.0, f64::max);
    if most <= 0.0 {
        return top;
    }
    svg.text(&Label::new(axis.left, top + 17.0, "Failed requests per second").bold());
    let area = area(axis, top, FAILED_HEIGHT);
    let x = axis.window.from as f64..axis.window.to as f64;
    // Room above the tallest bar for its value.
    let plot = Plot { area, x, y: 0.0..most * 1.35 };
    svg.raw(&plot.draw(&grid(axis, &[0.0])));
    let mut named = false;
    for bin in bins.iter().filter(|(_, bin)| bin.failed > 0) {
        let (left, right) = (axis.px(bin.0.start as f64), axis.px(bin.0.end as f64));
        let rate = per_second(bin);
        let y = plot.py(rate);
        // A gap between bars, as long as there is room for one.
        let width = (right - left - 1.0).max(1.0);
        svg.fill(Area { x: left, y, width, height: area.bottom() - y }, &BAD, 1.0);
        if rate >= most && !std::mem::replace(&mut named, true) {
            // Of a bin of several seconds it is a mean, with a decimal only where it says something.
            let value = if rate < 10.0 {
                short((rate * 10.0).round() / 10.0)
            } else {
                count(rate.round() as u64)
            };
            let (x, text) = (left + width / 2.0, value);
            svg.text(&Label::new(x, y - 4.0, &text).middle().bold().tone(&BAD));
        }
    }
    area.bottom()
}

/// Thin stripes through a panel where requests failed, to carry the eye down.
pub(crate) fn stripes(svg: &mut Svg, axis: TimeAxis, bins: &[Bin], top: f64, bottom: f64) {
    for run in bins.chunk_by(|left, right| (left.1.failed > 0) == (right.1.failed > 0)) {
        if run[0].1.failed == 0 {
            continue;
        }
        let left = axis.px(run[0].0.start as f64);
        let right = axis.px(run[run.len() - 1].0.end as f64);
        let area = Area { x: left, y: top, width: right - left, height: bottom - top };
        svg.fill(area, &BAD, 0.12);
    }
}

/// How many failed in all, for a screen reader.
pub(crate) fn description(measures: &Measures, bins: &[Bin]) -> String {
    let listed: Vec<String> = bins
        .iter()
        .filter(|(_, bin)| bin.failed > 0)
        .take(20)
        .map(|(range, bin)| {
            format!("{} failed at {}", count(bin.failed.into()), seconds(range.start as f64))
        })
        .collect();
    let all = format!("{} failed requests in all", count(measures.requests.failed));
    if listed.is_empty() { all } else { format!("{all}: {}", listed.join(", ")) }
}

fn area(axis: TimeAxis, top: f64, height: f64) -> Area {
    Area { x: axis.left, y: top + HEADING, width: axis.right - axis.left, height }
}

fn grid(axis: TimeAxis, rows: &[f64]) -> Vec<Mark> {
    vec![
        Mark::Columns { at: axis.ticks(), tone: &FAINT },
        Mark::Rows { at: rows.to_vec(), tone: &GRID },
    ]
}

/// Whether both bins have a share, or neither has.
fn both(left: &Bin, right: &Bin) -> bool {
    answered(left.1).is_some() == answered(right.1).is_some()
}
