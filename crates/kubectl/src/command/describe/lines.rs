//! Labels, annotations and other lists of lines behind one title.

/// What `kubectl apply` writes for itself, and nobody wants to read.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// An annotation longer than this, its key counted, stands on lines of its own (`maxAnnotationLen`).
const LONGEST_ANNOTATION: usize = 140;

pub(super) fn labels(title: &str, labels: &[(&str, &str)]) -> String {
    lines(title, labels.iter().map(|(key, value)| format!("{key}={value}")))
}

pub(super) fn annotations(title: &str, annotations: &[(&str, &str)]) -> String {
    let pairs = annotations.iter().filter(|(key, _)| *key != LAST_APPLIED);
    lines(title, pairs.map(|(key, value)| annotation(key, value)))
}

/// `key: value`, or the value below its key (`printAnnotationsMultiline`).
fn annotation(key: &str, value: &str) -> String {
    let value = value.strip_suffix('\n').unwrap_or(value);
    if key.len() + value.len() + 2 <= LONGEST_ANNOTATION && !value.contains('\n') {
        return format!("{key}: {value}");
    }
    let below = value.split('\n').map(|line| format!("\n\t  {}", shorten(line)));
    format!("{key}:{}", below.collect::<String>())
}

/// Cut where kubectl cuts it, or before a character that would be torn there.
fn shorten(line: &str) -> String {
    const MOST: usize = LONGEST_ANNOTATION - 2;
    if line.len() <= MOST {
        return line.to_owned();
    }
    let end = (0..=MOST).rev().find(|end| line.is_char_boundary(*end)).unwrap_or_default();
    format!("{}...", &line[..end])
}

/// Lines under each other, the first one behind the title; `<none>` of none.
pub(super) fn lines(title: &str, lines: impl Iterator<Item = String>) -> String {
    let text: Vec<String> = lines.map(|line| format!("\t{line}\n")).collect();
    let text = if text.is_empty() { "\t<none>\n".to_owned() } else { text.concat() };
    format!("{title}:{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stand_under_each_other_behind_their_title() {
        assert_eq!(labels("Labels", &[]), "Labels:\t<none>\n");
        assert_eq!(labels("  Labels", &[("a", "b"), ("c", "")]), "  Labels:\ta=b\n\tc=\n");
        assert_eq!(annotations("Annotations", &[(LAST_APPLIED, "{}")]), "Annotations:\t<none>\n");
    }

    #[test]
    fn what_is_long_or_has_several_lines_stands_below_its_key() {
        let fits = "x".repeat(LONGEST_ANNOTATION - 3);
        let long = "x".repeat(LONGEST_ANNOTATION - 2);
        let cut = "x".repeat(LONGEST_ANNOTATION - 2) + "...";
        let cases = [
            ("b", "k: b".to_owned()),
            ("b\n", "k: b".to_owned()),
            (&*fits, format!("k: {fits}")),
            (&*long, format!("k:\n\t  {long}")),
            ("a\nb\n", "k:\n\t  a\n\t  b".to_owned()),
            (&*format!("{long}xx\nb"), format!("k:\n\t  {cut}\n\t  b")),
            (&*format!("x{}", "é".repeat(70)), format!("k:\n\t  x{}...", "é".repeat(68))),
        ];
        for (value, expected) in cases {
            assert_eq!(annotation("k", value), expected, "{value:?}");
        }
    }
}
