//! Lines of words no longer than the terminal is wide.

/// `text` in lines of at most `width` columns, all but the first indented by `hang`. A word that
/// is longer than a line keeps its own; line ends in `text` count as spaces, runs of spaces within
/// a line are kept.
pub(crate) fn wrap(text: &str, width: usize, hang: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    let mut pending = 0;
    for word in text.split([' ', '\n']) {
        if word.is_empty() {
            pending += 1;
            continue;
        }
        let length = word.chars().count();
        if column == 0 {
            out.push_str(word);
        } else if column + 1 + pending + length > width {
            out.push('\n');
            out.push_str(&" ".repeat(hang));
            out.push_str(word);
            column = hang;
        } else {
            out.push_str(&" ".repeat(1 + pending));
            out.push_str(word);
            column += 1 + pending;
        }
        column += length;
        pending = 0;
    }
    out
}

/// `text` in lines as [`wrap`] makes them, each indented by `indent`.
pub(crate) fn indented(text: &str, width: usize, indent: usize) -> String {
    let wrapped = wrap(text, width.saturating_sub(indent), 0);
    let lines: Vec<String> =
        wrapped.lines().map(|line| format!("{}{line}", " ".repeat(indent))).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_within_their_width() {
        assert_eq!(wrap("one two three", 7, 0), "one two\nthree");
        assert_eq!(wrap("PASS  one two", 9, 6), "PASS  one\n      two");
        assert_eq!(wrap("averylongword x", 5, 2), "averylongword\n  x");
        assert_eq!(indented("one two", 6, 2), "  one\n  two");
        assert_eq!(wrap("", 5, 2), "");
    }
}
