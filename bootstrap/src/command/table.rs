//! Tables for people: columns that line up, nothing else. Counts characters as a terminal shows them, near enough for names,
//! numbers and European text; control characters are shown as dots, so that no content can move the cursor.

use std::fmt;

/// Rows under headings.
#[derive(Debug, Clone, Default)]
pub struct Table {
    headings: Vec<String>,
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings; one that begins with `>` has its column set to the right.
    #[must_use]
    pub fn new(headings: &[&str]) -> Self {
        Self {
            headings: headings.iter().map(|h| h.trim_start_matches('>').to_owned()).collect(),
            right: headings.iter().map(|h| h.starts_with('>')).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn row<T: ToString>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(|cell| clean(&cell.to_string())).collect());
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn widths(&self) -> Vec<usize> {
        let all = std::iter::once(&self.headings).chain(&self.rows);
        let mut widths = vec![0; self.headings.len()];
        for (width, cell) in all.flat_map(|row| (0..).zip(row)).filter_map(|(n, cell): (usize, _)| {
            // A row may be longer than the headings; what is beyond them is printed as it is.
            (n < self.headings.len()).then_some((n, cell))
        }) {
            if let Some(widest) = widths.get_mut(width) {
                *widest = (*widest).max(cell.chars().count());
            }
        }
        widths
    }
}

fn clean(cell: &str) -> String {
    cell.chars().map(|c| if c.is_control() { '·' } else { c }).collect()
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        let bare = self.headings.iter().all(String::is_empty);
        for row in std::iter::once(&self.headings).filter(|_| !bare).chain(&self.rows) {
            let mut line = String::new();
            for (n, cell) in row.iter().enumerate() {
                let width = widths.get(n).copied().unwrap_or(0);
                let fill = " ".repeat(width.saturating_sub(cell.chars().count()));
                let right = self.right.get(n).copied().unwrap_or(false);
                line.push_str(&if right { format!("{fill}{cell}") } else { format!("{cell}{fill}") });
                line.push_str("  ");
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&["LINK", "STATE", ">MESSAGES"]);
        table.row(["TS0", "upp", "12"]);
        table.row(["Räksmörgås", "nere\x1b[2J", "1300"]);
        insta::assert_snapshot!(table.to_string());
    }

    #[test]
    fn without_headings() {
        let mut table = Table::new(&["", ""]);
        table.row(["a", "b"]);
        table.row(["long", "c"]);
        assert_eq!(table.to_string(), "a     b\nlong  c\n");
        assert!(!table.is_empty());
    }
}
