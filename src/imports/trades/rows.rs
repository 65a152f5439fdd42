//! The rows of a list of trades, one side of a trade each.

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::header::Columns;
use super::number::{self, DecimalMark, Evidence};
use super::when::{self, First};
use crate::domain::money::{Decimal, Price, Quantity};
use crate::domain::signal::Direction;
use crate::imports::Faults;
use crate::imports::table::{self, Cell, Table};

/// When a row says that it filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// In the chart's time zone.
    Civil(DateTime),
    /// With an offset of its own.
    Instant(Timestamp),
}

/// What stands in a cell that something is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stated<T> {
    /// Nothing.
    Nothing,
    /// Something that cannot be read; it was noted.
    Unreadable,
    /// This.
    Value(T),
}

impl<T> Stated<T> {
    /// What stands in another cell, where nothing does in this one.
    pub fn or(self, other: Self) -> Self {
        match self {
            Self::Nothing => other,
            stated => stated,
        }
    }
}

/// Entry or exit, and long or short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Exit, or entry.
    pub is_exit: bool,
    /// Long or short.
    pub direction: Direction,
}

/// The entry or the exit of a trade, as far as the row has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Where it stands in the file.
    pub number: usize,
    /// The number of the trade; what is no number was noted.
    pub trade: Option<u64>,
    /// What it is; what it cannot be was noted.
    pub kind: Option<Kind>,
    /// Whether the trade is still open: an exit that has not filled.
    pub is_open: bool,
    /// When it filled.
    pub time: Stated<Moment>,
    /// The signal that filled.
    pub signal: Option<String>,
    /// The price; of an exit that has not filled it is not read.
    pub price: Stated<Price>,
    /// The quantity.
    pub quantity: Stated<Quantity>,
    /// Net profit of the trade.
    pub profit: Stated<Decimal>,
    /// Commission of the trade.
    pub commission: Stated<Decimal>,
}

/// Reads the rows; what cannot be read is noted, and what had to be assumed.
pub fn read(
    table: &Table,
    columns: &Columns,
    faults: &mut Faults,
    notes: &mut Vec<String>,
) -> Vec<Row> {
    let mark = decimal_mark(table, columns, notes);
    let times = table
        .rows
        .iter()
        .filter_map(|row| row.cells.get(columns.time));
    let first = First::of(times.filter_map(|cell| match cell {
        Cell::Text(text) => Some(text.as_str()),
        Cell::Number(_) | Cell::Date(_) => None,
    }));
    let rows = table.rows.iter().map(|row| {
        if row.is_too_long {
            let last = table.header.last().map_or("", String::as_str);
            faults.note(row.number, last, table::TOO_LONG);
        }
        let mut reader = RowReader {
            table,
            row,
            mark,
            first,
            faults,
        };
        reader.read(columns)
    });
    rows.collect()
}

/// The decimal mark of a file: of the numbers that are used, else of all others;
/// where none of them tells, the one that goes with the delimiter.
fn decimal_mark(table: &Table, columns: &Columns, notes: &mut Vec<String>) -> DecimalMark {
    let (mut used, mut all) = (Evidence::default(), Evidence::default());
    let texts = [
        Some(columns.trade),
        Some(columns.kind),
        Some(columns.time),
        columns.signal,
    ];
    let numbers = [
        Some(columns.price),
        Some(columns.quantity),
        Some(columns.profit),
        columns.commission,
    ];
    for row in &table.rows {
        for (column, cell) in row.cells.iter().enumerate() {
            if numbers.contains(&Some(column)) {
                used.add(cell);
            }
            if !texts.contains(&Some(column)) {
                all.add(cell);
            }
        }
    }
    let found = used
        .mark()
        .or_else(|| all.mark())
        .or_else(|| all.mark_of_ungrouped());
    found.unwrap_or_else(|| {
        let (usual, delimiter) = match table.delimiter {
            Some(b';') => (DecimalMark::Comma, "semicolons"),
            Some(b'\t') => (DecimalMark::Point, "tabs"),
            Some(_) => (DecimalMark::Point, "commas"),
            None => (DecimalMark::Point, "a spreadsheet"),
        };
        if let Some(unclear) = used.unclear()
            && let Ok(Some(number)) = number::read(&Cell::Text(unclear.to_owned()), usual)
        {
            let number = number.normalize();
            notes.push(format!(
                "nothing in the file tells whether \"{unclear:.40}\" has a decimal mark or parts thousands; it was read as {number}, as is usual with {delimiter}"
            ));
        }
        usual
    })
}

