//! The records of delimited text, one after the other, each with the line that it begins in.

use std::collections::VecDeque;
use std::io::{self, Read};

use super::rows::{Cell, Rows};
use super::text::{Decoded, Text};
use super::{Faults, MOST_COLUMNS, MOST_ROWS, Unreadable};

/// Bytes that a row can have: a message has 25,000 at most. What is longer began with a
/// quotation mark that nothing closes.
const LONGEST_ROW: u64 = 1024 * 1024;

/// Bytes that are parted at once.
const AT_ONCE: usize = 32 * 1024;

/// The fault of a row that has no end.
const NO_END: &str =
    "the row is longer than 1 MB: a quotation mark in it is not closed, or it has none at its end";

/// Delimited text while it is read.
pub struct Records<'a> {
    reader: csv::Reader<Lines<Decoded<'a>>>,
    record: csv::StringRecord,
    /// Rows that may still come.
    left: usize,
    /// Lines before the first record.
    before: usize,
    /// The character that parts cells.
    pub delimiter: u8,
}

/// A record, and the line that it begins in.
pub struct Record<'a> {
    /// The line, from 1.
    pub line: usize,
    cells: &'a csv::StringRecord,
}

impl<'a> Records<'a> {
    /// The records of a text.
    pub fn of(text: &Text<'a>) -> Result<Self, Unreadable> {
        let (body, delimiter, before) = text.table()?;
        let reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .has_headers(false)
            .buffer_capacity(AT_ONCE)
            .from_reader(Lines::of(body));
        Ok(Self {
            reader,
            record: csv::StringRecord::new(),
            left: MOST_ROWS,
            before,
            delimiter,
        })
    }

    /// The same records, where so many of them are no rows.
    pub fn with_lines_before(mut self, lines: usize) -> Self {
        self.left += lines;
        self
    }

    /// The titles of the first record, without the empty ones behind the last.
    pub fn header(&mut self) -> Result<Vec<String>, Unreadable> {
        match self.advance() {
            Err(Unreadable::Rows(_)) => return Err(Unreadable::TooWide),
            Err(error) => return Err(error),
            Ok(None) => return Err(Unreadable::Empty),
            Ok(Some(_)) => {}
        }
        let titles = self.record.iter().map(str::trim);
        let last = titles
            .clone()
            .enumerate()
            .filter(|(_, title)| !title.is_empty())
            .last();
        match last.map(|(last, _)| last + 1) {
            None => Err(Unreadable::Empty),
            Some(columns) if columns > MOST_COLUMNS => Err(Unreadable::TooWide),
            Some(columns) => Ok(titles.take(columns).map(str::to_owned).collect()),
        }
    }

    /// The next record that is not empty.
    pub fn next(&mut self) -> Result<Option<Record<'_>>, Unreadable> {
        loop {
            let Some(line) = self.advance()? else {
                return Ok(None);
            };
            if self.record.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            if self.left == 0 {
                return Err(Unreadable::TooLong);
            }
            self.left -= 1;
            return Ok(Some(Record {
                line,
                cells: &self.record,
            }));
        }
    }

    /// True if the text that was read so far ends with a line's end.
    pub fn ends_with_a_line(&self) -> bool {
        self.reader.get_ref().is_in_ends
    }

    /// Reads the next record; its line, where there is one.
    fn advance(&mut self) -> Result<Option<usize>, Unreadable> {
        let begins = self.reader.position().byte();
        self.reader.get_mut().begin(begins);
        let read = self.reader.read_record(&mut self.record);
        let line = self.reader.get_mut().number_at(begins) + self.before;
        match read {
            Ok(true) => Ok(Some(line)),
            Ok(false) => Ok(None),
            Err(error) => Err(match error.into_kind() {
                csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
                    let mut faults = Faults::default();
                    faults.note(line, "", NO_END);
                    Unreadable::Rows(faults)
                }
                csv::ErrorKind::Io(error) => error.into(),
                _ => Unreadable::UnknownKind,
            }),
        }
    }
}

