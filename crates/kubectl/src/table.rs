//! Columns side by side, as kubectl's tab writer sets them.

use std::ops::Range;

/// A table of objects: columns are at least six wide, and three spaces lie between two.
#[must_use]
pub fn table(rows: &[Vec<String>]) -> String {
    Columns::default().lines(rows)
}

/// A table in other texts: two spaces between columns.
#[must_use]
pub fn tabbed(rows: &[Vec<String>]) -> String {
    Columns { least_width: 0, padding: 2, widths: Vec::new() }.lines(rows)
}

/// The columns of a table that is printed piece by piece: they grow where a cell needs it, and never
/// shrink.
#[derive(Clone, Debug)]
pub struct Columns {
    least_width: usize,
    padding: usize,
    widths: Vec<usize>,
}

/// Those of a table of objects.
impl Default for Columns {
    fn default() -> Self {
        Self { least_width: 6, padding: 3, widths: Vec::new() }
    }
}

impl Columns {
    /// Rows under each other, each column as wide as its widest cell so far. The last cell of a row
    /// has nothing behind it, so what ends a row makes no column wider.
    #[must_use]
    pub fn lines(&mut self, rows: &[Vec<String>]) -> String {
        for row in rows {
            let inner = row.len().saturating_sub(1);
            if self.widths.len() < inner {
                self.widths.resize(inner, self.least_width);
            }
            for (width, cell) in self.widths.iter_mut().zip(&row[..inner]) {
                *width = (*width).max(cell.chars().count() + self.padding);
            }
        }
        let mut text = String::new();
        for row in rows {
            for (place, cell) in row.iter().enumerate() {
                text.push_str(cell);
                if place + 1 < row.len() {
                    let spaces = self.widths[place].saturating_sub(cell.chars().count());
                    text.extend(std::iter::repeat_n(' ', spaces));
                }
            }
            text.push('\n');
        }
        text
    }
}

/// A text whose cells end at tabs, as `text/tabwriter` of Go sets it: two spaces between columns, and
/// a column is as wide as its cells in consecutive lines. A line without it ends a column.
#[must_use]
pub fn elastic(text: &str) -> String {
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    let mut widths: Vec<Vec<usize>> = rows.iter().map(|row| vec![0; row.len()]).collect();
    widen(&rows, 0, 0..rows.len(), &mut widths);
    let mut set = String::new();
    for (row, widths) in rows.iter().zip(&widths) {
        for (place, (cell, width)) in row.iter().zip(widths).enumerate() {
            set.push_str(cell);
            if place + 1 < row.len() {
                let spaces = width.saturating_sub(cell.chars().count());
                set.extend(std::iter::repeat_n(' ', spaces));
            }
        }
        set.push('\n');
    }
    set
}

/// Sets the width of a column in each run of lines that have it, and of those to its right in there.
fn widen(rows: &[Vec<&str>], column: usize, among: Range<usize>, widths: &mut [Vec<usize>]) {
    let has = |line: usize| column + 1 < rows[line].len();
    let mut line = among.start;
    while line < among.end {
        if !has(line) {
            line += 1;
            continue;
        }
        let end = (line..among.end).find(|next| !has(*next)).unwrap_or(among.end);
        let longest = (line..end).map(|line| rows[line][column].chars().count()).max().unwrap_or(0);
        widths[line..end].iter_mut().for_each(|row| row[column] = longest + 2);
        widen(rows, column + 1, line..end, widths);
        line = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_three_more() {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect();
        let rows = [row(&["NAME", "A", "AGE"]), row(&["kubernetes", "<none>", "3d2h"])];
        assert_eq!(table(&rows), "NAME         A        AGE\nkubernetes   <none>   3d2h\n");
        assert_eq!(table(&[row(&["A", "B"])]), "A     B\n");
    }

    #[test]
    fn an_elastic_column_ends_where_a_line_lacks_it() {
        let text = "Name:\tweb\nNamespace:\tdefault\nIPs:\n  IP:\t10.0.0.1\nA:\t1\t2\n";
        let set = "Name:       web\nNamespace:  default\nIPs:\n  IP:  10.0.0.1\nA:     1  2\n";
        assert_eq!(elastic(text), set);
    }
}
