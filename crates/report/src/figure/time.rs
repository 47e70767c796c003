//! The time axis that the panels of a figure share, and the rollouts shaded behind them.

use engine::Time;
use metrics::{Measures, Rollout};

use super::{
    axis::{time_label, time_ticks},
    font,
    svg::{Area, Label, Svg},
    theme::{GRID, INK, MARGIN, MUTED, SHADE, SMALL, WIDTH},
    versions::deployment,
};
use crate::{
    number::{many, seconds},
    window::Window,
};

/// How high a line of rollouts' names is.
const NAME_HEIGHT: f64 = 18.0;
/// More rollouts than this are shaded but not named.
const MOST_NAMES: usize = 6;

/// From seconds to places.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeAxis {
    /// The left edge.
    pub(crate) left: f64,
    /// The right edge.
    pub(crate) right: f64,
    /// What they stand for.
    pub(crate) window: Window,
}

impl TimeAxis {
    /// Where a second is, within the edges.
    pub(crate) fn px(&self, secs: f64) -> f64 {
        let (from, to) = (self.window.from as f64, self.window.to as f64);
        let share = ((secs - from) / (to - from)).clamp(0.0, 1.0);
        self.left + share * (self.right - self.left)
    }

    /// Where a moment is, within the edges.
    pub(crate) fn at(&self, time: Time) -> f64 {
        self.px(time.as_secs_f64())
    }

    /// Whether any of the stretch is shown.
    pub(crate) fn shows(&self, from: Time, to: Time) -> bool {
        from.as_secs_f64() < self.window.to as f64 && to.as_secs_f64() > self.window.from as f64
    }

    /// Its ticks, in seconds.
    pub(crate) fn ticks(&self) -> Vec<f64> {
        time_ticks(self.window.from as f64, self.window.to as f64, 10)
    }

    /// Ticks and their labels under a panel that ends at `y`; returns where the figure can go on.
    pub(crate) fn draw(&self, svg: &mut Svg, y: f64) -> f64 {
        svg.line((self.left, y), (self.right, y), &GRID, 1.0);
        for tick in self.ticks() {
            let (x, text) = (self.px(tick), time_label(tick, self.window.to as f64));
            svg.line((x, y), (x, y + 5.0), &GRID, 1.0);
            svg.text(&Label::new(x, y + 18.0, &text).middle().size(SMALL).tone(&MUTED));
        }
        y + 24.0
    }

    /// The names of the rollouts above where they will be shaded; returns where the panels can
    /// begin. Names that would meet go to different lines.
    pub(crate) fn name_rollouts(&self, svg: &mut Svg, measures: &Measures, y: f64) -> f64 {
        let shown: Vec<&Rollout> = measures
            .rollouts
            .iter()
            .filter(|rollout| self.shows(rollout.start, end_of(rollout)))
            .take(MOST_NAMES)
            .collect();
        let mut taken: Vec<f64> = Vec::new();
        for rollout in &shown {
            let text = Self::name(rollout);
            let width = font::width(&text, SMALL, true);
            let x = self.at(rollout.start).min(WIDTH - MARGIN - width).max(MARGIN);
            let line = taken.iter().position(|end| *end + 12.0 < x).unwrap_or(taken.len());
            taken.resize(taken.len().max(line + 1), 0.0);
            taken[line] = x + width;
            let base = y + (line as f64 + 1.0) * NAME_HEIGHT - 5.0;
            svg.text(&Label::new(x, base, &text).bold().size(SMALL).tone(&INK));
        }
        y + taken.len() as f64 * NAME_HEIGHT
    }

    /// What is said of a rollout above its shade.
    fn name(rollout: &Rollout) -> String {
        let ending = match rollout.duration() {
            Some(took) => format!("complete in {}", seconds(took.as_secs_f64())),
            None => "not complete".to_owned(),
        };
        let text = format!("rollout of {}, {ending}", deployment(rollout));
        font::elide(&text, SMALL, true, WIDTH - 2.0 * MARGIN)
    }

    /// The rollouts as shades behind the panels from `top` to `bottom`.
    pub(crate) fn shade_rollouts(&self, svg: &mut Svg, measures: &Measures, top: f64, bottom: f64) {
        for rollout in &measures.rollouts {
            let (from, to) = (rollout.start, end_of(rollout));
            if !self.shows(from, to) {
                continue;
            }
            let (left, right) = (self.at(from), self.at(to));
            let width = (right - left).max(1.0);
            svg.fill(Area { x: left, y: top, width, height: bottom - top }, &SHADE, 1.0);
            svg.line((left, top), (left, bottom), &GRID, 1.0);
        }
    }

    /// What part of the run is shown, where it is not all, and what is shaded.
    pub(crate) fn note(&self, measures: &Measures) -> String {
        let mut parts = Vec::new();
        if !self.window.is_whole(measures) {
            let (from, to) = (seconds(self.window.from as f64), seconds(self.window.to as f64));
            let all = seconds(measures.duration.as_secs_f64());
            parts.push(format!("Shown: {from} to {to} of {all}."));
        }
        if self.window.step > 1 {
            parts.push(format!("Bins of {}.", many(self.window.step as u64, "second")));
        }
        if !measures.rollouts.is_empty() {
            let shaded = if measures.rollouts.len() == 1 { "the rollout" } else { "the rollouts" };
            parts.push(format!(
                "Shaded: {shaded}, until the last replaced pod is gone from every node's rules."
            ));
        }
        parts.join(" ")
    }
}

/// When a rollout's shade ends.
fn end_of(rollout: &Rollout) -> Time {
    rollout.over().unwrap_or(Time::MAX)
}
