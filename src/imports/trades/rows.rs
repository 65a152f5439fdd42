//! The rows of a list of trades, one side of a trade each.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::guess::Kinds;
use super::header::Columns;
use super::kinds;
use super::number::{self, DecimalMark, Evidence};
use super::when::{self, Order};
use crate::domain::money::{Decimal, Price, Quantity};
use crate::domain::names::Names;
use crate::domain::signal::Direction;
use crate::imports::records::Records;
use crate::imports::table::{self, Cell, Rows, Table};
use crate::imports::text::Text;
use crate::imports::{Faults, Unreadable};

/// Time of a fill, as its row states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// In the chart's time zone.
    Civil(DateTime),
    /// With an offset of its own.
    Instant(Timestamp),
}

impl Moment {
    /// The local time, or the one in UTC: near enough to tell which of two is earlier.
    pub fn rough(self) -> DateTime {
        match self {
            Self::Civil(local) => local,
            Self::Instant(instant) => TimeZone::UTC.to_datetime(instant),
        }
    }
}

/// The value of a cell.
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
    /// Takes the value of another cell where this one is empty.
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
    /// Its row in the file.
    pub number: usize,
    /// The number of the trade; what is no number was noted.
    pub trade: Option<u64>,
    /// Its kind; the kinds that it cannot be were noted.
    pub kind: Option<Kind>,
    /// True if the trade is still open: an exit that has not filled.
    pub is_open: bool,
    /// Time of the fill; of an exit that has not filled, time of the last price.
    pub time: Stated<Moment>,
    /// The signal that filled.
    pub signal: Option<Arc<str>>,
    /// The price; of an exit that has not filled, the last one.
    pub price: Stated<Price>,
    /// The quantity.
    pub quantity: Stated<Quantity>,
    /// Net profit of the trade.
    pub profit: Stated<Decimal>,
    /// Commission of the trade.
    pub commission: Stated<Decimal>,
}

/// TradingView's figures of a trade besides its fills and its profit; a figure that cannot be
/// read is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Besides {
    /// Price times quantity times point value.
    pub value: Option<Decimal>,
    /// The largest gain on the way.
    pub favorable: Option<Decimal>,
    /// The largest loss on the way, at or below zero.
    pub adverse: Option<Decimal>,
    /// Net profit up to this trade.
    pub cumulative: Option<Decimal>,
    /// The same in percent of the initial capital.
    pub cumulative_percent: Option<Decimal>,
    /// Bars that the trade was open.
    pub bars: Option<u64>,
}

impl Besides {
    /// This, and what only the other row of the trade has.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        Self {
            value: self.value.or(other.value),
            favorable: self.favorable.or(other.favorable),
            adverse: self.adverse.or(other.adverse),
            cumulative: self.cumulative.or(other.cumulative),
            cumulative_percent: self.cumulative_percent.or(other.cumulative_percent),
            bars: self.bars.or(other.bars),
        }
    }
}

/// Options for reading the rows of a list.
pub struct Reading<'a> {
    /// Columns of the list.
    pub columns: &'a Columns,
    /// The decimal mark of its numbers.
    pub mark: DecimalMark,
    /// The meaning of the words of the column Type, where they are no known ones.
    pub kinds: Option<&'a Kinds>,
    /// The order of its dates.
    pub order: Option<Order>,
}

/// The rows of a table as they are read: of a text once more from the file, so that they and
/// what is made of them are not held at the same time.
pub enum Source<'a> {
    /// Of a spreadsheet, and how many were read.
    Held(Rows, usize),
    /// Of a text, and room for the one that is read.
    Text(Box<Records<'a>>, Rows),
}

impl<'a> Source<'a> {
    /// The rows of a spreadsheet.
    pub fn held(rows: Rows) -> Self {
        Self::Held(rows, 0)
    }

    /// The rows of a text.
    pub fn text(text: &Text<'a>) -> Result<Self, Unreadable> {
        let mut records = Records::of(text)?;
        records.header()?;
        Ok(Self::Text(Box::new(records), Rows::default()))
    }

    fn next(&mut self, columns: usize) -> Result<Option<table::Row<'_>>, Unreadable> {
        match self {
            Self::Held(rows, read) => {
                *read += 1;
                Ok(rows.get(*read - 1))
            }
            Self::Text(records, one) => {
                one.clear();
                if let Some(record) = records.next()? {
                    record.push_to(one, columns);
                }
                Ok(one.get(0))
            }
        }
    }
}

/// Reads the rows one after the other, so that no list of them is held.
pub struct Reader<'a> {
    table: &'a Table,
    left: Source<'a>,
    reading: &'a Reading<'a>,
    /// The first date whose century was assumed.
    short_year: Option<(String, DateTime)>,
    signals: Names,
    /// The fault that ended it before the rows did.
    broken: Option<Unreadable>,
}

/// A reader of rows under the header of a table.
pub fn reader<'a>(table: &'a Table, rows: Source<'a>, reading: &'a Reading<'a>) -> Reader<'a> {
    Reader {
        table,
        left: rows,
        reading,
        short_year: None,
        signals: Names::default(),
        broken: None,
    }
}

