//! The first figure: when requests failed, and what the pods did then.

use engine::Time;
use metrics::Measures;

use super::{
    Figure, headline,
    lives::Lives,
    success::{self, HEADING},
    svg::Svg,
    theme::{FAINT, MARGIN, WIDTH},
    time::TimeAxis,
};
use crate::window::Window;

/// More bins than this could not be told apart.
const MOST_BINS: usize = 400;
/// Names are not wider than this.
const MOST_NAME: f64 = 200.0;
/// The labels of the upper panels need this much.
const LEAST_LEFT: f64 = 72.0;

/// Success and failures over time above the pods' lives, on one time axis.
pub(crate) fn figure(measures: &Measures) -> Figure {
    let window = Window::eventful(measures, MOST_BINS);
    let end = Time::ZERO + measures.duration;
    // The lives decide how much room their names need, but which of them are shown does not
    // depend on it.
    let anywhere = TimeAxis { left: 0.0, right: WIDTH, window };
    let lives = Lives::of(&measures.pods, anywhere, end);
    let left = MARGIN + lives.names_width(MOST_NAME) + 10.0;
    let axis = TimeAxis { left: left.max(LEAST_LEFT), right: WIDTH - MARGIN, window };
    let bins = window.traffic(&measures.seconds);

    let title = headline::failures(measures);
    let about = format!("{}. {}", success::description(measures, &bins), axis.note(measures));
    let mut svg = Svg::new("rollout", &title, &about);
    let y = headline::draw(&mut svg, &axis.note(measures));
    let y = axis.name_rollouts(&mut svg, measures, y);

    // Shades go behind everything, so the panels are measured before they are drawn.
    let mut behind = Svg::new("rollout", "", "");
    let upper = success::answered_panel(&mut behind, axis, &bins, y);
    let middle = success::failed_panel(&mut behind, axis, &bins, upper + 8.0);
    let rows = middle + 8.0 + HEADING;
    let bottom = if lives.pods().is_empty() { middle } else { rows + lives.height() };
    axis.shade_rollouts(&mut svg, measures, y + 2.0, bottom);

    success::answered_panel(&mut svg, axis, &bins, y);
    success::failed_panel(&mut svg, axis, &bins, upper + 8.0);
    if !lives.pods().is_empty() {
        lives.heading(&mut svg, axis, middle + 8.0);
        for tick in axis.ticks() {
            let x = axis.px(tick);
            svg.line((x, rows), (x, bottom), &FAINT, 1.0);
        }
        success::stripes(&mut svg, axis, &bins, rows, bottom);
        lives.draw(&mut svg, axis, rows);
    }
    let y = axis.draw(&mut svg, bottom + 2.0);
    svg.finish(y + 8.0)
}
