//! Rows of algohook's own exports, by the titles of their columns.

use super::cell_text::unprotect;
use super::table::Cell;

/// True if a header has all of some titles.
pub fn has_all(header: &[String], titles: &[&str]) -> bool {
    titles
        .iter()
        .all(|title| header.iter().any(|found| found == title))
}

/// A row by the titles of its columns.
pub struct Titled<'a> {
    header: &'a [String],
    cells: Vec<Cell<'a>>,
}

impl<'a> Titled<'a> {
    /// The cells of a row under a header.
    pub fn of(header: &'a [String], cells: impl Iterator<Item = Cell<'a>>) -> Self {
        let cells = cells.collect();
        Self { header, cells }
    }

    /// True if there is such a column: earlier versions had fewer.
    pub fn has(&self, title: &str) -> bool {
        self.header.iter().any(|found| found == title)
    }

    /// The text of a cell as it was exported; `None` where nothing stands there.
    pub fn text(&self, title: &str) -> Option<String> {
        let column = self.header.iter().position(|found| found == title)?;
        let text = match self.cells.get(column)? {
            // Line ends at its ends belong to a message.
            Cell::Text(text) => unprotect(text).into_owned(),
            cell => cell.text(),
        };
        (!text.is_empty()).then_some(text)
    }
}
