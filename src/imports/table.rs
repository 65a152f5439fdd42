//! Tables: a header and rows of cells, from delimited text or a spreadsheet.

use std::io::Cursor;

use calamine::{Data, ExcelDateTime, ExcelDateTimeType, Reader, Xlsx, open_workbook_from_rs};
use jiff::civil::{Date, DateTime, Time};

use super::text::{body, decode};
use super::{MOST_ROWS, Unreadable};

/// What stands in one place of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Text, or nothing where it is empty.
    Text(String),
    /// A number of a spreadsheet, in its shortest digits.
    Number(f64),
    /// A date of a spreadsheet.
    Date(DateTime),
}

impl Cell {
    /// The cell as text, without spaces around it.
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.trim_matches(is_space).to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Date(date) => date.to_string(),
        }
    }

    /// Whether nothing stands there.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.trim_matches(is_space).is_empty())
    }

    /// The cell as a date where a spreadsheet has one there, or the number of one.
    pub fn date(&self, is_1904: bool) -> Option<DateTime> {
        match self {
            Self::Text(_) => None,
            Self::Date(date) => Some(*date),
            Self::Number(number) => date_of_serial(*number, is_1904),
        }
    }
}

/// Spaces of any kind, also those that do not break.
pub fn is_space(letter: char) -> bool {
    letter.is_whitespace() || letter == '\u{feff}'
}

/// A row and where it stands: its line or its number in the sheet, from 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The line of a text or the row of a sheet.
    pub number: usize,
    /// The cells under the header.
    pub cells: Vec<Cell>,
}

/// A header and the rows under it.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The names of the columns.
    pub header: Vec<String>,
    /// The rows that are not empty.
    pub rows: Vec<Row>,
    /// What parts the cells of a text.
    pub delimiter: Option<u8>,
    /// Whether a text ends inside its last row.
    pub is_cut_off: bool,
    /// Whether a spreadsheet counts its days from 1904 rather than 1900.
    pub is_1904: bool,
}

/// Whether a file is a spreadsheet rather than text.
pub fn is_spreadsheet(file: &[u8]) -> bool {
    file.starts_with(b"PK\x03\x04")
}

/// The header of a delimited text.
pub fn header_of(text: &str) -> Result<Vec<String>, Unreadable> {
    let mut reader = reader(text);
    let header = reader.headers().map_err(|_| Unreadable::UnknownKind)?;
    if header.iter().all(str::is_empty) {
        return Err(Unreadable::Empty);
    }
    Ok(header.iter().map(str::to_owned).collect())
}

fn reader(text: &str) -> csv::Reader<&[u8]> {
    let (body, delimiter) = body(text);
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .trim(csv::Trim::Headers)
        .from_reader(body.as_bytes())
}

/// Reads delimited text.
pub fn of_text(file: &[u8]) -> Result<Table, Unreadable> {
    let text = decode(file);
    let header = header_of(&text)?;
    let (body, delimiter) = body(&text);
    let lines_before = usize::from(body.len() < text.len());
    let mut rows: Vec<Row> = Vec::new();
    for record in reader(&text).into_records() {
        let record = record.map_err(|_| Unreadable::UnknownKind)?;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if rows.len() == MOST_ROWS {
            return Err(Unreadable::TooLong);
        }
        let line = record.position().map_or(0, csv::Position::line);
        let cells = record.iter().map(|cell| Cell::Text(cell.to_owned()));
        rows.push(Row {
            number: usize::try_from(line).unwrap_or(usize::MAX - 1) + lines_before,
            cells: cells.collect(),
        });
    }
    let is_short = rows
        .last()
        .is_some_and(|row| row.cells.len() < header.len());
    Ok(Table {
        is_cut_off: is_short && !body.ends_with(['\n', '\r']),
        header,
        rows,
        delimiter: Some(delimiter),
        is_1904: false,
    })
}

/// The sheets of a spreadsheet.
pub struct Sheets(Xlsx<Cursor<Vec<u8>>>);

impl Sheets {
    /// Opens a spreadsheet.
    pub fn open(file: &[u8]) -> Result<Self, Unreadable> {
        let workbook = open_workbook_from_rs(Cursor::new(file.to_vec()));
        workbook
            .map(Self)
            .map_err(|error: calamine::XlsxError| Unreadable::Spreadsheet(error.to_string()))
    }

    /// The names of the sheets.
    pub fn names(&self) -> Vec<String> {
        self.0.sheet_names()
    }

    /// One sheet, whose first row that is not empty is the header.
    pub fn table(&mut self, name: &str) -> Result<Table, Unreadable> {
        let range = self.0.worksheet_range(name);
        let range = range.map_err(|error| Unreadable::Spreadsheet(error.to_string()))?;
        let first = range.start().map_or(0, |(row, _)| row as usize);
        let mut rows = Vec::new();
        for (number, cells) in (first + 1..).zip(range.rows()) {
            let cells: Vec<Cell> = cells.iter().map(cell).collect();
            if cells.iter().all(Cell::is_empty) {
                continue;
            }
            if rows.len() > MOST_ROWS {
                return Err(Unreadable::TooLong);
            }
            rows.push(Row { number, cells });
        }
        if rows.is_empty() {
            return Err(Unreadable::Empty);
        }
        let header = rows.remove(0).cells.iter().map(Cell::text).collect();
        Ok(Table {
            header,
            rows,
            delimiter: None,
            is_cut_off: false,
            is_1904: self.0.has_1904_epoch(),
        })
    }
}

fn cell(value: &Data) -> Cell {
    match value {
        Data::Float(number) => Cell::Number(*number),
        Data::DateTime(serial) => match date_of(serial) {
            Some(date) => Cell::Date(date),
            None => Cell::Number(serial.as_f64()),
        },
        other => Cell::Text(other.to_string()),
    }
}

fn date_of_serial(serial: f64, is_1904: bool) -> Option<DateTime> {
    date_of(&ExcelDateTime::new(
        serial,
        ExcelDateTimeType::DateTime,
        is_1904,
    ))
}

fn date_of(date: &ExcelDateTime) -> Option<DateTime> {
    let (year, month, day, hour, minute, second, _) = date.to_ymd_hms_milli();
    let small = |number: u8| i8::try_from(number).ok();
    let date = Date::new(i16::try_from(year).ok()?, small(month)?, small(day)?).ok()?;
    let time = Time::new(small(hour)?, small(minute)?, small(second)?, 0).ok()?;
    Some(date.to_datetime(time))
}
