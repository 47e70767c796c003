//! The second figure: how many requests each pod was sent, second by second. A few pods have a
//! curve each, one above the other; many are rows of a heat map.

use std::ops::Range;

use metrics::{Measures, PodMeasures};

use super::{
    Figure,
    axis::ticks,
    font, headline,
    plot::{Mark, Plot, steps},
    svg::{Area, Label, Svg, short},
    theme::{BODY, FAINT, GRID, MARGIN, MUTED, SMALL, Tone, WIDTH},
    time::TimeAxis,
    versions::{Versions, short_image},
};
use crate::{
    number::{many, share},
    window::Window,
};

/// So many pods have a curve each.
const MOST_CURVES: usize = 12;
/// The height of a curve's row, and what of it is left free.
const CURVE: (f64, f64) = (48.0, 12.0);
/// What stands to the right of a curve.
const RIGHT: f64 = 150.0;
/// A heat map has at most this many rows and cells, and this many tints.
const HEAT: (usize, usize, usize) = (300, 6_000, 8);
/// The height of all rows of a heat map, and of one where they are few.
const HEAT_HEIGHT: (f64, f64) = (440.0, 18.0);
/// Rows lower than this have no name of their own.
const NAMED_ROW: f64 = 13.0;
/// Names are not wider than this.
const MOST_NAME: f64 = 200.0;

/// Load over time for each pod.
pub(crate) fn figure(measures: &Measures) -> Figure {
    let pods: Vec<&PodMeasures> = measures
        .pods
        .iter()
        .filter(|pod| pod.requests > 0 || !pod.services.is_empty())
        .take(HEAT.0)
        .collect();
    let title = headline::evenness(measures);
    let mut svg = Svg::new("load", &title, &headline::roll_call(&pods));
    let versions = Versions::of(&measures.pods);
    let y = match pods.len() {
        0 => headline::draw(&mut svg, ""),
        1..=MOST_CURVES => curves(&mut svg, measures, &pods, &versions),
        _ => heat(&mut svg, measures, &pods, &versions),
    };
    svg.finish(y + 8.0)
}

fn curves(
    svg: &mut Svg,
    measures: &Measures,
    pods: &[&PodMeasures],
    versions: &Versions<'_>,
) -> f64 {
    let window = Window::whole(measures, 400);
    let axis = TimeAxis { left: left_of(pods), right: WIDTH - MARGIN - RIGHT, window };
    let note = format!(
        "Requests per second sent to each pod; the mean is per second in which a pod could be \
         picked. {}",
        axis.note(measures)
    );
    let top = headline::draw(svg, &note);
    let top = axis.name_rollouts(svg, measures, top) + 8.0;
    let bottom = top + CURVE.0 * pods.len() as f64;
    axis.shade_rollouts(svg, measures, top, bottom);
    let most = pods.iter().flat_map(|pod| rates(pod, window)).map(|(_, it)| it).fold(1.0, f64::max);
    let all: u64 = pods.iter().map(|pod| pod.requests).sum();
    for (place, pod) in pods.iter().enumerate() {
        let y = top + place as f64 * CURVE.0;
        let area = Area {
            x: axis.left,
            y: y + CURVE.1,
            width: axis.right - axis.left,
            height: CURVE.0 - CURVE.1,
        };
        let x = window.from as f64..window.to as f64;
        let plot = Plot { area, x, y: 0.0..most };
        curve(svg, axis, &plot, pod, versions.tone(&pod.version));
        beside(svg, axis, pod, y + CURVE.0 / 2.0, share(pod.requests, all), versions);
    }
    axis.draw(svg, bottom)
}

fn curve(svg: &mut Svg, axis: TimeAxis, plot: &Plot, pod: &PodMeasures, tone: &'static Tone) {
    let rows = ticks(0.0, plot.y.end, 2);
    svg.raw(&plot.draw(&[
        Mark::Columns { at: axis.ticks(), tone: &FAINT },
        Mark::Rows { at: rows.clone(), tone: &GRID },
    ]));
    // Where nothing was sent there is no curve: a line at zero would look like a busy pod's floor.
    let rates: Vec<(Range<usize>, f64)> = rates(pod, axis.window).collect();
    for run in rates.chunk_by(|left, right| (left.1 > 0.0) == (right.1 > 0.0)) {
        let bins = run.iter().filter(|(_, rate)| *rate > 0.0);
        let mut points = steps(bins.map(|(bin, rate)| (bin.start as f64..bin.end as f64, *rate)));
        let (Some(first), Some(last)) = (points.first().copied(), points.last().copied()) else {
            continue;
        };
        points.insert(0, (first.0, 0.0));
        points.push((last.0, 0.0));
        svg.raw(&plot.draw(&[
            Mark::Between { points: points.clone(), level: 0.0, tone, opacity: 0.22 },
            Mark::Line { points, tone, width: 1.5 },
        ]));
    }
    if let Some(top) = rows.last().filter(|top| **top > 0.0) {
        let (y, text) = (plot.py(*top) + 4.0, short(*top));
        svg.text(&Label::new(axis.left - 6.0, y, &text).end().size(SMALL - 1.0).tone(&MUTED));
    }
}

/// The pod's name to the left of its curve, and its sums to the right.
fn beside(
    svg: &mut Svg,
    axis: TimeAxis,
    pod: &PodMeasures,
    middle: f64,
    share: String,
    versions: &Versions<'_>,
) {
    let name = font::elide(&pod.name, BODY, false, axis.left - MARGIN - 40.0);
    svg.text(&Label::new(MARGIN, middle + 12.0, &name));
    let (x, room) = (axis.right + 12.0, RIGHT - 12.0);
    let version = font::elide(short_image(&pod.version), SMALL, true, room);
    let tone = versions.tone(&pod.version);
    svg.text(&Label::new(x, middle + 2.0, &version).bold().size(SMALL).tone(tone));
    let sums = format!("{}, {share}", many(pod.requests, "request"));
    svg.text(&Label::new(x, middle + 17.0, &sums).size(SMALL).tone(&MUTED));
}

