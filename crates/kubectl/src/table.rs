//! Columns side by side, as kubectl's tab writer sets them.

/// A table of objects: columns are at least six wide, and three spaces lie between two.
#[must_use]
pub fn table(rows: &[Vec<String>]) -> String {
    aligned(rows, 6, 3)
}

/// A table in other texts: two spaces between columns.
#[must_use]
pub fn tabbed(rows: &[Vec<String>]) -> String {
    aligned(rows, 0, 2)
}

/// Rows under each other, each column as wide as its widest cell. The last cell of a row has nothing
/// behind it.
fn aligned(rows: &[Vec<String>], least_width: usize, padding: usize) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            // What ends a row is not aligned with, and so makes nothing wider.
            let cells = rows.iter().filter(|row| column + 1 < row.len());
            let widest = cells.map(|row| row[column].chars().count()).max().unwrap_or(0);
            (widest + padding).max(least_width)
        })
        .collect();
    let mut text = String::new();
    for row in rows {
        for (place, cell) in row.iter().enumerate() {
            text.push_str(cell);
            if place + 1 < row.len() {
                let spaces = widths[place].saturating_sub(cell.chars().count());
                text.extend(std::iter::repeat_n(' ', spaces));
            }
        }
        text.push('\n');
    }
    text
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
}
