//! An SVG document in the making: boxes, lines, texts and what plotters drew.
//!
//! Numbers have two decimals at most, so that the same figure is the same bytes everywhere.

use super::{
    Figure, font,
    theme::{self, BODY, INK, Tone},
};

/// A rectangle of the figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Area {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Area {
    pub(crate) fn right(&self) -> f64 {
        self.x + self.width
    }

    pub(crate) fn bottom(&self) -> f64 {
        self.y + self.height
    }
}

/// Where a text stands relative to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Anchor {
    Start,
    Middle,
    End,
}

/// A text at a point of its baseline.
#[derive(Clone, Debug)]
pub(crate) struct Label<'a> {
    at: (f64, f64),
    text: &'a str,
    size: f64,
    bold: bool,
    anchor: Anchor,
    tone: &'static Tone,
    halo: bool,
}

impl<'a> Label<'a> {
    /// A text that begins at a point.
    pub(crate) fn new(x: f64, y: f64, text: &'a str) -> Self {
        let (size, tone) = (BODY, &INK);
        Self { at: (x, y), text, size, bold: false, anchor: Anchor::Start, tone, halo: false }
    }

    /// The same, around the point.
    pub(crate) fn middle(self) -> Self {
        Self { anchor: Anchor::Middle, ..self }
    }

    /// The same, ending at the point.
    pub(crate) fn end(self) -> Self {
        Self { anchor: Anchor::End, ..self }
    }

    pub(crate) fn size(self, size: f64) -> Self {
        Self { size, ..self }
    }

    pub(crate) fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    pub(crate) fn tone(self, tone: &'static Tone) -> Self {
        Self { tone, ..self }
    }

    /// With an edge of paper around it, where it stands on lines.
    pub(crate) fn halo(self) -> Self {
        Self { halo: true, ..self }
    }
}

/// A document that grows downwards.
#[derive(Debug)]
pub(crate) struct Svg {
    name: &'static str,
    title: String,
    description: String,
    note: String,
    /// What a page says in its own words: the title and the note.
    head: String,
    head_height: f64,
    body: String,
}

impl Svg {
    /// An empty one. Title and description are what a screen reader says of it.
    pub(crate) fn new(name: &'static str, title: &str, description: &str) -> Self {
        let (title, description) = (title.to_owned(), description.to_owned());
        let (note, head, body) = (String::new(), String::new(), String::new());
        Self { name, title, description, note, head, head_height: 0.0, body }
    }

    /// Its title.
    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    /// Takes all that was drawn so far for the head, which ends at `height` and said `note`.
    pub(crate) fn end_head(&mut self, note: &str, height: f64) {
        note.clone_into(&mut self.note);
        self.head = std::mem::take(&mut self.body);
        self.head_height = height;
    }

    /// Its name, which is unique among the figures of a report.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// A filled rectangle.
    pub(crate) fn fill(&mut self, area: Area, tone: &Tone, opacity: f64) {
        let paint = match opacity < 1.0 {
            true => format!("fill=\"{}\" fill-opacity=\"{}\"", tone.light, short(opacity)),
            false => format!("fill=\"{}\"", tone.light),
        };
        self.rectangle(area, &paint);
    }

    /// A rectangle filled with one of the figure's own definitions.
    pub(crate) fn fill_with(&mut self, area: Area, definition: &str) {
        self.rectangle(area, &format!("fill=\"url(#{definition})\""));
    }

    /// The edge of a rectangle.
    pub(crate) fn outline(&mut self, area: Area, tone: &Tone) {
        let inner = Area {
            x: area.x + 0.5,
            y: area.y + 0.5,
            width: (area.width - 1.0).max(0.1),
            height: (area.height - 1.0).max(0.1),
        };
        self.rectangle(inner, &format!("fill=\"none\" stroke=\"{}\"", tone.light));
    }