fn heat(svg: &mut Svg, measures: &Measures, pods: &[&PodMeasures], versions: &Versions<'_>) -> f64 {
    let columns = (HEAT.1 / pods.len()).clamp(24, 160);
    let window = Window::whole(measures, columns);
    let row = (HEAT_HEIGHT.0 / pods.len() as f64).min(HEAT_HEIGHT.1);
    let left = if row >= NAMED_ROW { left_of(pods) } else { left_of_groups(pods) };
    let axis = TimeAxis { left, right: WIDTH - MARGIN, window };
    let most = pods.iter().flat_map(|pod| rates(pod, window)).map(|(_, it)| it).fold(0.1, f64::max);
    let note = format!(
        "A row is a pod; the fuller its colour, the more requests it was sent: up to {} per \
         second. Hue is the version. {}",
        short(most),
        axis.note(measures)
    );
    let top = headline::draw(svg, &note);
    let top = axis.name_rollouts(svg, measures, top) + 4.0;
    let bottom = top + row * pods.len() as f64;
    axis.shade_rollouts(svg, measures, top, bottom);
    svg.raw("<g shape-rendering=\"crispEdges\">\n");
    for (place, pod) in pods.iter().enumerate() {
        let y = top + place as f64 * row;
        heat_row(svg, axis, pod, (y, row), most, versions.tone(&pod.version));
    }
    svg.raw("</g>\n");
    if row >= NAMED_ROW {
        for (place, pod) in pods.iter().enumerate() {
            let base = top + (place as f64 + 0.5) * row + 4.0;
            let name = font::elide(&pod.name, SMALL, false, axis.left - MARGIN - 8.0);
            svg.text(&Label::new(axis.left - 8.0, base, &name).end().size(SMALL));
        }
    } else {
        name_groups(svg, axis, pods, versions, (top, row));
    }
    axis.draw(svg, bottom + 2.0)
}

/// One path for all cells of a tint keeps the document small.
fn heat_row(
    svg: &mut Svg,
    axis: TimeAxis,
    pod: &PodMeasures,
    (y, row): (f64, f64),
    most: f64,
    tone: &Tone,
) {
    let tint = |rate: f64| (libm::ceil(rate / most * HEAT.2 as f64) as usize).min(HEAT.2);
    let cells: Vec<(Range<usize>, usize)> =
        rates(pod, axis.window).map(|(bin, rate)| (bin, tint(rate))).collect();
    let height = short(if row > 4.0 { row - 1.0 } else { row });
    for wanted in 1..=HEAT.2 {
        let mut path = String::new();
        for run in cells.chunk_by(|left, right| left.1 == right.1) {
            if run[0].1 != wanted {
                continue;
            }
            let (from, to) = (run[0].0.start as f64, run[run.len() - 1].0.end as f64);
            let (left, right) = (axis.px(from), axis.px(to));
            let (x, width) = (short(left), short(right - left));
            path.push_str(&format!("M{x} {}h{width}v{height}h-{width}z", short(y)));
        }
        if !path.is_empty() {
            let opacity = short(0.12 + 0.88 * wanted as f64 / HEAT.2 as f64);
            let fill = tone.light;
            svg.raw(&format!("<path fill=\"{fill}\" fill-opacity=\"{opacity}\" d=\"{path}\"/>\n"));
        }
    }
}

/// Runs of pods of one version share a name where single names do not fit.
fn name_groups(
    svg: &mut Svg,
    axis: TimeAxis,
    pods: &[&PodMeasures],
    versions: &Versions<'_>,
    (top, row): (f64, f64),
) {
    let mut y = top;
    for run in pods.chunk_by(|left, right| left.version == right.version) {
        let height = run.len() as f64 * row;
        let text = format!("{} × {}", run.len(), short_image(&run[0].version));
        let text = font::elide(&text, SMALL, false, axis.left - MARGIN - 10.0);
        if height > SMALL + 2.0 {
            let label = Label::new(axis.left - 10.0, y + height / 2.0 + 4.0, &text).end();
            svg.text(&label.size(SMALL).tone(versions.tone(&run[0].version)));
        }
        svg.line((axis.left - 5.0, y + 1.0), (axis.left - 5.0, y + height - 1.0), &GRID, 1.5);
        y += height;
    }
}

/// Requests per second in each bin.
fn rates(pod: &PodMeasures, window: Window) -> impl Iterator<Item = (Range<usize>, f64)> {
    window.bins().map(|bin| {
        let sent: u32 = bin.clone().map(|second| pod.by_second.at(second)).sum();
        let per_second = f64::from(sent) / bin.len().max(1) as f64;
        (bin, per_second)
    })
}

fn left_of(pods: &[&PodMeasures]) -> f64 {
    let longest = pods.iter().map(|pod| font::width(&pod.name, BODY, false)).fold(0.0, f64::max);
    MARGIN + longest.min(MOST_NAME) + 44.0
}

fn left_of_groups(pods: &[&PodMeasures]) -> f64 {
    let longest = pods
        .iter()
        .map(|pod| {
            font::width(&format!("{} × {}", pods.len(), short_image(&pod.version)), SMALL, false)
        })
        .fold(0.0, f64::max);
    MARGIN + longest.min(MOST_NAME) + 14.0
}
