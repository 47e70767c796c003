//! Series in a coordinate system, drawn by plotters: the only place that knows it.
//!
//! plotters' SVG has whole coordinates only, so it draws on a grid eight times as fine, which is
//! then scaled down: curves are smooth. Its texts are not used, because it cannot keep them apart.

use std::ops::Range;

use plotters::{
    chart::ChartBuilder,
    drawing::IntoDrawingArea,
    element::{PathElement, Polygon},
    prelude::SVGBackend,
    series::{AreaSeries, LineSeries},
    style::{Color, RGBColor, ShapeStyle},
};

use super::{svg::Area, theme::Tone};

/// How much finer plotters' grid is.
const FINER: f64 = 8.0;

/// Something in a plot, in the plot's own units.
#[derive(Clone, Debug)]
pub(crate) enum Mark {
    /// A line through points.
    Line { points: Vec<(f64, f64)>, tone: &'static Tone, width: f64 },
    /// What is between points and a level.
    Between { points: Vec<(f64, f64)>, level: f64, tone: &'static Tone, opacity: f64 },
    /// What is between a lower and an upper line, as points with both.
    Band { points: Vec<(f64, f64, f64)>, tone: &'static Tone, opacity: f64 },
    /// Vertical grid lines.
    Columns { at: Vec<f64>, tone: &'static Tone },
    /// Horizontal grid lines.
    Rows { at: Vec<f64>, tone: &'static Tone },
}

/// A coordinate system in a part of the figure.
#[derive(Clone, Debug)]
pub(crate) struct Plot {
    /// Which part.
    pub(crate) area: Area,
    /// What the left and right edges stand for.
    pub(crate) x: Range<f64>,
    /// What the bottom and top edges stand for.
    pub(crate) y: Range<f64>,
}

impl Plot {
    /// Where a value of the horizontal axis is.
    pub(crate) fn px(&self, x: f64) -> f64 {
        self.area.x + (x - self.x.start) / (self.x.end - self.x.start) * self.area.width
    }

    /// Where a value of the vertical axis is.
    pub(crate) fn py(&self, y: f64) -> f64 {
        self.area.bottom() - (y - self.y.start) / (self.y.end - self.y.start) * self.area.height
    }

    /// The marks as SVG, the first at the back.
    pub(crate) fn draw(&self, marks: &[Mark]) -> String {
        let size = |length: f64| (length * FINER).round() as u32 + 1;
        let mut drawn = String::new();
        let root =
            SVGBackend::with_string(&mut drawn, (size(self.area.width), size(self.area.height)))
                .into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .build_cartesian_2d(self.x.clone(), self.y.clone())
            .expect("a string backend and a range that is not empty cannot fail");
        for mark in marks {
            let result = match mark {
                Mark::Line { points, tone, width } => chart
                    .draw_series(LineSeries::new(points.iter().copied(), stroke(tone, *width)))
                    .map(drop),
                Mark::Between { points, level, tone, opacity } => chart
                    .draw_series(AreaSeries::new(
                        points.iter().copied(),
                        *level,
                        colour(tone).mix(*opacity),
                    ))
                    .map(drop),
                Mark::Band { points, tone, opacity } => {
                    let lower = points.iter().map(|(x, low, _)| (*x, *low));
                    let upper = points.iter().rev().map(|(x, _, high)| (*x, *high));
                    let edge: Vec<(f64, f64)> = lower.chain(upper).collect();
                    let paint = colour(tone).mix(*opacity).filled();
                    chart.draw_series([Polygon::new(edge, paint)]).map(drop)
                }
                Mark::Columns { at, tone } => chart
                    .draw_series(at.iter().map(|x| {
                        let ends = [(*x, self.y.start), (*x, self.y.end)];
                        PathElement::new(ends.to_vec(), stroke(tone, 1.0))
                    }))
                    .map(drop),
                Mark::Rows { at, tone } => chart
                    .draw_series(at.iter().map(|y| {
                        let ends = [(self.x.start, *y), (self.x.end, *y)];
                        PathElement::new(ends.to_vec(), stroke(tone, 1.0))
                    }))
                    .map(drop),
            };
            result.expect("drawing into a string cannot fail");
        }
        drop(chart);
        drop(root);
        self.placed(&drawn)
    }

    /// The elements without the document around them, scaled down and put in their place.
    fn placed(&self, document: &str) -> String {
        let inner = document.split_once('>').map_or("", |(_, rest)| rest);
        let inner = inner.trim_end().strip_suffix("</svg>").unwrap_or(inner);
        let inner = inner.trim_start().replace(" opacity=\"1\"", "").replace(" \"/>", "\"/>");
        let (x, y) = (super::svg::short(self.area.x), super::svg::short(self.area.y));
        let scale = 1.0 / FINER;
        format!(
            "<g transform=\"translate({x} {y}) scale({scale})\" stroke-linejoin=\"round\">\n\
             {inner}</g>\n"
        )
    }
}

fn stroke(tone: &Tone, width: f64) -> ShapeStyle {
    ShapeStyle {
        color: colour(tone).to_rgba(),
        filled: false,
        stroke_width: (width * FINER).round() as u32,
    }
}

fn colour(tone: &Tone) -> RGBColor {
    let channel = |place: usize| {
        u8::from_str_radix(&tone.light[place..place + 2], 16).expect("tones are hexadecimal")
    };
    RGBColor(channel(1), channel(3), channel(5))
}

/// The corners of a series that is constant within each bin.
pub(crate) fn steps(bins: impl IntoIterator<Item = (Range<f64>, f64)>) -> Vec<(f64, f64)> {
    bins.into_iter().flat_map(|(bin, value)| [(bin.start, value), (bin.end, value)]).collect()
}
