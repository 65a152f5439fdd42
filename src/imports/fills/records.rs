//! The tables of a file: delimited text, a spreadsheet, JSON, or the section of trades in a
//! statement of many.

use super::header;
use super::json;
use crate::imports::records::Records as Lines;
use crate::imports::spreadsheet::Sheets;
use crate::imports::table::{self, Cell, Row, Rows};
use crate::imports::text::Text;
use crate::imports::{MOST_COLUMNS, Opened, Unreadable};

/// Lines before the header, at most: a title, an account, a blank line.
const BEFORE_HEADER: usize = 20;

/// A header and the rows under it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Records {
    header: Vec<String>,
    /// The rows, each with its line.
    pub rows: Rows,
    /// True if its numbers can have a decimal comma: its cells are not parted by commas.
    pub may_have_commas: bool,
}

impl Records {
    /// A table of these titles, without rows yet.
    pub fn under(header: Vec<String>) -> Self {
        Self {
            header,
            ..Self::default()
        }
    }

    /// The titles of its columns.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// True if a row has more cells than the header.
    pub fn is_too_long(&self, row: &Row<'_>) -> bool {
        let mut beyond = row.cells.iter().skip(self.header.len());
        beyond.any(|cell| !cell.is_empty())
    }
}

/// Lines that tell what a file is: a statement has its trades far down.
pub const FIRST_LINES: usize = 2_000;

/// The tables of the first `most` lines of a file that can hold fills; one, but for a
/// statement with one for each kind of instrument.
pub fn tables(file: &mut Opened<'_>, most: usize) -> Result<Vec<Records>, Unreadable> {
    let text = match file {
        Opened::Sheets(sheets) => return of_spreadsheet(sheets, most).map(|table| vec![table]),
        Opened::Text(text) => text,
    };
    let begin = text.begin().trim_start_matches(table::is_space);
    if begin.is_empty() {
        return Err(Unreadable::Empty);
    }
    if begin.starts_with(['[', '{']) {
        return json::read(text, most).map(|table| vec![table]);
    }
    of_text(text, most)
}

/// The section of trades of a statement of Interactive Brokers, whose lines begin with the
/// section's name and `Header` or `Data`; else all lines, the first that reads like a header
/// for it.
fn of_text(text: &Text<'_>, most: usize) -> Result<Vec<Records>, Unreadable> {
    let mut lines = Lines::of(text)?.with_lines_before(BEFORE_HEADER + 1);
    let mut all = Rows::default();
    let mut of_statement: Vec<Records> = Vec::new();
    for _ in 0..most {
        let Some(line) = lines.next()? else { break };
        if line.len() > MOST_COLUMNS {
            return Err(Unreadable::TooWide);
        }
        let word = |place: usize| line.text(place).unwrap_or_default();
        let cells = || line.texts().skip(2).map(Cell::Text);
        match (word(0), word(1), of_statement.last_mut()) {
            ("Trades", "Header", _) => {
                of_statement.push(Records::under(cells().map(Cell::text).collect()));
                // It is a statement, of which nothing else is wanted.
                all = Rows::default();
            }
            ("Trades", "Data", Some(table)) => table.rows.push(line.line, false, cells()),
            // Totals, and other sections.
            (.., Some(_)) => {}
            (.., None) => all.push(line.line, false, line.texts().map(Cell::Text)),
        }
    }
    if of_statement.is_empty() {
        return Ok(vec![below_header(all, lines.delimiter != b',')]);
    }
    Ok(of_statement)
}

/// Takes the first row that reads like a header for it, else the first of all.
fn below_header(mut rows: Rows, may_have_commas: bool) -> Records {
    let titles = |row: &Row<'_>| -> Vec<String> { row.cells.iter().map(Cell::text).collect() };
    let place = rows
        .iter()
        .take(BEFORE_HEADER)
        .position(|row| header::Columns::of(&titles(&row), false).is_ok());
    // Else the row that has the most titles which are known says best what is missing.
    let place = place.or_else(|| {
        let first = rows.iter().take(BEFORE_HEADER).enumerate();
        let best = first
            .max_by_key(|(index, row)| (header::known(&titles(row)), std::cmp::Reverse(*index)));
        best.map(|(index, _)| index)
    });
    let Some(place) = place else {
        return Records::default();
    };
    let mut header = rows
        .iter()
        .nth(place)
        .map(|row| titles(&row))
        .unwrap_or_default();
    while header.last().is_some_and(String::is_empty) {
        header.pop();
    }
    rows.skip_rows(place + 1);
    Records {
        header,
        rows,
        may_have_commas,
    }
}

fn of_spreadsheet(sheets: &mut Sheets<'_>, most: usize) -> Result<Records, Unreadable> {
    let mut first = None;
    for name in sheets.names() {
        // What is no export of fills need not be read to its end.
        let Ok(begin) = sheets.all_rows(&name, BEFORE_HEADER) else {
            continue;
        };
        let found = below_header(begin, true);
        if header::Columns::of(found.header(), false).is_ok() {
            return Ok(below_header(sheets.all_rows(&name, most)?, true));
        }
        first.get_or_insert(found);
    }
    first.ok_or(Unreadable::Empty)
}
