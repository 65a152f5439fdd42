//! Tables: a header and rows of cells, from delimited text or a spreadsheet.

use calamine::{ExcelDateTime, ExcelDateTimeType};
use jiff::civil::{Date, DateTime, Time};

use super::Unreadable;
use super::records::Records;
pub use super::rows::{Cell, Row, Rows};
use super::source::{Source, first_bytes};
use super::text::Text;

impl Cell<'_> {
    /// The cell as text, without spaces around it.
    pub fn text(self) -> String {
        match self {
            Self::Text(text) => text.trim_matches(is_space).to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Date(date) => date.to_string(),
        }
    }

    /// True if nothing stands there.
    pub fn is_empty(self) -> bool {
        matches!(self, Self::Text(text) if text.trim_matches(is_space).is_empty())
    }

    /// The cell as a date where a spreadsheet has one there, or the number of one.
    pub fn date(self, is_1904: bool) -> Option<DateTime> {
        match self {
            Self::Text(_) => None,
            Self::Date(date) => Some(date),
            Self::Number(number) => date_of_serial(number, is_1904),
        }
    }
}

/// Spaces of any kind, also those that do not break.
pub fn is_space(letter: char) -> bool {
    letter.is_whitespace() || letter == '\u{feff}'
}

/// Rows that are enough to know what a table holds.
const FIRST_ROWS: usize = 200;

/// The fault of a row that is too long.
pub const TOO_LONG: &str = "the row has more cells than the header; a text or number with the separator in it has to stand in quotes";

/// A header and the rows under it.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The names of the columns.
    pub header: Vec<String>,
    /// The rows that are not empty.
    pub rows: Rows,
    /// The delimiter of a text's cells.
    pub delimiter: Option<u8>,
    /// True if a text ends inside its last row.
    pub is_cut_off: bool,
    /// True if a spreadsheet counts its days from 1904 rather than 1900.
    pub is_1904: bool,
}

/// True if a file is a spreadsheet rather than text.
pub fn is_spreadsheet(file: &dyn Source) -> std::io::Result<bool> {
    const ZIP: &[u8] = b"PK\x03\x04";
    Ok(first_bytes(file, ZIP.len() as u64)? == ZIP)
}

/// Reads delimited text.
pub fn of_text(text: &Text<'_>) -> Result<Table, Unreadable> {
    table(text, usize::MAX)
}

/// Reads the first rows of delimited text, enough to know what it is.
pub fn first_rows(text: &Text<'_>) -> Result<Table, Unreadable> {
    table(text, FIRST_ROWS)
}

fn table(text: &Text<'_>, most: usize) -> Result<Table, Unreadable> {
    let mut records = Records::of(text)?;
    let header = records.header()?;
    let mut rows = Rows::default();
    let mut is_whole = true;
    while let Some(record) = records.next()? {
        if rows.len() == most {
            is_whole = false;
            break;
        }
        record.push_to(&mut rows, header.len());
    }
    let is_short = rows
        .last()
        .is_some_and(|row| row.cells.len() < header.len());
    Ok(Table {
        is_cut_off: is_whole && is_short && !records.ends_with_a_line(),
        header,
        rows,
        delimiter: Some(records.delimiter),
        is_1904: false,
    })
}

fn date_of_serial(serial: f64, is_1904: bool) -> Option<DateTime> {
    date_of(&ExcelDateTime::new(
        serial,
        ExcelDateTimeType::DateTime,
        is_1904,
    ))
}

/// The date of a spreadsheet's number.
pub fn date_of(date: &ExcelDateTime) -> Option<DateTime> {
    let (year, month, day, hour, minute, second, _) = date.to_ymd_hms_milli();
    let small = |number: u8| i8::try_from(number).ok();
    let date = Date::new(i16::try_from(year).ok()?, small(month)?, small(day)?).ok()?;
    let time = Time::new(small(hour)?, small(minute)?, small(second)?, 0).ok()?;
    Some(date.to_datetime(time))
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::date;

    use super::*;

    #[test]
    fn rows_have_the_numbers_of_their_lines_whatever_ends_these() {
        let lines = ["a,b", "1,x", "", "2,\"two", "lines\"", "", "", "3,y", "4,z"];
        for end in ["\n", "\r\n", "\r"] {
            for first in ["", "sep=,\n"] {
                let file = format!("{first}{}{end}", lines.join(end));
                let rows = of_text(&Text::of(&file.as_bytes()).unwrap()).unwrap().rows;
                let numbers: Vec<usize> = rows.iter().map(|row| row.number).collect();
                let before = usize::from(!first.is_empty());
                assert_eq!(
                    numbers,
                    [2, 4, 8, 9].map(|number| number + before),
                    "{file:?}"
                );
            }
        }
    }

    #[test]
    fn every_second_of_a_day_comes_back_from_a_spreadsheet_s_number() {
        // 45,747 days after 1899-12-30 is 2025-03-31.
        let midnight = date(2025, 3, 31).to_datetime(Time::midnight());
        for second in 0..86_400 {
            let serial = 45_747.0 + f64::from(second) / 86_400.0;
            // As programs write it: fifteen digits.
            let written: f64 = format!("{serial:.10}").parse().unwrap();
            let expected = Some(midnight + second.seconds());
            assert_eq!(date_of_serial(serial, false), expected, "{serial}");
            assert_eq!(date_of_serial(written, false), expected, "{written}");
        }
    }
}