impl Record<'_> {
    /// The texts of the cells, as they stand there.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.cells.iter()
    }

    /// The text of a cell, without spaces around it.
    pub fn text(&self, column: usize) -> Option<&str> {
        let text = self.cells.get(column)?;
        Some(text.trim_matches(super::table::is_space))
    }

    /// The number of cells.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// True if it has more cells than a header of so many columns: then a separator stands in
    /// one of them without quotes, and those after it are in wrong columns.
    pub fn is_longer_than(&self, columns: usize) -> bool {
        let mut beyond = self.cells.iter().skip(columns);
        beyond.any(|cell| !cell.trim().is_empty())
    }

    /// Adds the cells under a header of so many columns to some rows.
    pub fn push_to(&self, rows: &mut Rows, columns: usize) {
        let cells = self.cells.iter().take(columns).map(Cell::Text);
        rows.push(self.line, self.is_longer_than(columns), cells);
    }
}

/// Counts the lines of a text as an editor shows them while it is read: CR LF is one line
/// end, blank lines and those within quotes are lines too.
struct Lines<R> {
    text: R,
    /// Bytes that were read.
    read: u64,
    /// Bytes of the record so far that end no line.
    of_record: u64,
    /// Line ends in a row, and how many lines end there; those that were counted are not kept.
    ends: VecDeque<(u64, usize)>,
    /// Lines that ended before the record.
    counted: usize,
    /// True if the last letter that was read ended a line, and if it was a CR.
    is_in_ends: bool,
    is_after_cr: bool,
}

impl<R> Lines<R> {
    fn of(text: R) -> Self {
        Self {
            text,
            read: 0,
            of_record: 0,
            ends: VecDeque::new(),
            counted: 0,
            is_in_ends: false,
            is_after_cr: false,
        }
    }

    /// Begins a record at a byte, of which some may be read already.
    fn begin(&mut self, byte: u64) {
        self.of_record = self.read.saturating_sub(byte);
    }

    /// The line of a record that begins at a byte, or after the line ends there.
    fn number_at(&mut self, byte: u64) -> usize {
        while let Some((begins, lines)) = self.ends.front().copied()
            && begins <= byte
        {
            self.counted += lines;
            self.ends.pop_front();
        }
        self.counted + 1
    }

    fn count(&mut self, letters: &[u8]) {
        for letter in letters {
            let is_end = matches!(letter, b'\n' | b'\r');
            if is_end {
                if !self.is_in_ends {
                    self.ends.push_back((self.read, 0));
                }
                let is_second = *letter == b'\n' && self.is_after_cr;
                if let Some((_, lines)) = self.ends.back_mut() {
                    *lines += usize::from(!is_second);
                }
            } else {
                self.of_record += 1;
            }
            self.is_after_cr = *letter == b'\r';
            self.is_in_ends = is_end;
            self.read += 1;
        }
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.of_record > LONGEST_ROW + AT_ONCE as u64 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let read = self.text.read(buffer)?;
        self.count(&buffer[..read]);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(file: &str) -> Vec<(usize, Vec<String>)> {
        let file = file.as_bytes();
        let mut records = Records::of(&Text::of(&file).unwrap()).unwrap();
        let mut found = Vec::new();
        while let Some(record) = records.next().unwrap() {
            found.push((record.line, record.texts().map(str::to_owned).collect()));
        }
        found
    }

    #[test]
    fn records_have_their_lines_wherever_the_text_is_parted() {
        for end in ["\n", "\r\n", "\r"] {
            // Long enough that some record begins wherever a part can end.
            let mut file = String::new();
            let mut expected = Vec::new();
            let mut line = 1;
            for number in 0..9_000 {
                let blank = number % 5 % 3;
                line += blank;
                expected.push(line);
                let within = number % 3;
                line += within + 1;
                file.push_str(&end.repeat(blank));
                let row = format!("{number},\"a{}\"{end}", end.repeat(within));
                file.push_str(&row);
            }
            let found = lines_of(&file);
            let numbers: Vec<usize> = found.iter().map(|(line, _)| *line).collect();
            assert_eq!(numbers, expected, "{end:?}");
            assert_eq!(found[8_999].1[0], "8999");
        }
    }

    #[test]
    fn a_quotation_mark_that_nothing_closes_is_named_by_its_row() {
        let file = format!("a,b\n1,2\n3,\"{}", "x\n".repeat(3_000_000));
        let text = file.as_bytes();
        let mut records = Records::of(&Text::of(&text).unwrap()).unwrap();
        assert_eq!(records.header().unwrap(), ["a", "b"]);
        assert_eq!(records.next().unwrap().unwrap().line, 2);
        let error = records.next().map(|_| ()).unwrap_err().to_string();
        assert!(error.starts_with("row 3: the row is longer"), "{error}");
    }
}