/// One row while it is read.
struct RowReader<'a> {
    table: &'a Table,
    row: &'a table::Row,
    mark: DecimalMark,
    first: Option<First>,
    faults: &'a mut Faults,
}

impl RowReader<'_> {
    fn read(&mut self, columns: &Columns) -> Row {
        let trade = self.trade(columns.trade);
        let kind = self.kind(columns.kind);
        let signal = columns.signal.map(|column| self.text(column));
        let signal = signal.filter(|signal| !signal.is_empty());
        let stated_time = self.text(columns.time);
        let is_open = |text: &str| text.eq_ignore_ascii_case("open");
        let says_open = signal.as_deref().is_some_and(is_open) || is_open(&stated_time);
        let is_open = says_open && kind.is_some_and(|kind| kind.is_exit);
        let (time, price) = if is_open {
            (Stated::Nothing, Stated::Nothing)
        } else {
            let time = self.time(columns.time, &stated_time);
            (time, self.usable(columns.price, Price::new))
        };
        Row {
            number: self.row.number,
            trade,
            kind,
            is_open,
            time,
            signal,
            price,
            quantity: self.usable(columns.quantity, Quantity::new),
            profit: self.number(columns.profit),
            commission: columns
                .commission
                .map_or(Stated::Nothing, |column| self.number(column)),
        }
    }

    fn text(&self, column: usize) -> String {
        self.row
            .cells
            .get(column)
            .map_or_else(String::new, Cell::text)
    }

    fn note(&mut self, column: usize, message: String) {
        let title = self.table.header[column].clone();
        self.faults.note(self.row.number, title, message);
    }

    fn trade(&mut self, column: usize) -> Option<u64> {
        let number = match self.number(column) {
            Stated::Value(number) => number,
            Stated::Unreadable => return None,
            Stated::Nothing => {
                self.note(column, "there is no number of a trade".to_owned());
                return None;
            }
        };
        let trade = number.is_integer().then(|| u64::try_from(number).ok());
        let trade = trade.flatten();
        if trade.is_none() {
            self.note(column, format!("\"{number}\" is no number of a trade"));
        }
        trade
    }

    fn kind(&mut self, column: usize) -> Option<Kind> {
        let text = self.text(column);
        let kind = |is_exit, direction| Some(Kind { is_exit, direction });
        match text
            .to_ascii_lowercase()
            .split_whitespace()
            .collect::<Vec<_>>()[..]
        {
            ["entry", "long"] => kind(false, Direction::Long),
            ["entry", "short"] => kind(false, Direction::Short),
            ["exit", "long"] => kind(true, Direction::Long),
            ["exit", "short"] => kind(true, Direction::Short),
            _ => {
                let message = format!(
                    "\"{text:.40}\" is none of Entry long, Exit long, Entry short and Exit short"
                );
                self.note(column, message);
                None
            }
        }
    }

    fn time(&mut self, column: usize, text: &str) -> Stated<Moment> {
        if text.is_empty() {
            return Stated::Nothing;
        }
        let is_1904 = self.table.is_1904;
        let date = self
            .row
            .cells
            .get(column)
            .and_then(|cell| cell.date(is_1904));
        let time = match date {
            Some(date) => Ok(Moment::Civil(date)),
            None => when::read(text, self.first),
        };
        time.map_or_else(
            |error| {
                self.note(column, format!("\"{text:.40}\" {error}"));
                Stated::Unreadable
            },
            Stated::Value,
        )
    }

    fn number(&mut self, column: usize) -> Stated<Decimal> {
        let Some(cell) = self.row.cells.get(column) else {
            return Stated::Nothing;
        };
        match number::read(cell, self.mark) {
            Ok(Some(number)) => Stated::Value(number),
            Ok(None) => Stated::Nothing,
            Err(error) => {
                let text = cell.text();
                self.note(column, format!("\"{text:.40}\" {error}"));
                Stated::Unreadable
            }
        }
    }

    fn usable<T>(
        &mut self,
        column: usize,
        new: fn(Decimal) -> Result<T, crate::domain::money::NumberError>,
    ) -> Stated<T> {
        let number = match self.number(column) {
            Stated::Value(number) => number,
            Stated::Nothing => return Stated::Nothing,
            Stated::Unreadable => return Stated::Unreadable,
        };
        match new(number) {
            Ok(value) => Stated::Value(value),
            Err(error) => {
                self.note(column, format!("\"{number}\" {error}"));
                Stated::Unreadable
            }
        }
    }
}
