//! The lowest panel of the first figure: each pod's life as a bar, hue for its version, texture for
//! its state.

use engine::Time;
use metrics::{PodMeasures, PodState};

use super::{
    font,
    svg::{Area, Label, Svg},
    theme::{BODY, GRID, IDLE, MUTED, PAPER, SMALL, VERSIONS},
    time::TimeAxis,
    versions::{Versions, short_image},
};
use crate::json::state_name;

/// The height of a row where there are few.
const ROW: f64 = 22.0;
/// The height of all rows where there are many.
const MOST_HEIGHT: f64 = 440.0;
/// Rows lower than this have no name.
const NAMED_ROW: f64 = 13.0;
/// More pods than this are not drawn.
pub(crate) const MOST_PODS: usize = 300;

/// The states in the order of a life, for the key.
const STATES: [PodState; 6] = [
    PodState::Pending,
    PodState::Starting,
    PodState::Ready,
    PodState::Unready,
    PodState::Terminating,
    PodState::Closed,
];

/// Pods in rows.
pub(crate) struct Lives<'a> {
    pods: Vec<&'a PodMeasures>,
    versions: Versions<'a>,
    row: f64,
    end: Time,
}

impl<'a> Lives<'a> {
    /// Those of `pods` that lived while `axis` looks; the run ends at `end`.
    pub(crate) fn of(pods: &'a [PodMeasures], axis: TimeAxis, end: Time) -> Self {
        let versions = Versions::of(pods);
        let shown: Vec<&PodMeasures> = pods
            .iter()
            .filter(|pod| {
                let born = pod.life.first().map(|(at, _)| *at);
                born.is_some_and(|born| axis.shows(born, pod.gone.unwrap_or(Time::MAX)))
            })
            .take(MOST_PODS)
            .collect();
        let row = (MOST_HEIGHT / shown.len().max(1) as f64).min(ROW);
        Self { pods: shown, versions, row, end }
    }

    /// Whether rows are too low for thin lines in them.
    fn low(&self) -> bool {
        self.row < 6.0
    }

    /// How high the rows are together.
    pub(crate) fn height(&self) -> f64 {
        self.row * self.pods.len() as f64
    }

    /// Those shown.
    pub(crate) fn pods(&self) -> &[&'a PodMeasures] {
        &self.pods
    }

    /// How much room names need to the left of the axis, at most `most`.
    pub(crate) fn names_width(&self, most: f64) -> f64 {
        let longest = match self.row >= NAMED_ROW {
            true => {
                self.pods.iter().map(|pod| font::width(&pod.name, SMALL, false)).fold(0.0, f64::max)
            }
            false => self
                .groups()
                .iter()
                .map(|(_, text)| font::width(text, SMALL, false))
                .fold(0.0, f64::max),
        };
        longest.min(most)
    }

    /// The heading, with the key to the states that occur.
    pub(crate) fn heading(&self, svg: &mut Svg, axis: TimeAxis, top: f64) {
        let base = top + 17.0;
        svg.text(&Label::new(axis.left, base, "Pods").bold());
        let occurs = |state: &&PodState| {
            self.pods.iter().any(|pod| pod.life.iter().any(|(_, it)| it == *state))
        };
        let mut x = axis.left + font::width("Pods", BODY, true) + 22.0;
        for state in STATES.iter().filter(occurs) {
            let swatch = Area { x, y: base - 10.0, width: 22.0, height: 12.0 };
            stretch(svg, swatch, *state, 0, self.low());
            let name = state_name(*state);
            svg.text(&Label::new(x + 28.0, base, name).size(SMALL).tone(&MUTED));
            x += 28.0 + font::width(name, SMALL, false) + 20.0;
        }
    }

    /// The rows from `top` on.
    pub(crate) fn draw(&self, svg: &mut Svg, axis: TimeAxis, top: f64) {
        svg.raw(&hatches(svg.name()));
        let named = self.row >= NAMED_ROW;
        let mut introduced = [false; VERSIONS.len()];
        // Rows that meet between two pixels would show a seam.
        svg.raw("<g shape-rendering=\"crispEdges\">\n");
        for (place, pod) in self.pods.iter().enumerate() {
            self.bar(svg, axis, pod, top + place as f64 * self.row);
        }
        svg.raw("</g>\n");
        for (place, pod) in self.pods.iter().enumerate() {
            let y = top + place as f64 * self.row;
            let version = self.versions.place(&pod.version);
            if named {
                let name = font::elide(&pod.name, SMALL, false, axis.left - 34.0);
                let label = Label::new(axis.left - 8.0, y + self.row / 2.0 + 4.0, &name).end();
                svg.text(&label.size(SMALL));
                let first = !std::mem::replace(&mut introduced[version], true);
                if first {
                    self.name_version(svg, axis, pod, y);
                }
            }
        }
        if !named {
            self.name_groups(svg, axis, top);
        }
    }

