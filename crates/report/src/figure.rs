//! Three figures of a run: when requests failed and what the pods did then, who carried what, how long
//! answers took. Two of a comparison: latency, and how even the load was.
//!
//! Each is one SVG whose title is the finding in a sentence. Files are light; a page takes the same
//! SVG with variables for its colours. A PNG is that same SVG, drawn by resvg at twice the size.

mod axis;
mod curves;
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
mod variants;
mod versions;

use crate::{
    comparison::{ComparisonReport, with_numbers},
    report::Report,
};

use metrics::Measure;

pub use raster::png;

/// A finished figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// What it shows, as a file name without its ending: `rollout`, `load`, `latency`.
    pub name: &'static str,
    /// The finding, in a sentence.
    pub title: String,
    /// How to read it; empty where there is nothing to read.
    pub note: String,
    /// The document, complete and on white paper.
    pub svg: String,
    /// The same without title, note and paper, in variables of the tones' names.
    page: String,
}

impl Figure {
    /// The same for a page, which says title and note itself and defines a variable for each tone.
    pub(crate) fn inline(&self) -> &str {
        &self.page
    }
}

/// The figures of `report`: `rollout`, `load` and `latency`, always all three.
#[must_use]
pub fn figures(report: &Report<'_>) -> Vec<Figure> {
    let measures = report.measures;
    vec![rollout::figure(measures), load::figure(measures), latency::figure(measures)]
}

/// The figures of a comparison, `compare-latency` and `compare-balance`: curves over the load where
/// there are several loads, else a point for each variant.
#[must_use]
pub fn comparison_figures(report: &ComparisonReport<'_>) -> Vec<Figure> {
    let numbered = with_numbers(report.comparison, |number, name| format!("{number} {name}"));
    let comparison = numbered.as_ref().unwrap_or(report.comparison);
    let report = &ComparisonReport { comparison, ..report.clone() };
    let draw = match comparison.loads.len() {
        0 | 1 => variants::figure,
        _ => curves::figure,
    };
    vec![
        draw(report, "compare-latency", &[Measure::LatencyMean, Measure::LatencyP99]),
        draw(report, "compare-balance", &[Measure::MaxOverShare]),
    ]
}
