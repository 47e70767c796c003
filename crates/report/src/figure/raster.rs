//! The same SVG in pixels.

use std::sync::Arc;

use resvg::{tiny_skia, usvg};

use super::font;

/// Pixels for one unit of the SVG.
const SCALE: f32 = 2.0;

/// `svg`, one of this crate's figures, as a PNG of twice its size.
///
/// # Panics
///
/// When it is not well-formed SVG.
#[must_use]
pub fn png(svg: &str) -> Vec<u8> {
    let mut fonts = usvg::fontdb::Database::new();
    for file in font::FILES {
        fonts.load_font_data(file.to_vec());
    }
    let mut options = usvg::Options { font_family: font::FAMILY.to_owned(), ..Default::default() };
    options.fontdb = Arc::new(fonts);
    let tree = usvg::Tree::from_str(svg, &options).expect("a figure is well-formed SVG");
    let size = tree.size().to_int_size().scale_by(SCALE).expect("a figure has a size");
    let mut pixels =
        tiny_skia::Pixmap::new(size.width(), size.height()).expect("a figure is not empty");
    resvg::render(&tree, tiny_skia::Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    pixels.encode_png().expect("pixels in memory can be encoded")
}
