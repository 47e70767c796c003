//! Tables as kubectl prints them: upper-case heads, columns three spaces apart.

use super::{
    Style,
    paint::{Paint, Tone},
};

/// A column is never made narrower than this.
const SHORTEST: usize = 12;

/// On which side of its column a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Names.
    Left,
    /// Numbers.
    Right,
}

/// A table whose widest columns give way where the terminal is narrow.
pub(crate) struct Table {
    heads: Vec<(String, Side)>,
    rows: Vec<Vec<(String, Tone)>>,
}

impl Table {
    /// An empty one.
    pub(crate) fn new<S: Into<String>>(heads: impl IntoIterator<Item = (S, Side)>) -> Self {
        let heads = heads.into_iter().map(|(head, side)| (head.into(), side)).collect();
        Self { heads, rows: Vec::new() }
    }

    /// Adds a row; missing cells are empty.
    pub(crate) fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = (S, Tone)>) {
        let mut row: Vec<(String, Tone)> =
            cells.into_iter().map(|(text, tone)| (text.into(), tone)).collect();
        assert!(row.len() <= self.heads.len(), "a row has no more cells than there are heads");
        row.resize(self.heads.len(), (String::new(), Tone::Plain));
        self.rows.push(row);
    }

    /// The lines of the table, without a line end at the end.
    pub(crate) fn render(mut self, style: Style) -> String {
        let mut widths = self.widths();
        let needed = |gap: usize, widths: &[usize]| {
            widths.iter().sum::<usize>() + gap * widths.len().saturating_sub(1)
        };
        let gap = if needed(3, &widths) <= style.width { 3 } else { 2 };
        while needed(gap, &widths) > style.width {
            let widest = widths.iter_mut().max().expect("a table has columns");
            if *widest <= SHORTEST {
                break;
            }
            *widest -= 1;
        }
        self.elide(&widths);
        let heads = self.heads.iter().map(|(head, _)| (head.clone(), Tone::Dim)).collect();
        let rows = std::iter::once(&heads).chain(&self.rows);
        let lines: Vec<String> =
            rows.map(|row| line(row, &self.heads, &widths, gap, Paint(style.ansi))).collect();
        lines.join("\n")
    }

    fn elide(&mut self, widths: &[usize]) {
        for (column, width) in widths.iter().enumerate() {
            self.heads[column].0 = elide(&self.heads[column].0, *width);
            for row in &mut self.rows {
                row[column].0 = elide(&row[column].0, *width);
            }
        }
    }

    fn widths(&self) -> Vec<usize> {
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| row[column].0.chars().count());
            cells.chain([self.heads[column].0.chars().count()]).max().unwrap_or(0)
        };
        (0..self.heads.len()).map(width).collect()
    }
}

fn line(
    row: &[(String, Tone)],
    heads: &[(String, Side)],
    widths: &[usize],
    gap: usize,
    paint: Paint,
) -> String {
    let mut line = String::new();
    for (column, (text, tone)) in row.iter().enumerate() {
        let room = " ".repeat(widths[column].saturating_sub(text.chars().count()));
        let painted = paint.of(*tone, text);
        match heads[column].1 {
            Side::Left => line.extend([painted.as_str(), &room]),
            Side::Right => line.extend([room.as_str(), &painted]),
        }
        line.push_str(&" ".repeat(gap));
    }
    line.trim_end().to_owned()
}

/// `text` in at most `most` columns. The middle goes, because the end of a pod's name is what
/// tells it from its siblings.
pub(crate) fn elide(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most || most < 3 {
        return text.to_owned();
    }
    let kept = most - 1;
    let start: String = text.chars().take(kept / 2).collect();
    let end: String = text.chars().skip(length - (kept - kept / 2)).collect();
    format!("{start}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new([("NAME", Side::Left), ("N", Side::Right)]);
        table.row([("web-7d4b9c8f6d-x2x9k", Tone::Plain), ("1,000", Tone::Bad)]);
        table.row([("web", Tone::Plain)]);
        table
    }

    #[test]
    fn columns_are_three_apart_and_numbers_to_the_right() {
        let plain = table().render(Style::PLAIN);
        assert_eq!(plain, "NAME                       N\nweb-7d4b9c8f6d-x2x9k   1,000\nweb");
    }

    #[test]
    fn names_lose_their_middle_where_it_is_narrow() {
        let narrow = table().render(Style { ansi: false, width: 22 });
        assert_eq!(narrow.lines().nth(1), Some("web-7d4…d-x2x9k  1,000"), "{narrow}");
        assert_eq!(elide("abcdef", 5), "ab…ef");
    }

    #[test]
    fn colour_does_not_move_columns() {
        let ansi = table().render(Style { ansi: true, width: 80 });
        let bare = ansi.replace("\u{1b}[2m", "").replace("\u{1b}[31m", "").replace("\u{1b}[0m", "");
        assert_eq!(bare.trim_end(), table().render(Style::PLAIN));
    }
}