    fn bar(&self, svg: &mut Svg, axis: TimeAxis, pod: &PodMeasures, y: f64) {
        // Gaps between low rows would be stripes that say nothing.
        let gap = if self.row > 8.0 { 3.0 } else { 0.0 };
        for (place, (from, state)) in pod.life.iter().enumerate() {
            let to = self.until(pod, place);
            if !axis.shows(*from, to) {
                continue;
            }
            let (left, right) = (axis.at(*from), axis.at(to));
            let area = Area {
                x: left,
                y: y + gap / 2.0,
                width: (right - left).max(1.5),
                height: self.row - gap,
            };
            stretch(svg, area, *state, self.versions.place(&pod.version), self.low());
        }
    }

    /// When the stretch at `place` of the pod's life ends.
    fn until(&self, pod: &PodMeasures, place: usize) -> Time {
        let next = pod.life.get(place + 1).map(|(at, _)| *at);
        next.or(pod.gone).unwrap_or(self.end)
    }

    /// The version's name within its first bar, where it fits.
    fn name_version(&self, svg: &mut Svg, axis: TimeAxis, pod: &PodMeasures, y: f64) {
        let ready = pod.life.iter().position(|(_, state)| *state == PodState::Ready);
        let Some(place) = ready else { return };
        let (left, right) = (axis.at(pod.life[place].0), axis.at(self.until(pod, place)));
        let text = font::elide(short_image(&pod.version), SMALL, true, right - left - 16.0);
        if right - left > 60.0 {
            let label = Label::new(left + 8.0, y + self.row / 2.0 + 4.0, &text);
            svg.text(&label.bold().size(SMALL).tone(&PAPER));
        }
    }

    /// Runs of pods of one version, and what is said of them where single names do not fit.
    fn groups(&self) -> Vec<(usize, String)> {
        self.pods
            .chunk_by(|left, right| left.version == right.version)
            .map(|run| (run.len(), format!("{} × {}", run.len(), short_image(&run[0].version))))
            .collect()
    }

    fn name_groups(&self, svg: &mut Svg, axis: TimeAxis, top: f64) {
        let (mut y, mut place) = (top, 0);
        let mut free_from = top;
        for (size, text) in self.groups() {
            let height = size as f64 * self.row;
            let base = y + height / 2.0 + 4.0;
            if base - SMALL > free_from - 2.0 {
                let text = font::elide(&text, SMALL, false, axis.left - 34.0);
                let tone = self.versions.tone(&self.pods[place].version);
                svg.text(&Label::new(axis.left - 10.0, base, &text).end().size(SMALL).tone(tone));
                free_from = base + 2.0;
            }
            svg.line((axis.left - 5.0, y + 1.0), (axis.left - 5.0, y + height - 1.0), &GRID, 1.5);
            y += height;
            place += size;
        }
    }
}

/// One stretch of a life. Thin lines would be stripes in low rows; a pale fill stands for them.
fn stretch(svg: &mut Svg, area: Area, state: PodState, version: usize, low: bool) {
    let tone = &VERSIONS[version];
    let thin = |height: f64| Area { y: area.y + (area.height - height) / 2.0, height, ..area };
    match state {
        PodState::Pending if low => svg.fill(area, &IDLE, 0.2),
        PodState::Closed if low => svg.fill(area, &IDLE, 0.4),
        PodState::Pending => svg.fill(thin((area.height * 0.16).max(0.6)), &IDLE, 0.75),
        PodState::Starting => {
            // On paper, so that what is behind does not change the tint.
            svg.fill(area, &PAPER, 1.0);
            svg.fill(area, tone, 0.3);
        }
        PodState::Ready => svg.fill(area, tone, 1.0),
        PodState::Unready => {
            svg.fill(area, &PAPER, 1.0);
            svg.outline(area, tone);
        }
        PodState::Terminating => svg.fill_with(area, &hatch_id(svg.name(), version)),
        PodState::Closed => svg.fill(thin((area.height * 0.3).max(0.8)), &IDLE, 1.0),
    }
}

fn hatch_id(figure: &str, version: usize) -> String {
    format!("{figure}-hatch-{}", version + 1)
}

/// A hatch for each version: what is being ended is neither whole nor gone.
fn hatches(figure: &str) -> String {
    let hatch = |(version, tone): (usize, &super::theme::Tone)| {
        format!(
            "<pattern id=\"{}\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" \
             patternTransform=\"rotate(45)\"><rect width=\"5\" height=\"5\" fill=\"{}\"/>\
             <rect width=\"2.5\" height=\"5\" fill=\"{}\"/></pattern>\n",
            hatch_id(figure, version),
            PAPER.light,
            tone.light
        )
    };
    let all: String = VERSIONS.iter().enumerate().map(hatch).collect();
    format!("<defs>\n{all}</defs>\n")
}