    fn rectangle(&mut self, area: Area, paint: &str) {
        let [x, y, width, height] = [area.x, area.y, area.width.max(0.0), area.height].map(short);
        self.raw(&format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" {paint}/>\n"
        ));
    }

    /// A straight line.
    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), tone: &Tone, width: f64) {
        let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(short);
        let (stroke, width) = (tone.light, short(width));
        self.raw(&format!(
            "<path d=\"M{x1} {y1}L{x2} {y2}\" fill=\"none\" stroke=\"{stroke}\" \
             stroke-width=\"{width}\"/>\n"
        ));
    }

    /// A dot with an edge of paper.
    pub(crate) fn dot(&mut self, (x, y): (f64, f64), tone: &Tone) {
        let (x, y, paper) = (short(x), short(y), theme::PAPER.light);
        self.raw(&format!(
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"4\" fill=\"{}\" stroke=\"{paper}\" \
             stroke-width=\"1.5\"/>\n",
            tone.light
        ));
    }

    /// A text.
    pub(crate) fn text(&mut self, label: &Label<'_>) {
        let [x, y, size] = [label.at.0, label.at.1, label.size].map(short);
        let anchor = match label.anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let weight = if label.bold { " font-weight=\"700\"" } else { "" };
        let halo = match label.halo {
            true => format!(
                " stroke=\"{}\" stroke-width=\"3\" stroke-linejoin=\"round\" \
                 paint-order=\"stroke\"",
                theme::PAPER.light
            ),
            false => String::new(),
        };
        let (fill, text) = (label.tone.light, escaped(label.text));
        self.raw(&format!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" fill=\"{fill}\"{weight}{anchor}{halo}>\
             {text}</text>\n"
        ));
    }

    /// Something that is SVG already.
    pub(crate) fn raw(&mut self, svg: &str) {
        self.body.push_str(svg);
    }

    /// The figure, `height` high.
    pub(crate) fn finish(self, height: f64) -> Figure {
        let (width, paper) = (short(theme::WIDTH), theme::PAPER.light);
        let all = short(height);
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {all}\" {}\
             <rect width=\"{width}\" height=\"{all}\" fill=\"{paper}\"/>\n{}{}</svg>\n",
            self.attributes(height),
            self.head,
            self.body
        );
        let (top, rest) = (short(self.head_height), height - self.head_height);
        let page = format!(
            "<svg viewBox=\"0 {top} {width} {}\" {}{}</svg>\n",
            short(rest),
            self.attributes(rest),
            in_variables(&self.body)
        );
        Figure { name: self.name, title: self.title, note: self.note, svg, page }
    }

    /// The size, the typeface and what a screen reader says, up to where the drawing begins.
    fn attributes(&self, height: f64) -> String {
        let (name, width, height) = (self.name, short(theme::WIDTH), short(height));
        let (title, description) = (escaped(&self.title), escaped(&self.description));
        format!(
            "width=\"{width}\" height=\"{height}\" role=\"img\" \
             aria-labelledby=\"{name}-title {name}-desc\" font-family=\"{}, {}\">\n\
             <title id=\"{name}-title\">{title}</title>\n\
             <desc id=\"{name}-desc\">{description}</desc>\n",
            font::FAMILY,
            font::FALLBACK,
        )
    }
}

/// `svg` with a variable for each tone, for a page that defines them.
fn in_variables(svg: &str) -> String {
    // With the quotes: only an attribute has them, a text has them escaped.
    theme::all().fold(svg.to_owned(), |svg, tone| {
        svg.replace(&format!("\"{}\"", tone.light), &format!("\"var(--{})\"", tone.name))
    })
}

/// A number with at most two decimals.
pub(crate) fn short(number: f64) -> String {
    let text = format!("{number:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// `text` as XML and HTML have it, also within a quoted attribute. Control characters, which XML
/// cannot have at all, become a replacement character.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(letter),
            _ if letter.is_control() || matches!(letter, '\u{FFFE}' | '\u{FFFF}') => {
                out.push('\u{FFFD}');
            }
            _ => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let cases = [(1.0, "1"), (1.234_5, "1.23"), (-0.001, "0"), (0.5, "0.5"), (100.0, "100")];
        for (number, text) in cases {
            assert_eq!(short(number), text);
        }
    }

    #[test]
    fn markup_becomes_text() {
        assert_eq!(escaped("<b a='1'>&\u{1}"), "&lt;b a=&#39;1&#39;&gt;&amp;\u{FFFD}");
    }
}
