//! The sheets of a spreadsheet as tables.

use std::io::BufReader;

use calamine::{Data, Reader, Style, Xlsx, XlsxError, open_workbook_from_rs};

use super::source::{Reading, Source, reader};
use super::table::{Cell, Rows, Table, date_of};
use super::{MOST_COLUMNS, MOST_ROWS, Unreadable, archive};

/// Sheets that are looked at.
const MOST_SHEETS: usize = 20;

/// Bytes that the texts of one sheet may have together: many cells can share one text.
const MOST_TEXT: usize = 64 * 1024 * 1024;

/// The sheets of a spreadsheet.
pub struct Sheets<'a>(Xlsx<BufReader<Reading<'a>>>);

impl<'a> Sheets<'a> {
    /// Opens a spreadsheet.
    pub fn open(file: &'a dyn Source) -> Result<Self, Unreadable> {
        archive::check(file)?;
        let workbook = open_workbook_from_rs(reader(file));
        workbook.map(Self).map_err(|error| unopened(&error))
    }

    /// The names of the first sheets.
    pub fn names(&self) -> Vec<String> {
        let mut names = self.0.sheet_names();
        names.truncate(MOST_SHEETS);
        names
    }

    /// One sheet, whose first row that is not empty is the header.
    pub fn table(&mut self, name: &str) -> Result<Table, Unreadable> {
        let is_1904 = self.0.has_1904_epoch();
        let mut rows = self.all_rows(name, MOST_ROWS + 1)?;
        let header = rows.iter().next().ok_or(Unreadable::Empty)?;
        let header = header.cells.iter().map(Cell::text).collect();
        rows.skip_rows(1);
        Ok(Table {
            header,
            rows,
            delimiter: None,
            is_cut_off: false,
            is_1904,
        })
    }

    /// The first `most` rows of a sheet that are not empty, the header among them, from the
    /// first column in which there is something.
    ///
    /// The cells are taken as they come: a sheet of two cells can span a million rows of
    /// sixteen thousand columns.
    pub fn all_rows(&mut self, name: &str, most: usize) -> Result<Rows, Unreadable> {
        let mut cells = match self.0.worksheet_cells_reader(name) {
            Err(XlsxError::NotAWorksheet(_)) => return Err(Unreadable::Empty),
            cells => cells.map_err(|error| unopened(&error))?,
        };
        let is_percent: Vec<bool> = cells.styles().iter().map(shows_percent).collect();
        let mut grid = Grid::default();
        while let Some((found, style)) = cells
            .next_cell_with_style_id()
            .map_err(|error| unopened(&error))?
        {
            if grid.rows.len() == most && most < MOST_ROWS {
                break;
            }
            let value = match found.get_value().clone().into() {
                Data::Float(number) if is_percent.get(style) == Some(&true) => {
                    Data::Float(as_shown(number))
                }
                value => value,
            };
            grid.put(found.get_position(), value)?;
        }
        let rows = grid.rows();
        if rows.is_empty() {
            return Err(Unreadable::Empty);
        }
        Ok(rows)
    }
}

/// The cells of a sheet that are not empty, by row.
#[derive(Default)]
struct Grid {
    rows: Rows,
    /// The row whose cells come, and those that came.
    row: u32,
    cells: Vec<Data>,
    /// The first column in which there is something.
    first: Option<usize>,
    bytes_of_text: usize,
}

impl Grid {
    fn put(&mut self, (row, column): (u32, u32), value: Data) -> Result<(), Unreadable> {
        let value = simple(value);
        if cell(&value).is_empty() {
            return Ok(());
        }
        if let Data::String(text) = &value {
            self.bytes_of_text += text.len();
        }
        let column = column as usize;
        if column >= MOST_COLUMNS {
            return Err(Unreadable::TooWide);
        }
        if row != self.row {
            self.end_row();
            if row < self.row {
                let message = "its rows are not in order; save it with a spreadsheet program";
                return Err(Unreadable::Spreadsheet(message.to_owned()));
            }
            self.row = row;
        }
        if self.cells.len() <= column {
            self.cells.resize(column + 1, Data::Empty);
        }
        self.cells[column] = value;
        if self.bytes_of_text > MOST_TEXT {
            return Err(Unreadable::TooLarge);
        }
        // One more than the rows, for the header.
        if self.rows.len() > MOST_ROWS + 1 {
            return Err(Unreadable::TooLong);
        }
        Ok(())
    }

    /// Keeps the cells of the row that has come.
    fn end_row(&mut self) {
        let is_there = |value: &Data| !cell(value).is_empty();
        let Some(first) = self.cells.iter().position(is_there) else {
            return;
        };
        let cells = self.cells.iter().map(cell);
        self.rows.push(self.row as usize + 1, false, cells);
        self.first = Some(self.first.map_or(first, |least| least.min(first)));
        self.cells.clear();
    }

    /// The rows, from the first column in which there is something.
    fn rows(mut self) -> Rows {
        self.end_row();
        self.rows.skip_cells(self.first.unwrap_or_default());
        self.rows
    }
}

/// True of a style that shows 0.02 as 2 %.
fn shows_percent(style: &Style) -> bool {
    let format = style.number_format.as_ref();
    format.is_some_and(|format| {
        let quoted = format.format_code.split('"');
        quoted.step_by(2).any(|part| part.contains('%'))
    })
}

/// The number that a cell in percent shows, without the noise of its binary form.
fn as_shown(number: f64) -> f64 {
    (number * 1e14).round() / 1e12
}

/// A value as text, number, date, or nothing.
fn simple(value: Data) -> Data {
    match value {
        Data::Float(_) | Data::DateTime(_) | Data::String(_) | Data::Empty => value,
        other => Data::String(other.to_string()),
    }
}

fn cell(value: &Data) -> Cell<'_> {
    match value {
        Data::Float(number) => Cell::Number(*number),
        Data::DateTime(serial) => match date_of(serial) {
            Some(date) => Cell::Date(date),
            None => Cell::Number(serial.as_f64()),
        },
        Data::String(text) => Cell::Text(text),
        _ => Cell::Text(""),
    }
}

fn unopened(error: &XlsxError) -> Unreadable {
    Unreadable::Spreadsheet(error.to_string())
}