impl Reader<'_> {
    /// The next row, and its columns that a list can be without; what cannot be read is
    /// noted.
    pub fn next(&mut self, faults: &mut Faults) -> Option<(Row, Besides)> {
        let row = match self.left.next(self.table.header.len()) {
            Ok(row) => row?,
            Err(error) => {
                self.broken = Some(error);
                return None;
            }
        };
        if row.is_too_long {
            let last = self.table.header.last().map_or("", String::as_str);
            faults.note(row.number, last, table::TOO_LONG);
        }
        let mut reader = RowReader {
            table: self.table,
            row,
            reading: self.reading,
            short_year: &mut self.short_year,
            signals: &mut self.signals,
            faults,
        };
        Some((reader.read(), reader.besides(self.reading.columns)))
    }

    /// Makes sure that the rows were read to their end.
    ///
    /// # Errors
    ///
    /// What kept the file from being read.
    pub fn end(&mut self) -> Result<(), Unreadable> {
        self.broken.take().map_or(Ok(()), Err)
    }

    /// Note on the assumptions that were made.
    pub fn note(&self) -> Option<String> {
        let (text, date) = self.short_year.as_ref()?;
        let date = date.strftime("%Y-%m-%d");
        Some(format!(
            "the years of its dates have two digits; {text} was read as {date}"
        ))
    }
}

/// The decimal mark of a file: of the numbers that are used, else of all others;
/// where none of them tells, the one that goes with the delimiter.
pub fn decimal_mark(
    table: &Table,
    columns: Option<&Columns>,
    notes: &mut Vec<String>,
) -> DecimalMark {
    let (mut used, mut all) = (Evidence::default(), Evidence::default());
    let numbers: Vec<usize> = columns.into_iter().flat_map(Columns::of_amounts).collect();
    let texts: Vec<usize> = columns.into_iter().flat_map(Columns::of_texts).collect();
    for row in table.rows.iter() {
        for (column, cell) in row.cells.iter().enumerate() {
            if numbers.contains(&column) {
                used.add(cell);
            }
            if !texts.contains(&column) {
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
            && let Ok(Some(number)) = number::read(Cell::Text(unclear), usual)
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
    row: table::Row<'a>,
    reading: &'a Reading<'a>,
    short_year: &'a mut Option<(String, DateTime)>,
    signals: &'a mut Names,
    faults: &'a mut Faults,
}

impl RowReader<'_> {
    fn read(&mut self) -> Row {
        let columns = self.reading.columns;
        let trade = self.trade(columns.trade);
        let kind = self.kind(columns.kind);
        let signal = columns.signal.map(|column| self.text(column));
        let signal = signal.filter(|signal| !signal.is_empty());
        let stated_time = self.text(columns.time);
        let says_open =
            signal.as_deref().is_some_and(kinds::is_open) || kinds::is_open(&stated_time);
        let is_open = says_open && kind.is_some_and(|kind| kind.is_exit);
        let (time, price) = if is_open {
            self.last_seen(&stated_time)
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
            signal: signal.map(|signal| self.signals.one(&signal)),
            price,
            quantity: self.usable(columns.quantity, Quantity::new),
            profit: self.number(columns.profit),
            commission: columns
                .commission
                .map_or(Stated::Nothing, |column| self.number(column)),
        }
    }

    /// Time and price at which a trade that is still open was last seen; nothing of a list that has
    /// something else there.
    fn last_seen(&self, stated_time: &str) -> (Stated<Moment>, Stated<Price>) {
        let columns = self.reading.columns;
        let date = self.row.cells.get(columns.time);
        let date = date.and_then(|cell| cell.date(self.table.is_1904));
        let read = || when::read(stated_time, self.reading.order).ok();
        let time = date.map(Moment::Civil).or_else(|| Some(read()?.moment));
        let price = self.row.cells.get(columns.price);
        let price = price.and_then(|cell| number::read(cell, self.reading.mark).ok()?);
        let price = price.and_then(|price| Price::new(price).ok());
        (
            time.map_or(Stated::Nothing, Stated::Value),
            price.map_or(Stated::Nothing, Stated::Value),
        )
    }

    fn besides(&self, columns: &Columns) -> Besides {
        let amount = |column: Option<usize>| {
            let cell = self.row.cells.get(column?)?;
            number::read(cell, self.reading.mark).ok()?
        };
        Besides {
            value: amount(columns.value),
            favorable: amount(columns.favorable),
            // Older generations have it without its sign.
            adverse: amount(columns.adverse).map(|adverse| -adverse.abs()),
            cumulative: amount(columns.cumulative),
            cumulative_percent: amount(columns.cumulative_percent),
            bars: amount(columns.bars).and_then(|bars| u64::try_from(bars).ok()),
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
        let known = self
            .reading
            .kinds
            .and_then(|kinds| kinds.get(&text).copied());
        let kind = known.or_else(|| kinds::kind(&text));
        if kind.is_none() {
            let message = format!(
                "\"{text:.40}\" is none of Entry long, Exit long, Entry short and Exit short"
            );
            self.note(column, message);
        }
        kind
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
            None => when::read(text, self.reading.order).map(|read| {
                if read.has_short_year {
                    self.short_year
                        .get_or_insert_with(|| (format!("{text:.40}"), read.moment.rough()));
                }
                read.moment
            }),
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
        match number::read(cell, self.reading.mark) {
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
