//! Reading the options: which field, and which values.

use super::{MOST_VARIANTS, NAME, Unvaried};
use crate::{
    Code, Diagnostic, Sources,
    diagnostic::Findings,
    field_path::{FieldPath, Segment},
    schema::unknown_field,
    source::{At, Extent, FileId},
};

/// A field that is to vary.
#[derive(Clone, Debug)]
pub(super) struct Varied {
    /// The steps to it below `spec`; a name with dots in it is several of them.
    pub(super) steps: Vec<Segment>,
    /// Where its name stands in the options.
    pub(super) name: Extent,
    /// Where its values stand.
    pub(super) values: Vec<Extent>,
}

impl Extent {
    /// What of a text this is.
    pub(super) fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// No field is further down.
const MOST_STEPS: usize = 50;

/// The fields of the options, one a line.
pub(super) fn read(text: &str) -> Result<Vec<Varied>, Unvaried> {
    let mut sources = Sources::default();
    let file = sources.add(NAME.to_owned(), text.to_owned());
    let mut reading = Options { text, file, findings: Findings::default() };
    let mut fields: Vec<Varied> = Vec::new();
    let mut start = 0;
    for line in text.split('\n') {
        fields.extend(reading.option(start, start + line.len(), &fields));
        start += line.len() + 1;
    }
    let counts = fields.iter().map(|field| field.values.len());
    let variants = counts.fold(1, usize::saturating_mul);
    if variants > MOST_VARIANTS {
        let message = format!("these are {variants} variants, and {MOST_VARIANTS} may be compared");
        let whole = Extent::new(0, text.len());
        let _: Option<()> = reading.refuse(whole, message, "leave out some of the values");
    }
    let diagnostics = reading.findings.into_list();
    if diagnostics.is_empty() { Ok(fields) } else { Err(Unvaried { sources, diagnostics }) }
}

struct Options<'a> {
    text: &'a str,
    file: FileId,
    findings: Findings,
}

impl Options<'_> {
    /// One option: a field, `=`, and its values.
    fn option(&mut self, start: usize, end: usize, before: &[Varied]) -> Option<Varied> {
        let whole = Extent::new(start, end);
        let Some(equals) = self.text[start..end].find('=').map(|at| start + at) else {
            let message = "here is no field with values";
            return self.refuse(whole, message, "write FIELD=VALUE,VALUE: balancing=a,b");
        };
        let name = trimmed(self.text, start, equals);
        let steps = self.steps(name)?;
        let same = before.iter().find(|other| other.name.of(self.text) == name.of(self.text));
        if let Some(first) = same {
            let message = format!("`{}` is to vary twice", name.of(self.text));
            let diagnostic = Diagnostic::new(Code::BadVariation, message, "write it once");
            let diagnostic = diagnostic.at(self.at(name), "again");
            self.findings.push(diagnostic.because_of(self.at(first.name), "first here"));
            return None;
        }
        let values = self.values(name, &steps, Extent::new(equals + 1, end))?;
        Some(Varied { steps, name, values })
    }

    fn steps(&mut self, name: Extent) -> Option<Vec<Segment>> {
        let written = name.of(self.text);
        let below = written.strip_prefix("spec.").unwrap_or(written);
        let path = below.parse::<FieldPath>().ok().filter(|path| !path.0.is_empty());
        let path = path.filter(|path| path.0.len() <= MOST_STEPS);
        let Some(FieldPath(steps)) = path else {
            let at = if written.is_empty() { Extent::new(0, self.text.len()) } else { name };
            let message = format!("`{written}` is no path of a field below `spec`");
            let help = "write the way to it: cluster.proxy.mode, clients.shop.connections or \
                        images[\"web:v1.2\"].concurrency";
            return self.refuse(at, message, help);
        };
        if steps[0] == Segment::Key("seed".to_owned()) {
            let message = "every variant runs under the same seeds, so `seed` cannot vary";
            return self.refuse(name, message, "`--seeds` says under how many");
        }
        Some(steps)
    }

    fn values(&mut self, name: Extent, steps: &[Segment], list: Extent) -> Option<Vec<Extent>> {
        let written = list.of(self.text);
        let field = name.of(self.text);
        if written.trim().is_empty() {
            let help = format!("write two or more: {field}=a,b");
            return self.refuse(name, format!("`{field}` is given no value"), help);
        }
        let values = split(written, list.start as usize);
        if let Some(empty) = values.iter().find(|value| value.start == value.end) {
            let help = "write a value between the commas; `null` leaves the field out";
            return self.refuse(*empty, "a value is empty", help);
        }
        for (place, value) in values.iter().enumerate() {
            let text = value.of(self.text);
            if let Some(first) = values[..place].iter().find(|it| it.of(self.text) == text) {
                let message = format!("`{text}` is there twice: it would be compared with itself");
                let help = "leave one of the two out";
                let diagnostic = Diagnostic::new(Code::BadVariation, message, help);
                let diagnostic = diagnostic.at(self.at(*value), "again");
                self.findings.push(diagnostic.because_of(self.at(*first), "first here"));
                return None;
            }
        }
        if let [only] = values.as_slice() {
            // No number of values helps a field that is not there.
            if let Some((path, help)) = unknown_field(steps) {
                return self.refuse(name, format!("`{path}` is no field of a Scenario"), help);
            }
            let text = only.of(self.text);
            let message = format!("there is nothing to compare `{text}` with");
            let help = match depth(text) {
                0 => format!("write two values or more: {field}={text},…"),
                _ => "look for a bracket that is not closed".to_owned(),
            };
            return self.refuse(*only, message, help);
        }
        Some(values)
    }

    fn refuse<T>(
        &mut self,
        extent: Extent,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Option<T> {
        let diagnostic = Diagnostic::new(Code::BadVariation, message, help);
        self.findings.push(diagnostic.at(self.at(extent), ""));
        None
    }

    fn at(&self, extent: Extent) -> At {
        At { file: self.file, extent }
    }
}

