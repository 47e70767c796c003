//! How diagnostics look: as rustc's errors do, because people know them.
//!
//! This adds nothing to what a diagnostic says.

use std::fmt::Write as _;

use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet, renderer::DecorStyle,
};

use crate::{
    Diagnostic, Label, Severity, Sources,
    source::{Extent, File, FileId},
};

/// With or without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Text only.
    Plain,
    /// With the escape codes of a terminal.
    Ansi,
}

/// Lines wider than a screen tell nothing; this also bounds the work.
const MOST_LINE_BYTES: usize = 1000;
/// Labels farther apart are shown as two stretches.
const MOST_LINES: usize = 200;

/// The diagnostics as text, one after the other, each ended by an empty line; then how many
/// there are. Nothing for no diagnostics.
#[must_use]
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, style: Style) -> String {
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Ansi => Renderer::styled(),
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(120);
    let mut text = String::new();
    for diagnostic in diagnostics {
        text.push_str(&renderer.render(&[group(diagnostic, sources)]));
        text.push_str("\n\n");
    }
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let counts = [(errors, "error"), (diagnostics.len() - errors, "warning")];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, what)| plural(*count, what)).collect();
    if !counts.is_empty() {
        let _ = writeln!(text, "{}", counts.join(", "));
    }
    text
}

fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn group<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Group<'a> {
    let level = match diagnostic.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(&diagnostic.message).id(diagnostic.code.id());
    let mut group = Group::with_title(title);
    let mut stretches: Vec<Stretch<'a>> = Vec::new();
    for label in &diagnostic.labels {
        let file = sources.file(label.at.file);
        match stretches.iter_mut().find(|stretch| stretch.takes(label, file)) {
            Some(stretch) => stretch.add(label, file),
            None => stretches.push(Stretch::around(label, file)),
        }
    }
    // What the finding is about comes first, because its place is the one people look for.
    stretches.sort_by_key(|stretch| !stretch.labels.iter().any(|label| label.primary));
    for stretch in stretches {
        group = match stretch.snippet(sources) {
            Some(snippet) => group.element(snippet),
            None => group.element(stretch.origin(sources)),
        };
    }
    group.element(Level::HELP.message(&diagnostic.help))
}

/// Lines of a file that are shown together.
struct Stretch<'a> {
    file: FileId,
    first_line: usize,
    last_line: usize,
    labels: Vec<&'a Label>,
}

impl<'a> Stretch<'a> {
    fn around(label: &'a Label, file: &File) -> Self {
        let line = file.line_index(label.at.extent.start);
        Self { file: label.at.file, first_line: line, last_line: line, labels: vec![label] }
    }

    fn takes(&self, label: &Label, file: &File) -> bool {
        let line = file.line_index(label.at.extent.start);
        let near = self.first_line.saturating_sub(MOST_LINES)..=self.last_line + MOST_LINES;
        self.file == label.at.file && near.contains(&line)
    }

    fn add(&mut self, label: &'a Label, file: &File) {
        let line = file.line_index(label.at.extent.start);
        self.first_line = self.first_line.min(line);
        self.last_line = self.last_line.max(line);
        self.labels.push(label);
    }

    /// `None` where a line is too long to be shown.
    fn snippet(&self, sources: &'a Sources) -> Option<Snippet<'a, Annotation<'a>>> {
        let file = sources.file(self.file);
        let start = file.line_start(self.first_line);
        let source = file.text().get(start..file.line_start(self.last_line + 1))?;
        if source.lines().any(|line| line.len() > MOST_LINE_BYTES) {
            return None;
        }
        let shown = Snippet::source(source.trim_end_matches(['\n', '\r']));
        let annotations = self.labels.iter().map(|label| {
            let Extent { start: from, end: to } = file.first_line_of(label.at.extent);
            let span = from as usize - start..to as usize - start;
            let kind =
                if label.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            let text = (!label.text.is_empty()).then_some(label.text.as_str());
            kind.span(span).label(text)
        });
        Some(shown.line_start(self.first_line + 1).path(file.name()).annotations(annotations))
    }

    fn origin(&self, sources: &'a Sources) -> Origin<'a> {
        let label = self.labels.iter().find(|label| label.primary).unwrap_or(&self.labels[0]);
        let place = sources.place(label.at);
        Origin::path(sources.file(self.file).name())
            .line(place.line as usize)
            .char_column(place.column as usize)
    }
}
