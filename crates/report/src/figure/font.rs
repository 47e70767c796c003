//! The typeface of the figures, and how wide a text is in it.
//!
//! PNGs are drawn with exactly these bytes, so that they are the same on every machine. Browsers
//! may use another typeface of the list, so widths have some slack.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef};

/// Its name, as the font files have it.
pub(crate) const FAMILY: &str = "Noto Sans";
/// What a browser may use instead.
pub(crate) const FALLBACK: &str = "system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, \
                                   sans-serif";

/// How much wider than Noto Sans a browser's typeface may be before labels meet: DejaVu Sans is.
const SLACK: f64 = 1.1;

/// The files: regular, then bold.
pub(crate) const FILES: [&[u8]; 2] = [notosans::REGULAR_TTF, notosans::BOLD_TTF];

static FACES: LazyLock<[FontRef<'static>; 2]> = LazyLock::new(|| {
    FILES.map(|file| FontRef::try_from_slice(file).expect("the embedded fonts are well-formed"))
});

/// How much room `text` needs at `size`, with slack for wider typefaces.
pub(crate) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let face = &FACES[usize::from(bold)];
    let per_em = f64::from(face.units_per_em().unwrap_or(1_000.0));
    let advance = |letter| f64::from(face.h_advance_unscaled(face.glyph_id(letter)));
    text.chars().map(advance).sum::<f64>() * size / per_em * SLACK
}

/// `text` no wider than `most`. The middle goes, because the end of a pod's name is what tells it
/// from its siblings.
pub(crate) fn elide(text: &str, size: f64, bold: bool, most: f64) -> String {
    if width(text, size, bold) <= most {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    let shortened = |kept: usize| -> String {
        let (start, end) = (kept / 2, letters.len() - (kept - kept / 2));
        letters[..start].iter().chain(&['…']).chain(&letters[end..]).collect()
    };
    let fits = |kept: &usize| width(&shortened(*kept), size, bold) <= most;
    (0..letters.len()).rev().find(fits).map_or_else(String::new, shortened)
}

/// `text` in lines no wider than `most`; a word that is wider loses its middle.
pub(crate) fn lines(text: &str, size: f64, bold: bool, most: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    // At plain spaces only: a no-break space keeps a number and its unit together.
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let word = elide(word, size, bold, most);
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), size, bold) <= most => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// The same in as few lines but of like length: a title whose last line is one word looks lost.
pub(crate) fn balanced(text: &str, size: f64, bold: bool, most: f64) -> Vec<String> {
    let fewest = lines(text, size, bold, most).len().max(1);
    let mut narrow = most;
    while narrow > most / 2.0 {
        let narrower = narrow - size;
        if lines(text, size, bold, narrower).len() > fewest {
            break;
        }
        narrow = narrower;
    }
    lines(text, size, bold, if fewest == 1 { most } else { narrow })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bold_is_wider_and_width_grows_with_size() {
        let regular = width("requests", 10.0, false);
        assert!(regular > 30.0 && regular < 60.0, "{regular}");
        assert!(width("requests", 10.0, true) > regular);
        assert!((width("requests", 20.0, false) - 2.0 * regular).abs() < 1e-9);
    }

    #[test]
    fn what_is_elided_fits_and_keeps_its_end() {
        let short = elide("web-7d4b9c8f6d-x2x9k", 12.0, false, 90.0);
        assert!(width(&short, 12.0, false) <= 90.0);
        assert!(short.starts_with("web-") && short.ends_with("x9k"), "{short}");
        assert_eq!(elide("web", 12.0, false, 90.0), "web");
        assert_eq!(elide("web", 12.0, false, 1.0), "");
    }

    #[test]
    fn lines_hold_all_words() {
        let all = "97 of 24,000 requests failed while web went from v1 to v2";
        let broken = lines(all, 19.0, true, 200.0);
        assert!(broken.len() > 1 && broken.iter().all(|it| width(it, 19.0, true) <= 200.0));
        assert_eq!(broken.join(" "), all);
    }
}
