//! The figures' colours and measures: one theme, in a light and a dark variant.
//!
//! Files are light. A page shows the same figure with each light colour replaced by a variable of
//! the tone's name, which is why no two tones may be alike. Blue and orange tell versions apart
//! for all kinds of sight; hue says the version, texture says the state.

/// One role of colour.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tone {
    /// Its name as a CSS variable.
    pub(crate) name: &'static str,
    /// On light paper.
    pub(crate) light: &'static str,
    /// On dark paper.
    pub(crate) dark: &'static str,
}

const fn tone(name: &'static str, light: &'static str, dark: &'static str) -> Tone {
    Tone { name, light, dark }
}

/// What figures are drawn on.
pub(crate) const PAPER: Tone = tone("paper", "#FFFFFF", "#12171D");
/// Titles and values.
pub(crate) const INK: Tone = tone("ink", "#1F2328", "#E6EAEE");
/// Axis labels and notes.
pub(crate) const MUTED: Tone = tone("muted", "#59636E", "#9AA5B1");
/// Major grid lines.
pub(crate) const GRID: Tone = tone("grid", "#DDE1E6", "#2F3740");
/// Minor grid lines.
pub(crate) const FAINT: Tone = tone("faint", "#EEF0F3", "#20272F");
/// Behind a rollout.
pub(crate) const SHADE: Tone = tone("shade", "#F3F5FA", "#1A222C");
/// What went well.
pub(crate) const GOOD: Tone = tone("good", "#1A7F4B", "#45B881");
/// What failed.
pub(crate) const BAD: Tone = tone("bad", "#C4144B", "#FF6B93");
/// What to be careful about; the page's only.
pub(crate) const WARN: Tone = tone("warn", "#8A5A00", "#E0B050");
/// A pod that is not running, or not any more.
pub(crate) const IDLE: Tone = tone("idle", "#8B95A1", "#6F7A86");

/// One per version, in order of appearance; a fifth version takes the first's again.
pub(crate) const VERSIONS: [Tone; 4] = [
    tone("version-1", "#2E6AB1", "#74ABEB"),
    tone("version-2", "#AB5209", "#F0A256"),
    tone("version-3", "#7350B0", "#B79BEA"),
    tone("version-4", "#0F7776", "#50C4C1"),
];

/// More of them for the variants of a comparison, which no page shows.
const MORE_SERIES: [Tone; 4] = [
    tone("series-5", "#9B2F86", "#E58AD3"),
    tone("series-6", "#5C6B1E", "#A9BA5B"),
    tone("series-7", "#7A4A2B", "#D0A07C"),
    tone("series-8", "#4A5568", "#A8B3C4"),
];

/// The tone of a variant; a ninth one takes the first's again, so names stand beside the tones.
pub(crate) fn series(place: usize) -> &'static Tone {
    let place = place % (VERSIONS.len() + MORE_SERIES.len());
    VERSIONS.get(place).unwrap_or_else(|| &MORE_SERIES[place - VERSIONS.len()])
}

/// All tones.
pub(crate) fn all() -> impl Iterator<Item = &'static Tone> {
    const ROLES: [&Tone; 10] =
        [&PAPER, &INK, &MUTED, &GRID, &FAINT, &SHADE, &GOOD, &BAD, &WARN, &IDLE];
    ROLES.into_iter().chain(&VERSIONS)
}

/// The figures' width; a PNG has twice as many pixels.
pub(crate) const WIDTH: f64 = 960.0;
/// Left and right of everything.
pub(crate) const MARGIN: f64 = 24.0;
/// The size of titles.
pub(crate) const TITLE: f64 = 18.0;
/// The size of panel headings and values.
pub(crate) const BODY: f64 = 12.5;
/// The size of axis labels.
pub(crate) const SMALL: f64 = 11.5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_tones_are_alike() {
        let tones: Vec<&Tone> = all().collect();
        for (place, tone) in tones.iter().enumerate() {
            for other in &tones[place + 1..] {
                assert_ne!(tone.light, other.light);
                assert_ne!(tone.name, other.name);
            }
        }
    }

    /// The contrast of WCAG 2 between two colours.
    fn contrast(left: &str, right: &str) -> f64 {
        let channel = |colour: &str, place: usize| {
            let value = u8::from_str_radix(&colour[place..place + 2], 16).expect("hexadecimal");
            let value = f64::from(value) / 255.0;
            if value <= 0.039_28 { value / 12.92 } else { libm::pow((value + 0.055) / 1.055, 2.4) }
        };
        let luminance = |colour: &str| {
            0.2126 * channel(colour, 1) + 0.7152 * channel(colour, 3) + 0.0722 * channel(colour, 5)
        };
        let (left, right) = (luminance(left), luminance(right));
        (left.max(right) + 0.05) / (left.min(right) + 0.05)
    }

    #[test]
    fn text_can_be_read_on_both_papers() {
        for tone in [&INK, &MUTED, &GOOD, &BAD, &WARN].into_iter().chain((0..8).map(series)) {
            for shade in [&PAPER, &SHADE] {
                assert!(contrast(tone.light, shade.light) >= 4.5, "{tone:?} on light {shade:?}");
                assert!(contrast(tone.dark, shade.dark) >= 4.5, "{tone:?} on dark {shade:?}");
            }
        }
    }
}