/// The parts of a list between the commas that are in no bracket and no quotes, without the blanks
/// around them; the list begins at `offset` of its text.
pub(super) fn split(list: &str, offset: usize) -> Vec<Extent> {
    let mut parts = Vec::new();
    let (mut start, mut open, mut quote, mut before) = (0, 0_i32, None, ',');
    for (at, letter) in list.char_indices() {
        match (quote, letter) {
            (Some(end), _) if letter == end => quote = None,
            (Some(_), _) => {}
            // Within a word it is an apostrophe.
            (None, '"' | '\'') if ",:([{".contains(before) => quote = Some(letter),
            (None, '(' | '[' | '{') => open += 1,
            (None, ')' | ']' | '}') => open -= 1,
            (None, ',') if open <= 0 => {
                parts.push((start, at));
                start = at + 1;
            }
            _ => {}
        }
        if !letter.is_whitespace() {
            before = letter;
        }
    }
    parts.push((start, list.len()));
    let placed = parts.into_iter().map(|(from, to)| {
        let part = trimmed(list, from, to);
        Extent::new(part.start as usize + offset, part.end as usize + offset)
    });
    placed.collect()
}

fn depth(text: &str) -> i32 {
    text.chars().fold(0, |depth, letter| match letter {
        '(' | '[' | '{' => depth + 1,
        ')' | ']' | '}' => depth - 1,
        _ => depth,
    })
}

/// A stretch of a text without the blanks at its ends.
fn trimmed(text: &str, start: usize, end: usize) -> Extent {
    let inside = &text[start..end];
    let from = start + (inside.len() - inside.trim_start().len());
    Extent::new(from, from + inside.trim().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_brackets_and_quotes_part_nothing() {
        // A list, and its parts.
        let cases: [(&str, &[&str]); 8] = [
            ("a,b", &["a", "b"]),
            (" a , b ", &["a", "b"]),
            ("{ x: { y: 3, z: 4 } },b", &["{ x: { y: 3, z: 4 } }", "b"]),
            ("uniform(1ms, 5ms),exp(3ms)", &["uniform(1ms, 5ms)", "exp(3ms)"]),
            ("[1, 2],[3]", &["[1, 2]", "[3]"]),
            ("\"a,b\",'c,d'", &["\"a,b\"", "'c,d'"]),
            ("it's,mine", &["it's", "mine"]),
            ("a,", &["a", ""]),
        ];
        for (list, parts) in cases {
            let split: Vec<&str> = split(list, 0).iter().map(|part| part.of(list)).collect();
            assert_eq!(split, parts, "{list}");
        }
    }
}
