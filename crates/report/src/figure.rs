//! Three figures: when requests failed and what the pods did then, who carried what, how long
//! answers took.
//!
//! Each is one SVG whose title is the finding in a sentence. Files are light; a page takes the same
//! SVG with variables for its colours. A PNG is that same SVG, drawn by resvg at twice the size.

mod axis;
mod font;
mod headline;
mod latency;
mod lives;
mod load;
mod plot;
mod raster;
mod rollout;
mod success;
pub(crate) mod svg;
pub(crate) mod theme;
mod time;
mod versions;

use crate::report::Report;

pub use raster::png;

/// A finished figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// What it shows, as a file name without its ending: `rollout`, `load`, `latency`.
    pub name: &'static str,
    /// The document, complete and on white paper.
    pub svg: String,
}

impl Figure {
    /// The same for a page that defines a variable for each tone: the colours follow the page, and
    /// the paper is the page's own.
    pub(crate) fn inline(&self) -> String {
        let mut svg = self.svg.replace(" xmlns=\"http://www.w3.org/2000/svg\"", "");
        for tone in theme::all() {
            // With the quotes: only an attribute has them, a text has them escaped.
            svg = svg.replace(&format!("\"{}\"", tone.light), &format!("\"var(--{})\"", tone.name));
        }
        svg
    }
}

/// The figures of `report`: `rollout`, `load` and `latency`, always all three.
#[must_use]
pub fn figures(report: &Report<'_>) -> Vec<Figure> {
    let measures = report.measures;
    vec![rollout::figure(measures), load::figure(measures), latency::figure(measures)]
}
