//! Strings made inert, and tables.

pub(super) use crate::figure::svg::escaped;

/// JSON for a `script` element. Nothing in it may end the element or begin a comment, and `<` can
/// be written otherwise wherever JSON allows it, which is in strings only.
pub(super) fn inert(json: &str) -> String {
    json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// What kind of cell a column has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The row's name.
    Name,
    /// Words.
    Words,
    /// A number.
    Number,
}

/// A cell's text, and whether it says that something went badly.
pub(super) type Cell = (String, bool);

/// Longer tables are folded until somebody asks.
const OPEN_ROWS: usize = 30;

/// A table in its own scrolling box, folded if it is long. Cells are text; they are escaped here.
pub(super) fn table(caption: &str, heads: &[(&str, Kind)], rows: &[Vec<Cell>]) -> String {
    let table = open_table(caption, heads, rows);
    if rows.len() <= OPEN_ROWS {
        return table;
    }
    let caption = escaped(caption);
    let summary = format!("{caption} ({} rows)", rows.len());
    format!("<details class=\"quiet\">\n<summary>{summary}</summary>\n{table}</details>\n")
}

fn open_table(caption: &str, heads: &[(&str, Kind)], rows: &[Vec<Cell>]) -> String {
    let head: String = heads
        .iter()
        .map(|(head, kind)| {
            format!("<th scope=\"col\"{}>{}</th>", class(*kind, false), escaped(head))
        })
        .collect();
    let body: String = rows.iter().map(|cells| row(heads, cells)).collect();
    let caption = escaped(caption);
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{caption}\">\n\
         <table>\n<caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n\
         <tbody>\n{body}</tbody>\n</table>\n</div>\n"
    )
}

fn row(heads: &[(&str, Kind)], cells: &[Cell]) -> String {
    let cells: String = heads
        .iter()
        .zip(cells)
        .map(|((_, kind), (text, bad))| {
            let (class, text) = (class(*kind, *bad), escaped(text));
            match kind {
                Kind::Name => format!("<th scope=\"row\"{class}>{text}</th>"),
                Kind::Words | Kind::Number => format!("<td{class}>{text}</td>"),
            }
        })
        .collect();
    format!("<tr>{cells}</tr>\n")
}

fn class(kind: Kind, bad: bool) -> &'static str {
    match (kind == Kind::Number, bad) {
        (true, true) => " class=\"number bad\"",
        (true, false) => " class=\"number\"",
        (false, true) => " class=\"bad\"",
        (false, false) => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_cannot_end_its_element() {
        let data = serde_json::json!({ "name": "</script><!--<script>" }).to_string();
        let inert = inert(&data);
        assert!(!inert.contains('<'), "{inert}");
        let back: serde_json::Value = serde_json::from_str(&inert).expect("it is still JSON");
        assert_eq!(back["name"], "</script><!--<script>");
    }

    #[test]
    fn cells_are_text() {
        let table = table("t", &[("N", Kind::Name)], &[vec![("<b>".to_owned(), true)]]);
        assert!(table.contains("<th scope=\"row\" class=\"bad\">&lt;b&gt;</th>"), "{table}");
    }
}
